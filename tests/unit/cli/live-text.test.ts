import { describe, expect, test } from 'vitest';
import { liveText, producerText, streamText } from '../../../cli/live-text.ts';
import type { LiveView } from '../../../cli/live-workflow.ts';
import type { StreamProgress } from '../../../contracts/live.ts';

const progress: StreamProgress = {
  ...{ batch: 42, at: '2026-01-05T08:00:12.345Z', records: 12_345, valid: 12_000, quarantined: 300 },
  ...{ duplicates: 45, seconds: 1.26, lag: 2_000, offsets: { '0': '1' }, windows: [] },
};
const running: LiveView = {
  state: 'running',
  status: {
    phase: 'running',
    requested_by: 'command line',
    started_at: '2026-01-05T07:30:00.000Z',
    input: {
      requested_by: 'command line',
      producer: { rate: 500, speed: 24, seed: 7 },
      trigger_ms: 1_000,
      max_records_per_batch: 50_000,
    },
    producer: 'running',
    producer_failure: null,
  },
  stream: { attempt: 1, state: 'runs', heard: { state: 'running', progress }, failure: null },
  producer: {
    attempt: 1,
    state: 'runs',
    heard: { position: Date.parse('2026-01-06T03:04:05Z'), sent: 98_765, behind_ms: 20, skipped_ms: 0 },
    failure: null,
  },
  failure: null,
  left: null,
};
const nowMs = Date.parse('2026-01-05T09:00:00Z');

describe('a stream that runs', () => {
  test('says how far it is, in three lines', () => {
    expect(liveText(running, nowMs).split('\n')).toEqual([
      'live      running since 2026-01-05T07:30Z (1 h 30 min), asked for by command line',
      'stream    batch 42 at 08:00:12: 12,345 records in 1.3 s, 2,000 behind',
      'producer  500 records/s, speed 24, seed 7; 98,765 sent; at 2026-01-06T03:04Z',
    ]);
  });

  test('says what it failed with before, and what it waits for', () => {
    const attempts = { attempt: 3, state: 'waits', heard: null, failure: 'stream: no broker' } as const;
    expect(streamText({ ...running, stream: attempts })).toBe(
      'starts again soon (attempt 3); it failed: stream: no broker',
    );
    expect(streamText({ ...running, stream: { ...attempts, state: 'runs' } })).toBe(
      'is starting, attempt 3 after: stream: no broker',
    );
    expect(streamText({ ...running, stream: { ...attempts, attempt: 1 } })).toBe(
      'waits for the worker of the live queue; `npx reprise up` starts it',
    );
    expect(streamText({ ...running, stream: null })).toBe('not started yet');
  });

  test('says when its producer is behind, has passed something over, has ended or was never wanted', () => {
    const heard = { position: nowMs, sent: 5, behind_ms: 65_000, skipped_ms: 7_200_000 };
    const late = { attempt: 1, state: 'runs', heard, failure: null } as const;
    expect(producerText({ ...running, producer: late })).toContain('1 min behind; passed over 2 h 0 min');
    const { status } = running;
    if (!status) throw new Error('there is one');
    const failed = { ...status, producer: 'failed', producer_failure: 'InvalidInput: no such year' } as const;
    expect(producerText({ ...running, status: failed, producer: null })).toBe(
      'has ended for good: InvalidInput: no such year',
    );
    const alone = { ...status, input: { ...status.input, producer: null } };
    expect(producerText({ ...running, status: alone, producer: null })).toBe(
      'none: others write to the topic',
    );
    const preparing = { ...status, phase: 'preparing' } as const;
    expect(producerText({ ...running, status: preparing, producer: null })).toContain('writes its catalogue');
  });

  test('says so when nobody of the workflows answers', () => {
    expect(liveText({ ...running, status: null }, nowMs)).toContain('no worker of the workflows answers');
  });
});

test('one that does not run says how it is started', () => {
  const ended = { ...running, status: null, stream: null, producer: null };
  expect(liveText(undefined, nowMs)).toContain('npx reprise live start');
  expect(liveText({ ...ended, state: 'stopped' }, nowMs)).toBe(
    'the stream is stopped; `npx reprise live start` goes on from there',
  );
  const [started_at, stopped_at] = ['2026-01-05T07:30:00.000Z', '2026-01-05T08:30:00.000Z'];
  const position = { stream: 'live', batch: 42, at: stopped_at, offsets: {} };
  const producer = { position: 0, sent: 98_765, behind_ms: 0, skipped_ms: 0 };
  const left = { started_at, stopped_at, position, producer, failure: null };
  expect(liveText({ ...ended, state: 'stopped', left }, nowMs)).toBe(
    'the stream is stopped, at batch 42, 98,765 records were sent; `npx reprise live start` goes on from there',
  );
  const cut = { ...left, position: null, failure: 'TimedOut: silent' };
  expect(liveText({ ...ended, state: 'stopped', left: cut }, nowMs)).toContain(
    'what arrived last it could not take, the next start does: TimedOut: silent',
  );
  expect(liveText({ ...ended, state: 'failed', failure: 'the job is not there' }, nowMs)).toContain(
    'the stream has failed: the job is not there',
  );
});
