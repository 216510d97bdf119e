import { beforeAll, describe, expect, test, vi } from 'vitest';
import type { ListeningEvent } from '../../../contracts/events.ts';
import { WINDOW_MS } from '../../../contracts/window.ts';
import { catalogueOf } from '../../../generator/catalogue.ts';
import { emitWindow, recount } from './recount.ts';

// A first window builds a catalogue, which a busy machine may take seconds for.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

type Playback = Extract<ListeningEvent, { event_type: 'track_played' | 'track_skipped' }>;

const isPlayback = (event: ListeningEvent): event is Playback => 'ms_played' in event;
const SEED = 1;
const START = Date.parse('2026-01-05T08:00Z');

let events: ListeningEvent[] = [];
let playbacks: Playback[] = [];

function grouped<T extends ListeningEvent>(of: readonly T[], by: 'listener_id' | 'session_id'): T[][] {
  const groups = new Map<string, T[]>();
  for (const event of of) {
    const group = groups.get(event[by]);
    if (group) group.push(event);
    else groups.set(event[by], [event]);
  }
  return [...groups.values()].map((group) =>
    group.toSorted((a, b) => (a.occurred_at < b.occurred_at ? -1 : a.occurred_at > b.occurred_at ? 1 : 0)),
  );
}

const share = (of: readonly Playback[], test: (playback: Playback) => boolean): number =>
  of.filter(test).length / of.length;

beforeAll(async () => {
  // No record lost to a defect: what follows looks at neighbours.
  const rates = Object.fromEntries(
    ['oversized', 'malformed_json', 'unknown_event_type', 'unsupported_version', 'missing_field']
      .concat(['wrong_type', 'invalid_value', 'impossible_value', 'time_in_future'])
      .map((reason) => [reason, 0]),
  );
  const window = '2026-01-05T08:00Z';
  const { lines } = await emitWindow({ window, events: 12_000, seed: SEED, shards: 1, rates });
  events = recount(lines, window).events;
  playbacks = events.filter(isPlayback);
});

test('there is something to look at', () => {
  expect(playbacks.length).toBeGreaterThan(10_000);
  expect(grouped(events, 'listener_id').length).toBeGreaterThan(500);
});

/** Neighbours in a group that break a rule. Collected and compared once: an `expect` a record is slow. */
function breaches<T>(groups: readonly T[][], isBroken: (before: T, after: T) => boolean): [T, T][] {
  const found: [T, T][] = [];
  for (const group of groups)
    for (const [i, after] of group.entries()) {
      const before = group[i - 1];
      if (before !== undefined && isBroken(before, after)) found.push([before, after]);
    }
  return found;
}

const occurred = (event: ListeningEvent): number => Date.parse(event.occurred_at);

describe('invariants', () => {
  test('everything is sent inside the window, after it happened', () => {
    const wrong = events.filter(({ occurred_at, sent_at }) => {
      const sent = Date.parse(sent_at);
      return sent < START || sent >= START + WINDOW_MS || occurred_at > sent_at;
    });
    expect(wrong).toEqual([]);
  });

  test('a playback is whole exactly when its track reached the end', () => {
    const duration = new Map(catalogueOf(SEED).tracks.map((track) => [track.track_id, track.duration_ms]));
    const wrong = playbacks.filter((playback) => {
      const isWhole = playback.event_type === 'track_played';
      const length = duration.get(playback.track_id) ?? -1;
      const agrees = isWhole ? playback.ms_played === length : playback.ms_played < length;
      return !agrees || isWhole !== (playback.reason_end === 'trackdone');
    });
    expect(wrong).toEqual([]);
  });

  test('a listener never hears two tracks at once', () => {
    const overlaps = breaches(
      grouped(playbacks, 'listener_id'),
      (before, after) => occurred(after) - after.ms_played < occurred(before),
    );
    expect(overlaps).toEqual([]);
  });

  test('nor in two windows: what arrives late happened while the listener was not heard of', async () => {
    const all: Playback[] = [];
    const ids = new Set<string>();
    let records = 0;
    for (let hour = 0; hour < 30; hour++) {
      const window = `${new Date(START + hour * WINDOW_MS).toISOString().slice(0, 16)}Z`;
      const asked = { window, events: 500, seed: SEED, shards: 1, rates: { late: 0.3 } };
      const found = recount((await emitWindow(asked)).lines, window).events;
      records += found.length;
      for (const event of found) {
        ids.add(event.event_id);
        if (isPlayback(event)) all.push(event);
      }
    }
    expect(ids.size).toBe(records);
    const overlaps = breaches(
      grouped(all, 'listener_id'),
      (before, after) => occurred(after) - after.ms_played < occurred(before),
    );
    expect(overlaps).toEqual([]);
  });

  test('what ended a playback starts the next', () => {
    const disagreements = breaches(grouped(playbacks, 'session_id'), (before, after) =>
      before.reason_end === 'endplay' || before.reason_end === 'logout'
        ? after.reason_start !== 'playbtn' && after.reason_start !== 'clickrow'
        : after.reason_start !== before.reason_end,
    );
    expect(disagreements).toEqual([]);
  });

  test('sessions have no gap above 30 minutes, and different sessions of a listener have one', () => {
    const gap = (before: ListeningEvent, after: ListeningEvent): number => occurred(after) - occurred(before);
    expect(breaches(grouped(events, 'session_id'), (one, next) => gap(one, next) > 1_800_000)).toEqual([]);
    const joined = breaches(
      grouped(events, 'listener_id'),
      (one, next) => one.session_id !== next.session_id && gap(one, next) <= 1_800_000,
    );
    expect(joined).toEqual([]);
    expect(grouped(events, 'session_id').length).toBeGreaterThan(grouped(events, 'listener_id').length);
  });

  test('a playlist is created before it is filled, place by place', () => {
    const filled = new Map<string, number>();
    let added = 0;
    for (const event of grouped(events, 'listener_id').flat()) {
      if (event.event_type === 'playlist_created') filled.set(event.playlist_id, 0);
      if (event.event_type !== 'playlist_track_added') continue;
      expect(event.position).toBe(filled.get(event.playlist_id));
      filled.set(event.playlist_id, event.position + 1);
      added++;
    }
    expect(added).toBeGreaterThan(20);
  });
});

describe('realism', () => {
  test('half of the playbacks are skipped, most of those at once', () => {
    const skipped = (within: number) =>
      share(playbacks, (one) => one.event_type === 'track_skipped' && one.ms_played < within);
    expect(skipped(Number.POSITIVE_INFINITY)).toBeCloseTo(0.5, 1);
    expect(Math.abs(skipped(5_000) - 0.24)).toBeLessThan(0.03);
    expect(Math.abs(skipped(30_000) - 0.35)).toBeLessThan(0.03);
  });

  test('tracks are chosen from where people choose them', () => {
    const shares = { own_collection: 0.4, catalogue: 0.23, editorial: 0.21, radio: 0.13 };
    for (const [context, expected] of Object.entries(shares))
      expect(Math.abs(share(playbacks, (one) => one.context === context) - expected)).toBeLessThan(0.03);
  });

  test('few tracks have most of the plays', () => {
    const plays = new Map<string, number>();
    for (const { track_id } of playbacks) plays.set(track_id, (plays.get(track_id) ?? 0) + 1);
    const counts = [...plays.values()].sort((a, b) => b - a);
    const top = counts.slice(0, Math.ceil(20_000 / 100)).reduce((sum, count) => sum + count, 0);
    expect(top / playbacks.length).toBeGreaterThan(0.15);
    expect(counts[0]).toBeLessThan(playbacks.length * 0.03);
  });

  test('likes follow whole playbacks', () => {
    const liked = events.filter(({ event_type }) => event_type === 'track_liked');
    expect(liked.length).toBeGreaterThan(100);
    let afterWhole = 0;
    for (const session of grouped(events, 'session_id'))
      for (const [i, event] of session.entries())
        if (event.event_type === 'track_liked' && session[i - 1]?.event_type === 'track_played') afterWhole++;
    expect(afterWhole / liked.length).toBeGreaterThan(0.8);
  });

  test('where it is night, fewer listen', async () => {
    const listenersOf = async (window: string): Promise<number> => {
      const { lines } = await emitWindow({ window, events: 5_000, seed: SEED, shards: 1 });
      const here = recount(lines, window).events.filter(({ country }) => country === 'DE');
      return new Set(here.map(({ listener_id }) => listener_id)).size;
    };
    // 18:00 and 04:00 in Berlin.
    expect(await listenersOf('2026-01-07T17:00Z')).toBeGreaterThan(
      1.5 * (await listenersOf('2026-01-07T03:00Z')),
    );
  });
});
