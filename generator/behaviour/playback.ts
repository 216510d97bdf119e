import type { Random } from '../random.ts';

/** Chance of a skip before habit, place and context; the whole comes to about half of all playbacks. */
const SKIP_CHANCE = 0.47;
/** Each further track of a session is skipped a little more readily. */
const SKIP_PER_PLACE = 0.006;
const PLACES_THAT_COUNT = 20;

/** Of the skips, how many fall within 5 and within 30 seconds: 24 % and 35 % of all playbacks. */
const SKIPPED_WITHIN_5_S = 0.485;
const SKIPPED_WITHIN_30_S = 0.705;

export interface Playback {
  msPlayed: number;
  /** Whether the track reached its end: the event is `track_played`, else `track_skipped`. */
  isWhole: boolean;
  reasonEnd: string;
}

function skipReason(isLast: boolean, random: Random): string {
  const unit = random.unit();
  if (isLast) return unit < 0.7 ? 'endplay' : unit < 0.9 ? 'logout' : 'remote';
  if (unit < 0.86) return 'fwdbtn';
  if (unit < 0.92) return 'clickrow';
  if (unit < 0.96) return 'backbtn';
  return unit < 0.98 ? 'endplay' : 'remote';
}

function skippedAfter(durationMs: number, random: Random): number {
  const unit = random.unit();
  const within = random.unit();
  let ms: number;
  if (unit < SKIPPED_WITHIN_5_S) ms = 200 + within * 4_799;
  else if (unit < SKIPPED_WITHIN_30_S) ms = 5_000 + within ** 1.5 * 24_999;
  else ms = 30_000 + within * (durationMs - 30_000);
  return Math.floor(Math.min(ms, durationMs - 1));
}

/**
 * How a playback goes.
 * @param place of the track in its session, from 0
 * @param skipBias what the listener and the context add to the chance of a skip
 */
export function playTrack(
  durationMs: number,
  place: number,
  skipBias: number,
  isLast: boolean,
  random: Random,
): Playback {
  const chance = SKIP_CHANCE + skipBias + SKIP_PER_PLACE * (Math.min(place, PLACES_THAT_COUNT) - 5);
  if (!random.chance(Math.min(Math.max(chance, 0.03), 0.97)))
    return { msPlayed: durationMs, isWhole: true, reasonEnd: 'trackdone' };
  return {
    msPlayed: skippedAfter(durationMs, random),
    isWhole: false,
    reasonEnd: skipReason(isLast, random),
  };
}

/** Why the next playback begins, from why the last one ended: the button that ends one starts the next. */
export function nextReasonStart(reasonEnd: string, random: Random): string {
  if (reasonEnd !== 'endplay' && reasonEnd !== 'logout') return reasonEnd;
  return random.chance(0.6) ? 'playbtn' : 'clickrow';
}

/** Why the first playback of a session begins. */
export function firstReasonStart(random: Random): string {
  const unit = random.unit();
  return unit < 0.45 ? 'clickrow' : unit < 0.75 ? 'playbtn' : 'appload';
}
