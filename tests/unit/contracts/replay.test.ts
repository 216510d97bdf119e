import { describe, expect, test } from 'vitest';
import { inCommon, type OtherWindows } from '../../../contracts/other-windows.ts';
import { compareOutcomes, outcomeOf, type WindowOutcome } from '../../../contracts/replay.ts';
import { sampleReport } from '../cli/sample-report.ts';

const [A, B] = ['00000000000000aa', '00000000000000bb'];
const alone = { others: 'none', amended: false } as const;
const outcome = (changes: Partial<WindowOutcome> = {}): WindowOutcome => ({
  ...outcomeOf({ ...sampleReport(), shards: 2 }),
  ...changes,
});
const holding = (content_hash: string, more: object = {}) => ({
  ...{ total: 8, content_hash, by: { track_played: 8 } },
  ...more,
});

describe('two runs of a window', () => {
  test('that hold the same are identical', () => {
    expect(compareOutcomes(outcome(), outcome({ run_id: 'later' }), alone)).toMatchObject({
      ...{ identical: true, differences: [], remarks: [], compared_with: { run_id: 'r' } },
    });
  });

  test('are told apart by number, by kind and by hash, each in a sentence', () => {
    const was = outcome({ holds: { events: holding(A) } });
    const is = outcome({
      holds: { events: holding(B, { total: 7, by: { track_played: 6, track_liked: 1 } }) },
    });
    expect(compareOutcomes(was, is, alone)).toMatchObject({
      identical: false,
      differences: [
        'events held 8 records and holds 7.',
        'events held 0 of track_liked and holds 1.',
        'events held 8 of track_played and holds 6.',
        `events had the content hash ${A} and has ${B}.`,
      ],
    });
  });

  test('may differ in what other windows share, once one of those ran in between', () => {
    const was = outcome({
      holds: { events: holding(A), serving: holding(A, { content_hashes: { sessions: A } }) },
    });
    const is = outcome({
      holds: { events: holding(A), serving: holding(A, { content_hashes: { sessions: B } }) },
    });
    const sentence = `sessions in serving had the content hash ${A} and has ${B}.`;
    expect(compareOutcomes(was, is, alone)).toMatchObject({ identical: false, differences: [sentence] });
    expect(compareOutcomes(was, is, { ...alone, others: 'other days' })).toMatchObject({
      ...{ identical: true, differences: [], remarks: [sentence] },
    });
  });

  test.each<[OtherWindows, boolean, boolean]>([
    ['none', false, false],
    ['other days', false, false],
    ['the day after', true, false],
    ['the same days', true, true],
  ])(
    'may differ in the marts of their days when the nearest window since has in common: %s',
    (others, sessions, charts) => {
      const marts = (one: string, other: string) => ({
        marts: holding(one + other, { content_hashes: { sessions: one, daily_track_charts: other } }),
      });
      const identical = (is: object): boolean | null =>
        compareOutcomes(outcome({ holds: marts(A, A) }), outcome({ holds: is }), { others, amended: false })
          .identical;
      expect(identical(marts(B, A))).toBe(sessions);
      expect(identical(marts(A, B))).toBe(charts);
      expect(identical(marts(B, B))).toBe(charts);
    },
  );

  test('have days in common, or the day after on which a session goes on', () => {
    expect(inCommon(['2026-01-31', '2026-01-29'], ['2026-01-29'])).toBe('the same days');
    expect(inCommon(['2026-01-31'], ['2026-02-01'])).toBe('the day after');
    expect(inCommon(['2026-02-01'], ['2026-01-31'])).toBe('other days');
    expect(inCommon(['2026-02-01'], [])).toBe('other days');
    expect(inCommon(['2026-02-01'], undefined)).toBe('the same days');
  });

  test('are the same when only the newer one tells kinds apart', () => {
    const was = outcome({ holds: { raw: holding(A, { by: {} }) } });
    expect(compareOutcomes(was, outcome({ holds: { raw: holding(A) } }), alone).identical).toBe(true);
  });

  test.each<[string, WindowOutcome | null, WindowOutcome, { others: OtherWindows; amended: boolean }]>([
    ['there was none before', null, outcome(), alone],
    ['the later one has not come through', outcome(), outcome({ reconciled: false }), alone],
    ['it was asked for otherwise', outcome(), outcome({ request: { ...outcome().request, seed: 9 } }), alone],
    ['its ledger was amended', outcome(), outcome(), { ...alone, amended: true }],
  ])('are not compared when %s', (_, before, after, how) => {
    expect(compareOutcomes(before, after, how)).toMatchObject({ identical: null, differences: [] });
  });
});
