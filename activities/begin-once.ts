import { ClientError } from '../clients/errors.ts';
import type { Publication, Publisher } from '../clients/kafka-publisher.ts';
import type { ReceiptReader } from '../clients/kafka-receipts.ts';
import { RECEIPTS_TOPIC } from '../contracts/topics.ts';
import type { Pulse } from './pulse.ts';

export interface Begun {
  publication: Publication;
  /** The receipt of an earlier attempt that was committed. */
  found: string | undefined;
}

/** Open transactions hold their receipt for some milliseconds: what still holds readers back then has been left behind. */
const FIRST_LOOK_MS = 20_000;

/**
 * Begins a transaction and looks for the receipt that an earlier attempt left under `key`. In this order: the earlier
 * attempt is fenced, so that what is found cannot change any more. Where readers are held back, what this id itself has left
 * open is released before the second look; whether that had been decided to count is not known, so it is sent again.
 */
export async function beginOnce(
  { publisher, receipts }: { publisher: Publisher; receipts: ReceiptReader },
  { topic, id, key }: { topic: string; id: string; key: string },
  pulse: Pick<Pulse, 'signal' | 'note'>,
): Promise<Begun> {
  const look = async (patienceMs?: number): Promise<Begun> => {
    const publication = await publisher.begin(topic, id);
    try {
      return { publication, found: (await receipts.find(new Set([key]), pulse.signal, patienceMs)).get(key) };
    } catch (error) {
      await publication.abort().catch(() => undefined);
      await publication.close().catch(() => undefined);
      throw error;
    }
  };
  try {
    return await look(FIRST_LOOK_MS);
  } catch (error) {
    if (!(error instanceof ClientError) || error.code !== 'TimedOut') throw error;
  }
  pulse.note({ releasing: id });
  await publisher.release([topic, RECEIPTS_TOPIC], id);
  pulse.note({ released: id });
  return look();
}
