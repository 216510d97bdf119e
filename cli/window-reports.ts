import { ClientError } from '../clients/errors.ts';
import type { ObjectStore } from '../clients/object-store.ts';
import { keys } from '../contracts/lake.ts';
import { WindowReport } from '../contracts/report.ts';
import { WindowId, windowStartMs } from '../contracts/window.ts';
import { CommandFailure } from './failure.ts';

type Reports = Pick<ObjectStore, 'getJson' | 'list'>;

/**
 * The window's report; undefined when the window never ran.
 * @throws CommandFailure when what is kept is not a report that this version understands.
 */
export async function readReport(store: Reports, window: WindowId): Promise<WindowReport | undefined> {
  let kept: unknown;
  try {
    kept = await store.getJson(keys.report(window));
  } catch (error) {
    if (error instanceof ClientError && error.code === 'ResourceMissing') return undefined;
    throw error;
  }
  const report = WindowReport.safeParse(kept);
  if (report.success) return report.data;
  const first = report.error.issues[0];
  throw new CommandFailure(
    `the report of ${window} is not one that this version reads (${first?.path.join('.')}: ${first?.message})`,
    { mend: `npx reprise run --start ${window}` },
  );
}

/** The windows that have a report, oldest first. */
export async function knownWindows(store: Reports): Promise<WindowId[]> {
  const found = await store.list(keys.reports);
  return found.flatMap((key) => {
    const name = /window=(\d{4}-\d{2}-\d{2}T\d{2})-(\d{2}Z)\/report\.json$/.exec(key);
    const window = WindowId.safeParse(`${name?.[1]}:${name?.[2]}`);
    return window.success ? [window.data] : [];
  });
}

/** At most `count` of them, in the order of time, those that start nearest to `window`. */
export function nearestWindows(window: WindowId, known: readonly WindowId[], count: number): WindowId[] {
  const distance = (other: WindowId): number => Math.abs(windowStartMs(other) - windowStartMs(window));
  return known
    .toSorted((one, other) => distance(one) - distance(other))
    .slice(0, count)
    .toSorted((one, other) => windowStartMs(one) - windowStartMs(other));
}
