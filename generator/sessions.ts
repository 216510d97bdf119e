import { firstReasonStart, nextReasonStart, playTrack } from './behaviour/playback.ts';
import { type ContextName, chooseContext, chooseTrack } from './behaviour/selection.ts';
import type { Catalogue } from './catalogue.ts';
import { likeText, playbackText, playlistText, playlistTrackText } from './encode.ts';
import type { Listener, Population } from './listeners.ts';
import type { Random } from './random.ts';

export interface World {
  catalogue: Catalogue;
  population: Population;
  /** The catalogue's playlist names, quoted as JSON, one byte a character. */
  quotedPlaylistNames: readonly string[];
}

export interface SessionPlan {
  startMs: number;
  /** Nothing of the session happens at or after this instant. */
  limitMs: number;
  /** Whether it goes on from before: nobody pressed a button to start it. */
  isContinued: boolean;
  isOffline: boolean;
  /** Unique among the listener's sessions. */
  name: string;
}

/** Takes an event: its type, when it occurred and the fields after the envelope. False: no more are wanted. */
export type Emit = (eventType: string, occurredAt: number, rest: string) => boolean;

const MEDIAN_PLAYS = 9;
const PLAYS_SPREAD = 1;
const MOST_PLAYS = 400;

/** A session has no gap above 30 minutes between one event and the next; a minute is kept in hand. */
const LONGEST_SILENCE_MS = 29 * 60_000;

const CHANCES = {
  changeOfContext: 0.15,
  pause: 0.03,
  likeAfterWhole: 0.028,
  likeAfterSkip: 0.0015,
  playlist: 0.004,
  addToOpenPlaylist: 0.7,
} as const;

/** What the context adds to the chance of a skip: one's own choice is heard out more often. */
const CONTEXT_SKIP: Record<ContextName, number> = {
  own_collection: 0.02,
  catalogue: -0.04,
  editorial: 0.01,
  radio: 0.03,
  personalised: 0.02,
  charts: -0.02,
};

/**
 * Plays one session: playbacks one after another, never two at once, with likes and playlist changes between them.
 * @returns when the session's last event occurred, or its start when there was none
 */
export function playSession(
  world: World,
  listener: Listener,
  plan: SessionPlan,
  random: Random,
  emit: Emit,
): number {
  const { catalogue, population } = world;
  const plays = Math.min(Math.max(1, Math.round(random.logNormal(MEDIAN_PLAYS, PLAYS_SPREAD))), MOST_PLAYS);
  let now = plan.startMs;
  let lastEvent = plan.startMs;
  let reasonStart = plan.isContinued ? 'trackdone' : firstReasonStart(random);
  let context = chooseContext(random);
  let shuffle = random.chance(0.3);
  let rank = -1;
  let playlistId = '';
  let position = 0;
  for (let place = 0; place < plays; place++) {
    if (reasonStart !== 'backbtn' || rank < 0)
      rank = chooseTrack(catalogue, population, listener, context, rank, random);
    const trackId = (catalogue.tracks[rank] as { track_id: string }).track_id;
    const { msPlayed, isWhole, reasonEnd } = playTrack(
      catalogue.durations[rank] as number,
      place,
      listener.skipBias + CONTEXT_SKIP[context],
      place === plays - 1,
      random,
    );
    const paused = random.chance(CHANCES.pause) ? Math.floor(random.exponential(90_000)) : 0;
    const occurredAt = Math.min(
      now + msPlayed + paused,
      Math.max(now + msPlayed, lastEvent + LONGEST_SILENCE_MS),
    );
    if (occurredAt >= plan.limitMs) return lastEvent;
    if (
      !emit(
        isWhole ? 'track_played' : 'track_skipped',
        occurredAt,
        playbackText(trackId, msPlayed, reasonStart, reasonEnd, shuffle, plan.isOffline, context),
      )
    )
      return lastEvent;
    lastEvent = occurredAt;
    now = occurredAt + random.between(5, 400);

    if (random.chance(isWhole ? CHANCES.likeAfterWhole : CHANCES.likeAfterSkip)) {
      if (now >= plan.limitMs || !emit('track_liked', now, likeText(trackId, context))) return lastEvent;
      lastEvent = now;
      now += random.between(100, 900);
    }
    if (playlistId === '' && random.chance(CHANCES.playlist)) {
      playlistId = `p-${plan.name.slice(2)}`;
      const name = world.quotedPlaylistNames[random.below(world.quotedPlaylistNames.length)] as string;
      if (now >= plan.limitMs || !emit('playlist_created', now, playlistText(playlistId, name)))
        return lastEvent;
      lastEvent = now;
      now += random.between(800, 6_000);
    }
    if (playlistId !== '' && isWhole && random.chance(CHANCES.addToOpenPlaylist)) {
      if (now >= plan.limitMs) return lastEvent;
      if (!emit('playlist_track_added', now, playlistTrackText(playlistId, trackId, position)))
        return lastEvent;
      position++;
      lastEvent = now;
      now += random.between(300, 2_500);
    }

    if (reasonEnd === 'endplay' || reasonEnd === 'logout')
      now += Math.floor(Math.min(random.exponential(180_000), 600_000));
    reasonStart = nextReasonStart(reasonEnd, random);
    if (reasonStart === 'clickrow' || reasonStart === 'playbtn' || random.chance(CHANCES.changeOfContext)) {
      context = chooseContext(random);
      shuffle = random.chance(context === 'own_collection' ? 0.45 : 0.2);
    }
  }
  return lastEvent;
}
