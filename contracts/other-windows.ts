import type { ContentHash } from './content-hash.ts';
import type { HopName } from './hop-report.ts';

/** What other windows that ran since have in common with one; the nearest counts. */
export const OTHER_WINDOWS = ['none', 'other days', 'the day after', 'the same days'] as const;
export type OtherWindows = (typeof OTHER_WINDOWS)[number];

const DAY_MS = 86_400_000;
const dayAfter = (day: string): string => new Date(Date.parse(day) + DAY_MS).toISOString().slice(0, 10);

/**
 * @param theirs UTC days (`2026-01-05`) that another window touches; undefined: nobody knows
 */
export function inCommon(
  ours: readonly string[] | undefined,
  theirs: readonly string[] | undefined,
): OtherWindows {
  if (!ours || !theirs) return 'the same days';
  if (ours.some((day) => theirs.includes(day))) return 'the same days';
  return ours.some((day) => theirs.includes(dayAfter(day))) ? 'the day after' : 'other days';
}

interface Holding {
  total: number;
  /** By mart. */
  content_hashes?: Record<string, ContentHash> | undefined;
}

/** The mart whose rows go by the day on which they begin, and change as long as they go on: past midnight. */
const GOES_ON = 'sessions';

/**
 * Whether a hop may hold something else although the window is the same. The marts are compared on the days of the window;
 * what is served is compared whole, so that every other window has a part in it.
 */
export function mayDiffer(hop: HopName, was: Holding, is: Holding, others: OtherWindows): boolean {
  if (others === 'none') return false;
  if (hop === 'serving') return true;
  if (hop !== 'marts') return false;
  if (others === 'the same days') return true;
  return others === 'the day after' && was.total === is.total && onlySessions(was, is);
}

function onlySessions(was: Holding, is: Holding): boolean {
  const [had, has] = [was.content_hashes ?? {}, is.content_hashes ?? {}];
  const differing = Object.keys(had).filter((mart) => had[mart] !== has[mart]);
  return differing.length === 1 && differing[0] === GOES_ON;
}
