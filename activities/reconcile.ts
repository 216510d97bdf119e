import { ClientError } from '../clients/errors.ts';
import type { LakeReader, LakeSession } from '../clients/lake-reader.ts';
import type { ObjectStore } from '../clients/object-store.ts';
import { withScratch } from '../clients/scratch.ts';
import { combineContentHashes } from '../contracts/content-hash.ts';
import { compareHop, type HopCount, type HopFindings } from '../contracts/hops.ts';
import {
  type Ledger,
  mergeTypedSets,
  type RecordAccount,
  type TypedSet,
  unlikelyTotal,
} from '../contracts/ledger.ts';
import type { HopRecord, HopReport } from '../contracts/hop-report.ts';
import { keys } from '../contracts/lake.ts';
import type { LakeVersions, Receipt, WindowReceipts } from '../contracts/steps.ts';
import { windowKey, type WindowId } from '../contracts/window.ts';
import { withActivityFailures } from './failures.ts';
import type { Attempted } from './generate.ts';
import { type LakeAccount, readLakeAccount } from './lake-account.ts';
import { countLanded } from './landed-records.ts';
import { type Difference, landedAgainstRaw, seenFromLanding } from './lost-records.ts';
import { explainTables, type LostEvents } from './lost-events.ts';
import { type Pulse, withPulse } from './pulse.ts';
import { readReceipts } from './receipts.ts';

export interface ReconcileDeps {
  lake: LakeReader;
  store: ObjectStore;
  /** Folder for what is found out about a difference; each attempt has its own below it. */
  scratch: string;
}

export interface ReconcileInput {
  window: WindowId;
  ledger: Ledger;
  /** What was counted while the shards were written to the landing area. */
  landed: TypedSet;
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

const whole = ({ total, content_hash, by_type }: TypedSet): HopCount => ({
  total,
  content_hash,
  by: by_type ?? null,
});

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

function sinceWritten(written: TypedSet, lies: TypedSet): string[] {
  if (!differs(whole(written), whole(lies))) return [];
  return [
    `${written.total} records (${written.content_hash}) were written to the landing area, ${lies.total} (${lies.content_hash}) lie there.`,
  ];
}

/** What was found out about the records of a difference. */
export type Explained = { landed?: Difference } & Partial<LostEvents>;

/** Of two places that differ from the ledger each has lost what only the other has. */
function explainedRaw(explained: Explained, landingDiffers: boolean): HopFindings {
  const { landed } = explained;
  if (!landed) return {};
  if (landingDiffers) return landed.lost;
  return {
    sentences: [...(landed.lost.sentences ?? []), ...(landed.extra.sentences ?? [])],
    records: [...landed.lost.records, ...landed.extra.records],
  };
}

function explainedLanding({ landed }: Explained, rawDiffers: boolean): HopRecord[] {
  if (!landed) return [];
  const seen = seenFromLanding(landed);
  return rawDiffers ? seen.filter(({ finding }) => finding === 'missing') : seen;
}

/** Then nothing was landed: the topic is where its records come from. */
const arrivedByItself = (receipts: readonly Receipt[]): boolean =>
  receipts.some(({ source }) => source === 'live');

/** Only the bytes: raw has more faults than records that it lacks. */
const differs = (one: HopCount, other: HopCount): boolean =>
  one.total !== other.total || one.content_hash !== other.content_hash;

/**
 * Pure: every hop up to the lake, held against the ledger.
 * @param lies what lies in the landing area now; `landed` in the input is what was written there
 */
export function reconcileHops(
  input: ReconcileInput,
  lies: TypedSet,
  lake: LakeAccount,
  explained: Explained = {},
): HopReport[] {
  const { ledger, landed, receipts, ingest } = input;
  const published = mergeTypedSets(
    receipts.map(({ records: total, content_hash, by_type }) => ({ total, content_hash, by_type })),
  );
  const arrived = whole(ledger.arrived);
  const unlikely = unlikelyTotal(ledger, ledger.events_requested, undefined);
  const landing = whole(lies);
  const raw = explainedRaw(explained, differs(arrived, landing));
  const landedHop = compareHop('landing', arrived, landing, {
    sentences: [...(unlikely ? [`${unlikely}.`] : []), ...sinceWritten(landed, lies)],
    records: differs(arrived, landing) ? explainedLanding(explained, differs(arrived, lake.raw)) : [],
  });
  return [
    ...(arrivedByItself(receipts) ? [] : [landedHop]),
    compareHop('kafka', arrived, whole(published)),
    compareHop('raw', arrived, lake.raw, {
      sentences: [
        ...(differs(arrived, lake.raw) ? (raw.sentences ?? []) : []),
        ...lake.findings.raw,
        ...identity(lake),
        ...claims(lake, ingest),
      ],
      records: differs(arrived, lake.raw) ? (raw.records ?? []) : [],
    }),
    compareHop('events', { ...ledger.valid, by: ledger.valid.by_type }, lake.events, {
      sentences: lake.findings.events,
      records: explained.events ?? [],
    }),
    compareHop('quarantine', { ...ledger.quarantined, by: ledger.quarantined.by_reason }, lake.quarantine, {
      records: explained.quarantine ?? [],
    }),
    compareHop('duplicates', whole(ledger.duplicates), lake.duplicates, {
      records: explained.duplicates ?? [],
    }),
  ];
}

const landingKeys = ({ window, ledger }: ReconcileRequest): string[] =>
  Array.from({ length: ledger.shards }, (_, shard) => keys.shard(window, shard));

async function explain(
  { store, scratch }: Pick<ReconcileDeps, 'store' | 'scratch'>,
  session: LakeSession,
  input: ReconcileRequest,
  hops: readonly HopReport[],
  pulse: Pulse,
): Promise<Explained> {
  const isOff = (...names: string[]): boolean =>
    hops.some(({ hop, matches }) => !matches && names.includes(hop));
  const raw = hops.find(({ hop }) => hop === 'raw');
  const sameBytes = raw?.observed.content_hash === raw?.expected.content_hash;
  const { window } = input;
  const explained: Explained = {};
  const wasLanded = hops.some(({ hop }) => hop === 'landing');
  if (isOff('landing') || (isOff('raw') && !sameBytes && wasLanded))
    explained.landed = await landedAgainstRaw(session, store, landingKeys(input));
  if (isOff('events', 'quarantine', 'duplicates')) {
    const lost = await withScratch(scratch, `explain-${windowKey(window)}`, (folder) =>
      explainTables(session, window, raw?.observed.total ?? 0, folder, pulse),
    );
    for (const hop of ['events', 'quarantine', 'duplicates'] as const)
      if (isOff(hop)) explained[hop] = lost[hop];
  }
  return explained;
}

/** That the window does not balance is not to be hidden by what stands in the way of finding out why. */
function ifItMayComeBack(error: unknown): Explained {
  if (error instanceof ClientError && !error.retryable) return {};
  throw error;
}

export function createReconcileActivities({ lake, store, scratch }: ReconcileDeps) {
  return withActivityFailures({
    /**
     * Reads the window back with another engine and holds it against the ledger. Read-only, so it needs no key.
     * @throws DataQualityFailed, not retried, with the hops as its detail: nobody is to see a window that does not balance
     */
    reconcileWindow: (input: ReconcileRequest): Promise<Attempted<ReconcileResult>> =>
      withPulse(SILENCE_MS, async (pulse) => {
        const receipts = await readReceipts(store, input.window, input.receipts);
        const session = await lake.open(input.window, input.tables, pulse.signal);
        let hops: HopReport[];
        try {
          const account = await readLakeAccount(session);
          const lies = await countLanded(store, landingKeys(input), pulse);
          const found = (explained?: Explained) =>
            reconcileHops({ ...input, receipts }, lies, account, explained);
          hops = found();
          if (hops.some((hop) => !hop.matches)) {
            const explained = await explain({ store, scratch }, session, input, hops, pulse).catch(
              ifItMayComeBack,
            );
            hops = found(explained);
          }
        } finally {
          session.close();
        }
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
