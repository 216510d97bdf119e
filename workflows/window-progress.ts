import type { RecordAccount } from '../contracts/ledger.ts';
import {
  HopName,
  type HopReport,
  type StepReport,
  WINDOW_REPORT_VERSION,
  type WindowProgress,
  type WindowReport,
  type WindowState,
} from '../contracts/report.ts';
import { type ListeningWindowInput, type StepName, STEPS } from '../contracts/steps.ts';
import { windowBounds } from '../contracts/window.ts';

/** Who made the records of a window that was not live. */
const GENERATOR = 'synthetic';

export interface Failure {
  type: string;
  message: string;
}

/** What is known of a running window. Pure: the clock is handed in, so that a replay sees the same times. */
export class WindowProgressLog {
  /** What the window is: of a live hour not what was asked for. */
  input: ListeningWindowInput;
  state: WindowState = 'running';
  step: StepName | null = null;
  hops: HopReport[] = [];
  days: readonly string[] = [];
  servingVersion: string | null = null;
  amended: WindowReport['amended'];
  private account: RecordAccount | undefined;
  private failure: WindowReport['failure'] = null;
  private readonly startedAt: string;
  private endedAt: string | null = null;
  private readonly steps: StepReport[];
  private readonly workflow: WindowReport['workflow'];

  constructor(input: ListeningWindowInput, workflow: WindowReport['workflow'], nowMs: number) {
    this.input = input;
    this.workflow = workflow;
    this.startedAt = iso(nowMs);
    this.steps = STEPS.map((step) => ({
      step,
      state: 'pending',
      started_at: null,
      ended_at: null,
      seconds: null,
      attempts: 0,
      failure: null,
    }));
  }

  begin(step: StepName, nowMs: number): void {
    this.step = step;
    Object.assign(this.of(step), { state: 'running', started_at: iso(nowMs), attempts: 1 });
  }

  end(step: StepName, nowMs: number, attempts: number, outcome: 'completed' | 'cancelled' | Failure): void {
    const report = this.of(step);
    const failed = typeof outcome === 'object';
    Object.assign(report, {
      state: failed ? 'failed' : outcome,
      ended_at: iso(nowMs),
      seconds: Math.round(nowMs - Date.parse(report.started_at ?? iso(nowMs))) / 1000,
      attempts: Math.max(report.attempts, attempts),
      failure: failed ? outcome : null,
    });
  }

  /** Done by an earlier run. */
  keep(step: StepName, endedAt: string): void {
    Object.assign(this.of(step), { state: 'kept', ended_at: endedAt });
  }

  counted(account: RecordAccount): void {
    this.account = account;
  }

  close(state: WindowState, nowMs: number, failure?: Failure): void {
    this.state = state;
    this.endedAt = iso(nowMs);
    // Not what else is known of it: the hops, for one, stand in the report already.
    if (failure) this.failure = { step: this.step, type: failure.type, message: failure.message };
    for (const report of this.steps) if (report.state === 'pending') report.state = 'skipped';
    if (state === 'completed') this.step = null;
  }

  get source(): string {
    return this.input.source === 'live' ? 'live' : GENERATOR;
  }

  get reconciled(): boolean {
    const matching = new Set(this.hops.filter((hop) => hop.matches).map(({ hop }) => hop));
    return (
      this.state === 'completed' &&
      this.hops.length === matching.size &&
      // Nothing of a live hour has been landed.
      HopName.options.every((hop) => matching.has(hop) || (hop === 'landing' && this.source === 'live'))
    );
  }

  progress(): WindowProgress {
    return { window: this.input.window, state: this.state, step: this.step, steps: this.steps };
  }

  counts(): WindowReport['counts'] {
    return {
      arrived: this.account?.arrived.total ?? 0,
      valid: this.account?.valid.total ?? 0,
      quarantined: this.account?.quarantined.total ?? 0,
      duplicates: this.account?.duplicates.total ?? 0,
    };
  }

  /** A snapshot: later steps do not change it. The links are filled in where the addresses are known. */
  report(): WindowReport {
    const { window, seed, events, shards, volume_shape = 'flat', requested_by, replay, airflow } = this.input;
    const { start, end } = windowBounds(window);
    return structuredCloneJson({
      version: WINDOW_REPORT_VERSION,
      window,
      window_start: start,
      window_end: end,
      state: this.state,
      reconciled: this.reconciled,
      source: this.source,
      seed,
      events_requested: events,
      volume_shape,
      shards,
      requested_by,
      ...(replay ? { replay } : {}),
      ...(this.amended ? { amended: this.amended } : {}),
      started_at: this.startedAt,
      ended_at: this.endedAt,
      counts: this.counts(),
      valid_by_type: this.account?.valid.by_type ?? {},
      quarantined_by_reason: this.account?.quarantined.by_reason ?? {},
      hops: this.hops,
      steps: this.steps,
      days: [...this.days],
      serving_version: this.servingVersion,
      failure: this.failure,
      links: { temporal: null, airflow: null, dashboard: null },
      workflow: this.workflow,
      airflow: airflow ? { dag_id: airflow.dag_id, run_id: airflow.run_id } : null,
    });
  }

  private of(step: StepName): StepReport {
    const found = this.steps.find((report) => report.step === step);
    if (!found) throw new TypeError(`no such step: ${step}`);
    return found;
  }
}

const iso = (ms: number): string => new Date(ms).toISOString();

/** The sandbox has no structuredClone. */
const structuredCloneJson = <T>(value: T): T => JSON.parse(JSON.stringify(value)) as T;
