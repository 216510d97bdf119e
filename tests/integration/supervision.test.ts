import { rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { isPortTaken } from '../../infra/ports-in-use.ts';
import { PortTaken, Stack } from '../../infra/stack.ts';
import { ownedProcesses } from '../../infra/supervisor/owned-processes.ts';
import { findPortBase, isolatedEnvironment } from '../runner/isolation.ts';

/** The lightest server there is stands for all: they are declared, supervised and ended in the same way. */
const SERVER = 'minio';

let env: NodeJS.ProcessEnv;
let stack: Stack;
beforeAll(async () => {
  const isolated = isolatedEnvironment(process.env, await findPortBase());
  env = { ...isolated, REPRISE_INSTANCE: 'test-supervision' };
  stack = Stack.open(env, [SERVER]);
});
afterAll(async () => {
  await stack.stop();
  rmSync(stack.config.paths.instance, { recursive: true, force: true });
});

const ready = (): Promise<void> => stack.waitUntilReady({ timeoutMs: 120_000, onStatus: () => undefined });

async function serverPid(): Promise<number> {
  const pid = (await stack.status())?.find(({ name }) => name === SERVER)?.pid;
  if (!pid) throw new Error(`${SERVER} does not run`);
  return pid;
}

test('starting twice starts once', async () => {
  expect(await stack.start()).toBe('started');
  await ready();
  const pid = await serverPid();
  expect(await stack.start()).toBe('running');
  expect(await serverPid()).toBe(pid);
});

test('ports that its own servers hold are no conflict', async () => {
  expect(await isPortTaken(stack.config.ports.minio)).toBe(true);
  expect(await stack.portConflicts()).toEqual([]);
});

test('a part is added to what runs, and asking for a part that runs already changes nothing', async () => {
  const both = Stack.open(env, ['dashboard']);
  expect(await both.start()).toBe('restarted');
  expect(both.services.map(({ name }) => name)).toEqual([SERVER, 'dashboard']);
  await both.waitUntilReady({ timeoutMs: 120_000, onStatus: () => undefined });
  const before = await ownedProcesses(stack.config.paths.instance);
  expect(await stack.start()).toBe('running');
  expect(await Stack.open(env, ['dashboard']).start()).toBe('running');
  expect(await ownedProcesses(stack.config.paths.instance)).toEqual(before);
  await both.stop();
  expect(await stack.start()).toBe('started');
  await ready();
});

test('a server that is killed is started again', async () => {
  const pid = await serverPid();
  process.kill(pid, 'SIGKILL');
  await expect.poll(serverPid, { timeout: 30_000, interval: 500 }).not.toBe(pid);
  await ready();
  expect((await stack.status())?.[0]?.restarts).toBe(1);
});

test('after the supervisor was killed its servers are found, ended and started anew', async () => {
  const server = await serverPid();
  const owned = await ownedProcesses(stack.config.paths.instance);
  const supervisor = owned.filter((pid) => pid !== server);
  expect(supervisor).toHaveLength(1);
  process.kill(supervisor[0] ?? 0, 'SIGKILL');
  await expect.poll(() => stack.status()).toBeUndefined();
  expect(await ownedProcesses(stack.config.paths.instance)).toEqual([server]);
  expect(await stack.start()).toBe('started');
  await ready();
  expect(await serverPid()).not.toBe(server);
});

test('stopping leaves no process and no port behind, and may be repeated', async () => {
  expect(await stack.stop()).toBeGreaterThanOrEqual(2);
  expect(await ownedProcesses(stack.config.paths.instance)).toEqual([]);
  expect(await isPortTaken(stack.config.ports.minio)).toBe(false);
  expect(await stack.stop()).toBe(0);
});

test('a port that another program holds is named before anything starts', async () => {
  const { minio } = stack.config.ports;
  const other = createServer();
  await new Promise<void>((resolve) => other.listen(minio, '127.0.0.1', resolve));
  try {
    const refusal = await stack.start().catch((error: unknown) => error);
    expect(refusal).toBeInstanceOf(PortTaken);
    expect((refusal as PortTaken).message).toContain(`port ${minio}, which minio needs, is in use by`);
    expect((refusal as PortTaken).mend).toContain('REPRISE_PORT_BASE=');
    expect(await ownedProcesses(stack.config.paths.instance)).toEqual([]);
  } finally {
    other.close();
  }
});
