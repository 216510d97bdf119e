import type { ServiceStatus } from '../infra/supervisor/readiness.ts';
import { elapsed, liveRegion, type Screen } from './progress.ts';

export interface StartupTable {
  update(statuses: readonly ServiceStatus[], pending: readonly string[]): void;
  close(): void;
}

const SIGNS = { ready: '✓', done: '✓', starting: '…', waiting: '·', failed: '✗', stopped: '·' } as const;
const STILL_WAITING_MS = 15_000;

/** What each process is doing while the stack comes up: live on a terminal, else a line for each that is ready. */
export function startupTable(screen: Screen = process.stderr): StartupTable {
  const started = performance.now();
  return screen.isTTY ? liveTable(screen, started) : plainTable(screen, started);
}

function liveTable(screen: Screen, started: number): StartupTable {
  const region = liveRegion(screen);
  const readyAfter = new Map<string, string>();
  return {
    update(statuses, pending) {
      const lines = statuses.map(({ name, phase, restarts }) => {
        if (phase === 'ready' || phase === 'done') {
          if (!readyAfter.has(name)) readyAfter.set(name, elapsed(started));
        } else readyAfter.delete(name);
        const note = restarts > 0 ? `  restarted ${restarts} times` : '';
        return `  ${SIGNS[phase]} ${name.padEnd(22)} ${phase.padEnd(9)} ${readyAfter.get(name) ?? ''}${note}`;
      });
      if (pending.length > 0) lines.push(`  … ${pending.join(', ')}: not yet healthy`);
      region.draw([...lines, `  ${elapsed(started)}`]);
    },
    close: () => region.draw([]),
  };
}

function plainTable(screen: Screen, started: number): StartupTable {
  const told = new Set<string>();
  let last = performance.now();
  let isFirst = true;
  return {
    update(statuses, pending) {
      for (const { name, phase } of statuses) {
        if ((phase !== 'ready' && phase !== 'done') || told.has(name)) continue;
        told.add(name);
        // What is ready at the first look was so before.
        if (isFirst) continue;
        screen.write(`  ${phase} ${name} (${elapsed(started)})\n`);
        last = performance.now();
      }
      isFirst = false;
      if (performance.now() - last < STILL_WAITING_MS) return;
      const waiting = [...statuses.filter(({ name }) => !told.has(name)).map(({ name }) => name), ...pending];
      screen.write(`  still starting: ${waiting.join(', ')} (${elapsed(started)})\n`);
      last = performance.now();
    },
    close: () => undefined,
  };
}
