import { consecutiveWindows, WINDOW_MS, type WindowId, windowStartMs } from '../../contracts/window.ts';
import {
  countHistory,
  type HeavyListeners,
  type History,
  HeavyListenerSearch,
  type PlayHistory,
  type TrackFacts,
} from './histories.ts';
import { countSession, type ObservedListener, type WallClock } from './observations.ts';
import { judge, type Row } from './scorecard.ts';
import { type ObservedSession, SessionBook } from './sessions.ts';
import { Tally } from './tally.ts';

export interface RealismRequest {
  /** First of the windows. */
  start: WindowId;
  days: number;
  heavy: HeavyListeners;
}

/** What is scored. Another world than the generator's can be scored as well, to see the rows fail. */
export interface World {
  /** Hands out all lines of a window, some at a time. */
  window(window: WindowId, write: (lines: Buffer) => void | Promise<void>): Promise<void>;
  listener(listenerId: string, atMs: number): ObservedListener;
  clock(country: string, atMs: number): WallClock;
  tracks: TrackFacts;
  play: PlayHistory;
}

/** Hears of everything on the way; what it returns is waited for. */
export interface Watcher {
  lines?(window: WindowId, lines: Buffer): void | Promise<void>;
  /** Each listener once. */
  listener?(listener: ObservedListener): void | Promise<void>;
  windowDone?(done: number, of: number): void | Promise<void>;
  dayDone?(done: number, of: number): void | Promise<void>;
  /** Of each heavy listener. */
  history?(history: History): void | Promise<void>;
}

/** Everything that the rows are counted from. */
export interface Observed {
  windows: { first: WindowId; count: number };
  counts: SessionBook['counts'];
  sessions: ObservedSession[];
  histories: History[];
}

export interface Scorecard {
  windows: Observed['windows'];
  counted: {
    records: number;
    invalid: number;
    duplicates: number;
    sessions: number;
    playbacks: number;
    listeners: number;
    heavyListeners: number;
  };
  rows: Row[];
}

/** Lets the world play, looks at what comes out, and judges it. */
export async function scoreWorld(
  world: World,
  request: RealismRequest,
  watcher: Watcher = {},
): Promise<Scorecard> {
  return scoreObserved(world, await observe(world, request, watcher), watcher);
}

export async function observe(
  world: World,
  request: RealismRequest,
  watcher: Watcher = {},
): Promise<Observed> {
  const fromMs = windowStartMs(request.start);
  const windows = consecutiveWindows(request.start, request.days * 24);
  const book = new SessionBook();
  for (const [done, window] of windows.entries()) {
    const endMs = windowStartMs(window) + WINDOW_MS;
    await world.window(window, (lines) => {
      book.read(lines, endMs);
      return watcher.lines?.(window, lines);
    });
    await watcher.windowDone?.(done + 1, windows.length);
  }
  const search = new HeavyListenerSearch(request.heavy, fromMs, world.tracks, world.play);
  for (let day = 0; day < request.heavy.days; day++) {
    search.playDay(day);
    await watcher.dayDone?.(day + 1, request.heavy.days);
  }
  return {
    windows: { first: request.start, count: windows.length },
    counts: book.counts,
    sessions: [...book.sessions(fromMs)],
    histories: search.found(),
  };
}

export async function scoreObserved(
  world: Pick<World, 'listener' | 'clock'>,
  { windows, counts, sessions, histories }: Observed,
  watcher: Watcher = {},
): Promise<Scorecard> {
  const tally = new Tally();
  const listeners = new Map<string, ObservedListener>();
  let playbacks = 0;
  for (const session of sessions) {
    let listener = listeners.get(session.listenerId);
    if (!listener) {
      listener = world.listener(session.listenerId, session.firstAt);
      listeners.set(session.listenerId, listener);
      await watcher.listener?.(listener);
    }
    countSession(tally, session, listener, world.clock);
    playbacks += session.playbacks.length;
  }
  for (const history of histories) {
    countHistory(tally, history);
    await watcher.history?.(history);
  }
  return {
    windows,
    counted: {
      ...counts,
      sessions: sessions.length,
      playbacks,
      listeners: listeners.size,
      heavyListeners: histories.length,
    },
    rows: judge(tally),
  };
}
