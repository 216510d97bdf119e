import { ClientError } from '../clients/errors.ts';
import type { ObjectStore } from '../clients/object-store.ts';
import { type KeptSteps, stepResult } from '../contracts/kept-steps.ts';
import { keys } from '../contracts/lake.ts';
import { type PlannedWindow, ReplayScope, windowsOf } from '../contracts/replay-plan.ts';
import { type HopName, WindowReport } from '../contracts/report.ts';
import { type StepName, STEPS, WindowRequest } from '../contracts/steps.ts';
import { WINDOW_MS, type WindowId, windowStartMs } from '../contracts/window.ts';
import { withActivityFailures } from './failures.ts';
import type { WarehouseLook } from './kept-warehouse.ts';
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
  /** What the rules of today make of the window otherwise than its ledger, a sentence each. */
  judge?: (window: WindowId) => Promise<string[]>;
  /** What is gone from the warehouse of what kept steps left there. Absent: only the run itself looks. */
  look?: WarehouseLook;
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

/** What a replay would do, window by window, oldest first. Reads only. */
export async function planReplay(deps: PlanDeps, given: ReplayScope): Promise<PlannedWindow[]> {
  const scope = ReplayScope.parse(given);
  const now = (deps.now ?? Date.now)();
  const windows = windowsOf(scope).filter((window) => windowStartMs(window) + WINDOW_MS <= now);
  const plans: PlannedWindow[] = [];
  for (let at = 0; at < windows.length; at += AT_ONCE)
    plans.push(
      ...(await Promise.all(windows.slice(at, at + AT_ONCE).map((window) => planOne(deps, scope, window)))),
    );
  return plans;
}

async function planOne(deps: PlanDeps, scope: ReplayScope, window: WindowId): Promise<PlannedWindow> {
  const report = WindowReport.safeParse(await unlessMissing(deps.store.getJson(keys.report(window))));
  if (!report.success) return missing(deps, scope, window);
  const { state } = report.data;
  const idle: PlannedWindow = {
    ...{ window, state, plays: false, why: '', request: null, from_step: null, because: null, refused: null },
    ...{ played_by: report.data.airflow, amends: [], days: [] },
  };
  const kept = await readKeptSteps(deps.store, window);
  const failure = await whatFailed(deps, report.data);
  if (scope.failed && failure === undefined)
    return { ...idle, why: state === 'running' ? 'it is running' : 'it came through' };
  const request = await lastRequest(deps, report.data, kept);
  if (!request) {
    const refused =
      'nothing says any more in how many shards it was asked for; run it anew with npx reprise run';
    return { ...idle, plays: true, why: failure ?? 'asked for', refused };
  }
  const amends = scope.quarantined ? await whatChangesSides(deps, scope.quarantined, report.data) : [];
  if (typeof amends === 'string') return { ...idle, why: amends };
  const begin = await whereToBegin(deps, scope, report.data, kept, request, failure !== undefined);
  return {
    ...idle,
    plays: true,
    why: reasonToPlay(scope, state, failure),
    request,
    amends,
    ...begin,
    days: kept.load ? stepResult('load', kept.load.result).affected_dates : [],
  };
}

function reasonToPlay(scope: ReplayScope, state: WindowReport['state'], failure: string | undefined): string {
  if (scope.quarantined) return 'the rules of today judge its records otherwise';
  return failure ?? (state === 'running' ? 'it is running; waited for' : 'asked for');
}

/** What putting the quarantined records through again changes; a text says why there is nothing to put through. */
async function whatChangesSides(
  { judge }: PlanDeps,
  { reason_code: code }: NonNullable<ReplayScope['quarantined']>,
  report: WindowReport,
): Promise<string[] | string> {
  if (!judge)
    throw new ClientError('InvalidInput', 'only the command line puts quarantined records through again');
  // What is expected counts too: a run since the rule was mended may have let the records through already.
  const expected = report.hops.find(({ hop }) => hop === 'quarantine')?.expected.by ?? {};
  const codes = new Set(Object.keys({ ...expected, ...report.quarantined_by_reason }));
  if (codes.size === 0) return 'nothing of it is quarantined';
  if (code !== undefined && !codes.has(code)) return `nothing of it is quarantined as ${code}`;
  const moved = await judge(report.window);
  return moved.length > 0 ? moved : 'the rules of today judge its records as they did';
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
  return asked.refused === null ? unlessGone(deps, asked, kept, request) : asked;
}

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
    const refused = instead
      ? `it cannot begin at ${named}: ${instead.step}: ${instead.why}; the first step to begin at is ${instead.step}`
      : null;
    return {
      from_step: named,
      because: scope.quarantined ? 'its records are judged anew' : 'as asked',
      refused,
    };
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

export function createPlanReplayActivities(deps: PlanDeps) {
  return withActivityFailures({
    /** What a replay would do with each window of the scope. Read-only. */
    planReplay: (scope: ReplayScope): Promise<PlannedWindow[]> => planReplay(deps, scope),
  });
}
