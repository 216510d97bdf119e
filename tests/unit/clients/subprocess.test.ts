import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { type Subprocess, runSubprocess, subprocessFailed } from '../../../clients/subprocess.ts';
import { isRunning } from '../../../infra/supervisor/owned-processes.ts';

function bash(script: string, overrides: Partial<Subprocess> = {}): Subprocess {
  return {
    command: '/bin/bash',
    args: ['-c', script],
    cwd: '/tmp',
    env: { PATH: process.env.PATH ?? '/usr/bin:/bin' },
    signal: new AbortController().signal,
    timeLimitMs: 20_000,
    graceMs: 500,
    ...overrides,
  };
}

/** A killed process takes a moment, and may stay in the table as a zombie until its new parent has noticed. */
async function isGone(pid: number): Promise<boolean> {
  for (let tries = 0; tries < 40; tries += 1) {
    if (!isRunning(pid)) return true;
    await sleep(50);
  }
  return false;
}

describe('runSubprocess', () => {
  it('gives the exit code and every line of both streams', async () => {
    const lines: string[] = [];
    const result = await runSubprocess(
      bash('echo out; echo err >&2; exit 3', { onLine: (line) => lines.push(line) }),
    );
    expect(result.exitCode).toBe(3);
    expect(lines.sort()).toEqual(['err', 'out']);
    expect(result.tail).toContain('err');
  });

  it('ends the grandchildren of a cancelled program, also those that will not listen', async () => {
    const controller = new AbortController();
    const pids: number[] = [];
    const running = runSubprocess(
      bash(
        `trap '' TERM; (trap '' TERM; echo $BASHPID; while true; do sleep 0.1; done) & echo $$; wait; wait`,
        {
          signal: controller.signal,
          onLine: (line) => {
            pids.push(Number(line));
            if (pids.length === 2) controller.abort(new Error('cancelled'));
          },
        },
      ),
    );
    await expect(running).rejects.toThrow('cancelled');
    expect(pids.length).toBe(2);
    for (const pid of pids) expect(await isGone(pid)).toBe(true);
  });

  it('ends what a program leaves behind', async () => {
    const pids: number[] = [];
    await runSubprocess(
      bash('sleep 60 >/dev/null 2>&1 & echo $!', { onLine: (line) => pids.push(Number(line)) }),
    );
    expect(await isGone(pids[0] ?? 0)).toBe(true);
  });

  it.runIf(process.platform === 'linux')('does not outlive the process that started it', async () => {
    const module = fileURLToPath(new URL('../../../clients/subprocess.ts', import.meta.url));
    const worker = spawn(process.execPath, [
      ...['--input-type=module', '-e'],
      `import { runSubprocess } from ${JSON.stringify(module)};
       await runSubprocess({ command: '/bin/bash', args: ['-c', 'echo $$; exec sleep 60'], cwd: '/tmp', env: {},
         signal: new AbortController().signal, timeLimitMs: 60000, onLine: (line) => console.log(line) });`,
    ]);
    const [line] = (await once(worker.stdout, 'data')) as [Buffer];
    const pid = Number(line.toString());
    expect(isRunning(pid)).toBe(true);
    worker.kill('SIGKILL');
    expect(await isGone(pid)).toBe(true);
  });

  it('keeps to its time limit', async () => {
    await expect(runSubprocess(bash('sleep 60', { timeLimitMs: 200 }))).rejects.toMatchObject({
      code: 'TimedOut',
      retryable: true,
    });
  });

  it('does not start when it is cancelled already', async () => {
    const signal = AbortSignal.abort(new Error('too late'));
    await expect(runSubprocess(bash('echo never', { signal }))).rejects.toThrow('too late');
  });

  it('says that a program is missing', async () => {
    await expect(runSubprocess(bash('', { command: '/no/such/program' }))).rejects.toMatchObject({
      code: 'ResourceMissing',
      message: expect.stringContaining('/no/such/program'),
    });
  });

  it('hands over the environment it was given and nothing else', async () => {
    process.env.REPRISE_TEST_SECRET = 'do not tell';
    const lines: string[] = [];
    await runSubprocess(bash('env', { onLine: (line) => lines.push(line) }));
    delete process.env.REPRISE_TEST_SECRET;
    expect(lines.join()).toContain('PATH=');
    expect(lines.join()).not.toContain('do not tell');
  });

  it('keeps a bounded tail, and an error without the environment', async () => {
    const result = await runSubprocess(
      bash('for i in $(seq 1 3000); do echo "line $i of many"; done; exit 1', {
        env: { PATH: '/usr/bin:/bin', KEY: 'do-not-tell' },
      }),
    );
    expect(result.tail.length).toBeLessThanOrEqual(4_000);
    expect(result.tail).toContain('line 3000');
    const error = subprocessFailed('job', result, false);
    expect(error).toMatchObject({ code: 'SubprocessFailed', retryable: false });
    expect(error.message).toBe('job ended with exit code 1: line 3000 of many');
    expect(JSON.stringify(error)).not.toContain('do-not-tell');
  });
});
