import type { PartitionBounds } from '../clients/kafka-topics.ts';
import type { ObjectStore } from '../clients/object-store.ts';
import { type KeptSteps, stepResult } from '../contracts/kept-steps.ts';
import type { PlannedWindow, ReplayScope } from '../contracts/replay-plan.ts';
import type { HopName, WindowReport } from '../contracts/report.ts';
import { type StepName, STEPS, type WindowRequest } from '../contracts/steps.ts';
import { goneOffsets } from './gone-offsets.ts';
import { type FirstStep, firstStepToRun, obstacle } from './kept-steps.ts';
import type { WarehouseLook } from './kept-warehouse.ts';

export interface BeginningDeps {
  store: Pick<ObjectStore, 'bucket' | 'getJson' | 'list' | 'exists'>;
  /** Offsets that the events topic still holds. Absent: only ingest itself looks. */
  bounds?: () => Promise<PartitionBounds[]>;
  /** What is gone from the warehouse of what kept steps left there. Absent: only the run itself looks. */
  look?: WarehouseLook;
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

export type Beginning = Pick<PlannedWindow, 'from_step' | 'because' | 'refused'>;

/** The first step that runs, and why not a later one; or why the window cannot begin where it is asked to. */
export async function whereToBegin(
  deps: BeginningDeps,
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
  { store, bounds }: BeginningDeps,
  { from_step: named }: ReplayScope,
  asked: Beginning,
  kept: KeptSteps,
  request: WindowRequest,
): Promise<Beginning> {
  if (!bounds || asked.from_step !== 'ingest') return asked;
  const gone = await goneOffsets(store, bounds, kept, request.window);
  if (gone === undefined) return asked;
  if (stepResult('generate', kept.generate?.result).live)
    return {
      ...asked,
      refused: `${gone}, and what arrived by itself cannot be sent again; raw holds it: the first step to begin at is reconcile`,
    };
  const instead = (await obstacle(store, kept, request, 'publish')) ?? { step: 'publish', why: gone };
  if (named) return { ...asked, refused: refusal(named, instead) };
  return { from_step: instead.step, because: `${asked.because}, but ${instead.why}`, refused: null };
}

const refusal = (named: StepName, { step, why }: FirstStep): string =>
  `it cannot begin at ${named}: ${step}: ${why}; the first step to begin at is ${step}`;

/** A kept step whose output the warehouse does not hold any more runs again. */
async function unlessGone(
  { store, look }: BeginningDeps,
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
  { store }: BeginningDeps,
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
