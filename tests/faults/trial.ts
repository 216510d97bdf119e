import { MARTS } from '../../clients/warehouse.ts';
import type { WindowId } from '../../contracts/window.ts';
import { readMarts } from '../parity/marts.ts';
import type { Cell } from './cases.ts';
import { undisturbedMarts } from './control.ts';
import type { Grounds } from './grounds.ts';
import { LakeWatch } from './lake-watch.ts';
import { differencesOf, settledDifference } from './proof.ts';
import { type DisturbedWindow, runDisturbed } from './run-window.ts';
import { martsText, ServingWatch } from './serving-watch.ts';
import { TopicReader } from './topic-reader.ts';
import type { Volume, WindowTruth } from './truth.ts';
import { Watch } from './watch.ts';

/** A window that met faults, and what readers saw of it. */
export interface Verdict extends DisturbedWindow {
  /** Sentences; empty when nothing was lost, doubled or shown half, to a reader during and to one after. */
  differences: string[];
}

export interface TrialOptions {
  grounds: Grounds;
  truths: readonly WindowTruth[];
  volume: Volume;
  say(line: string): void;
}

/** Runs windows under faults, with readers that never look away. */
export class Trial {
  readonly #options: TrialOptions;
  readonly #watch: Watch;
  readonly #topic: TopicReader;
  readonly #serving: ServingWatch;
  readonly #done: WindowTruth[] = [];

  private constructor(options: TrialOptions, watch: Watch) {
    this.#options = options;
    this.#watch = watch;
    this.#topic = new TopicReader(options.grounds.direct);
    this.#serving = new ServingWatch(options.grounds.platform.config);
  }

  static async begin(options: TrialOptions): Promise<Trial> {
    const trial = new Trial(options, await Watch.connect(options.grounds.platform.config));
    trial.#topic.start();
    trial.#serving.start();
    return trial;
  }

  async window(window: WindowId, cells: readonly Cell[], airflow = false): Promise<Verdict> {
    const { grounds, volume, truths, say } = this.#options;
    const truth = truths.find((one) => one.window === window);
    if (!truth) throw new Error(`nothing was generated for ${window}`);
    const lake = new LakeWatch(() => grounds.direct, truth);
    const shownBefore = this.#serving.shown.length;
    lake.start();
    let run: DisturbedWindow;
    try {
      run = await runDisturbed({ grounds, watch: this.#watch, window, volume, cells, airflow, say });
    } finally {
      await lake.stop();
    }
    const report = run.runs.at(-1)?.report;
    if (!report) throw new Error(`${window} has not run`);
    if (report.state === 'completed') this.#done.push(truth);
    const differences = [
      ...lake.faults,
      ...this.#serving.faults.splice(0),
      ...(report.state === 'completed' ? await this.#after(truth, report, shownBefore) : []),
    ];
    if (report.state !== 'completed') differences.push(`${window} did not come through its replays`);
    const told = run.runs.at(-1)?.told;
    // A window that came through is to be told so: in Airflow its run would have to be looked after by hand.
    if (told && report.state === 'completed')
      differences.push(`${window} completed, but who asked was told: ${told}`);
    const isPoisoned = run.outcomes.some(({ hit, cell }) => hit && cell.fault.fault.kind === 'poison');
    if (isPoisoned && this.#foreignWithin(window) === 0)
      differences.push('no foreign record lay between those of the window');
    if (lake.looks === 0) differences.push('nobody has looked into the lake');
    return { ...run, differences };
  }

  async #after(truth: WindowTruth, report: Verdict['runs'][0]['report'], shown: number): Promise<string[]> {
    const { grounds } = this.#options;
    const differences = await differencesOf(grounds.direct, truth, report);
    const during = await settledDifference(this.#topic, truth);
    if (during) differences.push(`${truth.window}, a reader of the topic during: ${during}`);
    // A window is shown once, whole: between two states of the marts there is none with half of it.
    const states = this.#serving.shown.length - shown;
    if (states > 1) differences.push(`${truth.window}: readers of serving saw ${states} states of the marts`);
    return differences;
  }

  /** The marts that readers see now, against those of the same windows undisturbed. @returns the marts that differ */
  async martDifferences(): Promise<string[]> {
    const { grounds } = this.#options;
    const config = grounds.direct;
    const now = await readMarts(config);
    const undisturbed = await undisturbedMarts(config, this.#done);
    const shown = this.#serving.shown.at(-1);
    return [
      ...MARTS.filter(
        (mart) =>
          now[mart].rows.length === 0 || JSON.stringify(now[mart]) !== JSON.stringify(undisturbed[mart]),
      ).map((mart) => `${mart}: ${now[mart].rows.length} rows, undisturbed ${undisturbed[mart].rows.length}`),
      ...(shown === martsText(now) ? [] : ['a reader during was left with other marts']),
    ];
  }

  /** Foreign records that stand between the window's own. */
  #foreignWithin(window: WindowId): number {
    const ranges = this.#topic.rangesOf(window);
    return this.#topic.foreign.filter((at) => {
      const [partition, offset] = at.split('/');
      const range = ranges.get(Number(partition));
      return range !== undefined && BigInt(offset ?? 0) > range[0] && BigInt(offset ?? 0) < range[1];
    }).length;
  }

  async end(): Promise<void> {
    await this.#topic.stop();
    await this.#serving.stop();
    await this.#watch.close();
  }
}
