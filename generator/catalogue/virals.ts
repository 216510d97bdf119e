import { unitAt } from '../random.ts';
import { EVERGREENS } from './popularity.ts';
import { CAREER_WEEKS, FIRST_FRIDAY, fridayOf, RELEASES_A_WEEK, releaseAt } from './releases.ts';

const SALT = {
  chance: 0x81,
  day: 0x82,
  kind: 0x83,
  track: 0x84,
  week: 0x85,
  level: 0x86,
  length: 0x87,
  rise: 0x88,
};

/** Part of the weeks in which a track goes viral: about one in two and a half. */
const CHANCE = 0.4;
const LONGEST_DAYS = 21;
/** How far back a viral release may lie beyond the end of its first career. */
const OLDER_WEEKS = 250;

/** A track that has been out for long and is all of a sudden heard by everyone. */
export interface Viral {
  track: number;
  /** Days since 1970; it lasts from the first to before the last. */
  firstDay: number;
  endDay: number;
  /** Weight at its height, where 1 is the greatest that a release can have: it leaps into the day's first few. */
  level: number;
  riseDays: number;
}

/** The track that goes viral in the week, if there is one. Weeks count from the first Friday, and may be negative. */
export function viralOf(key: number, week: number): Viral | undefined {
  if (unitAt(key, week, SALT.chance) >= CHANCE) return undefined;
  const firstDay = fridayOf(week) + Math.floor(unitAt(key, week, SALT.day) * 7);
  const older = week - CAREER_WEEKS - 4 - Math.floor(unitAt(key, week, SALT.week) * OLDER_WEEKS);
  const isRelease = unitAt(key, week, SALT.kind) < 0.25 && older >= 0;
  const unit = unitAt(key, week, SALT.track);
  return {
    track: isRelease ? releaseAt(older, Math.floor(unit * RELEASES_A_WEEK)) : Math.floor(unit * EVERGREENS),
    firstDay,
    endDay: firstDay + 14 + Math.floor(unitAt(key, week, SALT.length) * (LONGEST_DAYS - 13)),
    level: 0.3 + 0.3 * unitAt(key, week, SALT.level),
    riseDays: 2 + Math.floor(unitAt(key, week, SALT.rise) * 3),
  };
}

/** Its weight on a day: up within days, down more slowly and ever more so, to nothing on the last day. */
export function viralWeight({ firstDay, endDay, level, riseDays }: Viral, day: number): number {
  const age = day - firstDay;
  if (age < 0 || day >= endDay) return 0;
  if (age < riseDays) return (level * (age + 1)) / (riseDays + 1);
  return level * ((endDay - day) / (endDay - firstDay - riseDays)) ** 2;
}

/** What is viral on a day. */
export function viralsOn(key: number, day: number): Viral[] {
  const week = Math.floor((day - FIRST_FRIDAY) / 7);
  const found: Viral[] = [];
  for (let back = 0; back <= Math.ceil(LONGEST_DAYS / 7) + 1; back++) {
    const viral = viralOf(key, week - back);
    if (viral && viralWeight(viral, day) > 0 && found.every(({ track }) => track !== viral.track))
      found.push(viral);
  }
  return found;
}
