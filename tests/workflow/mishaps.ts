import { activityInfo } from '@temporalio/activity';
import { withActivityFailures } from '../../activities/failures.ts';
import { ClientError } from '../../clients/errors.ts';
import type { FailureType } from '../../contracts/failures.ts';
import { fakeSteps } from './fake-steps.ts';
import { start, type temporalForTests } from './harness.ts';

/** The policies' own pauses add up to minutes; a failure may say itself when to come back. */
const failing = (type: FailureType) => new ClientError(type, 'said by a test', { retryAfterMs: 1 });

export interface Mishaps<T> {
  withWorkers: ReturnType<typeof temporalForTests>;
  /** Names of workflows. */
  ids: readonly string[];
  /** What goes wrong in a workflow when it comes to an activity for the so-manieth time. */
  mishap: (id: string, activity: string, time: number) => FailureType | undefined;
  ending: (running: Promise<unknown>) => Promise<T>;
  /** What the windows are asked to be. */
  asked?: unknown;
  steps?: ReturnType<typeof fakeSteps>;
}

/** Lets the steps fail as `mishap` says. @returns how often each activity of each workflow was tried, so far */
export function withMishaps(
  { queues }: Pick<ReturnType<typeof fakeSteps>, 'queues'>,
  mishap: Mishaps<unknown>['mishap'],
): Record<string, number> {
  const tries: Record<string, number> = {};
  for (const queue of Object.values(queues)) {
    for (const [name, step] of Object.entries(queue)) {
      const { tried } = withActivityFailures({
        tried: async (...args: never[]) => {
          const id = activityInfo().workflowExecution?.workflowId ?? '';
          const time = (tries[`${id} ${name}`] ?? 0) + 1;
          tries[`${id} ${name}`] = time;
          const type = mishap(id, name, time);
          if (type) throw failing(type);
          return step(...args);
        },
      });
      queue[name] = tried;
    }
  }
  return tries;
}

/** Windows side by side, each with a workflow of its own whose name says what goes wrong in it. */
export async function windowsWith<T>(given: Mishaps<T>) {
  const { withWorkers, ids, mishap, ending, asked, steps = fakeSteps() } = given;
  const tries = withMishaps(steps, mishap);
  const endings = await withWorkers(steps, (client) =>
    Promise.all(ids.map(async (workflowId) => ending((await start(client, asked, { workflowId })).result()))),
  );
  return { endings, tries, reports: steps.reports };
}
