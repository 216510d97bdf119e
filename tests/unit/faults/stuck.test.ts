import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { cellNamed } from '../../faults/cases.ts';
import type { Grounds } from '../../faults/grounds.ts';
import { runDisturbed } from '../../faults/run-window.ts';
import { type Sight, Stuck, type Watch } from '../../faults/watch.ts';

const WINDOW = '2026-01-05T08:00Z';
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'reprise-stuck-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** A window whose runs never get anywhere. */
class StandsStill {
  runs = 0;
  terminated = 0;
  restored = 0;

  readonly sight = (): Sight => ({ runId: String(this.runs), state: 'running', activities: [] });

  get watch(): Watch {
    const fake: Pick<Watch, 'look' | 'until' | 'terminate'> = {
      look: () => Promise.resolve(this.runs === 0 ? undefined : this.sight()),
      until: (window, what, _limitMs, found) => {
        const value = found(this.sight());
        return value === undefined
          ? Promise.reject(new Stuck(`${window}: ${what} was not seen`))
          : Promise.resolve(value);
      },
      terminate: () => Promise.resolve(void (this.terminated += 1)),
    };
    return fake as Watch;
  }

  get grounds(): Grounds {
    const reprise = (): Promise<unknown> => {
      this.runs += 1;
      return Promise.resolve({ exitCode: 0 });
    };
    const fake = {
      ready: () => Promise.resolve(),
      restore: () => Promise.resolve(void (this.restored += 1)),
      platform: { config: { paths: { run: folder } }, reprise },
    };
    return fake as unknown as Grounds;
  }
}

test('a window that stands still is ended, told of, and run once more', async () => {
  const ground = new StandsStill();
  const said: string[] = [];
  const ended = await runDisturbed({
    grounds: ground.grounds,
    watch: ground.watch,
    window: WINDOW,
    volume: { events: 1, seed: 1, shards: 1 },
    cells: [cellNamed('kill kafka in publish')],
    say: (line) => said.push(line),
  });
  expect(ended.stuck).toBe(`${WINDOW}: publish running was not seen`);
  expect([ground.terminated, ground.restored, ground.runs]).toEqual([1, 1, 2]);
  expect(ended.runs.at(-1)?.report.state).toBe('failed');
  expect(said.at(-1)).toMatch(/did not recover/);
});
