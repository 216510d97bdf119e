import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { isAlive, withLock } from '../../../infra/file-lock.ts';
import {
  endProcesses,
  isRunning,
  OWNER_VARIABLE,
  ownedProcesses,
} from '../../../infra/supervisor/owned-processes.ts';
import { familyOf, processTable } from '../../../infra/supervisor/process-table.ts';
import { statusOf } from '../../../infra/supervisor/readiness.ts';
import { socketPath } from '../../../infra/supervisor/supervisor.ts';
import { pathsFor } from '../../../config/paths.ts';
import type { Service } from '../../../infra/services/service.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'reprise-processes-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function start(script: string, instance: string): number {
  const child = spawn('bash', ['-c', script], {
    env: { PATH: process.env.PATH ?? '', [OWNER_VARIABLE]: instance },
    detached: true,
    stdio: 'ignore',
  });
  child.unref();
  if (child.pid === undefined) throw new Error('bash did not start');
  return child.pid;
}

test('what belongs to an installation ends, even what ignores the request; what belongs to another stays', async () => {
  const other = `${folder}-other`;
  const stubborn = start('trap "" TERM; sleep 60 & wait; sleep 60', folder);
  const neighbour = start('sleep 60', other);
  try {
    await expect.poll(async () => (await ownedProcesses(folder)).length).toBeGreaterThanOrEqual(2);
    expect(await ownedProcesses(folder)).toContain(stubborn);
    await endProcesses(folder, 300);
    expect(await ownedProcesses(folder)).toEqual([]);
    expect(isAlive(neighbour)).toBe(true);
  } finally {
    await endProcesses(other, 1_000);
  }
});

test.each([
  ['a child', 'env -i sleep 60 & wait'],
  ['a member of the group whose leader was killed', 'env -i sleep 60 & sleep 60 & sleep 0.2; kill -9 $$'],
])('%s that has lost the mark is found and ended as well', async (_, script) => {
  start(script, folder);
  await expect.poll(async () => (await ownedProcesses(folder)).length).toBe(2);
  await sleep(400);
  const owned = await ownedProcesses(folder);
  expect(owned).toHaveLength(2);
  expect(await endProcesses(folder, 2_000)).toBe(2);
  expect(owned.filter(isRunning)).toEqual([]);
});

test('what was seen before its parents ended is ended, unless its id belongs to another by now', async () => {
  const orphan = spawn('sleep', ['60'], { env: {}, stdio: 'ignore' });
  const neighbour = spawn('sleep', ['60'], { env: {}, stdio: 'ignore' });
  try {
    const table = await processTable('X=y');
    const entry = (pid: number | undefined) => table.filter((one) => one.pid === pid);
    const reused = entry(neighbour.pid).map((one) => ({ ...one, born: '1' }));
    expect(await endProcesses(folder, 2_000, [...entry(orphan.pid), ...reused])).toBe(1);
    expect(isRunning(neighbour.pid ?? 0)).toBe(true);
  } finally {
    orphan.kill('SIGKILL');
    neighbour.kill('SIGKILL');
  }
});

const row = (pid: number, parent: number, group: number, marked = false) => ({
  ...{ pid, parent, group, marked, born: `${pid}` },
});

test('a family is the marked, their descendants and the groups they lead, never this process or its ancestors', () => {
  const shell = [row(1, 0, 1), row(10, 1, 10), row(11, 10, 10, true), row(12, 11, 10)];
  const server = [row(20, 1, 20, true), row(21, 20, 20), row(22, 21, 22), row(23, 1, 22)];
  const pids = (self: number): number[] =>
    familyOf([...shell, ...server, row(30, 1, 30)], self)
      .map(({ pid }) => pid)
      .toSorted((one, other) => one - other);
  // From elsewhere: 10 leads the group of 11 and is nobody of ours.
  expect(pids(30)).toEqual([11, 12, 20, 21, 22, 23]);
  // From 12, which 11 started.
  expect(pids(12)).toEqual([20, 21, 22, 23]);
});

test('the lock of a process that is gone does not count, and one at a time holds it', async () => {
  const file = join(folder, 'lock');
  writeFileSync(file, '999999999');
  const order: string[] = [];
  const hold = (name: string): Promise<void> =>
    withLock(file, async () => {
      order.push(`${name} in`);
      expect(Number(readFileSync(file, 'utf8'))).toBe(process.pid);
      await sleep(30);
      order.push(`${name} out`);
    });
  await Promise.all([hold('a'), hold('b')]);
  const [first, second, third, fourth] = order.map((entry) => entry.split(' '));
  expect([first?.[0], third?.[0]]).toEqual([second?.[0], fourth?.[0]]);
});

test('the lock is released when the work fails', async () => {
  const file = join(folder, 'lock');
  await expect(withLock(file, () => Promise.reject(new Error('no')))).rejects.toThrow('no');
  expect(await withLock(file, async () => 'free')).toBe('free');
});

test('a checkout that lies deep gets its socket elsewhere, and every installation its own', () => {
  const paths = pathsFor('demo');
  const deep = { ...paths, run: `/${'x'.repeat(120)}/run`, instance: `/${'x'.repeat(120)}` };
  expect(Buffer.byteLength(socketPath(deep))).toBeLessThan(108);
  expect(socketPath({ ...deep, instance: '/y' })).not.toBe(socketPath(deep));
});

const base = { command: [], cwd: '/', env: {}, needs: [] };
const probed: Service = { ...base, name: 's', kind: 'server', ready: { kind: 'tcp', port: 1 } };
const job: Service = { ...base, name: 'j', kind: 'job' };
const state = {
  ...{ name: 's', status: 'Running', is_ready: '-', has_ready_probe: true, restarts: 0 },
  ...{ exit_code: 0, pid: 7, mem: 5, is_running: true },
};

test.each([
  ['a server that does not answer yet', probed, { is_ready: 'Not Ready' }, 'starting'],
  ['a server that answers', probed, { is_ready: 'Ready' }, 'ready'],
  ['a server without a probe that runs', { ...probed, ready: undefined }, {}, 'ready'],
  ['a server being restarted', probed, { status: 'Restarting', is_running: false }, 'starting'],
  ['a server that waits for another', probed, { status: 'Pending', is_running: false }, 'waiting'],
  ['a job that runs', job, {}, 'starting'],
  ['a job that ended well', job, { status: 'Completed', is_running: false }, 'done'],
  ['a job that failed', job, { status: 'Completed', is_running: false, exit_code: 3 }, 'failed'],
  ['a server that ended for good', probed, { status: 'Completed', is_running: false }, 'failed'],
  ['a process that could not be started', probed, { status: 'Error', is_running: false }, 'failed'],
] as const)('%s', (_, service, change, phase) => {
  expect(statusOf(service as Service, { ...state, ...change }).phase).toBe(phase);
});

test('a process that the supervisor does not know is stopped, without a process id', () => {
  expect(statusOf(probed, undefined)).toMatchObject({ phase: 'stopped', pid: null, memoryBytes: 0 });
});
