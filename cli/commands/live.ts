import { setTimeout as sleep } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { type Command, InvalidArgumentError } from 'commander';
import { type Config, loadConfig } from '../../config/config.ts';
import { type LiveStreamInput, ProducerRequest } from '../../contracts/live.ts';
import { withMends } from '../client-failure.ts';
import { CommandFailure } from '../failure.ts';
import { interruption } from '../interruption.ts';
import { liveText, producerText, streamText } from '../live-text.ts';
import { connectLiveWorkflow, type LiveView, type LiveWorkflow } from '../live-workflow.ts';
import type { Screen } from '../progress.ts';
import { seedNumber, wholeNumber } from '../window-arguments.ts';

interface StartOptions {
  rate: number;
  speed: number;
  seed: number;
  producer: boolean;
  trigger: number;
  maxBatch: number;
  json?: boolean;
}

const POLL_MS = 1_000;
/** Most records of an hour that the generator makes: contracts/steps.ts. */
const MOST_AN_HOUR = 50_000_000;

export function register(command: Command): void {
  const { defaults } = loadConfig();
  command.addHelpText(
    'after',
    '\nRecords that arrive without a window run are read by a resident Spark stream, some seconds after they were\nsent: into the lake, and into what the Now page of the dashboard shows. The hourly schedule closes each hour.',
  );
  command
    .command('start')
    .description('start the stream, and a producer of synthetic records')
    .option(
      '--rate <n>',
      'records a second in the mean hour of a week',
      numberOf(ProducerRequest.shape.rate),
      100,
    )
    .option(
      '--speed <n>',
      'simulated hours an hour; the rate stays',
      numberOf(ProducerRequest.shape.speed),
      1,
    )
    .option('--seed <n>', 'seed of the generator', seedNumber, defaults.seed)
    .option('--no-producer', 'others write to the topic')
    .option('--trigger <ms>', 'a batch begins at most so often', wholeNumber(100, 60_000), 1_000)
    .option('--max-batch <n>', 'most records of a batch', wholeNumber(100, 500_000), 50_000)
    .option('--json', 'print what runs then as JSON')
    .addHelpText(
      'after',
      '\nReturns once the stream reads; it goes on until `npx reprise live stop`, also after `down` and `up`.',
    )
    .action((options: StartOptions) =>
      withMends(() => {
        const input = inputOf(options);
        return withWorkflow((live) => start(live, input, options.json ?? false));
      }),
    );
  command
    .command('status')
    .description('say how far the stream and its producer are')
    .option('--json', 'print it as JSON')
    .addHelpText('after', '\nThe exit code is 0 while the stream runs, else 1.')
    .action(({ json }: { json?: boolean }) =>
      withMends(() => withWorkflow((live) => status(live, json ?? false))),
    );
  command
    .command('stop')
    .description('end the producer, then let the stream take what has arrived, and end it')
    .option('--json', 'print what is left as JSON')
    .action(({ json }: { json?: boolean }) =>
      withMends(() => withWorkflow((live) => stop(live, json ?? false))),
    );
}

interface NumberContract {
  safeParse(value: unknown): { success: boolean };
  minValue: number | null;
  maxValue: number | null;
}

/** @throws InvalidArgumentError with the contract's limits */
function numberOf(contract: NumberContract): (text: string) => number {
  return (text) => {
    const number = text.trim() === '' ? Number.NaN : Number(text);
    if (contract.safeParse(number).success) return number;
    const { minValue, maxValue } = contract;
    throw new InvalidArgumentError(
      `a number ${minValue === 0 ? 'above 0' : `from ${minValue}`} to ${maxValue} is wanted`,
    );
  };
}

async function withWorkflow<T>(work: (live: LiveWorkflow, config: Config) => Promise<T>): Promise<T> {
  const config = loadConfig();
  const live = await connectLiveWorkflow(config.temporal);
  try {
    return await work(live, config);
  } finally {
    await live.close();
  }
}

function inputOf({ rate, speed, seed, producer, trigger, maxBatch }: StartOptions): LiveStreamInput {
  if (producer && (rate * 3_600) / speed > MOST_AN_HOUR)
    throw new CommandFailure(
      `--rate ${rate} at --speed ${speed} is more than ${MOST_AN_HOUR} records a simulated hour`,
      {
        mend: `at most --rate ${Math.floor((MOST_AN_HOUR / 3_600) * speed)}, or a higher --speed`,
      },
    );
  return {
    requested_by: 'command line',
    producer: producer ? { rate, speed, seed } : null,
    trigger_ms: trigger,
    max_records_per_batch: maxBatch,
  };
}

async function start(live: LiveWorkflow, input: LiveStreamInput, json: boolean): Promise<void> {
  const begun = await live.begin(input);
  if (!begun) {
    const running = (await live.look())?.status;
    if (running?.phase === 'stopping')
      throw new CommandFailure('the stream is just being stopped', {
        mend: 'npx reprise live stop waits for its end',
      });
    if (running && !isDeepStrictEqual(running.input, input))
      throw new CommandFailure('the stream is running with other settings', {
        mend: 'npx reprise live status shows them; npx reprise live stop ends it',
      });
  }
  const isUp = ({ stream, state }: LiveView): boolean =>
    state !== 'running' ||
    (stream?.state === 'runs' && stream.heard?.progress !== null && stream.heard !== null);
  const seen = await follow(live, isUp, 'it goes on; npx reprise live status shows how far it is');
  if (seen?.state === 'failed') process.exitCode = 1;
  show(seen, json);
}

async function status(live: LiveWorkflow, json: boolean): Promise<void> {
  const seen = await live.look();
  show(seen, json);
  if (seen?.state !== 'running') process.exitCode = 1;
}

async function stop(live: LiveWorkflow, json: boolean): Promise<void> {
  const before = await live.look();
  if (before?.state === 'running') {
    await live.askToStop();
    await follow(
      live,
      ({ state }) => state !== 'running',
      'it is ending; npx reprise live stop waits for it again',
    );
  }
  const last = await live.look();
  show(last, json);
  if (last?.state === 'failed') process.exitCode = 1;
}

function show(view: LiveView | undefined, json: boolean): void {
  process.stdout.write(`${json ? JSON.stringify(view ?? null, null, 2) : liveText(view, Date.now())}\n`);
}

/** Watches until it is as wished. @throws CommandFailure on Ctrl-C, which ends the watching only */
async function follow(
  live: LiveWorkflow,
  isDone: (view: LiveView) => boolean,
  after: string,
  screen: Screen = process.stderr,
): Promise<LiveView | undefined> {
  const interrupt = interruption();
  let said = '';
  try {
    while (!interrupt.signal.aborted) {
      const view = await live.look();
      if (!view || isDone(view)) return view;
      const text = `stream ${streamText(view)}; producer ${producerText(view)}`;
      if (text !== said)
        screen.write(screen.isTTY ? `\r\u001b[K${text.slice(0, (screen.columns ?? 80) - 1)}` : `${text}\n`);
      said = text;
      await sleep(POLL_MS, undefined, { signal: interrupt.signal }).catch(() => undefined);
    }
    throw new CommandFailure('stopped watching', { mend: after, exitCode: 130 });
  } finally {
    if (screen.isTTY && said !== '') screen.write('\r\u001b[K');
    interrupt.release();
  }
}
