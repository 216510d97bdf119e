import { SOURCES, type Target } from './targets.ts';

/*
 * MSSD's mini set holds 10,000 sessions, 168,000 playbacks, of one weekend. A rate at one place in the session has a
 * standard error of 0.5 points there; one within a context more, for the playbacks of a session are alike: 0.5 where
 * a third of them lie, 2 where some hundred sessions do. `sourceError` is about three of them in the first case. In the
 * rare contexts it is less than that, so that a world without them is still told apart.
 */
const MSSD_SAMPLING = 'sampling error of the mini set';

/** What every row has in which all playbacks are skipped alike. */
const NO_EFFECT = { value: 51.7, model: 'every playback skipped alike' };
const NEVER = { value: 0, model: 'every track heard out (eventsim)' };

type Rate = [id: string, label: string, low: number, high: number, sourceError: number, rival?: boolean];

/** @param rows of each the last says whether a world without the effect would give something else */
const mssdRates = (rows: readonly Rate[]): Target[] =>
  rows.map(([id, label, low, high, sourceError, rival]) => ({
    id: `skipped-${id}`,
    label: `skipped, ${label}`,
    unit: '%',
    low,
    high,
    sourceError,
    because: MSSD_SAMPLING,
    ...(rival ? { rival: NO_EFFECT } : {}),
    source: SOURCES.mssd,
  }));

const HOW_MANY: readonly Target[] = [
  {
    id: 'skipped',
    label: 'playbacks skipped before the end',
    unit: '%',
    low: 48.6,
    high: 51.7,
    sourceError: 0.5,
    because: `the range is the disagreement; ${MSSD_SAMPLING}`,
    rival: NEVER,
    source: SOURCES.both,
  },
  {
    id: 'skipped-5s',
    label: 'skipped within 5 s',
    unit: '%',
    low: 24,
    high: 24,
    sourceError: 1.5,
    because: 'MSSD has 6 % more skips than The Skip, and early ones take part in that',
    rival: { value: 1.3, model: 'skips anywhere in the track' },
    source: SOURCES.theSkip,
  },
  {
    id: 'skipped-30s',
    label: 'skipped within 30 s',
    unit: '%',
    low: 35,
    high: 35,
    sourceError: 2.1,
    because: 'MSSD has 6 % more skips than The Skip, and early ones take part in that',
    rival: { value: 7.5, model: 'skips anywhere in the track' },
    source: SOURCES.theSkip,
  },
];

const BY_POSITION = mssdRates([
  ['position-1', '1st of the session', 37.7, 37.7, 1.5, true],
  ['position-2', '2nd', 47.6, 47.6, 1.5, true],
  ['position-3', '3rd', 50.5, 50.5, 1.5],
  ['position-4', '4th', 53.0, 53.0, 1.5],
  ['position-5', '5th', 53.2, 53.2, 1.5],
  ['position-6', 'later', 51, 55, 0.5],
]);

const BY_CONTEXT = mssdRates([
  ['catalogue', 'catalogue', 45.7, 45.7, 1.5, true],
  ['personalised', 'personalised', 45.2, 45.2, 3, true],
  ['editorial', 'editorial', 50.8, 50.8, 1.5],
  ['own_collection', 'own collection', 54.6, 54.6, 1.3, true],
  ['radio', 'radio', 55.4, 55.4, 1.8, true],
  ['charts', 'charts', 55.5, 55.5, 2.5, true],
]);

const BY_LISTENER: readonly Target[] = [
  ...mssdRates([
    ['premium', 'premium', 51.3, 51.3, 1.0],
    ['free', 'free', 53.4, 53.4, 1.2],
  ]),
  {
    id: 'free-minus-premium',
    label: 'skip rate, free minus premium',
    unit: 'points',
    low: 2.1,
    high: 2.1,
    sourceError: 0.8,
    because: 'MSSD has 160 million sessions; the mini set alone, with 2,000 free ones, leaves more open',
    rival: { value: 0, model: 'no difference' },
    source: SOURCES.mssd,
  },
  {
    id: 'mobile-minus-desktop',
    label: 'skip rate, mobile minus desktop',
    unit: 'points',
    low: 10,
    high: 11,
    sourceError: 2,
    because: 'the source rounds, and has apps of 2014',
    rival: { value: 0, model: 'no difference' },
    source: SOURCES.theSkip,
  },
  {
    id: 'skipped-teenagers',
    label: 'skipped, teenagers',
    unit: '%',
    low: 50,
    high: 60,
    sourceError: 0,
    because: '"above 50 %"; 60 is the end of the chart',
    rival: NEVER,
    source: SOURCES.theSkip,
  },
  {
    id: 'teenagers-minus-thirties',
    label: 'skip rate, 13-17 minus 35-44 years',
    unit: 'points',
    low: 5,
    high: 15,
    sourceError: 0,
    because: '15 from the chart; as families share accounts, which the source suspects, a third at least',
    rival: { value: 0, model: 'no difference' },
    source: SOURCES.theSkip,
  },
];

export const SKIP_TARGETS: readonly Target[] = [...HOW_MANY, ...BY_POSITION, ...BY_CONTEXT, ...BY_LISTENER];
