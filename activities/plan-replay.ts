import { ClientError } from '../clients/errors.ts';
import { type KeptSteps, stepResult } from '../contracts/kept-steps.ts';
import { keys } from '../contracts/lake.ts';
import { type PlannedWindow, ReplayScope, windowsOf } from '../contracts/replay-plan.ts';
import { WindowReport } from '../contracts/report.ts';
import { type StepName, STEPS, WindowRequest } from '../contracts/steps.ts';
import { WINDOW_MS, type WindowId, windowStartMs } from '../contracts/window.ts';
import type { Working } from './amend-ledger.ts';
import { goneOffsets } from './gone-offsets.ts';
import { type Judge, putThrough } from './put-through.ts';
import { movedOrWhyNot, whatChanges } from './what-changes.ts';
import { readKeptSteps, shardsOf, unlessMissing } from './kept-steps.ts';
import { type BeginningDeps, whereToBegin } from './where-to-begin.ts';

export interface PlanDeps extends BeginningDeps {
  /** What the schedule asks a window to be: for those that never ran. */
  defaults: Omit<WindowRequest, 'window'>;
  /** Whether the window's workflow runs. Absent: what its report says is believed. */
  isRunning?: (window: WindowId) => Promise<boolean>;
  /** What the rules of today say of the window. */
  judge?: Judge;
  /** Fingerprint of those rules. */
  rules?: string;
  /** Fingerprints of the code of today, by step. Absent: nobody asks what would change. */
  code?: Partial<Record<StepName, string>>;
  now?: () => number;
}

const AT_ONCE = 8;

/** A judgement takes two threads and up to a gigabyte. */
const JUDGED_AT_ONCE = 2;

const unheard: Working = { signal: new AbortController().signal, note: () => undefined };

/** What a replay would do, window by window, oldest first. Reads only. */
export async function planReplay(
  deps: PlanDeps,
  given: ReplayScope,
  working = unheard,
): Promise<PlannedWindow[]> {
  const scope = ReplayScope.parse(given);
  const now = (deps.now ?? Date.now)();
  const windows = windowsOf(scope).filter((window) => windowStartMs(window) + WINDOW_MS <= now);
  const plans: PlannedWindow[] = [];
  const atOnce = scope.quarantined ? JUDGED_AT_ONCE : AT_ONCE;
  for (let at = 0; at < windows.length; at += atOnce) {
    const some = windows.slice(at, at + atOnce);
    plans.push(...(await Promise.all(some.map((window) => planOne(deps, scope, window, working)))));
  }
  return plans;
}

async function planOne(
  deps: PlanDeps,
  scope: ReplayScope,
  window: WindowId,
  working: Working,
): Promise<PlannedWindow> {
  const report = WindowReport.safeParse(await unlessMissing(deps.store.getJson(keys.report(window))));
  if (!report.success) return missing(deps, scope, window);
  const kept = await readKeptSteps(deps.store, window);
  const plan = await planKnown(deps, scope, report.data, kept, working);
  const { store, bounds, code } = deps;
  const { from_step: from, request } = plan;
  if (!code || plan.refused !== null || !from || !request) return plan;
  const changes = await whatChanges({
    ...{ report: report.data, kept, request, from, code, isAmended: plan.amends.length > 0 },
    goneOffsets: async () => (bounds ? goneOffsets(store, bounds, kept, window) : undefined),
    moved: () => movedOrWhyNot(() => judgeOf(deps)(window, working)),
  });
  return { ...plan, changes };
}

async function planKnown(
  deps: PlanDeps,
  scope: ReplayScope,
  report: WindowReport,
  kept: KeptSteps,
  working: Working,
): Promise<PlannedWindow> {
  const { window, state } = report;
  const idle: PlannedWindow = {
    ...{ window, state, plays: false, why: '', request: null, from_step: null, because: null, refused: null },
    ...{ played_by: report.airflow, amends: [], days: [] },
  };
  const failure = await whatFailed(deps, report);
  if (scope.failed && failure === undefined)
    return { ...idle, why: state === 'running' ? 'it is running' : 'it came through' };
  const request = await lastRequest(deps, report, kept);
  if (!request) {
    const refused =
      'nothing says any more in how many shards it was asked for; run it anew with npx reprise run';
    return { ...idle, plays: true, why: failure ?? 'asked for', refused };
  }
  const days = kept.load ? stepResult('load', kept.load.result).affected_dates : [];
  if (scope.quarantined) {
    const found = await putThrough(judgeOf(deps), window, scope.quarantined, working);
    if ('refused' in found)
      return { ...idle, plays: true, why: 'its records cannot be judged', refused: found.refused };
    if ('amends' in found) {
      const why = 'the rules of today judge its records otherwise';
      const begin = await whereToBegin(deps, scope, report, kept, request, false);
      const { amends } = found;
      return { ...idle, ...begin, plays: true, why, request, days, amends, rules: deps.rules };
    }
    // Amended, and then something else stood in the way: to leave it there would look as if it had come through.
    if (!found.amended || failure === undefined) return { ...idle, why: found.why };
    const why = `its ledger is amended, and ${failure}`;
    const onward = { ...scope, quarantined: undefined };
    return {
      ...{ ...idle, plays: true, why, request, days },
      ...(await whereToBegin(deps, onward, report, kept, request, true)),
    };
  }
  const begin = await whereToBegin(deps, scope, report, kept, request, failure !== undefined);
  const why = failure ?? (state === 'running' ? 'it is running; waited for' : 'asked for');
  return { ...idle, plays: true, why, request, ...begin, days };
}

function judgeOf({ judge }: PlanDeps): Judge {
  if (judge) return judge;
  throw new ClientError('Misconfigured', 'nobody here can judge quarantined records');
}

function missing({ defaults }: PlanDeps, scope: ReplayScope, window: WindowId): PlannedWindow {
  const played = {
    plays: true,
    why: 'it never ran',
    request: { window, ...defaults },
    from_step: STEPS[0],
    because: "with the schedule's settings",
  };
  const idle = { plays: false, why: 'it never ran', request: null, from_step: null, because: null };
  const unknown = { refused: null, played_by: null, amends: [], days: [] };
  return { window, state: 'missing', ...(scope.failed ? played : idle), ...unknown };
}

/** Undefined: it came through, or it is running. */
async function whatFailed({ isRunning }: PlanDeps, report: WindowReport): Promise<string | undefined> {
  const { state, reconciled, failure, window } = report;
  if (state === 'completed') return reconciled ? undefined : 'it does not reconcile';
  if (state === 'running') {
    // Without a look at its workflow: played, which joins it when it runs.
    if (!isRunning) return 'it is running, or was ended from outside';
    return (await isRunning(window)) ? undefined : 'its run was ended from outside';
  }
  const at = failure?.step ?? report.steps.find((step) => step.state === 'cancelled')?.step;
  const type = failure ? `: ${failure.type}` : '';
  return `it ${state === 'failed' ? 'failed' : 'was cancelled'}${at ? ` at ${at}` : ''}${type}`;
}

/** The request of the window's last run, never today's defaults. */
async function lastRequest(
  { store }: PlanDeps,
  report: WindowReport,
  kept: KeptSteps,
): Promise<WindowRequest | undefined> {
  const { window, seed, events_requested: events, volume_shape } = report;
  const asked = { window, seed, events, volume_shape };
  const shards = report.shards ?? kept.generate?.request.shards ?? (await shardsOf(store, asked));
  return shards === undefined ? undefined : WindowRequest.parse({ ...asked, shards });
}
