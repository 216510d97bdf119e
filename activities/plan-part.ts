import { Buffer } from 'node:buffer';
import {
  MOST_PART_BYTES,
  type PlannedWindow,
  type PlanPart,
  ReplayScope,
  windowsOf,
} from '../contracts/replay-plan.ts';
import { assertRules, type LoadedRules, type Working } from './amend-ledger.ts';
import { withActivityFailures } from './failures.ts';
import { type PlanDeps, planReplay } from './plan-replay.ts';
import { withPulse } from './pulse.ts';

/** Windows looked at for one part: some small objects each, four days of them take seconds. */
const PART_WINDOWS = 96;
/** Whose records are all read for one part: the largest windows take minutes each. */
const PART_JUDGED = 6;

/** Of a text that stands in a plan; what it is cut from stands in the report. */
const MOST_TEXT = 300;
const MOST_SENTENCES = 3;

const cut = (text: string): string => (text.length > MOST_TEXT ? `${text.slice(0, MOST_TEXT - 1)}…` : text);
const cutIfAny = (text: string | null): string | null => text && cut(text);

/** What whoever starts the replay has to know. */
function short({ changes: _, ...plan }: PlannedWindow): PlannedWindow {
  const more = plan.amends.length - MOST_SENTENCES;
  return {
    ...plan,
    ...{ why: cut(plan.why), because: cutIfAny(plan.because), refused: cutIfAny(plan.refused) },
    amends: [
      ...plan.amends.slice(0, MOST_SENTENCES).map(cut),
      ...(more > 0 ? [`${more} more sentences are in the record of the replay`] : []),
    ],
    days: [],
  };
}

/** The windows that a replay would play, from the first of the scope on, as many as one payload holds. */
export async function planPart(deps: PlanDeps, given: ReplayScope, working?: Working): Promise<PlanPart> {
  const scope = ReplayScope.parse(given);
  const asked = windowsOf(scope);
  const most = scope.quarantined ? PART_JUDGED : PART_WINDOWS;
  const to = asked[Math.min(most, asked.length) - 1] ?? scope.to;
  const plans = (await planReplay(deps, { ...scope, to }, working)).filter(({ plays }) => plays).map(short);
  let count = 0;
  for (let bytes = 0; count < plans.length; count += 1) {
    bytes += Buffer.byteLength(JSON.stringify(plans[count])) + 1;
    if (bytes > MOST_PART_BYTES) break;
  }
  return { windows: plans.slice(0, count), next: plans[count]?.window ?? asked[most] ?? null };
}

/** The scan of a large window begins after a minute at most. */
const SILENCE_MS = 300_000;

export function createPlanReplayActivities(deps: PlanDeps & { loaded?: LoadedRules }) {
  return withActivityFailures({
    /**
     * What a replay would do with the first windows of the scope. Read-only.
     * @throws ClientError Misconfigured when records are to be judged and this worker has loaded older rules
     */
    planReplay: (scope: ReplayScope): Promise<PlanPart> =>
      withPulse(SILENCE_MS, (pulse) => {
        if (scope.quarantined) assertRules(deps.loaded, undefined);
        return planPart({ ...deps, rules: deps.loaded?.rules }, scope, pulse);
      }),
  });
}
