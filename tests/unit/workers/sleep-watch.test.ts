import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { execa } from 'execa';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { watchForSleep } from '../../../workers/sleep-watch.ts';

describe('while time passes as it should', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  test('nothing is noticed, for hours', () => {
    const awoken = vi.fn<(sleptMs: number) => void>();
    const end = watchForSleep(10_000, awoken);
    vi.advanceTimersByTime(3_600_000);
    end();
    expect(awoken).not.toHaveBeenCalled();
  });
});

test('a process that was stopped notices it as soon as it goes on', async () => {
  const program = `
    import { watchForSleep } from ${JSON.stringify(join(import.meta.dirname, '../../../workers/sleep-watch.ts'))};
    setInterval(() => undefined, 1000);
    watchForSleep(500, (slept) => { console.log('slept', slept >= 500); process.exit(3); }, 50);
    console.log('awake');
  `;
  const child = execa(process.execPath, ['--input-type=module', '--eval', program], {
    reject: false,
    timeout: 30_000,
  });
  await once(child.stdout, 'data');
  child.kill('SIGSTOP');
  await sleep(1_500);
  child.kill('SIGCONT');
  const { exitCode, stdout } = await child;
  expect(exitCode).toBe(3);
  expect(stdout).toContain('slept true');
}, 40_000);
