import { beforeAll, describe, expect, test, vi } from 'vitest';
import { generatedWorld } from '../../generator/realism/generated-world.ts';
import { type Observed, observe, scoreObserved, type World } from '../../generator/realism/run.ts';
import type { Row } from '../../generator/realism/scorecard.ts';
import type { ObservedPlayback } from '../../generator/realism/sessions.ts';
import { Random } from '../../generator/random.ts';

// A fortnight of a world, and twenty months of a thousand listeners.
vi.setConfig({ testTimeout: 300_000, hookTimeout: 600_000 });

/** As `npx reprise realism` has it. */
const world = generatedWorld(1, 3_000);
let observed: Observed;

beforeAll(async () => {
  observed = await observe(world, {
    start: '2026-01-14T00:00Z',
    days: 14,
    heavy: { slots: 1_000, plays: 9_000, days: 600 },
  });
});

test('the generated world meets every target', async () => {
  const { rows, counted } = await scoreObserved(world, observed);
  expect(counted.playbacks).toBeGreaterThan(500_000);
  expect(counted.heavyListeners).toBeGreaterThan(20);
  const missed = rows
    .filter(({ verdict }) => verdict !== 'met')
    .map(({ id, verdict, observed, tolerance }) => ({ id, verdict, observed, tolerance }));
  expect(missed).toEqual([]);
});

/** The playbacks with the values of `fields` dealt out anew among all of them: each on average as before. */
function dealt(sessions: Observed['sessions'], ...fields: (keyof ObservedPlayback)[]): Observed['sessions'] {
  const random = new Random('dealt');
  const all = sessions.flatMap(({ playbacks }) => playbacks);
  for (let last = all.length - 1; last > 0; last--) {
    const place = random.below(last + 1);
    [all[last], all[place]] = [all[place] as ObservedPlayback, all[last] as ObservedPlayback];
  }
  let next = 0;
  return sessions.map((session) => ({
    ...session,
    playbacks: session.playbacks.map((playback) => {
      const other = all[next++] as ObservedPlayback;
      return { ...playback, ...Object.fromEntries(fields.map((field) => [field, other[field]])) };
    }),
  }));
}

describe('without one of its effects, the same world fails', () => {
  let some: Observed['sessions'] = [];
  beforeAll(() => {
    some = observed.sessions.filter((_, place) => place % 3 === 0);
  });

  /** Rows that are no longer met. */
  async function missed(sessions: Observed['sessions'], rules: Partial<World> = {}): Promise<string[]> {
    const { rows } = await scoreObserved({ ...world, ...rules }, { ...observed, sessions });
    return rows.filter(({ verdict }: Row) => verdict !== 'met').map(({ id }) => id);
  }

  test('when skips fall on any playback', async () => {
    const rows = await missed(dealt(some, 'isSkipped', 'msPlayed'));
    expect(rows).toEqual(
      expect.arrayContaining([
        ...['skipped-position-1', 'skipped-position-2', 'skipped-catalogue', 'skipped-personalised'],
        ...['skipped-own_collection', 'skipped-radio', 'skipped-charts', 'free-minus-premium'],
        ...['mobile-minus-desktop', 'teenagers-minus-thirties'],
      ]),
    );
    expect(rows.filter((id) => ['skipped', 'skipped-5s', 'skipped-30s'].includes(id))).toEqual([]);
  });

  test('when the context and the device change from track to track', async () => {
    const rows = await missed(dealt(some, 'context', 'device'));
    expect(rows).toEqual(
      expect.arrayContaining(['context-switches', 'mobile-minus-desktop', 'desktop-minus-mobile']),
    );
    expect(rows.filter((id) => id.startsWith('plays-'))).toEqual([]);
  });

  test('when everybody lives by the clock of Greenwich', async () => {
    const rows = await missed(some, { clock: (_country, atMs) => world.clock('GB', atMs) });
    expect(rows).toEqual(
      expect.arrayContaining(['weekend-0-4', 'weekend-5-9', 'weekend-10-15', 'weekday-morning']),
    );
  });
});
