import { z } from 'zod';
import { ContentHash } from './content-hash.ts';
import { Ledger, RecordAccount, TypedSet } from './ledger.ts';
import { HopReport } from './report.ts';
import {
  type BuildResult,
  type CompactReport,
  type GenerateResult,
  type IngestReport,
  LakeVersions,
  type LoadResult,
  type PublishServingResult,
  Receipt,
  StepName,
  STEPS,
  type WindowReceipts,
  WindowRequest,
} from './steps.ts';

/** What a completed step leaves for a replay that begins behind it: `state/window=…/<step>.json`. */
export const KEPT_STEP_VERSION = 1;

const Count = z.number().int().nonnegative();

/**
 * By step, the part of its result that later steps go by. Loose: what a later version adds beside it is handed on as it
 * was kept.
 */
const STEP_RESULTS = {
  generate: z.looseObject({
    landed: TypedSet.loose().describe('All shards together; each by itself is told by its own ledger.'),
    ledger: Ledger,
    ledger_key: z.string(),
    catalogue_key: z.string(),
  }),
  publish: z.union([z.object({ digests: z.array(z.string()) }), z.array(Receipt)]),
  ingest: z.looseObject({ account: RecordAccount, tables: LakeVersions }),
  reconcile: z.looseObject({ hops: z.array(HopReport) }),
  compact: z.looseObject({ tables: LakeVersions }),
  load: z.looseObject({
    rows: z.record(z.string(), Count),
    by_type: z.record(z.string(), Count).optional(),
    content_hash: ContentHash,
    affected_dates: z.array(z.string()),
  }),
  // Without hops it is of a version that did not look at the marts.
  build: z.looseObject({ hops: z.array(HopReport) }),
  publish_serving: z.looseObject({ version: z.string() }),
} as const;

export interface StepResults {
  generate: Omit<GenerateResult, 'shards'> & { landed: TypedSet };
  publish: WindowReceipts;
  ingest: Pick<IngestReport, 'account' | 'tables'>;
  reconcile: { hops: HopReport[] };
  compact: Pick<CompactReport, 'tables'>;
  load: LoadResult;
  build: BuildResult;
  publish_serving: PublishServingResult;
}

/** @throws ZodError */
export function stepResult<S extends StepName>(step: S, kept: unknown): StepResults[S] {
  return STEP_RESULTS[step].parse(kept) as unknown as StepResults[S];
}

export const isStepResult = (step: StepName, kept: unknown): boolean =>
  STEP_RESULTS[step].safeParse(kept).success;

export const KeptStep = z.object({
  version: z.literal(KEPT_STEP_VERSION),
  step: StepName,
  request: WindowRequest.describe('What the window was asked to be when the step ran.'),
  workflow: z.object({ workflow_id: z.string(), run_id: z.string() }),
  completed_at: z.string().describe('ISO 8601, UTC.'),
  code: z
    .string()
    .optional()
    .describe(
      'Fingerprint of the code that decides what the step makes of its input. Absent: it only hands on, or an earlier version.',
    ),
  result: z.unknown(),
});
/** As it is given: what is absent in the request stands for its default. */
export type KeptStep = z.input<typeof KeptStep>;

export type KeptSteps = Partial<Record<StepName, KeptStep>>;

/** The results that stand, from the first step on without a gap, and the first step that has to run. */
export interface Standing {
  steps: StepName[];
  /** Undefined when every step stands. */
  next: { step: StepName; why: string } | undefined;
}

export const stepsBefore = (step: StepName): StepName[] => STEPS.slice(0, STEPS.indexOf(step));
export const stepsFrom = (step: StepName): StepName[] => STEPS.slice(STEPS.indexOf(step));

/** A request in words: `100 events, seed 1, 2 shards, flat`. */
export function requestText(given: WindowRequest): string {
  const { events, seed, shards, volume_shape } = WindowRequest.parse(given);
  return `${events} events, seed ${seed}, ${shards} shard${shards === 1 ? '' : 's'}, ${volume_shape}`;
}

export const sameRequest = (one: WindowRequest, other: WindowRequest): boolean =>
  one.window === other.window && requestText(one) === requestText(other);

/**
 * Which results stand for a window that is asked for so. A result stands when those before it do, when it is of the same
 * request, and when it is not older than the one before it, on which it rests.
 */
export function standingSteps(kept: KeptSteps, request: WindowRequest): Standing {
  const steps: StepName[] = [];
  let before: KeptStep | undefined;
  for (const step of STEPS) {
    const why = whyNot(kept[step], before, request);
    if (why) return { steps, next: { step, why } };
    steps.push(step);
    before = kept[step];
  }
  return { steps, next: undefined };
}

function whyNot(
  found: KeptStep | undefined,
  before: KeptStep | undefined,
  request: WindowRequest,
): string | undefined {
  if (!found) return 'no result is kept of it';
  if (!sameRequest(found.request, request))
    return `its result is of another request (${requestText(found.request)})`;
  if (before && Date.parse(found.completed_at) < Date.parse(before.completed_at))
    return `its result is older than that of ${before.step}, on which it rests`;
  if (!isStepResult(found.step, found.result)) return 'its result is not one that this version reads';
  return undefined;
}
