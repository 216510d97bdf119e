import fc from 'fast-check';
import { beforeAll, describe, expect, test, vi } from 'vitest';
import type { ListeningEvent } from '../../../contracts/events.ts';
import { windowIdAt, windowStartMs } from '../../../contracts/window.ts';
import { anyLosslessRates, anySeed, anyShape, anyWindow, losslessRates } from './arbitraries.ts';
import { type HeardWindows, hear } from './heard.ts';
import {
  breaches,
  grouped,
  type Heard,
  isPlayback,
  type Playback,
  RULES,
  type RuleName,
} from './invariants.ts';

// Every new seed builds a catalogue, which a busy machine may take seconds for.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

test('in any window of any world, what is heard is possible', async () => {
  await fc.assert(
    fc.asyncProperty(
      anySeed,
      anyWindow,
      fc.integer({ min: 1, max: 2_500 }),
      anyShape,
      anyLosslessRates,
      async (seed, window, events, volume_shape, rates) => {
        const heard = await hear(window, 1, { events, seed, shards: 1, volume_shape, rates });
        expect(breaches(heard)).toEqual([]);
      },
    ),
    { numRuns: 20, endOnFailure: true },
  );
});

test('so it is in windows one after another', async () => {
  await fc.assert(
    fc.asyncProperty(
      anySeed,
      anyWindow,
      fc.integer({ min: 400, max: 1_600 }),
      anyShape,
      anyLosslessRates,
      async (seed, window, events, volume_shape, rates) => {
        const heard = await hear(window, 4, { events, seed, shards: 1, volume_shape, rates });
        expect(new Set(heard.events.map(({ event_id }) => event_id)).size).toBe(heard.events.length);
        expect(breaches(heard)).toEqual([]);
      },
    ),
    { numRuns: 8, endOnFailure: true },
  );
});

describe('a Monday in one world', () => {
  let heard: HeardWindows;
  let playbacks: Playback[];
  const rates = losslessRates({ duplicate: 0.01, late: 0.05, out_of_order: 0.01 });

  beforeAll(async () => {
    heard = await hear('2026-01-05T00:00Z', 24, { events: 2_500, seed: 1, shards: 1, rates });
    playbacks = heard.events.filter(isPlayback);
  });

  test('a day breaks no rule', () => {
    expect(breaches(heard)).toEqual([]);
  });

  test('everything that the rules are about occurs', () => {
    const types = Map.groupBy(heard.events, ({ event_type }) => event_type);
    for (const type of ['track_played', 'track_skipped', 'track_liked', 'playlist_track_added'] as const)
      expect(types.get(type)?.length, type).toBeGreaterThan(200);
    expect(types.get('playlist_created')?.length).toBeGreaterThan(5);
    expect(playbacks.filter(({ offline }) => offline).length).toBeGreaterThan(500);
    const values = (of: (playback: Playback) => unknown): number => new Set(playbacks.map(of)).size;
    expect(values(({ reason_start }) => reason_start)).toBeGreaterThanOrEqual(6);
    expect(values(({ reason_end }) => reason_end)).toBeGreaterThanOrEqual(6);
    expect(values(({ context }) => context)).toBe(6);
    expect(values(({ device }) => device)).toBe(6);
    expect(values(({ country }) => country)).toBeGreaterThan(15);
    expect(playbacks.some(({ shuffle }) => shuffle)).toBe(true);
  });

  test('sessions go across the hour, devices are switched, and listeners come back', () => {
    const sessions = grouped(heard.events, 'session_id');
    const hours = (session: ListeningEvent[]): number =>
      new Set(session.map(({ sent_at }) => sent_at.slice(0, 13))).size;
    expect(sessions.filter((session) => hours(session) > 1).length).toBeGreaterThan(100);
    const devices = (session: ListeningEvent[]): number => new Set(session.map(({ device }) => device)).size;
    expect(sessions.filter((session) => devices(session) > 1).length).toBeGreaterThan(20);
    expect(sessions.length).toBeGreaterThan(grouped(heard.events, 'listener_id').length * 1.05);
  });

  test('what is skipped at once and what is heard again occur', () => {
    expect(playbacks.filter(({ ms_played }) => ms_played < 5_000).length).toBeGreaterThan(1_000);
    const repeated = grouped(playbacks, 'session_id').flatMap((session) =>
      session.filter((playback, i) => i > 0 && playback.track_id === session[i - 1]?.track_id),
    );
    expect(repeated.length).toBeGreaterThan(100);
    expect(repeated.some(({ reason_start }) => reason_start === 'backbtn')).toBe(true);
  });

  test('a like follows what was heard out, far more often than a skip', () => {
    let afterWhole = 0;
    let likes = 0;
    for (const session of grouped(heard.events, 'session_id')) {
      let last: Playback | undefined;
      for (const event of session) {
        if (isPlayback(event)) last = event;
        if (event.event_type !== 'track_liked' || !last) continue;
        likes++;
        if (last.event_type === 'track_played') afterWhole++;
      }
    }
    expect(likes).toBeGreaterThan(200);
    expect(afterWhole / likes).toBeGreaterThan(0.85);
  });

  test('each country listens by its own clock', () => {
    // Local time, in January: when people are awake, and when hardly anybody is.
    const offsets = { US: -6, GB: 0, DE: 1, IN: 5.5, JP: 9, BR: -3 };
    for (const [country, offset] of Object.entries(offsets)) {
      const hours = new Array<number>(24).fill(0);
      // Of what was asked for in each hour, since every window holds as many: a share of the world.
      for (const { country: where, occurred_at, offline } of playbacks) {
        if (where !== country || offline) continue;
        const hour = Math.floor((Date.parse(occurred_at) / 3_600_000 + offset) % 24);
        hours[hour] = (hours[hour] as number) + 1;
      }
      const sum = (from: number, to: number): number =>
        hours.slice(from, to).reduce((all, one) => all + one, 0);
      expect(sum(1, 5) / 4, `${country} at night`).toBeLessThan((sum(9, 21) / 12) * 0.5);
    }
  });
});

describe('every rule reports what breaks it', () => {
  let session: Playback[] = [];
  let heard: Heard;

  beforeAll(async () => {
    const start = windowStartMs('2026-01-05T08:00Z');
    heard = await hear(windowIdAt(start), 1, {
      events: 1_500,
      seed: 1,
      shards: 1,
      rates: losslessRates({ duplicate: 0, late: 0, out_of_order: 0 }),
    });
    const late = start + 31 * 60_000;
    const begun = (of: Playback[]): number => Date.parse(of[0]?.occurred_at ?? '') - (of[0]?.ms_played ?? 0);
    const alone = grouped(heard.events, 'session_id').filter((events) => events.every(isPlayback));
    session = alone.find((events) => begun(events) > late && events.length >= 5) ?? [];
    if (session.length === 0) throw new Error('no session to break');
  });

  const at = (event: ListeningEvent, ms: number): string =>
    new Date(Date.parse(event.occurred_at) + ms).toISOString();
  const playlist = (event: Playback, place: number, position: number): ListeningEvent => {
    const { event_id, schema_version, sent_at, listener_id, session_id, device, country, source } = event;
    const envelope = { event_id, schema_version, listener_id, session_id, device, country, source } as const;
    const occurred_at = at(event, 1 + place);
    return position < 0
      ? {
          ...envelope,
          event_type: 'playlist_created',
          occurred_at,
          sent_at,
          playlist_id: 'p-1',
          playlist_name: 'x',
        }
      : {
          ...envelope,
          ...{ event_type: 'playlist_track_added', occurred_at, sent_at, playlist_id: 'p-1' },
          ...{ track_id: event.track_id, position },
        };
  };
  const like = (event: Playback, track_id: string): ListeningEvent => {
    const { event_id, schema_version, listener_id, session_id, device, country, source, context } = event;
    const envelope = { event_id, schema_version, listener_id, session_id, device, country, source } as const;
    const occurred_at = at(event, 1);
    return { ...envelope, event_type: 'track_liked', occurred_at, sent_at: event.sent_at, track_id, context };
  };

  type Broken = (session: Playback[]) => ListeningEvent[];
  const changed =
    (place: number, change: (event: Playback) => Partial<Playback>): Broken =>
    (session) =>
      session.map((event, i) => (i === place ? { ...event, ...change(event) } : event));

  const BROKEN: Record<RuleName, Broken> = {
    'a listener never hears two tracks at once': changed(1, ({ ms_played }) => ({
      ms_played: ms_played + 3_600_000,
    })),
    'no track sounds longer than it is': changed(0, () => ({ ms_played: 1_300_000 })),
    'heard out is what reached the last tenth': changed(0, () => ({
      event_type: 'track_played',
      reason_end: 'fwdbtn',
      ms_played: 300,
    })),
    'what ends a playback starts the next of the session': changed(2, () => ({ reason_start: 'appload' })),
    'the first playback of a session is started by the listener': changed(0, () => ({
      reason_start: 'trackdone',
    })),
    'what ends the listening is the end of the session': changed(0, () => ({ reason_end: 'logout' })),
    'the music moves to another device when it is handed over, and only then': changed(0, () => ({
      reason_end: 'remote',
    })),
    'a session has no gap of 30 minutes': changed(0, (event) => ({ occurred_at: at(event, -3_600_000) })),
    'between two sessions of a listener are more than 30 minutes': changed(2, () => ({ session_id: 's-x' })),
    'a session has one listener, a listener one country': changed(2, () => ({ country: 'XX' })),
    'everything is sent in its window, after it happened': changed(2, (event) => ({
      sent_at: at(event, -1),
    })),
    'what was heard offline comes in a later hour, all else at once': changed(2, () => ({ offline: true })),
    'a like is of the track that was just played': (session) => [
      ...session,
      like(session[1] as Playback, 't-0000000'),
    ],
    'a playlist is created once, and filled place by place': (session) => [
      ...session,
      playlist(session[0] as Playback, 0, -1),
      playlist(session[0] as Playback, 1, 1),
    ],
    'a playlist begins with the track that was just played': (session) => [
      ...session,
      playlist(session[0] as Playback, 0, -1),
      { ...playlist(session[0] as Playback, 1, 0), track_id: 't-0000000' } as ListeningEvent,
    ],
    'nothing is played, liked or kept before it came out': (session) => session,
  };

  test.each(Object.keys(RULES) as RuleName[])('%s', (name) => {
    const track: Heard['track'] = name.startsWith('nothing is played')
      ? (trackId) => ({ ...heard.track(trackId), releasedOn: '2026-01-06' })
      : heard.track;
    expect([...RULES[name]({ ...heard, events: session })]).toEqual([]);
    expect([...RULES[name]({ ...heard, events: BROKEN[name](session), track })]).not.toEqual([]);
  });
});
