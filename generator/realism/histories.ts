import type { TrackRef } from '../catalogue/catalogue.ts';
import type { EventSink } from '../sessions/event-sink.ts';
import { groupOf } from './observations.ts';
import type { Tally } from './tally.ts';

/** Last.fm, where LFM-1b comes from, counts a play when half of the track or four minutes of it were heard. */
const SCROBBLE_MS = 240_000;

/** What a play of a track is worth knowing of it. */
export interface TrackFacts {
  artistOf(track: TrackRef): number;
  durationMs(track: TrackRef): number;
}

/** Plays all sessions of a listener slot in a period into the sink. */
export type PlayHistory = (index: number, fromMs: number, toMs: number, sink: EventSink) => void;

/** How a heavy listener is found. */
export interface HeavyListeners {
  /** How many are looked for, among the first slots. */
  wanted: number;
  /** Plays of each that are looked at. */
  plays: number;
  /** A heavy listener makes them within so many days: LFM-1b was fetched over twenty months. */
  days: number;
}

export interface History {
  listenerId: string;
  plays: number;
  artists: number;
  /** Tracks of each playlist made meanwhile. */
  playlists: number[];
}

/** Collects the plays of one listener, until there are enough. */
class HistoryObserver implements EventSink {
  readonly playlists = new Map<string, number>();
  listenerId = '';
  plays = 0;
  private readonly artists = new Set<number>();
  private readonly tracks: TrackFacts;
  private readonly most: number;
  private isOther = false;

  constructor(tracks: TrackFacts, most: number) {
    this.tracks = tracks;
    this.most = most;
  }

  envelope(listenerId: string): void {
    this.listenerId ||= listenerId;
    // Another listener holds the slot by now.
    this.isOther = listenerId !== this.listenerId;
  }

  playback(_at: number, _isWhole: boolean, track: TrackRef, msPlayed: number): boolean {
    if (this.isOther || this.plays >= this.most) return false;
    if (msPlayed < Math.min(this.tracks.durationMs(track) / 2, SCROBBLE_MS)) return true;
    this.plays++;
    this.artists.add(this.tracks.artistOf(track));
    return true;
  }

  like(): boolean {
    return true;
  }

  playlistCreated(_at: number, playlistId: string): boolean {
    this.playlists.set(playlistId, 0);
    return true;
  }

  playlistTrackAdded(_at: number, playlistId: string): boolean {
    this.playlists.set(playlistId, (this.playlists.get(playlistId) ?? 0) + 1);
    return true;
  }

  get isDone(): boolean {
    return this.isOther || this.plays >= this.most;
  }

  history(): History {
    return {
      listenerId: this.listenerId,
      plays: this.plays,
      artists: this.artists.size,
      playlists: [...this.playlists.values()],
    };
  }
}

const DAY_MS = 86_400_000;
const MONTH_DAYS = 30;
/** Who is far from enough plays after a month is not listened to any longer. */
const HOPE = 0.7;
/** Slots that are tried for each heavy listener: more than are needed, so that the search ends in every world. */
const MOST_SLOTS = 60;

/** The history of a slot's listener, or nothing when he is no heavy listener. */
function heavyHistory(
  index: number,
  fromMs: number,
  wanted: HeavyListeners,
  tracks: TrackFacts,
  play: PlayHistory,
): History | undefined {
  const observer = new HistoryObserver(tracks, wanted.plays);
  for (let day = 0; day < wanted.days; day += MONTH_DAYS) {
    const days = Math.min(MONTH_DAYS, wanted.days - day);
    play(index, fromMs + day * DAY_MS, fromMs + (day + days) * DAY_MS, observer);
    if (observer.isDone) break;
    if (observer.plays < (HOPE * wanted.plays * (day + days)) / wanted.days) return undefined;
  }
  return observer.plays >= wanted.plays ? observer.history() : undefined;
}

/** Looks through the listener slots from the first for heavy listeners, one history at a time. */
export function* heavyHistories(
  fromMs: number,
  wanted: HeavyListeners,
  tracks: TrackFacts,
  play: PlayHistory,
): Generator<History> {
  let found = 0;
  for (let index = 0; found < wanted.wanted && index < wanted.wanted * MOST_SLOTS; index++) {
    const history = heavyHistory(index, fromMs, wanted, tracks, play);
    if (!history) continue;
    found++;
    yield history;
  }
}

export function countHistory(tally: Tally, { listenerId, artists, playlists }: History): void {
  const group = groupOf(listenerId);
  tally.add('heavy listeners', group);
  tally.add('artists of heavy listeners', group, artists);
  for (const tracks of playlists) {
    tally.add('playlists', group);
    tally.add('tracks in playlists', group, tracks);
  }
}
