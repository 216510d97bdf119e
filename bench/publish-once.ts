import { createReadStream } from 'node:fs';
import { sendShard } from '../activities/publish.ts';
import { createKafka } from '../clients/kafka.ts';
import { createPublisher } from '../clients/kafka-publisher.ts';
import type { LandedShard } from '../contracts/steps.ts';

/** What one process publishes: a shard, as a worker does it, but to the topic and from the file that are named. */
export interface PublishOnceRequest {
  brokers: readonly string[];
  topic: string;
  window: string;
  /** NDJSON on the disk: the object store has a bench of its own in the window's steps. */
  file: string;
  shard: LandedShard;
}

export interface PublishOnceResult {
  records: number;
  bytes: number;
  /** Milliseconds since 1970: from the first record that is read to the commit of the transaction. */
  begun_at: number;
  ended_at: number;
  cpu_seconds: number;
  peak_rss_bytes: number;
}

async function publishOnce(request: PublishOnceRequest): Promise<PublishOnceResult> {
  const { topic, window, file, shard } = request;
  const kafka = createKafka({ brokers: [...request.brokers], clientId: `reprise-bench-${process.pid}` });
  const publication = await createPublisher(kafka).begin(topic, `bench/${topic}/${window}/${shard.shard}`);
  const store = {
    getStream: () => Promise.resolve(createReadStream(file, { highWaterMark: 1 << 20 })),
  };
  const pulse = { signal: new AbortController().signal, note: () => undefined };
  const begunAt = performance.timeOrigin + performance.now();
  const cpuBefore = process.cpuUsage();
  try {
    const receipt = await sendShard({ store }, publication, window, shard, pulse);
    await publication.commitWith(topic, `receipt/${shard.shard}`, JSON.stringify(receipt));
    const cpu = process.cpuUsage(cpuBefore);
    return {
      records: receipt.records,
      bytes: receipt.bytes,
      begun_at: begunAt,
      ended_at: performance.timeOrigin + performance.now(),
      cpu_seconds: (cpu.user + cpu.system) / 1e6,
      peak_rss_bytes: process.resourceUsage().maxRSS * 1_024,
    };
  } finally {
    await publication.abort().catch(() => undefined);
    await publication.close();
  }
}

const request = JSON.parse(process.argv[2] ?? 'null') as PublishOnceRequest;
process.stdout.write(JSON.stringify(await publishOnce(request)));
