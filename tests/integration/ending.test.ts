import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Paths, pathsFor } from '../../config/paths.ts';
import { prepareInstance } from '../../infra/instance.ts';
import type { Service } from '../../infra/services/service.ts';
import { ownedProcesses } from '../../infra/supervisor/owned-processes.ts';
import { startSupervisor, stopEverything } from '../../infra/supervisor/supervisor.ts';

const NAME = 'test-ending';

let folder = '';
let paths: Paths;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'reprise-ending-'));
  paths = pathsFor(NAME);
  prepareInstance(paths);
});
afterAll(async () => {
  await stopEverything(paths);
  rmSync(paths.instance, { recursive: true, force: true });
  rmSync(folder, { recursive: true, force: true });
});

/** Says when it is up, and when it has ended: `after` it has been told to. */
const program = (name: string, after: string, needs: string[]): Service => {
  const script = `trap '${after}; echo ${name} >> ${folder}/ended; exit 0' TERM; echo >> ${folder}/up; while true; do sleep 0.05; done`;
  return { name, kind: 'server', command: ['bash', '-c', script], cwd: folder, env: {}, needs };
};
const lines = (name: string): string[] => readFileSync(join(folder, name), 'utf8').split('\n').slice(0, -1);

test('a server outlives every worker that needs it, however many there are and however long one takes', async () => {
  for (const name of ['up', 'ended']) writeFileSync(join(folder, name), '');
  const slow = `touch ${folder}/asked; while ! grep -q worker-e ${folder}/ended; do sleep 0.05; done`;
  const names = ['a', 'b', 'c', 'd', 'e'].map((name) => `worker-${name}`);
  const workers = names.map((name) => program(name, name === 'worker-c' ? slow : 'true', ['server']));
  await startSupervisor(paths, [program('server', 'true', []), ...workers]);
  await expect.poll(() => lines('up').length, { timeout: 30_000 }).toBe(6);
  await stopEverything(paths);
  expect(lines('ended').toSorted()).toEqual(['server', ...names]);
  expect(lines('ended').at(-1)).toBe('server');
  expect(await ownedProcesses(paths.instance)).toEqual([]);
});
