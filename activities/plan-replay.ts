import { ClientError } from '../clients/errors.ts';
import type { PartitionBounds } from '../clients/kafka-topics.ts';
import type { ObjectStore } from '../clients/object-store.ts';
import { type KeptSteps, stepResult } from '../contracts/kept-steps.ts';
import { keys } from '../contracts/lake.ts';
import { type PlannedWindow, ReplayScope, windowsOf } from '../contracts/replay-plan.ts';
import { type HopName, WindowReport } from '../contracts/report.ts';
import { type StepName, STEPS, WindowRequest } from '../contracts/steps.ts';
import { WINDOW_MS, type WindowId, windowStartMs } from '../contracts/window.ts';
import { assertRules, type LoadedRules, type Working } from './amend-ledger.ts';
import { withActivityFailures } from './failures.ts';
import { goneOffsets } from './gone-offsets.ts';
import type { WarehouseLook } from './kept-warehouse.ts';
import { withPulse } from './pulse.ts';
import { type Judge, putThrough } from './put-through.ts';
import { movedOrWhyNot, whatChanges } from './what-changes.ts';
import {
  type FirstStep,
  firstStepToRun,
  obstacle,
  readKeptSteps,
  shardsOf,
  unlessMissing,
} from './kept-steps.ts';

export interface PlanDeps {
  store: Pick<ObjectStore, 'bucket' | 'getJson' | 'list' | 'exists'>;
  /** What the schedule asks a window to be: for those that never ran. */
  defaults: Omit<WindowRequest, 'window'>;
  /** Whether the window's workflow runs. Absent: what its report says is believed. */
  isRunning?: (window: WindowId) => Promise<boolean>;
  /** What the rules of today say of the window. */
  judge?: Judge;
  /** Fingerprint of those rules. */
  rules?: string;
  /** Offsets that the events topic still holds. Absent: only ingest itself looks. */
  bounds?: () => Promise<PartitionBounds[]>;
  /** What is gone from the warehouse of what kept steps left there. Absent: only the run itself looks. */
  look?: WarehouseLook;
  /** Fingerprints of the code of today, by step. Absent: nobody asks what would change. */
  code?: Partial<Record<StepName, string>>;
  now?: () => number;
}

/** The step that fills a hop: where to begin when it does not hold what it should. */
const FILLED_BY: Readonly<Record<string, StepName>> = {
  landing: 'generate',
  kafka: 'publish',
  raw: 'ingest',
  events: 'ingest',
  quarantine: 'ingest',
  duplicates: 'ingest',
  warehouse: 'load',
  marts: 'build',
  serving: 'publish_serving',
} satisfies Partial<Record<HopName | 'marts', StepName>>;

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

type Beginning = Pick<PlannedWindow, 'from_step' | 'because' | 'refused'>;

async function whereToBegin(
  deps: PlanDeps,
  scope: ReplayScope,
  report: WindowReport,
  kept: KeptSteps,
  request: WindowRequest,
  hasFailed: boolean,
): Promise<Beginning> {
  const asked = await byWhatIsKept(deps, scope, report, kept, request, hasFailed);
  if (asked.refused !== null) return asked;
  const sent = await unlessLetGo(deps, scope, asked, kept, request);
  return sent.refused === null ? unlessGone(deps, sent, kept, request) : sent;
}

/** Records that the topic does not hold any more are sent once more. */
async function unlessLetGo(
  { store, bounds }: PlanDeps,
  { from_step: named }: ReplayScope,
  asked: Beginning,
  kept: KeptSteps,
  request: WindowRequest,
): Promise<Beginning> {
  if (!bounds || asked.from_step !== 'ingest') return asked;
  const gone = await goneOffsets(store, bounds, kept, request.window);
  if (gone === undefined) return asked;
  const instead = (await obstacle(store, kept, request, 'publish')) ?? { step: 'publish', why: gone };
  if (named) return { ...asked, refused: refusal(named, instead) };
  return { from_step: instead.step, because: `${asked.because}, but ${instead.why}`, refused: null };
}

const refusal = (named: StepName, { step, why }: FirstStep): string =>
  `it cannot begin at ${named}: ${step}: ${why}; the first step to begin at is ${step}`;

/** A kept step whose output the warehouse does not hold any more runs again. */
async function unlessGone(
  { store, look }: PlanDeps,
  asked: Beginning,
  kept: KeptSteps,
  request: WindowRequest,
): Promise<Beginning> {
  const from = asked.from_step;
  if (!look || (from !== 'build' && from !== 'publish_serving')) return asked;
  const gone = await look({
    window: request.window,
    load: stepResult('load', kept.load?.result),
    ...(from === 'publish_serving' ? { build: stepResult('build', kept.build?.result) } : {}),
  });
  if (gone === 'busy')
    return {
      ...asked,
      because: `${asked.because}; the warehouse is in use: the run looks whether it is whole`,
    };
  if (!gone) return asked;
  const earlier = await obstacle(store, kept, request, gone.step);
  const also = earlier ? `; ${earlier.step} too: ${earlier.why}` : '';
  return {
    from_step: (earlier ?? gone).step,
    because: `${asked.because}, but ${gone.step} has to run again: ${gone.why}${also}`,
    refused: null,
  };
}

async function byWhatIsKept(
  { store }: PlanDeps,
  scope: ReplayScope,
  report: WindowReport,
  kept: KeptSteps,
  request: WindowRequest,
  hasFailed: boolean,
): Promise<Beginning> {
  const named = scope.quarantined ? 'ingest' : scope.from_step;
  if (named) {
    const instead = named === STEPS[0] ? undefined : await obstacle(store, kept, request, named);
    if (!scope.quarantined)
      return { from_step: named, because: 'as asked', refused: instead ? refusal(named, instead) : null };
    const because = 'its records are judged anew';
    return instead
      ? { from_step: instead.step, because: `${because}, but ${instead.why}`, refused: null }
      : { from_step: named, because, refused: null };
  }
  if (!hasFailed) return { from_step: STEPS[0], because: 'from the beginning', refused: null };
  const next = (await firstStepToRun(store, kept, request)) ?? lastStep;
  const wrong = report.hops.find(({ matches }) => !matches);
  const filler = wrong && FILLED_BY[wrong.hop];
  const earlier = filler !== undefined && STEPS.indexOf(filler) < STEPS.indexOf(next.step);
  if (!wrong || !earlier) return { from_step: next.step, because: next.why, refused: null };
  const clear = await obstacle(store, kept, request, filler);
  const { step, why } = clear ?? { step: filler, why: `${wrong.hop} does not hold what it should` };
  return { from_step: step, because: why, refused: null };
}

const lastStep: FirstStep = {
  step: 'publish_serving',
  why: 'every step stands; what is served is published anew',
};

/** The scan of a large window begins after a minute at most. */
const SILENCE_MS = 300_000;

export function createPlanReplayActivities(deps: PlanDeps & { loaded?: LoadedRules }) {
  return withActivityFailures({
    /**
     * What a replay would do with each window of the scope. Read-only.
     * @throws ClientError Misconfigured when records are to be judged and this worker has loaded older rules
     */
    planReplay: (scope: ReplayScope): Promise<PlannedWindow[]> =>
      withPulse(SILENCE_MS, (pulse) => {
        if (scope.quarantined) assertRules(deps.loaded, undefined);
        return planReplay({ ...deps, rules: deps.loaded?.rules }, scope, pulse);
      }),
  });
}
