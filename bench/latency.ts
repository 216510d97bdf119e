import { setTimeout as sleep } from 'node:timers/promises';
import type { LakeReader } from '../clients/lake-reader.ts';
import type { ObjectStore } from '../clients/object-store.ts';
import { windowIdHolding } from '../contracts/window.ts';
import { describeMachine, type Machine } from './machine.ts';
import { batchEnds, newestVersion, type StreamBatch, streamBatches } from './stream-batches.ts';

export interface LatencyPlan {
  /** Records a second, one measurement each. */
  rates: readonly number[];
  /** Not counted: the stream starts, its code is compiled. */
  warm_up_seconds: number;
  seconds: number;
}

/** The stack that the stream runs on. */
export interface StreamRunner {
  /** Starts the stream and its producer; returns when it reads. */
  start(rate: number): Promise<void>;
  stop(): Promise<void>;
  nowFile: string;
  catalogFile: string;
  store: Pick<ObjectStore, 'getStream'>;
  reader: LakeReader;
}

/** Milliseconds from `sent_at` of a valid event. */
export interface Delays {
  p50: number;
  p95: number;
  p99: number;
  max: number;
}

export interface LatencyLine {
  rate: number;
  /** What came through. */
  events_per_second: number;
  events: number;
  batches: number;
  batch_seconds: number;
  /** Records behind, at most. */
  lag: number;
  /** Until the event can be queried in the lake. */
  lake: Delays;
  /** Until the page Now counts it. */
  now: Delays;
}

export interface LatencyBench {
  machine: Machine;
  seconds: number;
  lines: LatencyLine[];
}

export interface LatencyObserver {
  begun(rate: number): void;
  measuring(rate: number, seconds: number): void;
  ended(line: LatencyLine): void;
}

const quantiles = (name: string): string =>
  [
    ...[50, 95, 99].map((p) => `quantile_cont(${name}_ms, ${p / 100})::DOUBLE AS ${name}_p${p}`),
    `max(${name}_ms)::DOUBLE AS ${name}_max`,
  ].join(', ');

/** Every event with the batch that brought it: the first whose end lies behind the event's offset. */
const DELAYS = `WITH delays AS (
    SELECT ends.committed_ms - epoch_ms(events.sent_at) AS lake_ms, ends.now_ms - epoch_ms(events.sent_at) AS now_ms
    FROM events ASOF JOIN ends
      ON events.kafka_partition = ends.kafka_partition AND events.kafka_offset < ends.end_offset
    WHERE ends.counted)
  SELECT count(*) AS events, ${quantiles('lake')}, ${quantiles('now')} FROM delays`;

async function measured(
  runner: StreamRunner,
  rate: number,
  counted: readonly StreamBatch[],
  signal: AbortSignal,
): Promise<LatencyLine> {
  const { version, ends } = await batchEnds(runner.store, newestVersion(runner.catalogFile, 'events'));
  const known = new Map(streamBatches(runner.nowFile).map((one) => [one.batch, one]));
  const wanted = new Set(counted.map(({ batch }) => batch));
  const rows = ends.flatMap(({ batch, partition, end }) => {
    const found = known.get(batch);
    if (found === undefined) return [];
    return [`(${partition}, ${end}, ${found.committed_ms}, ${found.now_ms}, ${wanted.has(batch)})`];
  });
  const first = counted[0];
  const last = counted.at(-1);
  if (first === undefined || last === undefined) throw new Error('the stream brought nothing while measured');
  // Only events are read; the reader names all tables.
  const tables = { raw: version, events: version, quarantine: version, minute_counts: version };
  const session = await runner.reader.open(windowIdHolding(last.committed_ms), tables, signal);
  try {
    await session.rows(
      `CREATE TEMP TABLE ends AS SELECT * FROM (VALUES ${rows.join(', ')})
       AS of_batches(kafka_partition, end_offset, committed_ms, now_ms, counted)`,
    );
    const [found] = await session.rows(DELAYS);
    const number = (name: string): number => Number(found?.[name] ?? Number.NaN);
    const delays = (name: string): Delays => ({
      p50: number(`${name}_p50`),
      p95: number(`${name}_p95`),
      p99: number(`${name}_p99`),
      max: number(`${name}_max`),
    });
    const records = counted.slice(1).reduce((sum, one) => sum + one.records, 0);
    return {
      rate,
      events_per_second: (records * 1_000) / (last.committed_ms - first.committed_ms),
      events: number('events'),
      batches: counted.length,
      batch_seconds: counted.reduce((sum, one) => sum + one.seconds, 0) / counted.length,
      lag: Math.max(...counted.map(({ lag }) => lag)),
      lake: delays('lake'),
      now: delays('now'),
    };
  } finally {
    session.close();
  }
}

/**
 * Lets the stream run at each rate and takes, for every event that came meanwhile, how long it was under way: from the
 * instant at which the producer was to send it to the commits of its batch.
 */
export async function benchLatency(
  plan: LatencyPlan,
  runner: StreamRunner,
  observer: LatencyObserver,
  signal: AbortSignal,
): Promise<LatencyBench> {
  const machine = describeMachine();
  const lines: LatencyLine[] = [];
  for (const rate of plan.rates) {
    observer.begun(rate);
    await runner.start(rate);
    try {
      await sleep(plan.warm_up_seconds * 1_000, undefined, { signal });
      observer.measuring(rate, plan.seconds);
      const from = Date.now();
      await sleep(plan.seconds * 1_000, undefined, { signal });
      const counted = streamBatches(runner.nowFile).filter(({ committed_ms }) => committed_ms >= from);
      const line = await measured(runner, rate, counted, signal);
      observer.ended(line);
      lines.push(line);
    } finally {
      await runner.stop();
    }
  }
  return { machine, seconds: plan.seconds, lines };
}
