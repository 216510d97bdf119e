import { ApplicationFailure } from '@temporalio/common';
import type { Client } from '@temporalio/client';
import { describe, expect, it } from 'vitest';
import type { WindowResult } from '../../workflows/listening-window.ts';
import { keys } from '../../contracts/lake.ts';
import { balanced, fakeSteps } from './fake-steps.ts';
import { failureOf, input, start, temporalForTests } from './harness.ts';

const withWorkers = temporalForTests();
const live = { ...input, source: 'live' };
const AFTER_INGEST = ['reconcileWindow', 'compactWindow', 'loadWindow', 'buildWindow', 'publishServing'];
const HOUR = ['findSource', 'countHour', 'vouchForHour', 'awaitStream'];

const run = (client: Client, given: object): Promise<WindowResult> =>
  start(client, given).then((handle) => handle.result() as Promise<WindowResult>);

/** Of a live hour there is nothing in the landing area. */
const reconcileWindow = async () => ({
  hops: (['kafka', 'raw', 'events', 'quarantine', 'duplicates'] as const).map(balanced),
  attempt: 1,
});

describe('an hour that filled by itself', () => {
  it('is counted, waited for and closed; nothing is generated into it', async () => {
    const steps = fakeSteps({ reconcileWindow });
    const result = await withWorkers(steps, (client) => run(client, live));
    expect(steps.calls).toEqual([...HOUR, 'closeWindow', 'forwardDeadLetters', ...AFTER_INGEST]);
    expect(result).toMatchObject({ reconciled: true, counts: { arrived: 100, valid: 90 } });
    expect(steps.reports.at(-1)).toMatchObject({
      ...{ source: 'live', state: 'completed', events_requested: 0, seed: 0, shards: 1 },
      steps: expect.arrayContaining([
        expect.objectContaining({ step: 'generate', state: 'completed' }),
      ]) as unknown,
    });
  });

  it('is found out when nobody says what the window is', async () => {
    const steps = fakeSteps({ reconcileWindow, findSource: async () => ({ source: 'live' }) });
    await withWorkers(steps, (client) => run(client, { ...input, source: 'auto' }));
    expect(steps.calls).toContain('closeWindow');
    expect(steps.reports.at(-1)?.source).toBe('live');
  });

  it('is ingested anew when it is played again, once the stream has passed it', async () => {
    const steps = fakeSteps({ reconcileWindow });
    const { store } = steps;
    await store.putJson(keys.ledger(input.window), {});
    await store.putJson(keys.receipt(input.window, 0, 'receipt-of-the-hour'), {});
    await withWorkers(steps, async (client) => {
      await run(client, live);
      steps.calls.length = 0;
      await run(client, { ...live, from_step: 'ingest', replay: { by: 'an operator', why: 'a test' } });
    });
    expect(steps.calls).toEqual([
      ...['findSource', 'awaitStream', 'ingestWindow', 'forwardDeadLetters'],
      ...AFTER_INGEST,
    ]);
    expect(steps.reports.at(-1)).toMatchObject({ reconciled: true, source: 'live' });
  });

  it('is not closed behind the back of a stream that does not move', async () => {
    const steps = fakeSteps({
      awaitStream: async () => {
        throw ApplicationFailure.nonRetryable('the stream does not move', 'Unavailable');
      },
    });
    const failure = await withWorkers(steps, async (client) => failureOf(run(client, live)));
    expect(failure.message).toBe('ingest: the stream does not move');
    expect(steps.calls).toEqual(HOUR);
  });

  it('does not pass for what was generated: a step that was kept of that stands no more', async () => {
    const steps = fakeSteps();
    const failure = await withWorkers(steps, async (client) => {
      await run(client, input);
      return failureOf(run(client, { ...live, from_step: 'publish' }));
    });
    expect(failure.type).toBe('ResourceMissing');
    expect(failure.message).toContain('is of another request');
  });
});

describe('a window whose source is asked for', () => {
  it('is generated where nothing else has arrived', async () => {
    const steps = fakeSteps();
    const result = await withWorkers(steps, (client) => run(client, { ...input, source: 'auto' }));
    expect(result.reconciled).toBe(true);
    expect(steps.calls.slice(0, 2)).toEqual(['findSource', 'generateShard']);
    expect(steps.reports.at(-1)).toMatchObject({ source: 'synthetic', events_requested: 100 });
  });

  it('leaves its report alone when it cannot be what it is asked to be', async () => {
    const steps = fakeSteps({
      findSource: async () => {
        throw ApplicationFailure.nonRetryable('records have arrived by themselves', 'InvalidInput');
      },
    });
    const failure = await withWorkers(steps, async (client) =>
      failureOf(run(client, { ...input, source: 'generated' })),
    );
    expect(failure.type).toBe('InvalidInput');
    expect(steps.reports).toEqual([]);
  });
});
