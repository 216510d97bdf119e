import { Context } from '@temporalio/activity';
import { Client, Connection } from '@temporalio/client';
import { MockActivityEnvironment } from '@temporalio/testing';
import { describe, expect, it } from 'vitest';
import { lookAtStream, type StreamRun } from '../../activities/stream-run.ts';
import { connectLiveWorkflow, type LiveWorkflow } from '../../cli/live-workflow.ts';
import type { StreamHeartbeat } from '../../contracts/live.ts';
import { crash, fakeStream, LIVE_INPUT, POSITION } from './fake-stream.ts';
import { temporalServer } from './harness.ts';

const { address, withWorkers } = temporalServer();
const within = { timeout: 20_000 };

const HEARTBEAT: StreamHeartbeat = {
  state: 'running',
  progress: {
    ...{ batch: 7, at: POSITION.at, records: 10, valid: 10, quarantined: 0, duplicates: 0 },
    ...{ seconds: 0.5, lag: 3, offsets: POSITION.offsets, windows: [] },
  },
};

async function connected<T>(work: (live: LiveWorkflow) => Promise<T>): Promise<T> {
  const live = await connectLiveWorkflow({ address: address(), namespace: 'default' });
  try {
    return await work(live);
  } finally {
    await live.close();
  }
}

/** As an activity of a window sees it. */
async function seenFromActivity(): Promise<StreamRun | undefined> {
  const connection = await Connection.connect({ address: address() });
  try {
    const environment = new MockActivityEnvironment({}, { client: new Client({ connection }) });
    return await environment.run<[], StreamRun | undefined, typeof lookAtStream>(lookAtStream);
  } finally {
    await connection.close();
  }
}

describe('the stream, as the command line sees it', () => {
  it('has never been, runs, says how far it is and what went wrong before, and is stopped', async () => {
    let attempts = 0;
    const stream = fakeStream({
      superviseStream: async () => {
        if (++attempts === 1) throw crash('killed');
        const { cancelled, heartbeat } = Context.current();
        const beats = setInterval(() => heartbeat(HEARTBEAT), 50);
        await cancelled.catch(() => undefined);
        clearInterval(beats);
        return POSITION;
      },
    });
    await connected(async (live) => {
      expect(await live.look()).toBeUndefined();
      expect(await seenFromActivity()).toBeUndefined();
      await live.askToStop();
      await withWorkers(
        stream,
        async () => {
          expect(await live.begin(LIVE_INPUT)).toBe(true);
          await expect.poll(async () => (await live.look())?.stream?.heard, within).toEqual(HEARTBEAT);
          expect(await live.look()).toMatchObject({
            state: 'running',
            status: { phase: 'running', producer: 'running', input: LIVE_INPUT },
            stream: { attempt: 2, state: 'runs', failure: 'killed' },
            producer: { attempt: 1, state: 'runs' },
          });
          expect(await seenFromActivity()).toEqual({
            state: 'running',
            heardAtMs: expect.closeTo(Date.now(), -6) as number,
          });
          expect(await live.begin(LIVE_INPUT)).toBe(false);
          await live.askToStop();
          await expect.poll(async () => (await live.look())?.state, within).toBe('stopped');
          expect((await live.look())?.left).toMatchObject({ position: POSITION, producer: { sent: 10 } });
          expect(await seenFromActivity()).toEqual({
            state: 'stopped',
            endedAtMs: expect.closeTo(Date.now(), -6) as number,
          });
          expect(await live.begin({ ...LIVE_INPUT, producer: null })).toBe(true);
          await live.askToStop();
          await expect.poll(async () => (await live.look())?.state, within).toBe('stopped');
        },
        { capabilities: ['control', 'live'] },
      );
    });
  });

  it('waits, when no worker is there to take it', async () => {
    await connected(async (live) => {
      await live.begin(LIVE_INPUT);
      expect(await live.look()).toMatchObject({ state: 'running', status: null, stream: null });
      await withWorkers(
        fakeStream(),
        async () => {
          await expect.poll(async () => (await live.look())?.status?.phase, within).toBe('running');
          await live.askToStop();
          await expect.poll(async () => (await live.look())?.state, within).toBe('stopped');
        },
        { capabilities: ['control', 'live'] },
      );
    });
  });

  it('is nowhere to be asked for when there is no server', async () => {
    const nowhere = { address: '127.0.0.1:1', namespace: 'default' };
    await expect(connectLiveWorkflow(nowhere, 500)).rejects.toMatchObject({
      message: 'Temporal does not answer at 127.0.0.1:1',
      mend: 'npx reprise up',
    });
  });
});
