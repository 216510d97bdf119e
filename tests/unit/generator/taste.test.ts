import { expect, test, vi } from 'vitest';
import { ReasonStart } from '../../../contracts/events.ts';
import { EVERGREENS } from '../../../generator/catalogue/catalogue.ts';
import { listenerHistory } from '../../../generator/history.ts';
import type { EventSink } from '../../../generator/sessions/event-sink.ts';

vi.setConfig({ testTimeout: 60_000 });

const DAY_MS = 86_400_000;
/** Two days before the Friday of new music. */
const WEDNESDAY = Date.UTC(2026, 4, 6);
const BACK = ReasonStart.options.indexOf('backbtn');

interface Play {
  session: string;
  at: number;
  track: number;
  reasonStart: number;
}

class Diary implements EventSink {
  readonly plays: Play[] = [];
  readonly playlists = new Map<string, number[]>();
  private session = '';

  envelope(_listener: string, session: string): void {
    this.session = session;
  }
  playback(
    ...[at, , track, , reasonStart]: [number, boolean, number, number, number, ...unknown[]]
  ): boolean {
    this.plays.push({ session: this.session, at, track, reasonStart });
    return true;
  }
  like(): boolean {
    return true;
  }
  playlistCreated(_at: number, id: string): boolean {
    this.playlists.set(id, []);
    return true;
  }
  playlistTrackAdded(_at: number, id: string, track: number): boolean {
    this.playlists.get(id)?.push(track);
    return true;
  }
}

function diaries(seed: number, slots: number, fromMs: number, days: number): Diary[] {
  return Array.from({ length: slots }, (_, slot) => {
    const diary = new Diary();
    listenerHistory(seed, slot, fromMs, fromMs + days * DAY_MS, diary);
    return diary;
  });
}

test('what a listener has taken up lately outlives the Friday of new music', () => {
  let loved = 0;
  let stillLoved = 0;
  for (const { plays } of diaries(5, 1_500, WEDNESDAY, 4)) {
    const before = new Map<number, number>();
    const after = new Set<number>();
    for (const { at, track } of plays) {
      if (at < WEDNESDAY + 2 * DAY_MS) before.set(track, (before.get(track) ?? 0) + 1);
      else after.add(track);
    }
    // Who hardly listened afterwards had no occasion.
    if (plays.filter(({ at }) => at >= WEDNESDAY + 2 * DAY_MS).length < 60) continue;
    for (const [track, times] of before) {
      if (track < EVERGREENS || times < 4) continue;
      loved++;
      if (after.has(track)) stillLoved++;
    }
  }
  expect(loved).toBeGreaterThan(50);
  expect(stillLoved / loved).toBeGreaterThan(0.6);
});

test('a session does not come back to a track by itself before many others', () => {
  let chosen = 0;
  let again = 0;
  for (const { plays } of diaries(6, 600, WEDNESDAY, 7)) {
    for (const [place, { session, track, reasonStart }] of plays.entries()) {
      if (reasonStart === BACK) continue;
      chosen++;
      const recent = plays.slice(Math.max(0, place - 16), place);
      if (recent.some((one) => one.session === session && one.track === track)) again++;
    }
  }
  expect(chosen).toBeGreaterThan(20_000);
  expect(again / chosen).toBeLessThan(0.01);
});

test('no playlist holds a track twice', () => {
  const playlists = diaries(7, 1_600, WEDNESDAY, 7).flatMap((diary) => [...diary.playlists.values()]);
  expect(playlists.length).toBeGreaterThan(30);
  for (const tracks of playlists) expect(new Set(tracks).size).toBe(tracks.length);
});
