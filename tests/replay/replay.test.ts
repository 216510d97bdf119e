import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
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

const WORKFLOW_ID = 'window/2026-01-05T08:00Z';

interface HistoryEvent {
  eventType: string;
  workflowExecutionStartedEventAttributes?: unknown;
}

let codePath: string;
beforeAll(async () => {
  Runtime.install({ logger: new DefaultLogger('ERROR') });
  codePath = await workflowBundle(loadConfig().paths);
});

const read = (name: string) =>
  JSON.parse(readFileSync(join(folder, name), 'utf8')) as { events: HistoryEvent[] };

describe('histories of windows', () => {
  it('tell of every ending', () => {
    expect(histories.sort()).toEqual(
      expect.arrayContaining(['cancelled.json', 'completed.json', 'failed.json']),
    );
  });

  it.each(histories)('%s replays under the workflows of today', async (name) => {
    const replay = Worker.runReplayHistory({ workflowBundle: { codePath } }, read(name), WORKFLOW_ID);
    await expect(replay).resolves.toBeUndefined();
  });

  it('would not replay when the order of the steps were another', async () => {
    const history = read('completed.json');
    const text = JSON.stringify(history).replaceAll('"publishShard"', '"shardPublish"');
    const changed = JSON.parse(text) as typeof history;
    await expect(
      Worker.runReplayHistory({ workflowBundle: { codePath } }, changed, WORKFLOW_ID),
    ).rejects.toThrow(/Nondeterminism/i);
  });
});
