import { expect, test, vi } from 'vitest';
import { KeptPosition } from '../../../../activities/live/kept-position.ts';
import { ClientError } from '../../../../clients/errors.ts';
import { liveKeys, type StreamProgress } from '../../../../contracts/live.ts';
import { memoryStore } from '../../../workflow/memory-store.ts';

const [FIRST, SECOND] = ['2026-01-05T08:00Z', '2026-01-05T09:00Z'];

const progress = (batch: number, ...windows: string[]): StreamProgress => ({
  ...{ batch, at: '2026-01-05T08:00:01.000Z', records: 1, valid: 1, quarantined: 0, duplicates: 0 },
  ...{ seconds: 0.5, lag: 0, offsets: { '0': String(batch) }, windows },
});

/** A store that is away until it is told to be back; notes what was put, in its order. */
function moody() {
  const store = memoryStore();
  const put: string[] = [];
  const state = { isAway: false, refused: 0 };
  const { putJson } = store;
  store.putJson = async (key, value) => {
    if (state.isAway) {
      state.refused++;
      throw new ClientError('Unavailable', 'object store: away');
    }
    put.push(key);
    await putJson(key, value);
  };
  return { store, put, state };
}

test('an hour is there before the position goes beyond its first record, and is put once', async () => {
  const { store, put } = moody();
  const kept = new KeptPosition(store, 'live');
  kept.take(progress(1, FIRST));
  await kept.flush(10_000);
  const again = new KeptPosition(store, 'live');
  again.take(progress(2, FIRST, SECOND));
  await again.flush(10_000);
  expect(put).toEqual([liveKeys.hour(FIRST), liveKeys.position, liveKeys.hour(SECOND), liveKeys.position]);
  expect(await store.getJson(liveKeys.hour(FIRST))).toMatchObject({ window: FIRST, first_batch: 1 });
});

test('while the store is away nothing is lost: hours of every batch and the newest position come after', async () => {
  const { store, put, state } = moody();
  const kept = new KeptPosition(store, 'live');
  state.isAway = true;
  kept.take(progress(1, FIRST));
  kept.take(progress(2, SECOND));
  kept.take(progress(3));
  await vi.waitFor(() => expect(state.refused).toBeGreaterThan(0));
  state.isAway = false;
  await kept.flush(10_000);
  expect(put).toEqual([liveKeys.hour(FIRST), liveKeys.hour(SECOND), liveKeys.position]);
  expect(await store.getJson(liveKeys.position)).toMatchObject({ batch: 3, offsets: { '0': '3' } });
  expect(await store.getJson(liveKeys.hour(FIRST))).toMatchObject({ first_batch: 1 });
});

test('a store that stays away is said to, and nothing is tried behind that', async () => {
  const { store, put, state } = moody();
  const kept = new KeptPosition(store, 'live');
  state.isAway = true;
  kept.take(progress(1, FIRST));
  await expect(kept.flush(1)).rejects.toMatchObject({ code: 'Unavailable' });
  expect(kept.last).toMatchObject({ batch: 1 });
  expect(put).toEqual([]);
});
