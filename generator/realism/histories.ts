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

/** Who counts as a heavy listener. */
export interface HeavyListeners {
  /** They are looked for among the first so many listener slots. */
  slots: number;
  /** Plays of each that are looked at. */
  plays: number;
  /** They make them within so many days: LFM-1b was fetched over twenty months. */
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
/** Who has not made half of what is needed after a month is not listened to any longer. */
const TRIAL_DAYS = 30;
const LEAST_OF_PACE = 0.5;

/**
 * Looks for heavy listeners, day by day and all of them at once: the charts of a day are worked out once. Found are all
 * who make enough plays in time, not those who make them first.
 */
export class HeavyListenerSearch {
  private readonly wanted: HeavyListeners;
  private readonly fromMs: number;
  private readonly play: PlayHistory;
  private observers: [index: number, observer: HistoryObserver][];

  constructor(wanted: HeavyListeners, fromMs: number, tracks: TrackFacts, play: PlayHistory) {
    this.wanted = wanted;
    this.fromMs = fromMs;
    this.play = play;
    this.observers = Array.from({ length: wanted.slots }, (_, index) => [
      index,
      new HistoryObserver(tracks, wanted.plays),
    ]);
  }

  /** @param day from 0; each in its turn */
  playDay(day: number): void {
    const dayMs = this.fromMs + day * DAY_MS;
    for (const [index, observer] of this.observers)
      if (!observer.isDone) this.play(index, dayMs, dayMs + DAY_MS, observer);
    const { plays, days } = this.wanted;
    const pace = (LEAST_OF_PACE * plays * TRIAL_DAYS) / days;
    if (day + 1 === TRIAL_DAYS) this.observers = this.observers.filter(([, { plays }]) => plays >= pace);
  }

  found(): History[] {
    return this.observers
      .filter(([, observer]) => observer.plays >= this.wanted.plays)
      .map(([, observer]) => observer.history());
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
