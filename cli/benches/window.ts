import type { Command } from 'commander';
import {
  benchWindows,
  type WindowBench,
  type WindowObserver,
  type WindowRunner,
} from '../../bench/window.ts';
import type { Config } from '../../config/config.ts';
import { STEPS } from '../../contracts/steps.ts';
import { Stack } from '../../infra/stack.ts';
import { CommandFailure } from '../failure.ts';
import { runWindows } from '../run-windows.ts';
import {
  eventsNumber,
  parseClosedWindow,
  seedNumber,
  shardsNumber,
  wholeNumber,
} from '../window-arguments.ts';
import { count, table } from '../window-table.ts';
import { withServers } from '../with-servers.ts';
import { listOption } from './list-option.ts';
import { machineText, rate } from './machine-text.ts';

interface Options {
  events: number[];
  runs: number;
  shards: number;
  seed: number;
  start: string;
  json?: boolean;
}

/** Of the stack, what a window runs on; Airflow would only start it. */
const SERVERS = ['kafka', 'minio', 'temporal', 'worker'];

/** Adds the options of `bench window` to its command. */
export function describe(command: Command): void {
  command
    .addOption(
      listOption('--events <list>', 'sizes of a window', eventsNumber, [100_000, 1_000_000, 5_000_000]),
    )
    .option('--runs <n>', 'windows of each size', wholeNumber(1, 20), 1)
    .option('--shards <n>', 'of each window', shardsNumber, 2)
    .option('--seed <n>', 'which world', seedNumber, 1)
    .option('--start <window>', 'the first window; the others follow', parseClosedWindow, '2026-02-02T08:00Z')
    .option('--json', 'print every measurement as JSON')
    .addHelpText(
      'after',
      '\nThe windows stay in the installation: measure in one of its own.\n' +
        '\nExample:\n  REPRISE_INSTANCE=bench REPRISE_PORT_BASE=21000 npx reprise bench window --events 100000,1000000',
    )
    .action(measure);
}

async function measure(options: Options): Promise<void> {
  const { events: sizes, runs, start: first, json } = options;
  const result = await withServers(SERVERS, (config) =>
    benchWindows({ first, sizes, runs }, runnerOf(config, options), progress()),
  );
  process.stdout.write(json ? `${JSON.stringify(result, null, 2)}\n` : `${text(result)}\n`);
}

function runnerOf(config: Config, { seed, shards }: Options): WindowRunner {
  const stack = Stack.look();
  return {
    async run(window, events) {
      const settings = { events, seed, shards, volume_shape: 'flat' as const };
      const [finished] = await runWindows({ config, windows: [window], settings, direct: true });
      if (finished?.report === undefined)
        throw new CommandFailure(`${window} left no report: ${finished?.why ?? 'it was not run'}`, {
          mend: 'npx reprise logs worker-control',
        });
      return finished.report;
    },
    async memory() {
      const workers = ((await stack.status()) ?? []).filter(({ name }) => name.startsWith('worker-'));
      return Object.fromEntries(workers.map(({ name, memoryBytes }) => [name, memoryBytes]));
    },
  };
}

function progress(): WindowObserver {
  const say = (words: string): unknown => process.stderr.write(`${words}\n`);
  return {
    begun: (events, run) => say(run === 0 ? 'a small window first' : `${count(events)} events, run ${run}`),
    ended: ({ seconds, events }) => say(`  ${seconds.toFixed(1)} s, ${rate(events / seconds)} events/s`),
  };
}

function text({ machine, lines }: WindowBench): string {
  const steps = lines.map((line) => [
    count(line.events),
    line.seconds.median.toFixed(1),
    rate(line.events_per_second),
    ...STEPS.map((step) => line.steps[step].toFixed(1)),
  ]);
  const workers = Object.keys(lines[0]?.memory ?? {});
  const memory = lines.map((line) => [
    count(line.events),
    ...workers.map((worker) => ((line.memory[worker] ?? 0) / 1e6).toFixed(0)),
  ]);
  return [
    machineText(machine),
    '',
    ...table(
      ['events', 'seconds', 'events/s', ...STEPS.map((step) => step.replace('publish_serving', 'serve'))],
      steps,
    ),
    '',
    'most resident megabytes, subprocesses included',
    ...table(['events', ...workers.map((worker) => worker.replace('worker-', ''))], memory),
  ].join('\n');
}
