import { patched, workflowInfo } from '@temporalio/workflow';
import type { RecalledSteps } from '../activities/kept-steps.ts';
import type { GoneOutput } from '../activities/kept-warehouse.ts';
import { amendedLedger, movedRecords, type NewestAmendment } from '../contracts/amendment.ts';
import { KEPT_STEP_VERSION, type StepResults } from '../contracts/kept-steps.ts';
import type { Ledger } from '../contracts/ledger.ts';
import { outcomeOf, RESET_BY } from '../contracts/replay.ts';
import type { WindowReport } from '../contracts/report.ts';
import {
  type LandedShard,
  type ListeningWindowInput,
  ReplayOrder,
  type StepName,
  STEPS,
  WindowRequest,
} from '../contracts/steps.ts';
import type { StepActivities } from './step-activities.ts';
import type { WindowProgressLog } from './window-progress.ts';

/** More of them than this are no persons. */
const MOST_JOINED = 20;

/** Shards recalled at a time: what one activity returns stays small. */
const SHARDS_AT_ONCE = 200;

/** Temporal writes into the history who has reset a workflow and why; the workflow itself is not told. */
const RESET: ReplayOrder = {
  by: RESET_BY,
  why: 'its history says by whom and why',
};

/** Windows never continue as new: another first run than this one is the one that was reset. */
function isReset(): boolean {
  const { runId, firstExecutionRunId } = workflowInfo();
  return runId !== firstExecutionRunId;
}

/** Keeps the result of each step, and has those at hand that an earlier run has kept. */
export class KeptResults {
  private readonly activities: StepActivities;
  private readonly input: ListeningWindowInput;
  private readonly request: WindowRequest;
  private recalled: RecalledSteps = { results: {}, kept_at: {}, before: null, amendment: null };
  private moved: string[] = [];
  /** What amends the ledger once the window holds what it says; until then an older one counts. */
  private held: Required<NewestAmendment> | undefined;
  private stated: Ledger | undefined;
  private earlier: GoneOutput | undefined;
  private readonly joined: ReplayOrder[] = [];
  /** Windows that an earlier version has started keep nothing. */
  private readonly keeps = patched('kept-step-results');

  constructor(activities: StepActivities, input: ListeningWindowInput) {
    this.activities = activities;
    this.input = input;
    this.request = WindowRequest.parse(input);
  }

  /** Somebody wants the window while it runs, and ends as it ends. */
  join(given: unknown): void {
    const order = ReplayOrder.safeParse(given);
    if (order.success && this.joined.length < MOST_JOINED) this.joined.push(order.data);
  }

  /** @throws ActivityFailure when the window cannot begin where it is asked to; nothing has been touched then */
  async recall(): Promise<void> {
    if (!this.keeps) return;
    const { window, from_step = STEPS[0], amend, rules, replay, requested_by } = this.input;
    if (amend) {
      const order = replay ?? { by: requested_by, why: 'the rules were mended' };
      const asked = { window, order, ...(rules === undefined ? {} : { rules }) };
      // Before anything is withdrawn: it reads what the last run has left.
      if (patched('amendment-once-reconciled'))
        this.held = (await this.activities.judging.amendLedger({ ...asked, hold: true })).amendment;
      else this.moved = (await this.activities.judging.amendLedger(asked)).moved;
    }
    const { keeping, warehouse } = this.activities;
    this.recalled = await keeping.recallSteps({ request: this.request, from_step });
    const { before, results } = this.recalled;
    const { load, build } = results;
    // Earlier versions took for granted that the warehouse still holds what it was given.
    if (!load || !patched('kept-warehouse-is-held-against-its-load')) return;
    const gone = await warehouse.findGone({ window, load, ...(build ? { build } : {}) });
    if (!gone) return;
    const again = { request: this.request, from_step: gone.step, or_earlier: true };
    // How the window stood is told already; what follows is told of the step that has to run again.
    this.recalled = { ...(await keeping.recallSteps(again)), before };
    this.earlier = gone;
  }

  /** The first step that runs: an earlier one than was asked for, when the output of a kept one is gone. */
  private get fromStep(): StepName {
    return this.recalled.from_step ?? this.input.from_step ?? STEPS[0];
  }

  /** Those that the window touched before: another run of it may not get as far as to say so. */
  get daysBefore(): readonly string[] {
    return this.recalled.before?.days ?? [];
  }

  of<S extends StepName>(step: S): { result: StepResults[S]; at: string } | undefined {
    const result = this.recalled.results[step];
    return result && { result, at: this.recalled.kept_at[step] ?? '' };
  }

  /** The ledger that the window is held against. */
  ledger(stated: Ledger): Ledger {
    this.stated = stated;
    return amendedLedger(stated, this.held ?? this.recalled.amendment);
  }

  /** The window holds what the amendment says: from now on it counts, whatever becomes of the steps that follow. */
  async keepAmendment(): Promise<void> {
    if (!this.held) return;
    const { window } = this.input;
    await this.activities.keeping.keepAmendment({ window, amendment: this.held });
    this.recalled.amendment = this.held;
    this.moved = this.held.entry.moved;
  }

  /** What the ledger says since, against what was planted; undefined while it says that. */
  amended(): WindowReport['amended'] {
    const { amendment } = this.recalled;
    if (!amendment?.entry || !this.stated) return undefined;
    const ledger = amendedLedger(this.stated, amendment);
    const moved = movedRecords(this.stated, ledger);
    const { by, why, at } = amendment.entry;
    return moved.length === 0 ? undefined : { by, why, at, moved };
  }

  /** Compaction goes by what the lake holds today, and not by the snapshot that was reconciled. */
  get mayHaveLostWhatWasReconciled(): boolean {
    const { reconcile } = this.recalled.results;
    return reconcile !== undefined && patched('kept-lake-is-reconciled-again');
  }

  async keep(step: StepName, result: unknown): Promise<void> {
    if (!this.keeps) return;
    const { workflowId: workflow_id, runId: run_id } = workflowInfo();
    await this.activities.keeping.keepStep({
      kept: {
        version: KEPT_STEP_VERSION,
        step,
        request: this.request,
        workflow: { workflow_id, run_id },
        completed_at: new Date(Date.now()).toISOString(),
        result,
      },
    });
  }

  /** The shards of a landing area that an earlier run has filled. */
  async shards(): Promise<LandedShard[]> {
    const { window, shards: count } = this.request;
    const landed: LandedShard[] = [];
    while (landed.length < count) {
      const length = Math.min(SHARDS_AT_ONCE, count - landed.length);
      const shards = Array.from({ length }, (_, index) => landed.length + index);
      landed.push(...(await this.activities.keeping.recallShards({ window, shards })));
    }
    return landed;
  }

  /** Tells of this run: when it begins, and when it has ended. */
  async tell(progress: WindowProgressLog, when: 'begins' | 'ended'): Promise<void> {
    if (!this.keeps) return;
    const report = progress.report();
    const { replay, requested_by } = this.input;
    const { earlier, fromStep: from_step } = this;
    await this.activities.keeping.recordReplay({
      run: {
        window: report.window,
        from_step,
        ...(this.joined.length > 0 ? { joined: this.joined } : {}),
        ...(earlier ? { begun_earlier: `${earlier.step} ran again: ${earlier.why}` } : {}),
        requested_by,
        replay: isReset() ? RESET : replay,
        ...(this.moved.length > 0 ? { amended: this.moved } : {}),
        started_at: report.started_at,
        workflow: report.workflow,
        airflow: report.airflow,
        before: this.recalled.before,
        after: when === 'begins' ? null : outcomeOf(report),
      },
    });
  }
}
