import { join } from 'node:path';
import type { Command } from 'commander';
import { benchCompaction, type CompactionBench } from '../../bench/compaction.ts';
import { createLakeReader } from '../../clients/lake-reader.ts';
import { CommandFailure } from '../failure.ts';
import { interruption } from '../interruption.ts';
import { eventsNumber, parseWindow, seedNumber, wholeNumber } from '../window-arguments.ts';
import { count, table } from '../window-table.ts';
import { withServers } from '../with-servers.ts';
import { machineText } from './machine-text.ts';
import { SPARK_SERVERS, sparkBench } from './spark-bench.ts';

interface Options {
  events: number;
  runs: number;
  start: string;
  seed: number;
  json?: boolean;
}

/** Adds the options of `bench compaction` to its command. */
export function describe(command: Command): void {
  command
    .option('--events <n>', 'in the window', eventsNumber, 300_000)
    .option('--runs <n>', 'times that each query is asked', wholeNumber(1, 100), 5)
    .option('--start <window>', 'which window', parseWindow, '2026-01-05T08:00Z')
    .option('--seed <n>', 'which world', seedNumber, 1)
    .option('--json', 'print every measurement as JSON')
    .addHelpText(
      'after',
      '\nStarts broker and object store of this installation when they do not run, and stops them again.\n' +
        '\nExample:\n  npx reprise bench compaction --events 100000',
    )
    .action(measure);
}

async function measure({ events, runs, start: window, seed, json }: Options): Promise<void> {
  const interrupted = interruption();
  try {
    const result = await withServers(SPARK_SERVERS, (config) => {
      const { paths, objectStore, kafka } = config;
      const reader = createLakeReader({
        extensions: join(paths.tools, 'duckdb-extensions'),
        spill: join(paths.scratch, 'duckdb'),
        ...objectStore,
      });
      return benchCompaction(
        { window, seed, events, runs, reader, brokers: kafka.brokers, ...sparkBench(config) },
        { doing: (what) => process.stderr.write(`${what}\n`) },
        interrupted.signal,
      );
    });
    process.stdout.write(json ? `${JSON.stringify(result, null, 2)}\n` : `${text(result)}\n`);
  } catch (error) {
    if (!interrupted.signal.aborted) throw error;
    throw new CommandFailure('interrupted', { exitCode: 130 });
  } finally {
    interrupted.release();
  }
}

function text(found: CompactionBench): string {
  const megabytes = (bytes: number): string => (bytes / 1e6).toFixed(1);
  const files = Object.entries(found.rewritten).map(([name, { before, after }]) => [
    name,
    count(before.files),
    megabytes(before.bytes),
    count(after.files),
    megabytes(after.bytes),
  ]);
  const queries = found.queries.map(({ query, before, after }) => [
    query,
    before.median.toFixed(2),
    after.median.toFixed(2),
    (before.median / after.median).toFixed(1),
  ]);
  const same = found.content_hash_before === found.content_hash_after;
  return [
    machineText(found.machine),
    `window ${found.window}, ${count(found.events)} events: ${found.seconds.toFixed(1)} s, ` +
      `content hash ${found.content_hash_after}${same ? ', as before' : ` and not ${found.content_hash_before}`}`,
    '',
    ...table(['table', 'files', 'MB', 'files after', 'MB after'], files),
    '',
    ...table(['query', 'seconds', 'after', 'times as fast'], queries),
  ].join('\n');
}
