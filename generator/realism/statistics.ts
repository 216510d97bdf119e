import { DayCurve, QUARTERS } from './shapes.ts';
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

/** Plays by quarter-hour of the local day. */
const quarters = (counts: Counts, day: string): number[] =>
  Array.from({ length: QUARTERS }, (_, quarter) => counts.of(`plays|${day} ${quarter}`));

const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0);

/** Share of the weekend's plays from the hour `first` to the hour `last`, both included. */
const weekendBand =
  (first: number, last: number): Statistic =>
  (counts) => {
    const all = quarters(counts, 'weekend');
    return (100 * sum(all.slice(4 * first, 4 * last + 4))) / sum(all);
  };

const weekdays = (counts: Counts): DayCurve => new DayCurve(quarters(counts, 'weekday'));
/** One device has fewer plays than all of them: its curve is smoothed more. */
const DEVICE_WIDTH = 1;
const morningPeak =
  (device: string): Statistic =>
  (counts) =>
    new DayCurve(quarters(counts, `weekday ${device}`), DEVICE_WIDTH).peak(5, NOON);

/** Between the peaks of a weekday. */
const NOON = 13.5;

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
  'teenagers-minus-thirties': minus(TEENAGERS, skipRate('age=35-44')),
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
  'weekday-trough': (counts) => weekdays(counts).trough(),
  'weekday-morning': (counts) => weekdays(counts).peak(5, NOON),
  'weekday-evening': (counts) => weekdays(counts).peak(NOON, 23),
  'desktop-minus-mobile': minus(morningPeak('desktop'), morningPeak('mobile')),
  'weekday-lunch-dip': (counts) => 100 * weekdays(counts).dip(NOON),
  'top-100': (counts) => 100 * counts.topShare(100),
  'top-1000': (counts) => 100 * counts.topShare(1_000),
  'artists-per-heavy-listener': ratio('artists of heavy listeners', 'heavy listeners', 1),
  'tracks-per-playlist': ratio('tracks in playlists', 'playlists', 1),
  'likes-after-whole': (counts) =>
    counts.of('likes|played') /
    (counts.of('plays|all') - counts.of('skips|all')) /
    (counts.of('likes|skipped') / counts.of('skips|all')),
};
