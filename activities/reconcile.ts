import { ClientError } from '../clients/errors.ts';
import type { LakeReader } from '../clients/lake-reader.ts';
import type { ObjectStore } from '../clients/object-store.ts';
import { combineContentHashes } from '../contracts/content-hash.ts';
import { compareHop, type HopCount } from '../contracts/hops.ts';
import type { Ledger, RecordAccount, RecordSet } from '../contracts/ledger.ts';
import type { HopReport } from '../contracts/report.ts';
import { keys } from '../contracts/lake.ts';
import type { LakeVersions, Receipt, WindowReceipts } from '../contracts/steps.ts';
import type { WindowId } from '../contracts/window.ts';
import { withActivityFailures } from './failures.ts';
import type { Attempted } from './generate.ts';
import { type LakeAccount, readLakeAccount } from './lake-account.ts';
import { explainRaw } from './lost-records.ts';
import { withPulse } from './pulse.ts';
import { readReceipts } from './receipts.ts';

export interface ReconcileDeps {
  lake: LakeReader;
  store: ObjectStore;
}

export interface ReconcileInput {
  window: WindowId;
  ledger: Ledger;
  /** What was counted while the shards were written to the landing area. */
  landed: RecordSet;
  receipts: Receipt[];
  /** What Spark says it did; this step finds out for itself and compares. */
  ingest: RecordAccount;
  tables: LakeVersions;
}

/** The same as it travels. */
type ReconcileRequest = Omit<ReconcileInput, 'receipts'> & { receipts: WindowReceipts };

export interface ReconcileResult {
  hops: HopReport[];
}

/** One query over a window of the lake; the largest takes minutes. */
const SILENCE_MS = 600_000;

const whole = (set: RecordSet): HopCount => ({ total: set.total, content_hash: set.content_hash, by: {} });

/** arrived = valid + quarantined + duplicates, by count and by hash, in the tables themselves. */
function identity(lake: LakeAccount): string[] {
  const parts = [lake.events, lake.quarantine, lake.duplicates];
  const total = parts.reduce((sum, part) => sum + part.total, 0);
  const hash = combineContentHashes(parts.map((part) => part.content_hash ?? ''));
  const sentences: string[] = [];
  if (total !== lake.raw.total) {
    sentences.push(
      `${lake.raw.total} records arrived, but ${lake.events.total} valid, ${lake.quarantine.total} quarantined and ` +
        `${lake.duplicates.total} duplicates make ${total}.`,
    );
  }
  if (hash !== lake.raw.content_hash) {
    sentences.push('The bytes of raw are not those of events, quarantine and duplicates together.');
  }
  return sentences;
}

function claims(lake: LakeAccount, ingest: RecordAccount): string[] {
  const pairs: [string, number, number][] = [
    ['arrived', ingest.arrived.total, lake.raw.total],
    ['valid', ingest.valid.total, lake.events.total],
    ['quarantined', ingest.quarantined.total, lake.quarantine.total],
    ['duplicate', ingest.duplicates.total, lake.duplicates.total],
  ];
  return pairs
    .filter(([, claimed, found]) => claimed !== found)
    .map(([what, claimed, found]) => `Ingest reported ${claimed} ${what} records, the tables hold ${found}.`);
}

/** Pure: every hop up to the lake, held against the ledger. */
export function reconcileHops(input: ReconcileInput, lake: LakeAccount): HopReport[] {
  const { ledger, landed, receipts, ingest } = input;
  const published: RecordSet = {
    total: receipts.reduce((sum, receipt) => sum + receipt.records, 0),
    content_hash: combineContentHashes(receipts.map((receipt) => receipt.content_hash)),
  };
  const arrived = whole(ledger.arrived);
  return [
    compareHop('landing', arrived, whole(landed)),
    compareHop('kafka', arrived, whole(published)),
    compareHop('raw', arrived, lake.raw, [...lake.findings.raw, ...identity(lake), ...claims(lake, ingest)]),
    compareHop('events', { ...ledger.valid, by: ledger.valid.by_type }, lake.events, lake.findings.events),
    compareHop('quarantine', { ...ledger.quarantined, by: ledger.quarantined.by_reason }, lake.quarantine),
    compareHop('duplicates', whole(ledger.duplicates), lake.duplicates),
  ].map((report) => ({ ...report, expected: pick(report.expected), observed: pick(report.observed) }));
}

const pick = ({ total, content_hash, by }: HopCount): HopCount => ({ total, content_hash, by });

const landingKeys = ({ window, ledger }: ReconcileRequest): string[] =>
  Array.from({ length: ledger.shards }, (_, shard) => keys.shard(window, shard));

export function createReconcileActivities({ lake, store }: ReconcileDeps) {
  return withActivityFailures({
    /**
     * Reads the window back with another engine and holds it against the ledger. Read-only, so it needs no key.
     * @throws DataQualityFailed, not retried, with the hops as its detail: nobody is to see a window that does not balance
     */
    reconcileWindow: (input: ReconcileRequest): Promise<Attempted<ReconcileResult>> =>
      withPulse(SILENCE_MS, async (pulse) => {
        const receipts = await readReceipts(store, input.window, input.receipts);
        const session = await lake.open(input.window, input.tables, pulse.signal);
        let account: LakeAccount;
        try {
          account = await readLakeAccount(session);
          const { arrived } = input.ledger;
          if (account.raw.content_hash !== arrived.content_hash || account.raw.total !== arrived.total) {
            account.findings.raw.push(...(await explainRaw(session, store, landingKeys(input))));
          }
        } finally {
          session.close();
        }
        const hops = reconcileHops({ ...input, receipts }, account);
        const differences = hops.flatMap((hop) => hop.differences);
        if (differences.length > 0) {
          throw new ClientError(
            'DataQualityFailed',
            `window ${input.window} does not reconcile: ${differences.join(' ')}`,
            { details: { hops } },
          );
        }
        return { hops, attempt: pulse.attempt };
      }),
  });
}
