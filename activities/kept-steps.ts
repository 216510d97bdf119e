import { ClientError } from '../clients/errors.ts';
import type { ObjectStore } from '../clients/object-store.ts';
import { LedgerAmendment, type NewestAmendment } from '../contracts/amendment.ts';
import {
  type KeptStep,
  KeptStep as KeptStepContract,
  type KeptSteps,
  sameRequest,
  standingSteps,
  stepResult,
  type StepResults,
  stepsBefore,
  stepsFrom,
} from '../contracts/kept-steps.ts';
import { keys } from '../contracts/lake.ts';
import { Ledger } from '../contracts/ledger.ts';
import { outcomeOf, type WindowOutcome } from '../contracts/replay.ts';
import { WindowReport } from '../contracts/report.ts';
import {
  type LandedShard,
  type StepName,
  STEPS,
  type TableVersion,
  WindowRequest,
} from '../contracts/steps.ts';
import type { WindowId } from '../contracts/window.ts';
import { withActivityFailures } from './failures.ts';

type Store = Pick<ObjectStore, 'bucket' | 'getJson' | 'list' | 'exists'>;

/** A step to begin at, and why not behind it. */
export interface FirstStep {
  step: StepName;
  why: string;
}

export interface RecalledSteps {
  results: Partial<StepResults>;
  /** By step, when it was completed. */
  kept_at: Partial<Record<StepName, string>>;
  /** How the window stood; null when it has never run. */
  before: WindowOutcome | null;
  /** What the window's ledger has to say since a rule was mended; null when none was. */
  amendment: NewestAmendment | null;
  /** The step to begin at, when it may be an earlier one than was asked for. */
  from_step?: StepName;
}

export async function unlessMissing<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof ClientError && error.code === 'ResourceMissing') return undefined;
    throw error;
  }
}

/** What is kept of the window's steps; what is not readable counts as not there. */
export async function readKeptSteps(store: Store, window: WindowId): Promise<KeptSteps> {
  const there = new Set(await store.list(keys.keptSteps(window)));
  const kept: KeptSteps = {};
  for (const step of STEPS) {
    const key = keys.keptStep(window, step);
    if (!there.has(key)) continue;
    const parsed = KeptStepContract.safeParse(await unlessMissing(store.getJson(key)));
    if (parsed.success) kept[step] = parsed.data;
  }
  return kept;
}

/**
 * The first step that has to run for the window to be what is asked for: the first whose result does not stand, or whose
 * output is gone although a later step needs it.
 */
export async function firstStepToRun(
  store: Store,
  kept: KeptSteps,
  request: WindowRequest,
): Promise<FirstStep | undefined> {
  const { next } = standingSteps(kept, request);
  if (!next) return undefined;
  return (await obstacle(store, kept, request, next.step)) ?? next;
}

/** What hinders the window from beginning at the step: the step to begin at instead, and why. Undefined: nothing. */
export async function obstacle(
  store: Store,
  kept: KeptSteps,
  request: WindowRequest,
  from: StepName,
): Promise<FirstStep | undefined> {
  const { next } = standingSteps(kept, request);
  if (next && STEPS.indexOf(next.step) < STEPS.indexOf(from)) {
    return (await obstacle(store, kept, request, next.step)) ?? next;
  }
  const gone = await missingOutput(store, kept, request, from);
  if (!gone) return undefined;
  return (await obstacle(store, kept, request, gone.step)) ?? gone;
}

async function missingOutput(
  store: Store,
  kept: KeptSteps,
  request: WindowRequest,
  from: StepName,
): Promise<FirstStep | undefined> {
  const { window } = request;
  const result = <S extends StepName>(step: S): StepResults[S] => stepResult(step, kept[step]?.result);
  if (from === 'publish' || from === 'ingest' || from === 'reconcile') {
    const { catalogue_key: catalogue, live } = result('generate');
    const landed = new Set(await store.list(keys.landing(window)));
    const shards = Array.from({ length: request.shards }, (_, shard) => shard);
    const wanted = live
      ? [keys.ledger(window)]
      : shards.flatMap((shard) => [keys.shard(window, shard), keys.shardLedger(window, shard)]);
    const missing = wanted.find((key) => !landed.has(key));
    if (missing) return { step: 'generate', why: `${missing} is not there any more` };
    // Of a live hour nobody may have said what its tracks are.
    if (!live && !(await store.exists(catalogue)))
      return { step: 'generate', why: `${catalogue} is not there any more` };
  }
  if (from === 'ingest' || from === 'reconcile' || from === 'compact') {
    const receipts = result('publish');
    const there = new Set(await store.list(keys.receipts(window)));
    const wanted = Array.isArray(receipts) ? [] : receipts.digests;
    const missing = wanted
      .map((digest, shard) => keys.receipt(window, shard, digest))
      .find((key) => !there.has(key));
    if (missing) return { step: 'publish', why: `${missing} is not there any more` };
  }
  if (from === 'reconcile' && (await isExpired(store, Object.values(result('ingest').tables))))
    return { step: 'ingest', why: 'the lake has let go of the snapshots that it left' };
  if (from === 'load' && (await isExpired(store, Object.values(result('compact').tables))))
    return { step: 'compact', why: 'the lake has let go of the snapshots that it left' };
  return undefined;
}

/** Compaction lets go of snapshots that are neither young nor among the newest; the metadata file may outlive them. */
export async function isExpired(store: Store, versions: readonly TableVersion[]): Promise<boolean> {
  const keyOf = (location: string): string => location.replace(`s3://${store.bucket}/`, '');
  for (const { metadata_location: location, snapshot_id: id } of versions) {
    // By the text: a snapshot's id is longer than a number of JavaScript is exact.
    const metadata = JSON.stringify(await unlessMissing(store.getJson(keyOf(location))));
    const lists = metadata?.match(new RegExp(`"s3://[^"]*/snap-${id}-[^"]*"`)) ?? [];
    const [list] = lists;
    if (list === undefined || !(await store.exists(keyOf(list.slice(1, -1))))) return true;
  }
  return false;
}

interface KeptStepDeps {
  store: ObjectStore;
  /** Fingerprints of what decides what a step makes of its input. */
  code?: Partial<Record<StepName, string>>;
}

export function createKeptStepActivities({ store, code = {} }: KeptStepDeps) {
  return withActivityFailures({
    /**
     * The results of the steps before `from_step`, and how the window stood. What the steps from there on had left counts
     * no more, whatever becomes of this run. Idempotency key: the window.
     * @throws ClientError ResourceMissing, naming the step to begin at, when one of them does not stand; with `or_earlier`
     *   the window begins at that one instead
     */
    recallSteps: async (input: {
      request: WindowRequest;
      from_step: StepName;
      or_earlier?: boolean;
    }): Promise<RecalledSteps> => {
      const { request, or_earlier: orEarlier } = input;
      const { window } = request;
      let from = input.from_step;
      const kept = await readKeptSteps(store, window);
      const instead = from === 'generate' ? undefined : await obstacle(store, kept, request, from);
      if (instead && orEarlier) from = instead.step;
      else if (instead) {
        throw new ClientError(
          'ResourceMissing',
          `${window} cannot begin at ${from}: ${instead.step}: ${instead.why}; the first step to begin at is ${instead.step}`,
        );
      }
      await store.remove(
        stepsFrom(from)
          .filter((step) => kept[step])
          .map((step) => keys.keptStep(window, step)),
      );
      const report = WindowReport.safeParse(await unlessMissing(store.getJson(keys.report(window))));
      const recalled: RecalledSteps = {
        results: {},
        kept_at: {},
        before: report.success ? outcomeOf(report.data) : null,
        amendment: await amendmentOf(store, window),
        ...(orEarlier ? { from_step: from } : {}),
      };
      for (const step of stepsBefore(from)) {
        Object.assign(recalled.results, { [step]: stepResult(step, kept[step]?.result) });
        recalled.kept_at[step] = kept[step]?.completed_at ?? '';
      }
      return recalled;
    },

    /** Shards of the landing area as they were written, told by their ledgers. Read-only. */
    recallShards: async (input: { window: WindowId; shards: number[] }): Promise<LandedShard[]> =>
      Promise.all(
        input.shards.map(async (shard) => {
          const [key, ledger_key] = [keys.shard(input.window, shard), keys.shardLedger(input.window, shard)];
          const { arrived } = Ledger.parse(await store.getJson(ledger_key));
          return { shard, key, ledger_key, records: arrived.total, content_hash: arrived.content_hash };
        }),
      ),

    /** Keeps a step's result for a replay that begins behind it. Idempotency key: window and step; replaced whole. */
    keepStep: async (input: { kept: KeptStep }): Promise<void> => {
      const { kept } = input;
      const made = { ...kept, code: code[kept.step] };
      await store.putJson(keys.keptStep(kept.request.window, kept.step), KeptStepContract.parse(made));
    },
  });
}

async function amendmentOf(store: Store, window: WindowId): Promise<RecalledSteps['amendment']> {
  const kept = await unlessMissing(store.getJson(keys.amendment(window)));
  if (kept === undefined) return null;
  const { arrived, account, entries } = LedgerAmendment.parse(kept);
  const entry = entries.at(-1);
  return { arrived, account, ...(entry ? { entry } : {}) };
}

/** What the window was last asked to be, by what is kept beside its report. */
export async function shardsOf(
  store: Store,
  request: Omit<WindowRequest, 'shards'>,
): Promise<number | undefined> {
  const ledger = Ledger.safeParse(await unlessMissing(store.getJson(keys.ledger(request.window))));
  if (!ledger.success) return undefined;
  const asked = WindowRequest.safeParse({ ...request, shards: ledger.data.shards });
  const { seed, events_requested: events, shards } = ledger.data;
  if (!asked.success || !sameRequest(asked.data, { ...asked.data, seed, events })) return undefined;
  return shards;
}
