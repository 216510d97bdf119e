import { describe, expect, test } from 'vitest';
import { compareOutcomes, outcomeOf, type WindowOutcome } from '../../../contracts/replay.ts';
import { sampleReport } from '../cli/sample-report.ts';

const [A, B] = ['00000000000000aa', '00000000000000bb'];
const alone = { othersRan: false, amended: false };
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
    expect(compareOutcomes(was, is, { ...alone, othersRan: true })).toMatchObject({
      ...{ identical: true, differences: [], remarks: [sentence] },
    });
  });

  test('are the same when only the newer one tells kinds apart', () => {
    const was = outcome({ holds: { raw: holding(A, { by: {} }) } });
    expect(compareOutcomes(was, outcome({ holds: { raw: holding(A) } }), alone).identical).toBe(true);
  });

  test.each<[string, WindowOutcome | null, WindowOutcome, typeof alone]>([
    ['there was none before', null, outcome(), alone],
    ['the later one has not come through', outcome(), outcome({ reconciled: false }), alone],
    ['it was asked for otherwise', outcome(), outcome({ request: { ...outcome().request, seed: 9 } }), alone],
    ['its ledger was amended', outcome(), outcome(), { ...alone, amended: true }],
  ])('are not compared when %s', (_, before, after, how) => {
    expect(compareOutcomes(before, after, how)).toMatchObject({ identical: null, differences: [] });
  });
});
