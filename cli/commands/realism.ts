import { resolve } from 'node:path';
import type { Command } from 'commander';
import { generatedWorld } from '../../generator/realism/generated-world.ts';
import { type Scorecard, scoreWorld, type Watcher } from '../../generator/realism/run.ts';
import { CommandFailure } from '../failure.ts';
import { interruption } from '../interruption.ts';
import { type ScoredFiles, scoredFiles } from '../scored-files.ts';
import { passes, scorecardJson, scorecardText } from '../scorecard-text.ts';
import { statusLine } from '../status-line.ts';
import { parseWindow, seedNumber, wholeNumber } from '../window-arguments.ts';

interface Options {
  seed: number;
  events: number;
  days: number;
  listeners: number;
  start: string;
  out?: string;
  json?: boolean;
}

/** A Wednesday: two whole weekends lie in the fortnight that begins with it, wherever a listener lives. */
const START = '2026-01-14T00:00Z';

/** LFM-1b: 9,043 plays a listener, fetched from January 2013 to August 2014. */
const HEAVY_PLAYS = 9_000;
const HEAVY_DAYS = 600;

export function register(command: Command): void {
  command
    .option('--seed <n>', 'which world', seedNumber, 1)
    .option('--events <n>', 'records an hour, on average', wholeNumber(10, 1_000_000), 3_000)
    .option('--days <n>', 'how many days are looked at; a weekend belongs to them', wholeNumber(7, 366), 14)
    .option('--start <window>', 'first hour of the first day', parseWindow, START)
    .option(
      '--listeners <n>',
      'listeners among whom heavy ones are looked for, for their long histories',
      wholeNumber(1, 1_000_000),
      1_000,
    )
    .option('--out <directory>', 'keep the records, profiles and histories that were looked at')
    .option('--json', 'print every row as JSON')
    .addHelpText(
      'after',
      '\nWhat the rows mean, and why the tolerances are what they are: docs/realism.md' +
        '\nThe exit code is 0 when every target is met, else 1.' +
        '\n\nExample:\n  npx reprise realism --seed 7 --json',
    )
    .action(score);
}

async function score(options: Options): Promise<void> {
  const { seed, events, days, listeners, start, out, json } = options;
  const files = out === undefined ? undefined : await scoredFiles(resolve(out));
  const interrupted = interruption();
  const status = statusLine();
  let scorecard: Scorecard;
  try {
    scorecard = await scoreWorld(
      generatedWorld(seed, events),
      { start, days, heavy: { slots: listeners, plays: HEAVY_PLAYS, days: HEAVY_DAYS } },
      watcher(status.say, interrupted.signal, files),
    );
    await files?.finish(scorecardJson(seed, events, scorecard));
  } catch (error) {
    if (error instanceof RangeError)
      throw new CommandFailure(error.message, { mend: 'npx reprise realism', cause: error });
    throw error;
  } finally {
    status.clear();
    interrupted.release();
  }
  process.stdout.write(json ? scorecardJson(seed, events, scorecard) : `${scorecardText(scorecard)}\n`);
  if (!passes(scorecard)) process.exitCode = 1;
}

/** Says how far it is, lets the event loop turn so that Ctrl-C is heard, and keeps what is to be kept. */
function watcher(say: (text: string) => void, signal: AbortSignal, files?: ScoredFiles): Watcher {
  const turn = async (): Promise<void> => {
    await new Promise<void>((resolve) => setImmediate(resolve));
    if (signal.aborted) throw new CommandFailure('interrupted', { exitCode: 130 });
  };
  return {
    ...files,
    windowDone: async (done, of) => {
      say(`window ${done} of ${of}`);
      await turn();
    },
    dayDone: async (done, of) => {
      say(`long histories: day ${done} of ${of}`);
      await turn();
    },
  };
}
