import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runSubprocess, type Subprocess } from '../../../clients/subprocess.ts';
import { isRunning } from '../../../infra/supervisor/owned-processes.ts';

let folder = '';
const workers: ChildProcess[] = [];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'reprise-resident-'));
});
afterEach(async () => {
  for (const worker of workers.splice(0)) worker.kill('SIGKILL');
  await rm(folder, { recursive: true, force: true });
});

const bash = (script: string, overrides: Partial<Subprocess> = {}): Subprocess => ({
  command: '/bin/bash',
  args: ['-c', script],
  cwd: '/tmp',
  env: { PATH: process.env.PATH ?? '/usr/bin:/bin' },
  signal: new AbortController().signal,
  ...overrides,
});
const lockFile = (): string => join(folder, 'lock');

describe.runIf(process.platform === 'linux')('a program of which there is to be one', () => {
  it('waits until the one before it is gone, with all that has inherited its lock', async () => {
    const said: string[] = [];
    const stop = new AbortController();
    const up = Promise.withResolvers<void>();
    const first = runSubprocess(
      bash(`trap '' TERM; echo up; while true; do sleep 0.05; done`, {
        lockFile: lockFile(),
        signal: stop.signal,
        graceMs: 200,
        onLine: () => up.resolve(),
      }),
    ).catch(() => said.push('first has ended'));
    await up.promise;
    const second = runSubprocess(
      bash('echo second is up', { lockFile: lockFile(), onLine: (line) => said.push(line) }),
    );
    stop.abort(new Error('told to end'));
    await Promise.all([first, second]);
    // The lock is free as soon as the kernel has ended the first, which is before we hear of it.
    expect(said.toSorted()).toEqual(['first has ended', 'second is up']);
    expect((await second).exitCode).toBe(0);
  });

  it('is killed with the process that started it, although it would not end by itself', async () => {
    const module = fileURLToPath(new URL('../../../clients/subprocess.ts', import.meta.url));
    const run = {
      ...bash(`trap '' TERM; echo $$; while true; do sleep 0.05; done`, { lockFile: lockFile() }),
      ...{ signal: undefined, onOurDeath: 'KILL' },
    };
    const worker = spawn(process.execPath, [
      ...['--input-type=module', '-e'],
      `import { runSubprocess } from ${JSON.stringify(module)};
       await runSubprocess({ ...${JSON.stringify(run)}, signal: new AbortController().signal, onLine: console.log });`,
    ]);
    workers.push(worker);
    const [line] = (await once(createInterface({ input: worker.stdout }), 'line')) as [string];
    const pid = Number(line);
    expect(isRunning(pid)).toBe(true);
    worker.kill('SIGKILL');
    // And its lock with it.
    const next = await runSubprocess(bash('exit 0', { lockFile: lockFile() }));
    expect(next.exitCode).toBe(0);
    await expect.poll(() => isRunning(pid)).toBe(false);
  });
});
