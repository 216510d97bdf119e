import { SOURCES, type Target } from './targets.ts';

const MSSD_SAMPLING = 'sampling error of the mini set: 10,000 sessions';
const ALL_ALIKE = { value: 100 / 6, model: 'six contexts drawn alike' };
const ANY_REASON = { value: 100 / 7, model: 'seven reasons drawn alike' };

type Share = [id: string, label: string, share: number, sourceError: number, rival: Target['rival']];

const mssdShares = (prefix: string, rows: readonly Share[]): Target[] =>
  rows.map(([id, label, share, sourceError, rival]) => ({
    id: `${prefix}-${id}`,
    label,
    unit: '%',
    low: share,
    high: share,
    sourceError,
    because: MSSD_SAMPLING,
    ...(rival ? { rival } : {}),
    source: SOURCES.mssd,
  }));

const BY_CONTEXT = mssdShares('plays', [
  ['own_collection', 'plays from the own collection', 40.2, 1.5, ALL_ALIKE],
  ['catalogue', 'plays from the catalogue', 22.8, 1.3, ALL_ALIKE],
  ['editorial', 'plays from editorial playlists', 21.2, 1.2, ALL_ALIKE],
  ['radio', 'plays from radio', 12.6, 1, ALL_ALIKE],
  ['personalised', 'plays from personalised playlists', 1.8, 0.4, ALL_ALIKE],
  ['charts', 'plays from charts', 1.5, 0.4, ALL_ALIKE],
]);

const IN_A_SESSION: readonly Target[] = [
  {
    id: 'context-switches',
    label: 'transitions that change the context',
    unit: '%',
    low: 4.1,
    high: 4.4,
    sourceError: 0.4,
    because: 'of all rows it is 4.1 %, of those with one before them 4.4 %; sampling error of the mini set',
    rival: { value: 72, model: 'a context drawn anew for each playback' },
    source: SOURCES.mssd,
  },
  ...mssdShares('start', [
    ['fwdbtn', 'started by the forward button', 47.6, 1.5, ANY_REASON],
    ['trackdone', 'started by the end of the last', 32.8, 1.4, ANY_REASON],
    ['clickrow', 'started by a click', 10.4, 0.8, ANY_REASON],
    ['backbtn', 'started by the back button', 7.8, 0.8, ANY_REASON],
  ]),
  {
    id: 'shuffle',
    label: 'plays with shuffle on',
    unit: '%',
    low: 30.9,
    high: 30.9,
    sourceError: 1.4,
    because: MSSD_SAMPLING,
    rival: { value: 50, model: 'a coin is thrown' },
    source: SOURCES.mssd,
  },
];

/** Hours drawn alike: five, five, six, four and four of 24. */
const anyHour = (hours: number): Target['rival'] => ({
  value: (100 * hours) / 24,
  model: 'all hours alike',
});

const BY_HOUR: readonly Target[] = [
  ...mssdShares('weekend', [
    ['0-4', 'weekend plays from 0 to 4 h', 9.9, 1.5, anyHour(5)],
    ['5-9', 'weekend plays from 5 to 9 h', 8.6, 1.5, anyHour(5)],
    ['10-15', 'weekend plays from 10 to 15 h', 35.3, 1.5, anyHour(6)],
    ['16-19', 'weekend plays from 16 to 19 h', 25.2, 1.5, anyHour(4)],
    ['20-23', 'weekend plays from 20 to 23 h', 21.0, 1.5, anyHour(4)],
  ]).map((target) => ({ ...target, because: 'one weekend of July, two days of one year' })),
  {
    id: 'weekday-trough',
    label: 'weekdays: fewest plays at',
    unit: 'h',
    low: 2,
    high: 3,
    sourceError: 1,
    because: '"around 2 a.m.", read from a chart',
    rival: { value: 5, model: 'the hours of the weekend' },
    source: SOURCES.zhang,
  },
  {
    id: 'weekday-morning',
    label: 'weekdays: morning peak at',
    unit: 'h',
    low: 9,
    high: 10,
    sourceError: 0.5,
    because: 'read from a chart of hours',
    rival: { value: 12, model: 'the hours of the weekend' },
    source: SOURCES.zhang,
  },
  {
    id: 'weekday-evening',
    label: 'weekdays: evening peak at',
    unit: 'h',
    low: 18,
    high: 19,
    sourceError: 0.5,
    because: 'read from a chart of hours',
    rival: { value: 16, model: 'the hours of the weekend' },
    source: SOURCES.zhang,
  },
  {
    id: 'desktop-minus-mobile',
    label: 'weekdays: desktop peaks after mobile by',
    unit: 'h',
    low: 1,
    high: 1,
    sourceError: 0.4,
    because: 'read from a chart of hours; said of the morning, when people go to work',
    rival: { value: 0, model: 'no difference' },
    source: SOURCES.zhang,
  },
  {
    id: 'weekday-lunch-dip',
    label: 'weekdays: dip between the peaks, of the lower',
    unit: '%',
    low: 50,
    high: 90,
    sourceError: 0,
    because: 'the source has a dip at lunch, without a number: a tenth at least',
    rival: { value: 100, model: 'one broad peak' },
    source: SOURCES.zhang,
  },
];

const WHAT_IS_PLAYED: readonly Target[] = [
  {
    id: 'top-100',
    label: 'share of the 100 most played tracks',
    unit: '%',
    low: 22,
    high: 24,
    sourceError: 1,
    because: 'the range is the fit; what was played in a fortnight is not the rank of its day',
    rival: { value: 49.5, model: 'plain Zipf over 20,000 tracks' },
    source: SOURCES.popularity,
  },
  {
    id: 'top-1000',
    label: 'share of the 1,000 most played tracks',
    unit: '%',
    low: 46,
    high: 48,
    sourceError: 1.5,
    because: 'the range is the fit; what was played in a fortnight is not the rank of its day',
    rival: { value: 71.4, model: 'plain Zipf over 20,000 tracks' },
    source: SOURCES.popularity,
  },
  {
    id: 'artists-per-heavy-listener',
    label: 'artists in 9,000 plays of a heavy listener',
    unit: 'artists',
    low: 585,
    high: 585,
    sourceError: 60,
    because: 'its listeners have 9,043 plays in the mean, but not each of them: a tenth',
    rival: { value: 3500, model: 'tracks drawn by popularity alone' },
    source: SOURCES.lfm,
  },
  {
    id: 'tracks-per-playlist',
    label: 'tracks of a playlist',
    unit: 'tracks',
    low: 66,
    high: 66,
    sourceError: 5,
    because: 'playlists of 5 to 250 tracks only',
    rival: { value: 10, model: 'what a session plays' },
    source: SOURCES.mpd,
  },
  {
    id: 'likes-after-whole',
    label: 'likes a playback, heard out against skipped',
    unit: 'times',
    low: 5,
    high: 100,
    sourceError: 0,
    because: '"far more often": at least five times',
    rival: { value: 1, model: 'likes after any playback' },
    source: SOURCES.ours,
  },
];

export const LISTENING_TARGETS: readonly Target[] = [
  ...BY_CONTEXT,
  ...IN_A_SESSION,
  ...BY_HOUR,
  ...WHAT_IS_PLAYED,
];
