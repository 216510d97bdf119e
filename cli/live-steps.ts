import type { StepReport } from '../contracts/report.ts';
import { STEPS } from '../contracts/steps.ts';
import type { WindowId } from '../contracts/window.ts';
import type { Sighting } from './follow-window.ts';
import { liveRegion, type Screen } from './progress.ts';

export interface StepDisplay {
  seen(window: WindowId, sighting: Sighting): void;
  close(): void;
}

const ASKED = {
  triggered: 'asked Airflow for it',
  replayed: 'asked Airflow to play it again',
  joined: 'it is running already; joined',
  started: 'started its workflow',
  waits: 'waits until the run under way has ended',
} as const;

/** On a terminal a line a window, drawn in place; elsewhere a line a change. */
export function stepDisplay(windows: readonly WindowId[], screen: Screen = process.stderr): StepDisplay {
  return screen.isTTY ? liveDisplay(windows, screen) : plainDisplay(screen);
}

const MARKS: Record<StepReport['state'], string> = {
  pending: '·',
  running: '◐',
  completed: '●',
  kept: '○',
  failed: '✗',
  skipped: '-',
  cancelled: '✗',
};

function liveDisplay(windows: readonly WindowId[], screen: Screen): StepDisplay {
  const lines = new Map<WindowId, { since: number; sighting?: Sighting }>(
    windows.map((window) => [window, { since: Date.now() }]),
  );
  const region = liveRegion(screen);
  let open = true;
  const draw = (): void => {
    if (open) region.draw([...lines].map(([window, { sighting }]) => stepLine(window, sighting, Date.now())));
  };
  const ticker = setInterval(draw, 1_000);
  draw();
  return {
    seen(window, sighting) {
      lines.set(window, { since: lines.get(window)?.since ?? Date.now(), sighting });
      draw();
    },
    close() {
      clearInterval(ticker);
      draw();
      open = false;
    },
  };
}

/** `  2026-01-05T08:00Z  ●●◐·····  3/8 ingest             12 s of 20 s` */
export function stepLine(window: WindowId, sighting: Sighting | undefined, nowMs: number): string {
  const start = `  ${window}  `;
  if (!sighting) return `${start}${'·'.repeat(STEPS.length)}  waiting`;
  if (sighting.at === 'asked') return `${start}${'·'.repeat(STEPS.length)}  ${ASKED[sighting.did]}`;
  const { steps, state } = sighting.progress;
  const marks = steps.map((step) => MARKS[step.state]).join('');
  const all = secondsOf(steps, nowMs);
  const index = steps.findIndex((step) => step.state === 'running' || step.state === 'failed');
  const step = steps[index];
  if (!step)
    return `${start}${marks}  ${(state === 'running' ? 'between steps' : state).padEnd(30)} ${all} s`;
  const again = step.attempts > 1 ? `, attempt ${step.attempts}` : '';
  const name = `${index + 1}/${steps.length} ${stepName(step.step)}${step.state === 'failed' ? ' failed' : again}`;
  return `${start}${marks}  ${name.padEnd(30)} ${secondsOf([step], nowMs)} s of ${all} s`;
}

/** Whole seconds of steps that have ended or are running. */
function secondsOf(steps: readonly StepReport[], nowMs: number): number {
  const each = steps.map((step) => {
    if (step.seconds !== null) return step.seconds;
    return step.started_at && step.state === 'running' ? (nowMs - Date.parse(step.started_at)) / 1000 : 0;
  });
  return Math.max(0, Math.round(each.reduce((sum, seconds) => sum + seconds, 0)));
}

function plainDisplay(screen: Screen): StepDisplay {
  const said = new Map<string, string>();
  const say = (window: WindowId, about: string, text: string): void => {
    const key = `${window} ${about}`;
    if (said.get(key) === text) return;
    said.set(key, text);
    screen.write(`${window}  ${text}\n`);
  };
  return {
    seen(window, sighting) {
      if (sighting.at === 'asked') say(window, 'asked', ASKED[sighting.did]);
      else
        for (const step of sighting.progress.steps) {
          const change = describeChange(step);
          if (change) say(window, step.step, change);
        }
    },
    close: () => {},
  };
}

function describeChange(step: StepReport): string | undefined {
  const name = stepName(step.step);
  if (step.state === 'pending' || step.state === 'skipped') return undefined;
  if (step.state === 'kept') return `${name} kept from an earlier run`;
  if (step.state === 'running')
    return step.attempts > 1 ? `${name} started again (attempt ${step.attempts})` : `${name} started`;
  const tries = step.attempts > 1 ? `, attempt ${step.attempts}` : '';
  const why = step.failure ? `: ${step.failure.type}: ${step.failure.message}` : '';
  return `${name} ${step.state} after ${(step.seconds ?? 0).toFixed(1)} s${tries}${why}`;
}

export const stepName = (step: string): string => step.replace('_', ' ');
