import { describe, expect, test } from 'vitest';
import {
  countHistory,
  type HeavyListeners,
  HeavyListenerSearch,
} from '../../../../generator/realism/histories.ts';
import { countSession, groupOf } from '../../../../generator/realism/observations.ts';
import { SessionBook } from '../../../../generator/realism/sessions.ts';
import { DayCurve } from '../../../../generator/realism/shapes.ts';
import { STATISTICS } from '../../../../generator/realism/statistics.ts';
import { estimate, GROUPS, resampled, Tally } from '../../../../generator/realism/tally.ts';
import { like, ndjson, playback } from './records.ts';

const EIGHT = Date.parse('2026-01-14T08:00Z');
const NINE = EIGHT + 3_600_000;
const LISTENER = { plan: 'premium', age_band: '13-17', habit: 'evenings' };
const MONDAY_SEVEN = { minute: 7 * 60 + 16, isWeekend: false };

function bookOf(...events: readonly unknown[]): SessionBook {
  const book = new SessionBook();
  book.read(ndjson(events), NINE);
  return book;
}

const sessionsOf = (book: SessionBook, fromMs = EIGHT - 3_600_000) => [...book.sessions(fromMs)];

describe('sessions from records', () => {
  test('are put together in order of time, whatever the order of arrival', () => {
    const [session, ...others] = sessionsOf(bookOf(playback(9), playback(3), playback(6)));
    expect(others).toEqual([]);
    expect(session?.playbacks.map(({ at }) => (at - EIGHT) / 60_000)).toEqual([3, 6, 9]);
  });

  test('leave out what is invalid and what came before', () => {
    const twice = playback(5);
    const book = bookOf(twice, { ...playback(6), ms_played: -1 }, twice, 'no object');
    expect(book.counts).toEqual({ records: 4, invalid: 2, duplicates: 1 });
    expect(sessionsOf(book)[0]?.playbacks).toHaveLength(1);
  });

  test('are left out when they may have begun before the first window', () => {
    const late = playback(50, { session_id: 's-2', occurred_at: '2026-01-13T20:00:00.000Z' });
    const book = bookOf(playback(10), playback(31, { session_id: 's-3' }), late);
    // The burst of an offline session arrives as a whole, however long ago it was heard.
    expect(sessionsOf(book, EIGHT).map(({ sessionId }) => sessionId)).toEqual(['s-3', 's-2']);
  });
});

describe('what a session adds', () => {
  const skipped = { event_type: 'track_skipped', reason_end: 'fwdbtn' } as const;
  const book = bookOf(
    playback(31, { reason_start: 'clickrow', shuffle: true }),
    playback(32, { ...skipped, ms_played: 4_999, reason_start: 'trackdone' }),
    playback(33, { ...skipped, ms_played: 29_999, reason_start: 'fwdbtn', track_id: 't-0000002' }),
    playback(34, { ...skipped, ms_played: 30_000, context: 'charts', device: 'desktop' }),
    like(31.01, 't-0000001'),
    like(33.01, 't-0000002'),
  );
  const tally = new Tally();
  for (const session of sessionsOf(book)) countSession(tally, session, LISTENER, () => MONDAY_SEVEN);
  const counts = tally.counted();
  const statistic = (id: string): number => (STATISTICS[id] as (typeof STATISTICS)[string])(counts);

  test.each([
    ['skipped', 75],
    ['skipped-5s', 25],
    ['skipped-30s', 50],
    ['skipped-position-1', 0],
    ['skipped-position-2', 100],
    ['skipped-radio', (100 * 2) / 3],
    ['skipped-charts', 100],
    ['skipped-premium', 75],
    ['skipped-teenagers', 75],
    ['mobile-minus-desktop', -100 / 3],
    ['plays-radio', 75],
    ['plays-charts', 25],
    ['plays-catalogue', 0],
    ['context-switches', 100 / 3],
    ['start-clickrow', 25],
    ['start-fwdbtn', 25],
    ['start-trackdone', 50],
    ['shuffle', 25],
    ['top-100', 100],
    // One like of one track heard out, one of three skipped.
    ['likes-after-whole', 3],
  ])('%s is %d', (id, value) => {
    expect(statistic(id)).toBeCloseTo(value, 10);
  });

  test('it counts the hour by the clock on the wall', () => {
    expect(counts.of('plays|weekday 29')).toBe(4);
    expect(counts.of('plays|weekday mobile 29')).toBe(3);
    expect(counts.of('plays|weekend 29')).toBe(0);
  });

  test('the sixth playback and those after it count as later', () => {
    const tally = new Tally();
    const long = bookOf(...Array.from({ length: 8 }, (_, i) => playback(31 + i, i === 7 ? skipped : {})));
    for (const session of sessionsOf(long)) countSession(tally, session, LISTENER, () => MONDAY_SEVEN);
    expect(tally.counted().of('plays|position=6')).toBe(3);
    expect(STATISTICS['skipped-position-6']?.(tally.counted())).toBeCloseTo(100 / 3, 10);
  });
});

describe('shapes', () => {
  /** Plays by quarter-hour: ten, and a bell of the given height around each clock time. */
  const curve = (...bells: [clock: number, height: number][]): DayCurve =>
    new DayCurve(
      Array.from({ length: 96 }, (_, quarter) =>
        bells.reduce((plays, [clock, height]) => {
          const distance = Math.abs(((quarter / 4 + 0.125 - clock + 36) % 24) - 12);
          return plays + height * Math.exp(-0.5 * (distance / 1.3) ** 2);
        }, 10),
      ),
    );

  test.each([8.4, 9, 9.7])('a peak at %d is found between its quarters', (clock) => {
    expect(curve([clock, 20]).peak(5, 13.5)).toBeCloseTo(clock, 1);
  });

  test('a slope is no peak', () => {
    expect(curve([15, 20]).peak(5, 13.5)).toBeNaN();
  });

  test('a trough may lie at midnight', () => {
    expect(curve([0, -8]).trough() % 24).toBeCloseTo(0, 1);
    expect(curve([2.5, -8]).trough()).toBeCloseTo(2.5, 1);
  });

  test('a dip is measured against the lower peak', () => {
    expect(curve([9, 10], [18, 20]).dip(13.5)).toBeCloseTo(10.05 / 19.1, 1);
    expect(curve([13.5, 20]).dip(13.5)).toBe(1);
  });
});

describe('standard errors', () => {
  test('are those of the mean when groups are listeners', () => {
    const tally = new Tally();
    const values = Array.from({ length: GROUPS }, (_, group) => (group * 7) % 11);
    for (const [group, value] of values.entries()) {
      tally.add('sum', group, value);
      tally.add('number', group);
    }
    const mean = values.reduce((sum, value) => sum + value, 0) / GROUPS;
    const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (GROUPS - 1);
    const found = estimate(resampled(tally), (counts) => counts.of('sum') / counts.of('number'));
    expect(found.value).toBeCloseTo(mean, 10);
    expect(found.standardError).toBeCloseTo(Math.sqrt(variance / GROUPS), 10);
  });

  test('the most played tracks are ranked anew without a group', () => {
    const tally = new Tally();
    for (let i = 0; i < 6; i++) tally.addPlay('a', 0);
    for (let i = 0; i < 4; i++) tally.addPlay('b', 1);
    expect(tally.counted().topShare(1)).toBe(0.6);
    expect(tally.counted(0).topShare(1)).toBe(1);
    expect(tally.counted(0).topShare(5)).toBe(1);
    tally.addPlay('c', 2);
    expect(tally.counted().topShare(1)).toBeCloseTo(6 / 11, 10);
  });
});

describe('heavy listeners', () => {
  const DAY = 86_400_000;
  const wanted: HeavyListeners = { slots: 5, plays: 120, days: 60 };
  const tracks = { artistOf: (track: number): number => track % 7, durationMs: () => 200_000 };

  /** The slot's number is how many plays a day there are in it. */
  const search = new HeavyListenerSearch(wanted, 0, tracks, (index, day, _to, sink) => {
    // The slot of number 3 changes hands.
    sink.envelope(index === 3 && day >= 35 * DAY ? 'l-other' : `l-${index}`, 's', 0, 'SE');
    for (let play = 0; play < index; play++) {
      if (!sink.playback(day, true, play, 100_000, 0, 0, false, 0)) return;
      sink.playback(day, false, 1_000 + play, 99_999, 0, 0, false, 0);
    }
    if (day > 0) return;
    sink.playlistCreated(day, 'p', '"p"');
    for (let place = 0; place < index; place++) sink.playlistTrackAdded(day, 'p', place, place);
  });
  for (let day = 0; day < wanted.days; day++) search.playDay(day);
  const found = search.found();

  test('are those who get to enough plays in time, a play being half a track', () => {
    expect(found.map(({ listenerId, plays }) => [listenerId, plays])).toEqual([
      ['l-2', 120],
      ['l-4', 120],
    ]);
  });

  test('count each artist once', () => {
    expect(found.map(({ artists }) => artists)).toEqual([2, 4]);
  });

  test('bring their playlists', () => {
    const tally = new Tally();
    for (const history of found) countHistory(tally, history);
    expect(STATISTICS['tracks-per-playlist']?.(tally.counted())).toBe(3);
    expect(STATISTICS['artists-per-heavy-listener']?.(tally.counted())).toBe(3);
  });
});

test('listeners fall into all groups', () => {
  const groups = new Set(Array.from({ length: 400 }, (_, i) => groupOf(`l-${i}`)));
  expect(groups.size).toBe(GROUPS);
});
