import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MockActivityEnvironment } from '@temporalio/testing';
import { CancelledFailure } from '@temporalio/common';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { waitAtGate } from '../../../workers/gates.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'reprise-gates-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const environment = () => new MockActivityEnvironment({ activityType: 'loadWindow', attempt: 2 });

/** Runs an activity behind the gates of `folder`. */
const run = (mock: MockActivityEnvironment, work: () => string): Promise<unknown> =>
  mock.run(() => {
    const { inbound } = waitAtGate(folder, mock.context);
    return inbound?.execute?.({ args: [], headers: {} }, () => Promise.resolve(work())) ?? Promise.reject();
  });

test('an activity passes where no gate is closed', async () => {
  writeFileSync(join(folder, 'buildWindow'), '');
  expect(await run(environment(), () => 'loaded')).toBe('loaded');
});

test('an activity says that it waits, and goes on when its gate is opened', async () => {
  const gate = join(folder, 'loadWindow');
  writeFileSync(gate, '');
  const work = vi.fn<() => string>(() => 'loaded');
  const running = run(environment(), work);
  await vi.waitFor(() => expect(readFileSync(gate, 'utf8')).toBe(`attempt 2 at process ${process.pid}\n`));
  expect(work).not.toHaveBeenCalled();
  rmSync(gate);
  expect(await running).toBe('loaded');
});

test('a cancelled activity does not wait any longer', async () => {
  writeFileSync(join(folder, 'loadWindow'), '');
  const mock = environment();
  const running = run(mock, () => 'loaded');
  mock.cancel('CANCELLED');
  await expect(running).rejects.toThrow(CancelledFailure);
});
