import { activityInfo, Context } from '@temporalio/activity';
import { describe, expect, it } from 'vitest';
import { withPulse } from '../../activities/pulse.ts';
import { WITH_BEATS, WITHOUT_BEATS } from './beating.ts';
import { fakeSteps } from './fake-steps.ts';
import { failureOf, input, start, temporalForTests } from './harness.ts';

const withWorkers = temporalForTests();

/** Windows that are cancelled while one of their activities runs, each in another one. */
async function cancelledIn(ids: readonly string[]) {
  const steps = fakeSteps();
  const begun = Object.fromEntries(ids.map((id) => [id, Promise.withResolvers<void>()]));
  const asked = Object.fromEntries(ids.map((id) => [id, Promise.withResolvers<void>()]));
  const told: string[] = [];
  const called: Record<string, string[]> = {};
  for (const queue of Object.values(steps.queues)) {
    for (const [name, step] of Object.entries(queue)) {
      queue[name] = async (...args) => {
        const id = activityInfo().workflowExecution?.workflowId ?? '';
        const calls = (called[id] ??= []);
        const isFirst = !calls.includes(name);
        calls.push(name);
        if (id !== name || !isFirst) return step(...args);
        begun[id]?.resolve();
        if (WITHOUT_BEATS.includes(name)) {
          // Nothing tells it: it does what it has begun, and then the window ends.
          await asked[id]?.promise;
          return step(...args);
        }
        return withPulse(60_000, () =>
          Context.current().cancelled.catch((reason: unknown) => {
            told.push(name);
            throw reason;
          }),
        );
      };
    }
  }
  const failures = await withWorkers(steps, (client) =>
    Promise.all(
      ids.map(async (workflowId) => {
        const handle = await start(client, input, { workflowId });
        await begun[workflowId]?.promise;
        await handle.cancel();
        asked[workflowId]?.resolve();
        return (await failureOf(handle.result())).name;
      }),
    ),
  );
  return { failures, told, called, reports: steps.reports };
}

describe('a window that is cancelled', () => {
  it('ends in whatever activity it is, once that has ended, and begins nothing after it', async () => {
    const ids = [...WITH_BEATS, ...WITHOUT_BEATS];
    const { failures, told, called, reports } = await cancelledIn(ids);
    expect(failures).toEqual(ids.map(() => 'CancelledFailure'));
    expect(told.sort()).toEqual([...WITH_BEATS].sort());
    for (const id of WITH_BEATS) {
      const last = reports.findLast(({ workflow }) => workflow.workflow_id === id);
      expect(last).toMatchObject({ state: 'cancelled', reconciled: false, failure: null });
      const late = WITH_BEATS.slice(WITH_BEATS.indexOf(id) + 1);
      expect((called[id] ?? []).filter((name) => late.includes(name))).toEqual([]);
    }
  });
});
