import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { isAlive } from '../../../infra/file-lock.ts';
import { runProgram, tailOf } from '../../runner/program.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'reprise-program-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const run = (code: string, signal = new AbortController().signal): Promise<number> =>
  runProgram({
    program: process.execPath,
    args: ['-e', code],
    cwd: folder,
    env: { PATH: process.env.PATH ?? '' },
    log: join(folder, 'log'),
    signal,
  });

/** Starts a process that would outlive it, and writes down the id. */
const WITH_CHILD = `
  const child = require('node:child_process').spawn(process.execPath, ['-e', 'setInterval(() => 0, 1000)']);
  require('node:fs').writeFileSync('pid', String(child.pid));
`;

const childOf = (): number => Number(readFileSync(join(folder, 'pid'), 'utf8'));

async function ended(pid: number): Promise<boolean> {
  for (let round = 0; round < 100 && isAlive(pid); round += 1) await sleep(50);
  return !isAlive(pid);
}

describe('a program of a suite', () => {
  test('its exit code is told, and what it said is in the log', async () => {
    expect(await run('console.log("to out"); console.error("to err"); process.exit(3)')).toBe(3);
    expect(tailOf(join(folder, 'log'))).toMatch(/to out\nto err$/);
  });

  test('that cannot be started is a failure with its reason in the log', async () => {
    const code = await runProgram({
      program: join(folder, 'no-such-program'),
      args: [],
      cwd: folder,
      env: {},
      log: join(folder, 'log'),
      signal: new AbortController().signal,
    });
    expect(code).toBe(127);
    expect(tailOf(join(folder, 'log'))).toContain('no-such-program');
  });

  test('leaves nothing running when it ends', async () => {
    expect(await run(`${WITH_CHILD} setTimeout(() => process.exit(0), 50)`)).toBe(0);
    expect(await ended(childOf())).toBe(true);
  });

  test('ends with all it started when it is told to stop', async () => {
    const stopping = new AbortController();
    const running = run(`${WITH_CHILD} setInterval(() => 0, 1000)`, stopping.signal);
    await expect.poll(() => childOf(), { timeout: 10_000 }).toBeGreaterThan(0);
    stopping.abort();
    expect(await running).not.toBe(0);
    expect(await ended(childOf())).toBe(true);
  });
});
