import { hashText } from '../random.ts';
import type { ObservedPlayback, ObservedSession } from './sessions.ts';
import { GROUPS, type Tally } from './tally.ts';

/** What of a listener's profile the scorecard tells apart. */
export interface ObservedListener {
  plan: string;
  age_band: string;
  habit: string;
}

/** The local wall clock: minutes since midnight, and whether it is Saturday or Sunday there. */
export interface WallClock {
  minute: number;
  isWeekend: boolean;
}

/** From what the places in a session are no longer told apart. */
export const LATER = 6;

/** A play by one of these devices makes the shape of a weekday. */
const DEVICES_WITH_A_SHAPE = new Set(['mobile', 'desktop']);

/** The sessions that MSSD holds: ten tracks at least, of which it keeps twenty at most. */
const MSSD_LEAST = 10;
const MSSD_MOST = 20;

export function groupOf(listenerId: string): number {
  return hashText(listenerId) % GROUPS;
}

/** Counts what one session adds to each statistic. The names of the counts are those that statistics.ts asks for. */
export function countSession(
  tally: Tally,
  session: ObservedSession,
  listener: ObservedListener,
  clockAt: (country: string, atMs: number) => WallClock,
): void {
  const { playbacks } = session;
  const group = groupOf(session.listenerId);
  for (const [place, playback] of playbacks.entries()) {
    const isInMssd = playbacks.length >= MSSD_LEAST && place < MSSD_MOST;
    const slices = [
      'all',
      `position=${Math.min(place + 1, LATER)}`,
      `context=${playback.context}`,
      `plan=${listener.plan}`,
      `age=${listener.age_band}`,
      `device=${playback.device}`,
      ...(isInMssd ? ['mssd'] : []),
    ];
    countPlayback(tally, group, playback, slices);
    countHour(tally, group, playback, clockAt(session.country, playback.at));
    const before = playbacks[place - 1];
    if (before) {
      tally.add('transitions', group);
      if (before.context !== playback.context) tally.add('context switches', group);
    }
  }
  tally.add(`sessions|habit=${listener.habit}`, group);
  if (playbacks.length > 0) tally.add('sessions', group);
  countLikes(tally, group, session);
}

function countPlayback(
  tally: Tally,
  group: number,
  playback: ObservedPlayback,
  slices: readonly string[],
): void {
  for (const slice of slices) {
    tally.add(`plays|${slice}`, group);
    if (playback.isSkipped) tally.add(`skips|${slice}`, group);
  }
  if (playback.isSkipped && playback.msPlayed < 5_000) tally.add('skips|5 s', group);
  if (playback.isSkipped && playback.msPlayed < 30_000) tally.add('skips|30 s', group);
  if (playback.shuffle) tally.add('plays|shuffle', group);
  tally.add(`plays|start=${playback.reasonStart}`, group);
  tally.addPlay(playback.trackId, group);
}

function countHour(tally: Tally, group: number, playback: ObservedPlayback, clock: WallClock): void {
  const day = clock.isWeekend ? 'weekend' : 'weekday';
  const quarter = Math.floor(clock.minute / 15);
  tally.add(`plays|${day} ${quarter}`, group);
  if (DEVICES_WITH_A_SHAPE.has(playback.device))
    tally.add(`plays|${day} ${playback.device} ${quarter}`, group);
}

/** A like belongs to the playback of that track that is nearest in time: it may come before the track's end. */
function countLikes(tally: Tally, group: number, { playbacks, likes }: ObservedSession): void {
  for (const like of likes) {
    let nearest: ObservedPlayback | undefined;
    for (const playback of playbacks) {
      if (playback.trackId !== like.trackId) continue;
      if (!nearest || Math.abs(playback.at - like.at) < Math.abs(nearest.at - like.at)) nearest = playback;
    }
    if (nearest) tally.add(nearest.isSkipped ? 'likes|skipped' : 'likes|played', group);
  }
}
