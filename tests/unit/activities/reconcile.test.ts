import { describe, expect, it } from 'vitest';
import type { LakeAccount } from '../../../activities/lake-account.ts';
import { type ReconcileInput, reconcileHops } from '../../../activities/reconcile.ts';
import { combineContentHashes } from '../../../contracts/content-hash.ts';
import type { Ledger } from '../../../contracts/ledger.ts';
import { HopReport } from '../../../contracts/report.ts';

const VALID = '0000000000000a00';
const REJECTED = '00000000000000b0';
const REPEATED = '000000000000000c';
const ALL = combineContentHashes([VALID, REJECTED, REPEATED]);

const account = {
  arrived: { total: 10, content_hash: ALL },
  valid: { total: 7, content_hash: VALID, by_type: { track_liked: 2, track_played: 5 } },
  quarantined: { total: 2, content_hash: REJECTED, by_reason: { malformed_json: 2 } },
  duplicates: { total: 1, content_hash: REPEATED },
};
const input = {
  window: '2026-01-05T08:00Z',
  ledger: account as unknown as Ledger,
  landed: account.arrived,
  receipts: [
    { records: 4, content_hash: '00000000000000ff' },
    { records: 6, content_hash: combineContentHashes([ALL, 'ffffffffffffff01']) },
  ],
  ingest: account,
} as unknown as ReconcileInput;

const lake = (): LakeAccount => ({
  raw: { total: 10, content_hash: ALL, by: {} },
  events: { total: 7, content_hash: VALID, by: { track_liked: 2, track_played: 5 } },
  quarantine: { total: 2, content_hash: REJECTED, by: { malformed_json: 2 } },
  duplicates: { total: 1, content_hash: REPEATED, by: {} },
  findings: { raw: [], events: [] },
});

const failing = (given: ReconcileInput, found: LakeAccount) =>
  Object.fromEntries(
    reconcileHops(given, given.landed, found)
      .filter((hop) => !hop.matches)
      .map((hop) => [hop.hop, hop.differences]),
  );

describe('reconcileHops', () => {
  it('finds a window that balances, hop by hop', () => {
    const hops = reconcileHops(input, input.landed, lake());
    expect(hops.map((hop) => hop.hop)).toEqual([
      'landing',
      'kafka',
      'raw',
      'events',
      'quarantine',
      'duplicates',
    ]);
    expect(hops.every((hop) => hop.matches)).toBe(true);
    for (const hop of hops) expect(HopReport.parse(hop)).toEqual(hop);
  });

  it('names the hop and the type of a lost event', () => {
    const found = lake();
    found.events = { total: 6, content_hash: VALID, by: { track_liked: 2, track_played: 4 } };
    const differences = failing(input, found);
    expect(differences.events).toEqual([
      'events holds 6 records, the ledger expects 7: 1 are missing.',
      'events holds 4 records of track_played, the ledger expects 5.',
    ]);
    expect(differences.raw?.join(' ')).toContain('7 valid');
  });

  it('sees that the count is right and the bytes are not', () => {
    const found = lake();
    found.raw = { ...found.raw, content_hash: '00000000deadbeef' };
    expect(failing(input, found).raw?.[0]).toContain('the bytes are not the same');
  });

  it('sees a record that was rejected for another reason', () => {
    const found = lake();
    found.quarantine = { ...found.quarantine, by: { malformed_json: 1, wrong_type: 1 } };
    expect(failing(input, found)).toEqual({
      quarantine: [
        'quarantine holds 1 record of malformed_json, the ledger expects 2.',
        'quarantine holds 1 record of wrong_type, the ledger expects 0.',
      ],
    });
  });

  it('does not take Spark at its word', () => {
    const claimed = { ...input, ingest: { ...account, arrived: { total: 11, content_hash: ALL } } };
    expect(failing(claimed, lake())).toEqual({
      raw: ['Ingest reported 11 arrived records, the tables hold 10.'],
    });
  });

  it('sees what was lost before Kafka, and in it', () => {
    const lost = {
      ...input,
      landed: { total: 9, content_hash: ALL },
      receipts: input.receipts.slice(0, 1),
    };
    expect(Object.keys(failing(lost, lake()))).toEqual(['landing', 'kafka']);
  });
});
