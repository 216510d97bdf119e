import { ClientError } from '../clients/errors.ts';
import type { ObjectStore } from '../clients/object-store.ts';
import type { TypedSet } from '../contracts/ledger.ts';
import type { Pulse } from './pulse.ts';
import { readRecords, RecordTally } from './records.ts';

/** The records of a landed object. One that is not there any more has none: who counts them finds that out. */
export async function* landedRecords(
  store: Pick<ObjectStore, 'getStream'>,
  key: string,
): AsyncGenerator<Buffer[]> {
  try {
    yield* readRecords(await store.getStream(key));
  } catch (error) {
    if (!(error instanceof ClientError && error.code === 'ResourceMissing')) throw error;
  }
}

/** What lies in the landing area now, whatever was written there. */
export async function countLanded(
  store: Pick<ObjectStore, 'getStream'>,
  keys: readonly string[],
  pulse: Pulse,
): Promise<TypedSet> {
  const tally = new RecordTally();
  for (const key of keys) {
    for await (const records of landedRecords(store, key)) {
      pulse.signal.throwIfAborted();
      for (const record of records) tally.take(record);
      pulse.note({ landed: tally.records });
    }
  }
  return { total: tally.records, content_hash: tally.contentHash, by_type: tally.byType };
}
