import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Context } from '@temporalio/activity';
import type { Client, WorkflowHandle } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { describe, expect, it } from 'vitest';
import type { ReplayScope } from '../../contracts/replay-plan.ts';
import type { WindowProgress } from '../../contracts/report.ts';
import { PROGRESS_QUERY, REPLAY_PLAN_WORKFLOW, TASK_QUEUES } from '../../contracts/task-queues.ts';
import * as workflows from '../../workflows/index.ts';
import { amending, fakeSteps } from '../workflow/fake-steps.ts';
import { input, start, temporalForTests } from '../workflow/harness.ts';
import { type Commands, commandsOf } from './command-text.ts';
import { changedBundle, GATED, UNGATED } from './changed-workflow.ts';
import { explainChange } from './explain-change.ts';
import { STREAM_WAYS } from './stream-ways.ts';

/**
 * The commands of each workflow, by the ways through it, written down. A history that was recorded replays under a new
 * version only when the commands are the same in the same order, so a change of these files is a change that running
 * windows notice. How to make one: docs/processes/change-a-workflow.md.
 */
const folder = join(import.meta.dirname, 'fingerprints');
const isWriting = (): boolean => expect.getState().snapshotState?.snapshotUpdateState === 'all';

const withWorkers = temporalForTests();
const airflow = { dag_id: 'listening_window', run_id: 'r', task_id: 't', try_number: 1 };

/** Runs until its signal is aborted, and says so to the server meanwhile. */
async function untilCancelled(): Promise<never> {
  const { cancelled, heartbeat } = Context.current();
  const beats = setInterval(heartbeat, 50);
  return cancelled.finally(() => clearInterval(beats));
}

interface Way {
  steps?: Parameters<typeof fakeSteps>[0];
  given?: object;
  cancelIn?: string;
  /** After a run that came through. */
  again?: boolean;
  /** Not a window but the plan of a replay. */
  scope?: ReplayScope;
  /** Not a window but the resident stream. */
  stream?: (typeof STREAM_WAYS)[string];
}

const WAYS: Record<string, Record<string, Way>> = {
  listeningWindow: {
    'a window that completes': { given: { ...input, airflow } },
    'a window of which one shard is refused': {
      steps: {
        publishShard: async ({ shard }) => {
          if (shard.shard === 0) throw ApplicationFailure.nonRetryable('not allowed', 'AccessDenied');
          return untilCancelled();
        },
      },
    },
    'a window that is played again from build': { again: true, given: { ...input, from_step: 'build' } },
    'a window whose ledger is amended by mended rules': {
      ...{ again: true, steps: amending, given: { ...input, from_step: 'build', amend: true } },
    },
    'an hour that filled by itself': { given: { ...input, source: 'live' } },
    'such an hour that is played again': { given: { ...input, source: 'live', from_step: 'generate' } },
    'a window that is cancelled': { steps: { ingestWindow: untilCancelled }, cancelIn: 'ingestWindow' },
  },
  liveStream: Object.fromEntries(
    Object.entries(STREAM_WAYS).map(([name, stream]) => [`a ${name}`, { stream }]),
  ),
  replayPlan: { 'a plan': { scope: { from: input.window, to: input.window, failed: true } } },
};

const progressOf = (handle: WorkflowHandle): Promise<WindowProgress> => handle.query(PROGRESS_QUERY);

/**
 * The first report hangs until the window is over. Otherwise the number of reports, and where they stand between the steps,
 * would be a matter of speed.
 */
async function commandsOfWay(
  { steps: replaced, given = input, cancelIn, again, scope, stream }: Way,
  codePath?: string,
): Promise<Commands> {
  if (stream) return commandsOf(await stream(withWorkers));
  if (scope) return withWorkers(fakeSteps(), (client) => commandsOfPlan(client, scope));
  const over = Promise.withResolvers<void>();
  const reached = Promise.withResolvers<void>();
  const earlier = fakeSteps();
  if (again) await withWorkers(earlier, async (client) => (await start(client)).result());
  const steps = fakeSteps({ ...replaced, recordReport: () => over.promise }, earlier.store);
  for (const queue of Object.values(steps.queues)) {
    for (const [name, step] of Object.entries(queue)) {
      queue[name] = (...args) => {
        if (name === cancelIn) reached.resolve();
        return step(...args);
      };
    }
  }
  const work = async (client: Client): Promise<Commands> => {
    const handle = await start(client, given);
    if (cancelIn) {
      await reached.promise;
      await handle.cancel();
    }
    while ((await progressOf(handle)).state === 'running');
    over.resolve();
    await handle.result().catch(() => undefined);
    return commandsOf(await handle.fetchHistory());
  };
  return withWorkers(steps, work, codePath ? { codePath } : {});
}

async function commandsOfPlan(client: Client, scope: ReplayScope): Promise<Commands> {
  const plan = { workflowId: 'a plan', taskQueue: TASK_QUEUES.control, args: [scope] };
  const handle = await client.workflow.start(REPLAY_PLAN_WORKFLOW, plan);
  await handle.result();
  return commandsOf(await handle.fetchHistory());
}

const written = (workflow: string): string => {
  const file = join(folder, `${workflow}.txt`);
  return existsSync(file) ? readFileSync(file, 'utf8') : '';
};

async function fingerprint(ways: Record<string, Way>, codePath?: string): Promise<string> {
  const found: string[] = [];
  const limits = new Set<string>();
  for (const [name, way] of Object.entries(ways)) {
    const commands = await commandsOfWay(way, codePath);
    found.push(`# ${name}`, ...commands.sequence, '');
    for (const line of commands.limits) limits.add(line);
  }
  return [...found, '# limits of 100 events in 2 shards', ...[...limits].sort(), ''].join('\n');
}

describe('the commands of every workflow', () => {
  it('are written down', () => {
    expect(Object.keys(WAYS).length).toBeGreaterThan(0);
    expect(Object.keys(WAYS)).toEqual(Object.keys(workflows));
  });

  it.each(Object.entries(WAYS))('%s tells the server what is written down', async (workflow, ways) => {
    const today = await fingerprint(ways);
    if (isWriting()) writeFileSync(join(folder, `${workflow}.txt`), today);
    const before = written(workflow);
    expect(today, explainChange(workflow, before, today)).toBe(before);
  });

  it.each([
    ['without a patch', UNGATED, "Put the change behind patched('<its name>')"],
    ['behind a patch', GATED, 'A patch marker is new or gone.'],
  ])('would not be when a step is new %s', async (_, edits, advice) => {
    const [[workflow, ways] = ['', {}]] = Object.entries(WAYS);
    const [name = '', way = {}] = Object.entries(ways)[0] ?? [];
    const { sequence } = await commandsOfWay(way, await changedBundle(edits));
    const before = written(workflow).split('\n\n# ')[0] ?? '';
    const said = explainChange(workflow, before, [`# ${name}`, ...sequence].join('\n'));
    expect(said).toContain('+ finishGeneration(request)');
    expect(said).toContain(advice);
  });

  it('may have other limits: a history does not go by them', () => {
    const [before, after] = ['4m', '5m'].map(
      (limit) =>
        `# a window\nloadWindow(window)\n\n# limits of 100 events\nloadWindow: queue, start to close ${limit}`,
    );
    const said = explainChange('listeningWindow', before ?? '', after ?? '');
    expect(said).toContain('running windows go on either way');
    expect(said).not.toContain('patched(');
  });
});
