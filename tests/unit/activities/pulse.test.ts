import { MockActivityEnvironment } from '@temporalio/testing';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { withPulse } from '../../../activities/pulse.ts';

describe('withPulse', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  function beats(environment: MockActivityEnvironment): unknown[] {
    const seen: unknown[] = [];
    environment.on('heartbeat', (details) => seen.push(details));
    return seen;
  }

  it('beats while the work is silent, with what was noted last', async () => {
    const environment = new MockActivityEnvironment();
    const seen = beats(environment);
    await environment.run(() =>
      withPulse(60_000, async (pulse) => {
        await vi.advanceTimersByTimeAsync(4_000);
        pulse.note({ sent: 7 });
        await vi.advanceTimersByTimeAsync(4_000);
      }),
    );
    expect(seen).toEqual([{}, {}, {}, { sent: 7 }, { sent: 7 }]);
  });

  it('stops beating when there has been no sign of life for too long, and goes on after one', async () => {
    const environment = new MockActivityEnvironment();
    const seen = beats(environment);
    await environment.run(() =>
      withPulse(10_000, async (pulse) => {
        await vi.advanceTimersByTimeAsync(60_000);
        expect(seen.length).toBe(6);
        pulse.note({ alive: true });
        await vi.advanceTimersByTimeAsync(2_000);
      }),
    );
    expect(seen.at(-1)).toEqual({ alive: true });
  });

  it('ends with the work, whether it failed or not', async () => {
    const environment = new MockActivityEnvironment();
    const seen = beats(environment);
    const failing = environment.run(() =>
      withPulse(60_000, async () => {
        throw new Error('no');
      }),
    );
    await expect(failing).rejects.toThrow('no');
    await vi.advanceTimersByTimeAsync(10_000);
    expect(seen.length).toBe(1);
  });
});
