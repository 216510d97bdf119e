import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { Command } from 'commander';
import { benchPublish, type PublishBench, type PublishObserver, type Sender } from '../../bench/publish.ts';
import { withServers } from '../with-servers.ts';
import { CommandFailure } from '../failure.ts';
import { interruption } from '../interruption.ts';
import { eventsNumber, parseWindow, seedNumber, wholeNumber } from '../window-arguments.ts';
import { count, table } from '../window-table.ts';
import { listOption } from './list-option.ts';
import { machineText, range, rate } from './machine-text.ts';

interface Options {
  events: number;
  processes: number[];
  runs: number;
  partitions: number;
  start: string;
  seed: number;
  dir: string;
  json?: boolean;
}

/** Adds the options of `bench publish` to its command. */
export function describe(command: Command): void {
  command
    .option('--events <n>', 'records that each measurement sends', eventsNumber, 1_000_000)
    .addOption(listOption('--processes <list>', 'processes side by side', wholeNumber(1, 64), [1, 2]))
    .option('--runs <n>', 'repetitions, in turns with the peer', wholeNumber(1, 100), 3)
    .option('--partitions <n>', 'of the topic', wholeNumber(1, 1_000), 4)
    .option('--start <window>', 'which window the records are of', parseWindow, '2026-01-05T08:00Z')
    .option('--seed <n>', 'which world', seedNumber, 1)
    .option('--dir <directory>', 'where the records are written before, and removed again', tmpdir())
    .option('--json', 'print every measurement as JSON')
    .addHelpText(
      'after',
      '\nStarts the broker of this installation when it does not run, and stops it again.\n' +
        '\nExample:\n  npx reprise bench publish --events 300000 --processes 1,2',
    )
    .action(measure);
}

async function measure(options: Options): Promise<void> {
  const { events, processes, runs, partitions, start: window, seed, json } = options;
  const interrupted = interruption();
  try {
    const result = await withServers(['kafka'], ({ kafka, paths }) =>
      benchPublish(
        {
          ...{ window, seed, events, processes, runs, partitions, brokers: kafka.brokers },
          ...{ jars: join(paths.tools, 'jars', 'kafka'), directory: resolve(options.dir) },
        },
        progress(),
        interrupted.signal,
      ),
    );
    process.stdout.write(json ? `${JSON.stringify(result, null, 2)}\n` : `${text(result)}\n`);
  } catch (error) {
    if (!interrupted.signal.aborted) throw error;
    throw new CommandFailure('interrupted; what was written is removed', { exitCode: 130 });
  } finally {
    interrupted.release();
  }
}

const senderName = (sender: Sender): string =>
  sender === 'peer' ? 'ProducerPerformance' : sender === 1 ? '1 process' : `${sender} processes`;

function progress(): PublishObserver {
  const say = (words: string): unknown => process.stderr.write(`${words}\n`);
  return {
    preparing: (events) => say(`generating ${count(events)} events`),
    begun: (sender, run) => say(`${senderName(sender)}, run ${run}`),
    ended: ({ records_per_second }) => say(`  ${rate(records_per_second)} records/s`),
  };
}

const HEADINGS = ['sender', 'records/s', 'min-max', 'of the peer', 'per CPU s', 'peak MB'];

function text({ machine, window, seed, events, bytes_per_record, partitions, lines }: PublishBench): string {
  const rows = lines.map((line) => [
    senderName(line.sender),
    rate(line.records_per_second.median),
    range(line.records_per_second),
    line.of_peer.toFixed(2),
    line.records_per_cpu_second ? rate(line.records_per_cpu_second.median) : '-',
    line.peak_rss_bytes === null ? '-' : (line.peak_rss_bytes / 1e6).toFixed(0),
  ]);
  return [
    machineText(machine),
    `window ${window}, seed ${seed}: ${count(events)} records of ${bytes_per_record.toFixed(0)} bytes, ${partitions} partitions, one broker`,
    '',
    ...table(HEADINGS, rows),
    '',
    'ProducerPerformance: acks=all, idempotent, the same sizes, but neither keys, headers nor a transaction',
  ].join('\n');
}
