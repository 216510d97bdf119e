import { relative } from 'node:path';
import type { ProgressObserver, Step } from '../infra/provision/step.ts';

/** Where progress is drawn: stderr, so that `--json` keeps stdout to itself. */
export interface Screen {
  isTTY?: boolean;
  columns?: number;
  write(text: string): unknown;
}

interface Running {
  title: string;
  log: string;
  since: number;
}

const STILL_RUNNING_MS = 15_000;
const WAITING = 'another command is installing; waiting for it';

/** Live lines on a terminal; elsewhere one line at a step's start and end, and now and then what still runs. */
export function provisionProgress(screen: Screen = process.stderr): ProgressObserver {
  return screen.isTTY ? liveProgress(screen) : plainProgress(screen);
}

function liveProgress(screen: Screen): ProgressObserver {
  const running = new Map<string, Running>();
  const region = liveRegion(screen);
  const draw = (): void =>
    region.draw(
      [...running.values()].map(
        (step) => `  … ${step.title.padEnd(44)} ${elapsed(step.since).padStart(7)}  ${step.log}`,
      ),
    );
  let ticker: NodeJS.Timeout | undefined;
  return {
    waiting: () => region.print(`  ${WAITING}`),
    started(step, log) {
      running.set(step.name, { title: step.title, log: shortPath(log), since: performance.now() });
      ticker ??= setInterval(draw, 250);
      draw();
    },
    finished(step, seconds) {
      running.delete(step.name);
      draw();
      region.print(`  ✓ ${step.title.padEnd(44)} ${`${seconds.toFixed(1)} s`.padStart(7)}`);
    },
    failed(step, seconds) {
      running.delete(step.name);
      draw();
      region.print(`  ✗ ${step.title.padEnd(44)} ${`${seconds.toFixed(1)} s`.padStart(7)}`);
    },
    close() {
      clearInterval(ticker);
      region.draw([]);
    },
  };
}

function plainProgress(screen: Screen): ProgressObserver {
  const running = new Map<string, Running>();
  const line = (text: string): unknown => screen.write(`${text}\n`);
  const end = (word: string) => (step: Step, seconds: number) => {
    running.delete(step.name);
    line(`  ${word} ${step.title} (${seconds.toFixed(1)} s)`);
  };
  let ticker: NodeJS.Timeout | undefined;
  return {
    waiting: () => void line(`  ${WAITING}`),
    started(step, log) {
      running.set(step.name, { title: step.title, log: shortPath(log), since: performance.now() });
      line(`  started ${step.title} (log: ${shortPath(log)})`);
      ticker ??= setInterval(() => {
        const parts = [...running.values()].map((other) => `${other.title} (${elapsed(other.since)})`);
        if (parts.length > 0) line(`  still running: ${parts.join(', ')}`);
      }, STILL_RUNNING_MS);
    },
    finished: end('done'),
    failed: end('FAILED'),
    close: () => clearInterval(ticker),
  };
}

export interface LiveRegion {
  /** Replaces the live lines. */
  draw(lines: readonly string[]): void;
  /** A line that stays, above the live ones. */
  print(line: string): void;
}

/** A few lines at the bottom of a terminal that are drawn over in place. */
export function liveRegion(screen: Screen): LiveRegion {
  let drawn: readonly string[] = [];
  const erase = (): string => (drawn.length > 0 ? `\u001b[${drawn.length}F\u001b[J` : '');
  // A line that wraps would be counted as one and leave rubbish behind.
  const cut = (line: string): string => [...line].slice(0, (screen.columns ?? 80) - 1).join('');
  const body = (lines: readonly string[]): string => lines.map((line) => `${line}\n`).join('');
  return {
    draw(lines) {
      const next = lines.map(cut);
      if (next.length === 0 && drawn.length === 0) return;
      screen.write(erase() + body(next));
      drawn = next;
    },
    print(line) {
      screen.write(`${erase()}${line}\n${body(drawn)}`);
    },
  };
}

export function elapsed(since: number): string {
  const seconds = Math.floor((performance.now() - since) / 1000);
  return seconds < 60 ? `${seconds} s` : `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}

export function shortPath(path: string): string {
  const short = relative(process.cwd(), path);
  return short.startsWith('..') ? path : short;
}
