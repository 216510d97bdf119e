import { mkdtemp, rm, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import type { OnceRequest, OnceResult } from './generate-once.ts';
import { describeMachine, type Machine } from './machine.ts';
import { type Spread, spread } from './spread.ts';

const PROGRAM = fileURLToPath(new URL('generate-once.ts', import.meta.url));
/** Room left on the disk beside the file that is measured. */
const SPARE_BYTES = 500_000_000;

export interface Plan {
  window: string;
  seed: number;
  /** Records a window, one measurement each. */
  sizes: readonly number[];
  shards: number;
  /** Repetitions of a measurement of that size. */
  runs(events: number): number;
  /** Over how many processes at once the shards of one window are spread, one measurement each. */
  processes: readonly number[];
  /** A temporary directory is made in it and removed. */
  directory: string;
}

export type Sink = 'null' | 'file';

/** One measurement: what was asked, and what each process found. */
export interface Run {
  events: number;
  sink: Sink;
  shards: number;
  processes: number;
  run: number;
  /** Wall clock from the first process's beginning to the last one's end. */
  seconds: number;
  of_processes: OnceResult[];
}

export interface Line {
  events: number;
  sink: Sink;
  shards: number;
  processes: number;
  runs: number;
  events_per_second: Spread;
  events_per_cpu_second: Spread;
  bytes_per_event: number;
  /** Of the largest process. */
  peak_rss_bytes: number;
  ready_seconds: Spread;
}

export interface GenerateBench {
  machine: Machine;
  window: string;
  seed: number;
  lines: Line[];
  runs: Run[];
  /** What was not measured, and why. */
  skipped: string[];
}

export interface Observer {
  begun(measured: Omit<Run, 'seconds' | 'of_processes'>, runs: number): void;
  ended(run: Run): void;
  skipped(why: string): void;
}

type Setting = Pick<Run, 'events' | 'sink' | 'shards' | 'processes'>;

class GenerateMeasurement {
  private readonly plan: Plan;
  private readonly observer: Observer;
  private readonly signal: AbortSignal;
  private readonly directory: string;
  readonly runs: Run[] = [];
  readonly lines: Line[] = [];
  readonly skipped: string[] = [];

  constructor(plan: Plan, observer: Observer, signal: AbortSignal, directory: string) {
    this.plan = plan;
    this.observer = observer;
    this.signal = signal;
    this.directory = directory;
  }

  async everything(): Promise<void> {
    const { sizes, shards, processes } = this.plan;
    for (const events of sizes) {
      const { bytes_per_event } = await this.measure({ events, sink: 'null', shards, processes: 1 });
      if (await this.hasRoomFor(events * bytes_per_event, events))
        await this.measure({ events, sink: 'file', shards, processes: 1 });
    }
    const events = scalingSize(sizes);
    const most = Math.max(...processes);
    for (const count of processes)
      await this.measure({ events, sink: 'null', shards: Math.max(shards, most * 4), processes: count });
  }

  private async hasRoomFor(bytes: number, events: number): Promise<boolean> {
    const { bavail, bsize } = await statfs(this.directory);
    if (bavail * bsize > bytes + SPARE_BYTES) return true;
    const why = `${events} events to a file: they need ${(bytes / 1e9).toFixed(1)} GB, ${this.directory} has ${((bavail * bsize) / 1e9).toFixed(1)} GB`;
    this.skipped.push(why);
    this.observer.skipped(why);
    return false;
  }

  private async measure(setting: Setting): Promise<Line> {
    const wanted = this.plan.runs(setting.events);
    const runs: Run[] = [];
    for (let run = 1; run <= wanted; run++) {
      this.observer.begun({ ...setting, run }, wanted);
      const measured = await this.once(setting, run);
      this.observer.ended(measured);
      runs.push(measured);
    }
    this.runs.push(...runs);
    const line = summary(setting, runs);
    this.lines.push(line);
    return line;
  }

  private async once(setting: Setting, run: number): Promise<Run> {
    const { window, seed } = this.plan;
    const { events, shards, processes, sink } = setting;
    const files: string[] = [];
    try {
      const of_processes = await Promise.all(
        Array.from({ length: processes }, (_, process) => {
          const own = Array.from({ length: shards }, (_, shard) => shard).filter(
            (shard) => shard % processes === process,
          );
          const file = sink === 'file' ? join(this.directory, `${process}.ndjson`) : null;
          if (file !== null) files.push(file);
          return this.inProcess({ window, events, seed, shards, own, file });
        }),
      );
      const begun = Math.min(...of_processes.map(({ begun_at }) => begun_at));
      const ended = Math.max(...of_processes.map(({ ended_at }) => ended_at));
      const records = of_processes.reduce((sum, one) => sum + one.records, 0);
      if (records !== events) throw new Error(`${records} records were generated, not ${events}`);
      return { ...setting, run, seconds: (ended - begun) / 1_000, of_processes };
    } finally {
      for (const file of files) await rm(file, { force: true });
    }
  }

  private async inProcess(request: OnceRequest): Promise<OnceResult> {
    const { stdout } = await execa(process.execPath, [PROGRAM, JSON.stringify(request)], {
      cancelSignal: this.signal,
    });
    return JSON.parse(stdout) as OnceResult;
  }
}

/** Scaling is seen at a million as well as at ten: the largest size up to that. */
function scalingSize(sizes: readonly number[]): number {
  const moderate = sizes.filter((events) => events <= 1_000_000);
  return Math.max(...(moderate.length > 0 ? moderate : sizes));
}

function summary(setting: Setting, runs: readonly Run[]): Line {
  const cpuSeconds = ({ of_processes }: Run): number =>
    of_processes.reduce((sum, { cpu_seconds }) => sum + cpu_seconds, 0);
  const all = runs.flatMap(({ of_processes }) => of_processes);
  const bytes = all.reduce((sum, one) => sum + one.bytes, 0);
  return {
    ...setting,
    runs: runs.length,
    events_per_second: spread(runs.map(({ events, seconds }) => events / seconds)),
    events_per_cpu_second: spread(runs.map((run) => run.events / cpuSeconds(run))),
    bytes_per_event: bytes / (setting.events * runs.length),
    peak_rss_bytes: Math.max(...all.map(({ peak_rss_bytes }) => peak_rss_bytes)),
    ready_seconds: spread(all.map(({ ready_seconds }) => ready_seconds)),
  };
}

/**
 * Measures the generator: for each size to a sink that only counts and to a file, in a fresh process each time; then how
 * the shards of one window scale over processes.
 */
export async function benchGenerate(
  plan: Plan,
  observer: Observer,
  signal: AbortSignal,
): Promise<GenerateBench> {
  const machine = describeMachine();
  const directory = await mkdtemp(join(plan.directory, 'reprise-bench-'));
  try {
    const measurement = new GenerateMeasurement(plan, observer, signal, directory);
    await measurement.everything();
    const { lines, runs, skipped } = measurement;
    return { machine, window: plan.window, seed: plan.seed, lines, runs, skipped };
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}
