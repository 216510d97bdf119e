import { EVERGREENS } from './popularity.ts';
import { FIRST_FRIDAY, RELEASES_A_WEEK } from './releases.ts';

/** Every track that is out on a day, counted from 1970-01-01 (UTC): the evergreens, and the releases of all Fridays so far. */
export function* tracksUntil(day: number): Generator<number> {
  const fridays = Math.max(0, Math.floor((day - FIRST_FRIDAY) / 7) + 1);
  const end = EVERGREENS + fridays * RELEASES_A_WEEK;
  for (let track = 0; track < end; track++) yield track;
}
