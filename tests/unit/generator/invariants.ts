import type { ListeningEvent } from '../../../contracts/events.ts';
import { WINDOW_MS } from '../../../contracts/window.ts';

export type Playback = Extract<ListeningEvent, { event_type: 'track_played' | 'track_skipped' }>;

/** What the catalogue says of a track. */
export interface TrackFacts {
  durationMs: number;
  /** Day on which it came out, like 2026-01-09. */
  releasedOn: string;
  /** Of the standing catalogue, as it is in 2026: earlier windows play it all the same. */
  isEvergreen: boolean;
}

/** Every valid event that arrived in some windows one after another, once. */
export interface Heard {
  startMs: number;
  endMs: number;
  events: readonly ListeningEvent[];
  track(trackId: string): TrackFacts;
}

/** Yields what breaks a rule, in words that name the event. */
type Rule = (heard: Heard) => Iterable<string>;

const MINUTE_MS = 60_000;
const LONGEST_SILENCE_MS = 30 * MINUTE_MS;
/** From an event to its arrival when the device was online. */
const LONGEST_LAG_MS = MINUTE_MS;
const OUTRO = 0.1;
const EVERGREENS_OF = '2026';

const FIRST_STARTS: readonly string[] = ['clickrow', 'appload', 'playbtn', 'remote'];
const LAST_ENDS: readonly string[] = ['endplay', 'logout'];

export const isPlayback = (event: ListeningEvent): event is Playback => 'ms_played' in event;
export const occurredMs = (event: ListeningEvent): number => Date.parse(event.occurred_at);
const begunMs = (event: ListeningEvent): number =>
  occurredMs(event) - (isPlayback(event) ? event.ms_played : 0);
const hourOf = (instant: string): number => Math.floor(Date.parse(instant) / WINDOW_MS);
const say = (event: ListeningEvent): string =>
  `${event.event_type} ${event.event_id} of ${event.session_id} at ${event.occurred_at}`;

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** Events by listener or session, each in the order in which they happened. */
export function grouped<T extends ListeningEvent>(
  events: readonly T[],
  by: 'listener_id' | 'session_id',
): T[][] {
  return [...Map.groupBy(events, (event) => event[by]).values()].map((group) =>
    group.toSorted((a, b) => compare(a.occurred_at, b.occurred_at) || compare(a.sent_at, b.sent_at)),
  );
}

function* neighbours<T>(groups: readonly T[][]): Generator<[T, T]> {
  for (const group of groups) for (let i = 1; i < group.length; i++) yield [group[i - 1] as T, group[i] as T];
}

const playbacks = ({ events }: Heard): Playback[] => events.filter(isPlayback);

/** Whether what came before it in its session would have been heard of: else it may have come before the windows. */
const isKnownFrom = (event: ListeningEvent, { startMs }: Heard): boolean =>
  begunMs(event) >= startMs + LONGEST_SILENCE_MS ||
  Date.parse(event.sent_at) - occurredMs(event) > LONGEST_LAG_MS;

export const RULES = {
  'a listener never hears two tracks at once': function* (heard) {
    for (const [before, after] of neighbours(grouped(playbacks(heard), 'listener_id')))
      if (begunMs(after) < occurredMs(before)) yield `${say(after)} began before the end of ${say(before)}`;
  },

  'no track sounds longer than it is': function* (heard) {
    for (const event of playbacks(heard))
      if (event.ms_played > heard.track(event.track_id).durationMs)
        yield `${say(event)}: ${event.ms_played} ms of ${heard.track(event.track_id).durationMs}`;
  },

  'heard out is what reached the last tenth': function* (heard) {
    for (const event of playbacks(heard)) {
      const isDone = event.reason_end === 'trackdone';
      const isInOutro = event.ms_played >= heard.track(event.track_id).durationMs * (1 - OUTRO) - 1;
      if ((event.event_type === 'track_played') !== (isDone || isInOutro))
        yield `${say(event)}: ended by ${event.reason_end} after ${event.ms_played} ms of ${heard.track(event.track_id).durationMs}`;
    }
  },

  'what ends a playback starts the next of the session': function* (heard) {
    for (const [before, after] of neighbours(grouped(playbacks(heard), 'session_id')))
      if (after.reason_start !== before.reason_end)
        yield `${say(after)} started by ${after.reason_start} after ${before.reason_end}`;
  },

  'the first playback of a session is started by the listener': function* (heard) {
    for (const [first] of grouped(playbacks(heard), 'session_id'))
      if (first && isKnownFrom(first, heard) && !FIRST_STARTS.includes(first.reason_start))
        yield `${say(first)} started by ${first.reason_start}`;
  },

  'what ends the listening is the end of the session': function* (heard) {
    for (const session of grouped(playbacks(heard), 'session_id'))
      for (const event of session.slice(0, -1))
        if (LAST_ENDS.includes(event.reason_end)) yield `${say(event)} ended by ${event.reason_end}`;
  },

  'the music moves to another device when it is handed over, and only then': function* (heard) {
    for (const [before, after] of neighbours(grouped(playbacks(heard), 'session_id')))
      if ((before.device !== after.device) !== (before.reason_end === 'remote'))
        yield `${say(before)} ended by ${before.reason_end} on ${before.device}, then ${after.device}`;
  },

  'a session has no gap of 30 minutes': function* ({ events }) {
    for (const [before, after] of neighbours(grouped(events, 'session_id')))
      if (occurredMs(after) - occurredMs(before) >= LONGEST_SILENCE_MS)
        yield `${say(after)} after ${say(before)}`;
  },

  'between two sessions of a listener are more than 30 minutes': function* ({ events }) {
    for (const [before, after] of neighbours(grouped(events, 'listener_id')))
      if (before.session_id !== after.session_id && begunMs(after) - occurredMs(before) <= LONGEST_SILENCE_MS)
        yield `${say(after)} after ${say(before)}`;
  },

  'a session has one listener, a listener one country': function* ({ events }) {
    for (const [before, after] of neighbours(grouped(events, 'session_id')))
      if (before.listener_id !== after.listener_id) yield `${say(after)} and ${say(before)}`;
    for (const [before, after] of neighbours(grouped(events, 'listener_id')))
      if (before.country !== after.country) yield `${say(after)} in ${after.country}, not ${before.country}`;
  },

  'everything is sent in its window, after it happened': function* ({ events, startMs, endMs }) {
    for (const event of events) {
      const sent = Date.parse(event.sent_at);
      if (sent < startMs || sent >= endMs || sent < occurredMs(event))
        yield `${say(event)}, ${event.sent_at}`;
    }
  },

  'what was heard offline comes in a later hour, all else at once': function* (heard) {
    for (const event of playbacks(heard)) {
      const isLater = hourOf(event.sent_at) > hourOf(event.occurred_at);
      const isAtOnce = Date.parse(event.sent_at) - occurredMs(event) <= LONGEST_LAG_MS;
      if (event.offline ? !isLater : !isAtOnce)
        yield `${say(event)}: offline ${event.offline}, sent at ${event.sent_at}`;
    }
  },

  'a like is of the track that was just played': function* (heard) {
    for (const session of grouped(heard.events, 'session_id')) {
      let last: Playback | undefined;
      for (const event of session) {
        if (isPlayback(event)) last = event;
        if (event.event_type !== 'track_liked' || (last === undefined && !isKnownFrom(event, heard)))
          continue;
        if (event.track_id !== last?.track_id || event.context !== last.context)
          yield `${say(event)}: ${event.track_id} after ${last?.track_id}`;
      }
    }
  },

  'a playlist is created once, and filled place by place': function* (heard) {
    const places = new Map<string, { next: number; session: string }>();
    for (const event of grouped(heard.events, 'session_id').flat()) {
      if (event.event_type === 'playlist_created') {
        if (places.has(event.playlist_id)) yield `${say(event)}: ${event.playlist_id} exists`;
        places.set(event.playlist_id, { next: 0, session: event.session_id });
      }
      if (event.event_type !== 'playlist_track_added') continue;
      let place = places.get(event.playlist_id);
      if (place === undefined && !isKnownFrom(event, heard))
        place = { next: event.position, session: event.session_id };
      if (event.position !== place?.next || event.session_id !== place.session)
        yield `${say(event)}: place ${event.position} of ${event.playlist_id}, not ${place?.next}`;
      places.set(event.playlist_id, { next: event.position + 1, session: event.session_id });
    }
  },

  'a playlist begins with the track that was just played': function* (heard) {
    for (const session of grouped(heard.events, 'session_id')) {
      let last: Playback | undefined;
      for (const event of session) {
        if (isPlayback(event)) last = event;
        if (event.event_type !== 'playlist_track_added' || event.position > 0) continue;
        if (last === undefined ? isKnownFrom(event, heard) : event.track_id !== last.track_id)
          yield `${say(event)}: ${event.track_id} after ${last?.track_id}`;
      }
    }
  },

  'nothing is played, liked or kept before it came out': function* (heard) {
    for (const event of heard.events) {
      if (!('track_id' in event)) continue;
      const { releasedOn, isEvergreen } = heard.track(event.track_id);
      if (isEvergreen && event.occurred_at < EVERGREENS_OF) continue;
      if (releasedOn > event.occurred_at.slice(0, 10))
        yield `${say(event)}: ${event.track_id} came out on ${releasedOn}`;
    }
  },
} satisfies Record<string, Rule>;

export type RuleName = keyof typeof RULES;

/** Everything that breaks a rule: `rule: what`, at most ten a rule. */
export function breaches(heard: Heard): string[] {
  return Object.entries(RULES).flatMap(([name, rule]: [string, Rule]) =>
    [...rule(heard)].slice(0, 10).map((what) => `${name}: ${what}`),
  );
}
