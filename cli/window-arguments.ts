import { InvalidArgumentError } from 'commander';
import { VolumeShape, WindowSource } from '../contracts/steps.ts';
import { WINDOW_MS, WindowId, windowStartMs } from '../contracts/window.ts';
import { CommandFailure } from './failure.ts';

/** A window by its name. @throws InvalidArgumentError that says what one looks like */
export function parseWindow(value: string): WindowId {
  const window = WindowId.safeParse(value);
  if (!window.success) throw new InvalidArgumentError(window.error.issues[0]?.message ?? 'that is no window');
  return window.data;
}

/** A window that is over: one that still receives events cannot be closed. */
export function parseClosedWindow(value: string): WindowId {
  const window = parseWindow(value);
  if (windowStartMs(window) + WINDOW_MS > Date.now())
    throw new InvalidArgumentError('that window has not ended yet');
  return window;
}

export function wholeNumber(least: number, most: number): (value: string) => number {
  return (value) => {
    const number = Number(value);
    if (!/^\d+$/.test(value) || number < least || number > most)
      throw new InvalidArgumentError(`a whole number from ${least} to ${most} is wanted`);
    return number;
  };
}

/** The limits of contracts/steps.ts: WindowRequest. */
export const eventsNumber = wholeNumber(0, 50_000_000);
export const shardsNumber = wholeNumber(1, 1024);
export const seedNumber = wholeNumber(0, Number.MAX_SAFE_INTEGER);

/** Replays side by side unless somebody says otherwise, as in Airflow. */
export const WINDOWS_AT_ONCE = 2;

/**
 * How many windows one replay plays side by side.
 * @param most what the installation bears
 * @throws CommandFailure when more are asked for
 */
export function windowsAtOnce(asked: number | undefined, most: number): number {
  if (asked === undefined) return Math.min(WINDOWS_AT_ONCE, most);
  if (asked <= most) return asked;
  throw new CommandFailure(
    `this installation plays ${most} window${most === 1 ? '' : 's'} at a time at most`,
    {
      mend: `--parallel ${most}, or set REPRISE_REPLAYS_AT_ONCE`,
    },
  );
}

export function parseShape(value: string): VolumeShape {
  const shape = VolumeShape.safeParse(value);
  if (!shape.success) throw new InvalidArgumentError(`${VolumeShape.options.join(' or ')} is wanted`);
  return shape.data;
}

/** Said of `--shape` wherever it is taken. */
export const SHAPE_HELP =
  'flat: exactly --events in each window; diurnal: days and nights, --events is the mean hour of a week';

export function parseSource(value: string): WindowSource {
  const source = WindowSource.safeParse(value);
  if (!source.success) throw new InvalidArgumentError(`${WindowSource.options.join(', ')}: one is wanted`);
  return source.data;
}

/** Said of `--source`. */
export const SOURCE_HELP =
  'live: close an hour that filled by itself, with what the topic holds; generated: refuse that; auto: whichever it is';
