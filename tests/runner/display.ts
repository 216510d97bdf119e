import { relative } from 'node:path';
import type { Outcome, Suite } from './suite.ts';

const HEARTBEAT_MS = 30_000;

const seconds = (ms: number): string =>
  ms < 60_000
    ? `${(ms / 1000).toFixed(1)} s`
    : `${Math.floor(ms / 60_000)} min ${Math.round((ms % 60_000) / 1000)} s`;

/** What the person waiting sees: a line when something ends, and always what runs now and for how long. */
export class Display {
  readonly #running = new Map<string, number>();
  readonly #began = performance.now();
  readonly #interactive = Boolean(process.stdout.isTTY);
  readonly #timer: NodeJS.Timeout;

  constructor() {
    this.#timer = setInterval(() => this.#showRunning(), this.#interactive ? 1000 : HEARTBEAT_MS);
    this.#timer.unref();
  }

  line(text: string): void {
    if (this.#interactive) process.stdout.write('\r\x1b[2K');
    process.stdout.write(`${text}\n`);
    if (this.#interactive) this.#showRunning();
  }

  started(name: string): void {
    this.#running.set(name, performance.now());
    if (!this.#interactive) this.line(`  … ${name}`);
  }

  /** @returns how long it ran, in milliseconds */
  ended(name: string): number {
    const began = this.#running.get(name) ?? performance.now();
    this.#running.delete(name);
    return performance.now() - began;
  }

  suiteEnded(suite: Suite, outcome: Outcome, log: string): void {
    const took = this.ended(suite.name);
    const counts = [
      `${outcome.passed} passed`,
      ...(outcome.failed > 0 ? [`${outcome.failed} failed`] : []),
      ...(outcome.skipped > 0 ? [`${outcome.skipped} skipped`] : []),
    ].join(', ');
    const mark = outcome.failed > 0 ? '✖' : '✔';
    this.line(`  ${mark} ${suite.name.padEnd(13)} ${suite.title.padEnd(52)} ${counts}  ${seconds(took)}`);
    for (const problem of outcome.problems) this.line(problem.trimEnd().replaceAll(/^/gm, '      '));
    if (outcome.failed > 0) this.line(`      log: ${relative(process.cwd(), log)}`);
  }

  /** The last line of all, alone: what scripts read. */
  close(outcomes: readonly Outcome[]): void {
    clearInterval(this.#timer);
    if (this.#interactive) process.stdout.write('\r\x1b[2K');
    const sum = (pick: (outcome: Outcome) => number): number =>
      outcomes.reduce((total, outcome) => total + pick(outcome), 0);
    process.stdout.write(`  in ${seconds(performance.now() - this.#began)}\n`);
    process.stdout.write(`${sum((one) => one.passed)} passed, ${sum((one) => one.failed)} failed\n`);
  }

  #showRunning(): void {
    if (this.#running.size === 0) return;
    const now = performance.now();
    const running = [...this.#running].map(
      ([name, began]) => `${name} ${Math.round((now - began) / 1000)} s`,
    );
    const text = `  … ${running.join(', ')}`;
    if (this.#interactive)
      process.stdout.write(`\r\x1b[2K${text.slice(0, (process.stdout.columns ?? 80) - 1)}`);
    else process.stdout.write(`${text}\n`);
  }
}
