import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import proto from '@temporalio/proto';
import { DefaultLogger, Runtime, Worker } from '@temporalio/worker';
import { beforeAll, describe, expect, it } from 'vitest';
import { loadConfig } from '../../config/config.ts';
import { workflowBundle } from '../../workers/bundle.ts';

/**
 * Histories of windows that really ran, one file an ending. They are never changed: a window that was started by an older
 * worker must be able to go on under today's workflows. A new way through the workflow gets a new file.
 */
const folder = join(import.meta.dirname, 'histories');
const histories = readdirSync(folder).filter((name) => name.endsWith('.json'));

let codePath: string;
beforeAll(async () => {
  Runtime.install({ logger: new DefaultLogger('ERROR') });
  codePath = await workflowBundle(loadConfig().paths);
});

const read = (name: string): string => readFileSync(join(folder, name), 'utf8');

/** The files hold the message as protobufjs writes it, times as seconds and nanoseconds. */
const replay = (history: string): Promise<void> =>
  Worker.runReplayHistory(
    { workflowBundle: { codePath } },
    proto.temporal.api.history.v1.History.fromObject(JSON.parse(history) as object),
    'window/2026-01-05T08:00Z',
  );

const ENDINGS = ['COMPLETED', 'FAILED', 'CANCELED'];

/** What the last event of the history says. */
function endingOf(name: string): string | undefined {
  const { events } = JSON.parse(read(name)) as { events: { eventType: string }[] };
  return events.at(-1)?.eventType.replace('EVENT_TYPE_WORKFLOW_EXECUTION_', '');
}

describe('histories of windows', () => {
  it('tell of every ending', () => {
    expect([...new Set(histories.map(endingOf))]).toEqual(expect.arrayContaining(ENDINGS));
  });

  it.each(histories)('%s replays under the workflows of today', async (name) => {
    await expect(replay(read(name))).resolves.toBeUndefined();
  });

  it('would not replay when a step had another name', async () => {
    const changed = read('completed.json').replaceAll('"publishShard"', '"shardPublish"');
    await expect(replay(changed)).rejects.toThrow(/Nondeterminism/i);
  });
});
