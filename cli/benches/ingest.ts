import type { Command } from 'commander';
import { benchIngest, type IngestBench, type IngestObserver, type Job } from '../../bench/ingest.ts';
import { CommandFailure } from '../failure.ts';
import { interruption } from '../interruption.ts';
import { eventsNumber, parseWindow, seedNumber, wholeNumber } from '../window-arguments.ts';
import { count, table } from '../window-table.ts';
import { withServers } from '../with-servers.ts';
import { listOption } from './list-option.ts';
import { machineText, range, rate } from './machine-text.ts';
import { SPARK_SERVERS, sparkBench } from './spark-bench.ts';

interface Options {
  events: number[];
  runs: number;
  start: string;
  seed: number;
  json?: boolean;
}

/** Adds the options of `bench ingest` to its command. */
export function describe(command: Command): void {
  command
    .addOption(listOption('--events <list>', 'sizes of a window', eventsNumber, [1_000_000]))
    .option('--runs <n>', 'repetitions, in turns with the bare copy', wholeNumber(1, 100), 3)
    .option('--start <window>', 'which window the records are of', parseWindow, '2026-01-05T08:00Z')
    .option('--seed <n>', 'which world', seedNumber, 1)
    .option('--json', 'print every measurement as JSON')
    .addHelpText(
      'after',
      '\nStarts broker and object store of this installation when they do not run, and stops them again.\n' +
        '\nExample:\n  npx reprise bench ingest --events 100000,1000000 --runs 1',
    )
    .action(measure);
}

async function measure({ events: sizes, runs, start: window, seed, json }: Options): Promise<void> {
  const interrupted = interruption();
  try {
    const result = await withServers(SPARK_SERVERS, (config) =>
      benchIngest(
        { ...{ window, seed, sizes, runs, brokers: config.kafka.brokers }, ...sparkBench(config) },
        progress(),
        interrupted.signal,
      ),
    );
    process.stdout.write(json ? `${JSON.stringify(result, null, 2)}\n` : `${text(result)}\n`);
  } catch (error) {
    if (!interrupted.signal.aborted) throw error;
    throw new CommandFailure('interrupted', { exitCode: 130 });
  } finally {
    interrupted.release();
  }
}

const jobName = (job: Job): string => (job === 'peer' ? 'bare copy' : 'ingest');

function progress(): IngestObserver {
  const say = (words: string): unknown => process.stderr.write(`${words}\n`);
  return {
    publishing: (events) => say(`${count(events)} events into Kafka`),
    begun: (job, events, run) => say(`${jobName(job)} of ${count(events)}, run ${run}`),
    ended: ({ seconds, working_seconds }) =>
      say(`  ${seconds.toFixed(1)} s, ${working_seconds.toFixed(1)} s of them after the session's start`),
  };
}

function text({ machine, window, seed, lines, runs }: IngestBench): string {
  const rows = lines.map((line) => [
    count(line.events),
    jobName(line.job),
    line.seconds.median.toFixed(1),
    rate(line.events_per_second.median),
    range(line.events_per_second),
    line.of_peer.toFixed(2),
  ]);
  const last = runs.findLast(({ job }) => job === 'ingest');
  const phases = Object.entries(last?.phases ?? {}).map(
    ([phase, seconds]) => `${phase} ${seconds.toFixed(1)}`,
  );
  return [
    machineText(machine),
    `window ${window}, seed ${seed}`,
    '',
    ...table(['events', 'job', 'seconds', 'events/s', 'min-max', 'of the copy'], rows),
    '',
    "events/s: after the session's start; bare copy: Kafka to Parquet on the disk, nothing parsed",
    `phases of the last ingest, seconds: ${phases.join(', ')}`,
  ].join('\n');
}
