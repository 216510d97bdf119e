import type { WindowId } from '../contracts/window.ts';
import { ClientError } from './errors.ts';

/** How the last build of a window ended, as dbt itself wrote it down. */
export interface MartState {
  /** ISO 8601: start of the window. */
  window_start: string;
  state: string;
}

/** A build that began and was not heard of again, with the days that it may have left half built. */
export interface CutOffBuild {
  window: WindowId;
  days: string[];
}

const NAMED = 5;

/** Under this start dbt records a build that was started by hand for no window. No days are known of it. */
const BY_HAND = '1970-01-01T00:00Z';

/**
 * The builds that say they are going on, a row a day. Works in both engines; `windowId` writes the start of `state` down
 * in the dialect of the caller.
 */
export function openBuildsSql(tables: { states: string; dates: string }, windowId: string): string {
  return `SELECT ${windowId} AS window_id, CAST(dates.activity_date AS STRING) AS day
    FROM ${tables.states} AS state
    LEFT JOIN ${tables.dates} AS dates ON dates.window_start = state.window_start
    WHERE state.state = 'building'
    GROUP BY 1, 2
    ORDER BY 1, 2`;
}

/** What `openBuildsSql` found, seen by the only one who may build: none of them is going on. */
export function cutOffBuilds(rows: readonly Record<string, unknown>[]): CutOffBuild[] {
  const builds = new Map<WindowId, string[]>();
  for (const { window_id: id, day } of rows) {
    const window = String(id);
    if (window === BY_HAND) continue;
    const days = builds.get(window) ?? [];
    // A window without events has no days.
    builds.set(window, day === null ? days : [...days, String(day)]);
  }
  return [...builds].map(([window, days]) => ({ window, days }));
}

/**
 * Marts are written, then audited by the tests of the same build, then published. A build that is running, was cut off or
 * failed leaves days that nobody has vouched for; a later build tests its own days only.
 * @throws ClientError naming the windows to build again
 */
export function assertAudited(states: readonly MartState[]): void {
  if (states.length === 0) {
    throw new ClientError('ResourceMissing', 'the marts have not been built yet; run the build step first');
  }
  const failed = states.filter(({ state }) => state === 'failed');
  if (failed.length > 0) {
    throw new ClientError(
      'DataQualityFailed',
      `the marts failed their tests when they were built for ${named(failed)}; mend and run that first`,
    );
  }
  const open = states.filter(({ state }) => state !== 'audited');
  if (open.length > 0) {
    throw new ClientError(
      'Unavailable',
      `the marts are being built for ${named(open)}, or that build was cut off: then the next build finishes it`,
    );
  }
}

function named(states: readonly MartState[]): string {
  const windows = states.map(({ window_start: start }) => start).sort();
  const rest = windows.length > NAMED ? ` and ${windows.length - NAMED} more` : '';
  return `${windows.slice(0, NAMED).join(', ')}${rest}`;
}
