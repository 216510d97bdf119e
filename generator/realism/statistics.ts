import { dipBetween, peakBetween, troughOf } from './shapes.ts';
import type { Counts } from './tally.ts';

/** A number made of counts. Shares and rates are per cent, hours are local clock time. */
export type Statistic = (counts: Counts) => number;

const ratio =
  (part: string, whole: string, unit = 100): Statistic =>
  (counts) =>
    (unit * counts.of(part)) / counts.of(whole);
const skipRate = (slice: string): Statistic => ratio(`skips|${slice}`, `plays|${slice}`);
const shareOfPlays = (slice: string): Statistic => ratio(`plays|${slice}`, 'plays|all');
const minus =
  (one: Statistic, other: Statistic): Statistic =>
  (counts) =>
    one(counts) - other(counts);

/** Plays by local hour, 24 numbers. */
const hours = (counts: Counts, day: string): number[] =>
  Array.from({ length: 24 }, (_, hour) => counts.of(`plays|${day} ${hour}h`));

const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0);

/** Share of the weekend's plays from the hour `first` to the hour `last`, both included. */
const weekendBand =
  (first: number, last: number): Statistic =>
  (counts) => {
    const all = hours(counts, 'weekend');
    return (100 * sum(all.slice(first, last + 1))) / sum(all);
  };

const weekdayPeak =
  (day: string, from: number, to: number): Statistic =>
  (counts) =>
    peakBetween(hours(counts, day), from, to);

const CONTEXTS = ['own_collection', 'catalogue', 'editorial', 'radio', 'personalised', 'charts'];
const TEENAGERS = skipRate('age=13-17');

/** Every statistic of the scorecard by the id of its row. */
export const STATISTICS: Readonly<Record<string, Statistic>> = {
  skipped: skipRate('all'),
  'skipped-5s': ratio('skips|5 s', 'plays|all'),
  'skipped-30s': ratio('skips|30 s', 'plays|all'),
  ...Object.fromEntries(
    [1, 2, 3, 4, 5, 6].map((place) => [`skipped-position-${place}`, skipRate(`position=${place}`)]),
  ),
  ...Object.fromEntries(CONTEXTS.map((name) => [`skipped-${name}`, skipRate(`context=${name}`)])),
  'skipped-premium': skipRate('plan=premium'),
  'skipped-free': skipRate('plan=free'),
  'free-minus-premium': minus(skipRate('plan=free'), skipRate('plan=premium')),
  'mobile-minus-desktop': minus(skipRate('device=mobile'), skipRate('device=desktop')),
  'skipped-teenagers': TEENAGERS,
  'teenagers-minus-all': minus(TEENAGERS, skipRate('all')),
  ...Object.fromEntries(CONTEXTS.map((name) => [`plays-${name}`, shareOfPlays(`context=${name}`)])),
  'context-switches': ratio('context switches', 'transitions'),
  shuffle: shareOfPlays('shuffle'),
  'start-fwdbtn': shareOfPlays('start=fwdbtn'),
  'start-trackdone': shareOfPlays('start=trackdone'),
  'start-clickrow': shareOfPlays('start=clickrow'),
  'start-backbtn': shareOfPlays('start=backbtn'),
  'weekend-0-4': weekendBand(0, 4),
  'weekend-5-9': weekendBand(5, 9),
  'weekend-10-15': weekendBand(10, 15),
  'weekend-16-19': weekendBand(16, 19),
  'weekend-20-23': weekendBand(20, 23),
  'weekday-trough': (counts) => troughOf(hours(counts, 'weekday')),
  'weekday-morning': weekdayPeak('weekday', 5, 13),
  'weekday-evening': weekdayPeak('weekday', 14, 23),
  'weekday-lunch-dip': (counts) => 100 * dipBetween(hours(counts, 'weekday'), [5, 13], [14, 23]),
  'desktop-minus-mobile': minus(weekdayPeak('weekday desktop', 5, 13), weekdayPeak('weekday mobile', 5, 13)),
  'top-100': (counts) => 100 * counts.topShare(100),
  'top-1000': (counts) => 100 * counts.topShare(1_000),
  'artists-per-heavy-listener': ratio('artists of heavy listeners', 'heavy listeners', 1),
  'tracks-per-playlist': ratio('tracks in playlists', 'playlists', 1),
  'likes-after-whole': (counts) =>
    counts.of('likes|played') /
    (counts.of('plays|all') - counts.of('skips|all')) /
    (counts.of('likes|skipped') / counts.of('skips|all')),
};
