import { open, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { createKafka } from '../clients/kafka.ts';
import type { LandedShard } from '../contracts/steps.ts';
import { MAX_MESSAGE_BYTES } from '../contracts/topics.ts';
import { generateShard } from '../generator/generate.ts';
import { producerPerformance } from './kafka-peer.ts';
import { describeMachine, type Machine } from './machine.ts';
import type { PublishOnceRequest, PublishOnceResult } from './publish-once.ts';
import { type Spread, spread } from './spread.ts';

const PROGRAM = fileURLToPath(new URL('publish-once.ts', import.meta.url));

export interface PublishPlan {
  window: string;
  seed: number;
  events: number;
  /** Over how many processes at once the shards are spread, one measurement each. */
  processes: readonly number[];
  runs: number;
  partitions: number;
  brokers: readonly string[];
  /** Folder of Kafka's jars, for the peer. */
  jars: string;
  /** A temporary directory is made in it and removed. */
  directory: string;
}

/** `peer`: Kafka's own measuring producer, one JVM; else our processes. */
export type Sender = 'peer' | number;

export interface PublishRun {
  sender: Sender;
  run: number;
  records_per_second: number;
  of_processes: PublishOnceResult[];
}

export interface PublishLine {
  sender: Sender;
  records_per_second: Spread;
  /** Median over the peer's median. */
  of_peer: number;
  /** Null for the peer, whose processor time is not asked for. */
  records_per_cpu_second: Spread | null;
  peak_rss_bytes: number | null;
}

export interface PublishBench {
  machine: Machine;
  window: string;
  seed: number;
  events: number;
  bytes_per_record: number;
  partitions: number;
  lines: PublishLine[];
  runs: PublishRun[];
}

export interface PublishObserver {
  preparing(events: number): void;
  begun(sender: Sender, run: number): void;
  ended(run: PublishRun): void;
}

interface LandedFile {
  file: string;
  shard: LandedShard;
  bytes: number;
}

/** The records of the window as files, one a process: each measurement sends all of them. */
async function landFiles(plan: PublishPlan, shards: number, directory: string): Promise<LandedFile[]> {
  const { window, seed, events } = plan;
  const files: LandedFile[] = [];
  for (let shard = 0; shard < shards; shard++) {
    const file = join(directory, `${shards}-${shard}.ndjson`);
    const handle = await open(file, 'w');
    try {
      const { ledger, bytes } = await generateShard(
        { window, seed, events, shards, shard },
        async (lines) => {
          await handle.writeFile(lines);
        },
      );
      const { total: records, content_hash, by_type } = ledger.arrived;
      files.push({
        file,
        bytes,
        shard: { shard, key: file, ledger_key: file, records, content_hash, ...(by_type ? { by_type } : {}) },
      });
    } finally {
      await handle.close();
    }
  }
  return files;
}

/** Makes a topic like that of the events, lets `work` write to it, and removes it. */
async function withTopic<T>(plan: PublishPlan, name: string, work: () => Promise<T>): Promise<T> {
  const admin = createKafka({ brokers: [...plan.brokers], clientId: 'reprise-bench' }).admin();
  await admin.connect();
  try {
    const configEntries = [{ name: 'max.message.bytes', value: String(MAX_MESSAGE_BYTES) }];
    await admin.createTopics({
      topics: [{ topic: name, numPartitions: plan.partitions, configEntries }],
      waitForLeaders: true,
    });
    try {
      return await work();
    } finally {
      await admin.deleteTopics({ topics: [name] });
    }
  } finally {
    await admin.disconnect();
  }
}

async function ours(plan: PublishPlan, files: readonly LandedFile[], topic: string, signal: AbortSignal) {
  const { window, brokers } = plan;
  const of_processes = await Promise.all(
    files.map(async ({ file, shard }) => {
      const request: PublishOnceRequest = { brokers, topic, window, file, shard };
      const { stdout } = await execa(
        process.execPath,
        ['--disable-warning=TimeoutNegativeWarning', PROGRAM, JSON.stringify(request)],
        { cancelSignal: signal },
      );
      return JSON.parse(stdout) as PublishOnceResult;
    }),
  );
  const begun = Math.min(...of_processes.map(({ begun_at }) => begun_at));
  const ended = Math.max(...of_processes.map(({ ended_at }) => ended_at));
  const records = of_processes.reduce((sum, one) => sum + one.records, 0);
  return { records_per_second: (records * 1_000) / (ended - begun), of_processes };
}

function summary(sender: Sender, runs: readonly PublishRun[], peer: number): PublishLine {
  const rates = spread(runs.map(({ records_per_second }) => records_per_second));
  const perCpu = runs.map(
    ({ of_processes }) =>
      of_processes.reduce((sum, { records }) => sum + records, 0) /
      of_processes.reduce((sum, { cpu_seconds }) => sum + cpu_seconds, 0),
  );
  const peaks = runs.flatMap(({ of_processes }) => of_processes.map((one) => one.peak_rss_bytes));
  return {
    sender,
    records_per_second: rates,
    of_peer: rates.median / peer,
    records_per_cpu_second: sender === 'peer' ? null : spread(perCpu),
    peak_rss_bytes: sender === 'peer' ? null : Math.max(...peaks),
  };
}

/**
 * Measures publishing as the step does it (transaction, keys, headers, content hash) against Kafka's own measuring
 * producer with records of the same sizes, in turns, so that what else the machine does meets both.
 */
export async function benchPublish(
  plan: PublishPlan,
  observer: PublishObserver,
  signal: AbortSignal,
): Promise<PublishBench> {
  const machine = describeMachine();
  const directory = await mkdtemp(join(plan.directory, 'reprise-bench-'));
  try {
    observer.preparing(plan.events);
    const files = new Map<number, LandedFile[]>();
    for (const count of new Set([1, ...plan.processes]))
      files.set(count, await landFiles(plan, count, directory));
    const [whole] = files.get(1) as [LandedFile];
    const runs: PublishRun[] = [];
    const senders: Sender[] = ['peer', ...plan.processes];
    for (let run = 1; run <= plan.runs; run++) {
      for (const sender of senders) {
        signal.throwIfAborted();
        observer.begun(sender, run);
        const topic = `reprise.bench.${process.pid}.${sender}.${run}`;
        const found = await withTopic(plan, topic, async () =>
          sender === 'peer'
            ? {
                records_per_second: await producerPerformance({
                  ...{ jars: plan.jars, brokers: plan.brokers, topic, payload: whole.file },
                  ...{ records: whole.shard.records, signal },
                }),
                of_processes: [],
              }
            : ours(plan, files.get(sender) ?? [], topic, signal),
        );
        const measured = { sender, run, ...found };
        observer.ended(measured);
        runs.push(measured);
      }
    }
    const of = (sender: Sender): PublishRun[] => runs.filter((one) => one.sender === sender);
    const peer = spread(of('peer').map(({ records_per_second }) => records_per_second)).median;
    return {
      machine,
      window: plan.window,
      seed: plan.seed,
      events: plan.events,
      bytes_per_record: whole.bytes / whole.shard.records,
      partitions: plan.partitions,
      lines: senders.map((sender) => summary(sender, of(sender), peer)),
      runs,
    };
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}
