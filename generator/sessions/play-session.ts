import { Device, ReasonStart } from '../../contracts/events.ts';
import type { Catalogue, TrackRef } from '../catalogue/catalogue.ts';
import { localHour } from '../listeners/geography.ts';
import type { Listener, PlannedSession } from '../listeners/population.ts';
import { Random, unitAt } from '../random.ts';
import { drawAutoplay, drawContext, drawOfflineContext, drawShuffle, SWITCH_CHANCE } from './contexts.ts';
import { drawOtherDevice } from './devices.ts';
import type { EventSink } from './event-sink.ts';
import { Outcome, REASON_END, skipOfSession } from './outcome.ts';
import { fillPlaylist, playlistId } from './playlists.ts';
import { Selection } from './selection.ts';

const START = {
  clickrow: ReasonStart.options.indexOf('clickrow'),
  playbtn: ReasonStart.options.indexOf('playbtn'),
  appload: ReasonStart.options.indexOf('appload'),
  remote: ReasonStart.options.indexOf('remote'),
} as const;

/** The button that ends a playback starts the next: places in the contract's list of starts, by those of its ends. */
const NEXT_START = (() => {
  const places: number[] = [];
  for (const [name, place] of Object.entries(REASON_END))
    places[place] = ReasonStart.options.findIndex((start) => start === name);
  return places;
})();

const CHANCES = {
  pause: 0.03,
  otherDevice: 0.006,
  likeOfWhole: 0.03,
  likeOfSkipped: 0.0014,
  playlist: 0.0008,
} as const;

const PAUSE_MS = 90_000;
const LONGEST_PAUSE_MS = 8 * 60_000;

/** A press of the button before this leads to the track before; afterwards to the beginning of the same. */
const BACK_TO_PREVIOUS_MS = 3_000;

const DAY_MS = 86_400_000;

/** Plays sessions, one after another, of any listeners of one catalogue. */
export class Player {
  private readonly catalogue: Catalogue;
  private readonly random = new Random('sessions');
  private readonly outcome = new Outcome();
  private readonly selection: Selection;

  constructor(catalogue: Catalogue) {
    this.catalogue = catalogue;
    this.selection = new Selection(catalogue);
  }

  /**
   * Plays one session from its beginning: playbacks one after another, never two at once, with likes and playlists
   * between them. Ends when its time is used up, or when the sink wants no more.
   */
  play(listener: Listener, session: PlannedSession, sink: EventSink): void {
    const { catalogue, random, outcome, selection } = this;
    random.seed(listener.key, session.day, session.place);
    const endMs = session.startMs + session.budgetMs;
    const sessionId = `s-${listener.listenerId.slice(2)}-${session.day.toString(36)}${session.place}`;
    const quickness = unitAt(listener.key, 0, 31);
    const isOffline = session.burstMs !== undefined;
    selection.beginSession(Math.floor(session.startMs / DAY_MS));

    let device = session.device;
    sink.envelope(listener.listenerId, sessionId, device, listener.countryCode);
    let ofSession = skipOfSession(listener, Device.options[device] as Device);
    let context = isOffline ? drawOfflineContext(random.unit()) : drawContext(random.unit());
    let shuffle = drawShuffle(context, random.unit());
    let reasonStart = firstStart(random.unit());
    let track: TrackRef = -1;
    let before: TrackRef = -1;
    let playlists = 0;
    let now = session.startMs;

    for (let position = 0; ; position++) {
      if (reasonStart !== NEXT_START[REASON_END.backbtn] || track < 0) {
        before = track;
        selection.choose(random, listener, context, track);
        track = selection.track;
      } else if (outcome.msPlayed < BACK_TO_PREVIOUS_MS && before >= 0) {
        const again = before;
        before = track;
        track = again;
      }
      // Drawn whether it is used or not, as everything here: one more like must not change what is played after it.
      const switches = random.unit() < SWITCH_CHANCE && !isOffline;
      const moves = random.unit() < CHANCES.otherDevice && !isOffline && !switches;
      outcome.draw(
        random,
        catalogue.durationMs(track),
        position,
        context,
        localHour(listener.country, now),
        ofSession,
        quickness,
        catalogue.skipBias(track),
        selection.isFamiliar,
        switches ? REASON_END.clickrow : moves ? REASON_END.remote : undefined,
      );
      const pause =
        random.unit() < CHANCES.pause
          ? Math.floor(Math.min(random.exponential(PAUSE_MS), LONGEST_PAUSE_MS))
          : 0;
      now += outcome.msPlayed + pause;
      const isLast = now >= endMs;
      if (isLast) outcome.endSession(random.unit());
      const { isWhole } = outcome;
      if (
        !sink.playback(
          now,
          isWhole,
          track,
          outcome.msPlayed,
          reasonStart,
          outcome.reasonEnd,
          shuffle,
          context,
        )
      )
        return;

      const like = (isWhole ? CHANCES.likeOfWhole : CHANCES.likeOfSkipped) * listener.likeFactor;
      if (random.unit() < like) {
        now += random.between(50, 2_000);
        if (!sink.like(now, track, context)) return;
      }
      if (random.unit() < CHANCES.playlist * listener.playlistFactor && !isLast) {
        const id = playlistId(sessionId, playlists++);
        now = fillPlaylist(catalogue, selection, listener, id, track, now, random, sink);
        if (now < 0) return;
      }
      if (isLast || now >= endMs) return;

      now += random.between(5, 400);
      if (switches) {
        // Who heard the track out has not touched anything: then the player goes on by itself.
        const byItself = outcome.reasonEnd !== REASON_END.clickrow;
        const next = byItself ? drawAutoplay(random.unit()) : drawContext(random.unit());
        if (next !== context) {
          context = next;
          shuffle = drawShuffle(context, random.unit());
        }
      }
      if (moves) {
        device = drawOtherDevice(device, random.unit());
        now += random.between(800, 6_000);
        ofSession = skipOfSession(listener, Device.options[device] as Device);
        sink.envelope(listener.listenerId, sessionId, device, listener.countryCode);
      }
      reasonStart = NEXT_START[outcome.reasonEnd] as number;
    }
  }
}

/** Nobody's button of before starts a session. */
function firstStart(unit: number): number {
  if (unit < 0.82) return START.clickrow;
  if (unit < 0.92) return START.playbtn;
  return unit < 0.98 ? START.appload : START.remote;
}
