import { createServer, type Server } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { describeDiskFull, freeBytes } from '../../../infra/disk.ts';
import { checkDisk, judgeDisk, judgeMemory } from '../../../infra/doctor/machine.ts';
import { isPortTaken, listenerOn } from '../../../infra/ports-in-use.ts';
import { moduleVersion } from '../../../infra/provision/go-programs.ts';
import { versionAtLeast } from '../../../infra/provision/version.ts';
import { describeConflict, mendConflict } from '../../../infra/stack.ts';

let server: Server | undefined;
afterEach(() => {
  server?.close();
  server = undefined;
});

async function listen(): Promise<number> {
  const listening = createServer();
  server = listening;
  await new Promise<void>((resolve) => listening.listen(0, '127.0.0.1', resolve));
  const address = listening.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

test('too little disk stops the start and says how much is needed; less is needed once all is installed', () => {
  expect(judgeDisk(3e9, false)).toMatchObject({
    state: 'missing',
    message: 'only 3.0 GB of disk are free; 8.0 GB are needed',
  });
  expect(judgeDisk(3e9, false).mend).toContain('REPRISE_CACHE');
  expect(judgeDisk(3e9, true).state).toBe('ok');
  expect(judgeDisk(0, true)).toMatchObject({ state: 'missing', message: expect.stringContaining('0.0 GB') });
});

test.runIf(process.platform === 'linux')('a disk is measured where the folder lies, or will lie', () => {
  expect(freeBytes('/proc/no/such/folder')).toBe(0);
  expect(checkDisk('/proc', true).state).toBe('missing');
});

test('of several disks the one with the least room is named', () => {
  const room = (folder: string): number => (folder === '/cache' ? 3e8 : 9e9);
  expect(describeDiskFull(['/tools', '/cache'], room).message).toContain(
    'holds /cache is full: 0.3 GB are free',
  );
});

test('a machine with little memory is warned, not refused', () => {
  expect(judgeMemory(4e9)).toMatchObject({ state: 'warning', mend: expect.any(String) });
  expect(judgeMemory(8.2e9).state).toBe('ok');
});

test('a taken port is recognised, with the program that holds it', async () => {
  const port = await listen();
  expect(await isPortTaken(port)).toBe(true);
  // Only Linux tells who holds it.
  expect(listenerOn(port)?.pid).toBe(process.platform === 'linux' ? process.pid : undefined);
  server?.close();
  await new Promise((resolve) => server?.once('close', resolve));
  expect(await isPortTaken(port)).toBe(false);
});

test('a port conflict says which port, whose it is, who holds it, and how to move', () => {
  const conflict = {
    service: 'kafka',
    name: 'kafka',
    port: 18_092,
    holder: { pid: 42, program: 'java' },
  } as const;
  expect(describeConflict(conflict)).toBe('port 18092, which kafka needs, is in use by java (process 42)');
  expect(describeConflict({ ...conflict, holder: undefined })).toContain('by another program');
  expect(mendConflict(conflict)).toContain('REPRISE_PORT_BASE=20000');
});

test.each([
  ['17.0.15', [17], true],
  ['1.8.0_292', [17], false],
  ['1.26.8', [1, 25], true],
  ['1.9', [1, 25], false],
  ['2', [1, 25], true],
  ['1.25', [1, 25, 1], false],
] as const)('%s is at least %j: %s', (version, minimum, expected) => {
  expect(versionAtLeast(version, minimum)).toBe(expected);
});

test('the pinned version of a program is read from its go.mod', () => {
  const goMod =
    'module x\n\ngo 1.25.0\n\nrequire (\n\texample.org/tool v1.2.3\n\texample.org/toolbox v9.9.9\n)\n';
  expect(moduleVersion(goMod, 'example.org/tool')).toBe('v1.2.3');
  expect(moduleVersion('require example.org/tool v2.0.0', 'example.org/tool')).toBe('v2.0.0');
  expect(() => moduleVersion(goMod, 'example.org/other')).toThrow('does not require');
});
