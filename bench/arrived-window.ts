import { createReadStream } from 'node:fs';
import { open, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { sendShard } from '../activities/publish.ts';
import { createKafka } from '../clients/kafka.ts';
import { createPublisher } from '../clients/kafka-publisher.ts';
import type { Receipt } from '../contracts/steps.ts';
import { EVENTS_TOPIC, RECEIPTS_TOPIC } from '../contracts/topics.ts';
import type { WindowId } from '../contracts/window.ts';
import { catalogueLines } from '../generator/catalogue/catalogue-lines.ts';
import { type GeneratedShard, generateShard, type ShardRequest } from '../generator/generate.ts';

/** Which window, in which world, to which broker. */
export interface Arrival {
  window: WindowId;
  seed: number;
  brokers: readonly string[];
}

export interface Arrived {
  receipt: Receipt;
  catalogueFile: string;
}

async function generateInto(file: string, request: ShardRequest): Promise<GeneratedShard> {
  const handle = await open(file, 'w');
  try {
    return await generateShard(request, async (lines) => {
      await handle.writeFile(lines);
    });
  } finally {
    await handle.close();
  }
}

/** Puts a window of that many records into Kafka, as the publish step does, and its catalogue on the disk. */
export async function arrive(plan: Arrival, events: number, directory: string): Promise<Arrived> {
  const { window, seed } = plan;
  const file = join(directory, `${events}.ndjson`);
  const made = await generateInto(file, { window, seed, events, shards: 1, shard: 0 });
  const catalogueFile = join(directory, `${events}.catalogue.ndjson`);
  await writeFile(catalogueFile, catalogueLines(seed, made.tracks));
  const { total: records, content_hash, by_type } = made.ledger.arrived;
  const kafka = createKafka({ brokers: [...plan.brokers], clientId: 'reprise-bench' });
  const publication = await createPublisher(kafka).begin(EVENTS_TOPIC, `bench/${window}/${events}`);
  try {
    const receipt = await sendShard(
      {
        store: {
          getStream: () => Promise.resolve(createReadStream(file)),
        },
      },
      publication,
      window,
      { shard: 0, key: file, ledger_key: file, records, content_hash, ...(by_type ? { by_type } : {}) },
      { signal: new AbortController().signal, note: () => undefined },
    );
    await publication.commitWith(RECEIPTS_TOPIC, `bench/${window}/${events}`, JSON.stringify(receipt));
    return { receipt, catalogueFile };
  } finally {
    await publication.abort().catch(() => undefined);
    await publication.close();
    await rm(file);
  }
}
