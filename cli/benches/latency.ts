import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Command } from 'commander';
import {
  benchLatency,
  type LatencyBench,
  type LatencyObserver,
  type StreamRunner,
} from '../../bench/latency.ts';
import { createLakeReader } from '../../clients/lake-reader.ts';
import { createObjectStore } from '../../clients/object-store.ts';
import type { Config } from '../../config/config.ts';
import { CommandFailure } from '../failure.ts';
import { interruption } from '../interruption.ts';
import { connectLiveWorkflow, type LiveWorkflow } from '../live-workflow.ts';
import { seedNumber, wholeNumber } from '../window-arguments.ts';
import { count, table } from '../window-table.ts';
import { withServers } from '../with-servers.ts';
import { listOption } from './list-option.ts';
import { machineText } from './machine-text.ts';

interface Options {
  rates: number[];
  seconds: number;
  warmUp: number;
  speed: number;
  trigger: number;
  seed: number;
  json?: boolean;
}

const SERVERS = ['kafka', 'minio', 'temporal', 'worker-control', 'worker-live'];
const START_LIMIT_MS = 180_000;
const POLL_MS = 1_000;

/** Adds the options of `bench latency` to its command. */
export function describe(command: Command): void {
  command
    .addOption(listOption('--rates <list>', 'events a second', wholeNumber(1, 50_000), [500, 2_000, 5_000]))
    .option('--seconds <n>', 'that each rate is measured', wholeNumber(5, 3_600), 60)
    .option('--warm-up <n>', 'seconds before, which are not counted', wholeNumber(0, 3_600), 60)
    .option('--speed <n>', 'simulated hours an hour: a high one begins sooner', wholeNumber(1, 1_440), 60)
    .option('--trigger <ms>', 'a batch begins at most so often', wholeNumber(100, 60_000), 1_000)
    .option('--seed <n>', 'which world', seedNumber, 1)
    .option('--json', 'print the figures as JSON')
    .addHelpText(
      'after',
      '\nWhat it brings stays in the installation: measure in one of its own, and not within a minute of a full hour.\n' +
        '\nExample:\n  REPRISE_INSTANCE=bench REPRISE_PORT_BASE=21000 npx reprise bench latency --rates 500,2000',
    )
    .action(measure);
}

async function measure(options: Options): Promise<void> {
  const { rates, seconds, warmUp: warm_up_seconds, json } = options;
  const interrupted = interruption();
  try {
    const result = await withServers(SERVERS, async (config) => {
      const live = await connectLiveWorkflow(config.temporal);
      try {
        const runner = runnerOf(config, options, live);
        return await benchLatency(
          { rates, seconds, warm_up_seconds },
          runner,
          progress(),
          interrupted.signal,
        );
      } finally {
        await live.close();
      }
    });
    process.stdout.write(json ? `${JSON.stringify(result, null, 2)}\n` : `${text(result)}\n`);
  } catch (error) {
    if (!interrupted.signal.aborted) throw error;
    throw new CommandFailure('interrupted; the stream is stopped', { exitCode: 130 });
  } finally {
    interrupted.release();
  }
}

function runnerOf(config: Config, { speed, trigger, seed }: Options, live: LiveWorkflow): StreamRunner {
  const { paths, objectStore } = config;
  return {
    async start(rate) {
      const begun = await live.begin({
        requested_by: 'bench latency',
        producer: { rate, speed, seed },
        trigger_ms: trigger,
        // As many as a burst of ten times the rate brings in a few seconds.
        max_records_per_batch: 50_000,
      });
      if (!begun)
        throw new CommandFailure('a stream is running already', {
          mend: 'npx reprise live stop, then again',
        });
      const limit = Date.now() + START_LIMIT_MS;
      for (;;) {
        const seen = await live.look();
        if (seen?.state === 'failed')
          throw new CommandFailure(`the stream has failed: ${seen.failure ?? 'nobody knows why'}`);
        if ((seen?.stream?.heard?.progress?.records ?? 0) > 0) return;
        if (Date.now() > limit)
          throw new CommandFailure('the stream has not begun', { mend: 'npx reprise logs worker-live' });
        await sleep(POLL_MS);
      }
    },
    async stop() {
      await live.askToStop();
      while ((await live.look())?.state === 'running') await sleep(POLL_MS);
    },
    nowFile: paths.nowFile,
    catalogFile: paths.catalogFile,
    store: createObjectStore(objectStore),
    reader: createLakeReader({
      extensions: join(paths.tools, 'duckdb-extensions'),
      spill: join(paths.scratch, 'duckdb'),
      ...objectStore,
    }),
  };
}

const seconds = (ms: number): string => (ms / 1_000).toFixed(2);

function progress(): LatencyObserver {
  const say = (words: string): unknown => process.stderr.write(`${words}\n`);
  return {
    begun: (rate) => say(`${count(rate)} events/s: starting the stream`),
    measuring: (rate, for_) => say(`${count(rate)} events/s: measuring for ${for_} s`),
    ended: ({ lake, now }) => say(`  lake p99 ${seconds(lake.p99)} s, page p95 ${seconds(now.p95)} s`),
  };
}

function text({ machine, lines }: LatencyBench): string {
  const rows = lines.map(({ rate, events_per_second, batch_seconds, lag, lake, now }) => [
    count(rate),
    count(Math.round(events_per_second)),
    batch_seconds.toFixed(2),
    count(lag),
    ...[lake.p50, lake.p95, lake.p99, now.p50, now.p95, now.p99].map(seconds),
  ]);
  const heading = ['asked/s', 'came/s', 'batch s', 'lag', 'lake p50', 'p95', 'p99', 'page p50', 'p95', 'p99'];
  return [
    machineText(machine),
    'seconds from sent_at until an event can be queried in the lake, and until the page Now has counted it',
    '',
    ...table(heading, rows),
  ].join('\n');
}
