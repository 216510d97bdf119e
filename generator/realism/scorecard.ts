import { STATISTICS } from './statistics.ts';
import { estimate, resampled, type Tally } from './tally.ts';
import type { Target } from './targets.ts';
import { LISTENING_TARGETS } from './targets-listening.ts';
import { SKIP_TARGETS } from './targets-skips.ts';

/** Every row, in the order of the table. */
export const TARGETS: readonly Target[] = [...SKIP_TARGETS, ...LISTENING_TARGETS];

/** How many standard errors of our own sample count as chance. */
const STANDARD_ERRORS = 3;

/**
 * - `met`: the observed value lies within the tolerance of the target.
 * - `drifted`: it does not.
 * - `too few events`: the tolerance is so wide that a simpler model would pass as well.
 */
export type Verdict = 'met' | 'drifted' | 'too few events';

export interface Row extends Target {
  /** NaN when nothing was observed, or when there is no such shape. */
  observed: number;
  standardError: number;
  /** Around the target, either way. */
  tolerance: number;
  verdict: Verdict;
}

/** How far `value` lies outside of the target. */
function distance({ low, high }: Target, value: number): number {
  return Math.max(low - value, value - high, 0);
}

function verdictOn(target: Target, observed: number, tolerance: number): Verdict {
  // Written so that NaN drifts.
  if (!(distance(target, observed) <= tolerance)) return 'drifted';
  if (target.rival && distance(target, target.rival.value) <= tolerance) return 'too few events';
  return 'met';
}

/** Judges what was counted. The two errors are independent: they add up as squares. */
export function judge(tally: Tally, targets: readonly Target[] = TARGETS): Row[] {
  const counts = resampled(tally);
  return targets.map((target) => {
    const statistic = STATISTICS[target.id];
    if (!statistic) throw new Error(`no statistic is named ${target.id}`);
    const { value, standardError } = estimate(counts, statistic);
    const tolerance = Math.hypot(target.sourceError, STANDARD_ERRORS * standardError);
    return {
      ...target,
      observed: value,
      standardError,
      tolerance,
      verdict: verdictOn(target, value, tolerance),
    };
  });
}
