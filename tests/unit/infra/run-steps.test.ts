import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { selectSteps, UnknownStep } from '../../../infra/provision/provision.ts';
import { runSteps } from '../../../infra/provision/run-steps.ts';
import { Stamps } from '../../../infra/provision/stamps.ts';
import type { ProgressObserver, Step, StepContext } from '../../../infra/provision/step.ts';
import { ProvisionFailure } from '../../../infra/provision/step.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'reprise-steps-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const silent: ProgressObserver = {
  started: () => undefined,
  finished: () => undefined,
  failed: () => undefined,
  close: () => undefined,
};

function step(name: string, run: (context: StepContext) => Promise<void>, more: Partial<Step> = {}): Step {
  return {
    ...{ name, title: `the ${name}`, needs: [], inputs: () => name, outputs: [], mend: 'mend it', run },
    ...more,
  };
}

const run = (steps: Step[], concurrency = 4): Promise<string[]> =>
  runSteps(steps, {
    stamps: new Stamps(join(folder, 'stamps')),
    logs: join(folder, 'logs'),
    folders: [folder],
    concurrency,
    observer: silent,
  });

test('a step waits for what it needs, the others run side by side within the limit', async () => {
  const events: string[] = [];
  let atOnce = 0;
  let most = 0;
  const work = (name: string) => async (): Promise<void> => {
    most = Math.max(most, ++atOnce);
    await sleep(20);
    atOnce -= 1;
    events.push(name);
  };
  const names = ['a', 'b', 'c', 'd'];
  const steps = [
    step('last', work('last'), { needs: names }),
    ...names.map((name) => step(name, work(name))),
  ];
  await run(steps, 2);
  expect(events.at(-1)).toBe('last');
  expect(events).toHaveLength(5);
  expect(most).toBe(2);
});

test('what is current is not done again, until its inputs change or its output is gone', async () => {
  const output = join(folder, 'output');
  let inputs = 'one';
  const make = step('make', async () => writeFileSync(output, ''), {
    inputs: () => inputs,
    outputs: [output],
  });
  expect(await run([make])).toEqual(['make']);
  expect(await run([make])).toEqual([]);
  inputs = 'two';
  expect(await run([make])).toEqual(['make']);
  rmSync(output);
  expect(await run([make])).toEqual(['make']);
});

test('after a failure the finished steps stay finished, and only the rest runs the next time', async () => {
  let broken = true;
  const steps = [
    step('good', async () => undefined),
    step(
      'bad',
      async ({ note }) => {
        note('the registry said no');
        if (broken) throw new Error('no such mirror');
      },
      { needs: ['good'] },
    ),
    step('after', async () => undefined, { needs: ['bad'] }),
  ];
  const failure = await run(steps).catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(ProvisionFailure);
  const { message, mend, log } = failure as ProvisionFailure;
  expect(message).toContain('the bad: no such mirror');
  expect(message).toContain('| the registry said no');
  expect(mend).toContain('mend it');
  expect(readFileSync(log, 'utf8')).toContain('the registry said no');
  broken = false;
  expect(await run(steps)).toEqual(['bad', 'after']);
});

test.each([
  ['in its log', 'echo "[ERROR] Could not transfer x: No space left on device" >&2; exit 1'],
  ['by its code', undefined],
])('a full disk, told %s, is one line with what to do, and nothing that leads astray', async (_, script) => {
  const full = step('jars', async ({ run: start }) => {
    if (script) await start('bash', ['-c', script]);
    throw Object.assign(new Error('ENOSPC: write'), { code: 'ENOSPC' });
  });
  const { message, mend } = (await run([full]).catch((error: unknown) => error)) as ProvisionFailure;
  expect(message).toMatch(
    /^the jars: the disk that holds \S+ is full: \d+\.\d GB are free, an installation needs 8\.0 GB$/,
  );
  expect(message).toContain(folder);
  expect(mend).toMatch(/^free some space there/);
  expect(mend).not.toContain('mend it');
});

test('a failure stops the programs that run beside it', async () => {
  const started = performance.now();
  const failure = await run([
    step('slow', ({ run: start }) => start('sleep', ['30'])),
    step('bad', async () => {
      await sleep(100);
      throw new Error('first');
    }),
  ]).catch((error: unknown) => error);
  expect((failure as ProvisionFailure).step).toBe('bad');
  expect(performance.now() - started).toBeLessThan(15_000);
});

test('an interrupted step is not taken for a finished one', async () => {
  const output = join(folder, 'output');
  writeFileSync(output, 'whole');
  let interrupt = false;
  const make = step(
    'make',
    async () => {
      writeFileSync(output, 'half');
      if (interrupt) throw new Error('killed');
    },
    { outputs: [output] },
  );
  await run([make]);
  interrupt = true;
  rmSync(join(folder, 'stamps', 'make'));
  await run([make]).catch(() => undefined);
  expect(existsSync(output)).toBe(true);
  interrupt = false;
  expect(await run([make])).toEqual(['make']);
});

test('steps that wait for each other are an error, not a standstill', async () => {
  const circle = [
    step('a', async () => undefined, { needs: ['b'] }),
    step('b', async () => undefined, { needs: ['a'] }),
  ];
  await expect(run(circle)).rejects.toThrow('wait for each other');
});

test('choosing steps adds what they need, and an unknown name is answered with the known ones', () => {
  const steps = [
    step('uv', async () => undefined),
    step('python', async () => undefined, { needs: ['uv'] }),
    step('emulator', async () => undefined, { onRequest: true }),
  ];
  const names = (chosen: Step[]): string[] => chosen.map(({ name }) => name);
  expect(names(selectSteps(steps, ['python']))).toEqual(['uv', 'python']);
  expect(names(selectSteps(steps, undefined))).toEqual(['uv', 'python']);
  expect(names(selectSteps(steps, ['emulator']))).toEqual(['emulator']);
  expect(() => selectSteps(steps, ['pyhton'])).toThrow(UnknownStep);
});
