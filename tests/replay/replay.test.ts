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

describe('histories of windows', () => {
  it('tell of every ending', () => {
    expect(histories.sort()).toEqual(
      expect.arrayContaining(['cancelled.json', 'completed.json', 'failed.json']),
    );
  });

  it.each(histories)('%s replays under the workflows of today', async (name) => {
    await expect(replay(read(name))).resolves.toBeUndefined();
  });

  it('would not replay when a step had another name', async () => {
    const changed = read('completed.json').replaceAll('"publishShard"', '"shardPublish"');
    await expect(replay(changed)).rejects.toThrow(/Nondeterminism/i);
  });
});
