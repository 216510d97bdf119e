import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Context, Device, EVENT_TYPES, ReasonEnd, ReasonStart } from '../../../contracts/events.ts';
import { WINDOW_MS } from '../../../contracts/window.ts';
import { Random } from '../../../generator/random.ts';
import { InstantWriter } from '../../../generator/records/instant.ts';
import { TrackSet } from '../../../generator/records/track-set.ts';
import { fill, LIVE, openCell, parsed, START } from './open-cell.ts';

describe('text', () => {
  const instant = fc.integer({ min: Date.UTC(2000, 0, 1), max: Date.UTC(2099, 0, 1) });

  test('a playback says what happened', () => {
    const options = fc.tuple(
      fc.integer({ min: 0, max: WINDOW_MS - 1_000 }),
      fc.boolean(),
      fc.integer({ min: 0, max: 9_999_999 }),
      fc.oneof(fc.integer({ min: 0, max: 86_400_000 }), fc.constantFrom(0, 9, 10, 99, 100, 999, 1_000)),
      fc.nat(ReasonStart.options.length - 1),
      fc.nat(ReasonEnd.options.length - 1),
      fc.boolean(),
      fc.boolean(),
      fc.nat(Context.options.length - 1),
      fc.nat(Device.options.length - 1),
    );
    fc.assert(
      fc.property(
        options,
        ([ms, isWhole, track, msPlayed, start, end, shuffle, isOffline, context, device]) => {
          const { cell, lines, tracks } = openCell({});
          cell.begin({ ...LIVE, isOffline });
          cell.envelope('l-3f9a0c71d2e4', 's-1', device, 'DE');
          expect(cell.playback(START + ms, isWhole, track, msPlayed, start, end, shuffle, context)).toBe(
            true,
          );
          const [line] = lines() as [Buffer];
          const event = parsed(line);
          expect(line.toString()).toBe(
            JSON.stringify({
              event_type: isWhole ? 'track_played' : 'track_skipped',
              event_id: event.event_id,
              schema_version: 1,
              occurred_at: new Date(START + ms).toISOString(),
              sent_at: new Date(START + ms + LIVE.lagMs).toISOString(),
              listener_id: 'l-3f9a0c71d2e4',
              session_id: 's-1',
              device: Device.options[device],
              country: 'DE',
              source: 'synthetic',
              track_id: `t-${String(track).padStart(7, '0')}`,
              ms_played: msPlayed,
              reason_start: ReasonStart.options[start],
              reason_end: ReasonEnd.options[end],
              shuffle,
              offline: isOffline,
              context: Context.options[context],
            }),
          );
          expect([...tracks]).toEqual([track]);
        },
      ),
    );
  });

  test('likes and playlists say what happened, whatever was written before them', () => {
    const { cell, lines, tracks } = openCell({});
    cell.begin(LIVE);
    cell.envelope('l-a', 's-a', 0, 'SE');
    cell.playback(START, true, 1, 200_000, 0, 0, false, 0);
    cell.like(START + 1, 22, 3);
    cell.playlistCreated(START + 2, 'p-1', JSON.stringify('x'.repeat(200)));
    cell.envelope('l-a', 's-a', 5, 'SE');
    cell.playlistCreated(START + 3, 'p-2', Buffer.from('"N\u00e4chte \u{1f319}"').toString('latin1'));
    cell.playlistTrackAdded(START + 4, 'p-2', 333, 100_000);
    const [, like, long, created, added] = lines().map(parsed);
    expect(like).toMatchObject({ event_type: 'track_liked', track_id: 't-0000022', context: 'radio' });
    expect(long).toMatchObject({ playlist_id: 'p-1', playlist_name: 'x'.repeat(200), device: 'mobile' });
    expect(created).toMatchObject({
      event_type: 'playlist_created',
      playlist_name: 'N\u00e4chte \u{1f319}',
      device: 'car',
    });
    expect(added).toMatchObject({
      event_type: 'playlist_track_added',
      playlist_id: 'p-2',
      track_id: 't-0000333',
      position: 100_000,
    });
    for (const event of [like, created, added] as object[]) expect(event).not.toHaveProperty('ms_played');
    expect([...tracks]).toEqual([1, 22, 333]);
  });

  test('an envelope whose keys are too long is refused', () => {
    const { cell } = openCell({});
    expect(() => cell.envelope('l'.repeat(65), 's', 0, 'SE')).toThrow('no envelope');
    expect(() => cell.envelope('l', 's', 0, 'SWE')).toThrow('no envelope');
    cell.begin(LIVE);
    cell.envelope('l', 's', 0, 'SE');
    expect(() => cell.playback(START, true, 10_000_000, 1, 0, 0, false, 0)).toThrow('digits');
  });

  test('instants are written as Date writes them', () => {
    const bytes = Buffer.from('1970-01-01T00:00:00.000Z');
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    const writer = new InstantWriter();
    fc.assert(
      fc.property(instant, fc.nat(90_000_000), (ms, later) => {
        for (const one of [ms, ms + later]) {
          writer.write(view, 0, one);
          expect(bytes.toString()).toBe(new Date(one).toISOString());
        }
      }),
    );
  });

  test('event ids are UUIDs of version 4, all different', () => {
    const ids = ['one', 'other'].flatMap((stream) => {
      const { cell, lines } = openCell({ stream });
      fill(cell, new Random('session'));
      return lines().map((line) => parsed(line).event_id);
    });
    const form = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
    expect(ids.filter((id) => !form.test(id))).toEqual([]);
    expect(new Set(ids).size).toBe(8_000);
  });
});

test('the ledger names every type that was emitted', () => {
  const { cell, lines, ledger } = openCell({ quota: 2_000 });
  fill(cell, new Random('types'));
  lines();
  expect(Object.keys(ledger.ledger().valid.by_type).sort()).toEqual([...EVENT_TYPES].sort());
});

test('a track set holds each track once, in order', () => {
  const track = fc.oneof(fc.nat(200), fc.nat(9_999_999));
  fc.assert(
    fc.property(fc.array(track), (tracks) => {
      const set = new TrackSet();
      for (const one of tracks) set.add(one);
      expect([...set]).toEqual([...new Set(tracks)].sort((a, b) => a - b));
    }),
  );
});
