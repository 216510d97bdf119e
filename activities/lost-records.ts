import { hash } from 'node:crypto';
import type { LakeSession } from '../clients/lake-reader.ts';
import type { ObjectStore } from '../clients/object-store.ts';
import { type HopRecord, NAMED_RECORDS } from '../contracts/hop-report.ts';
import { READABLE_TYPES, readableTypeOf } from '../contracts/readable-type.ts';
import { landedRecords } from './landed-records.ts';

/** Above this many records the comparison would not fit into a worker; counts and hashes still say what is wrong. */
export const LARGEST = 2_000_000;

/** By what an operator finds a record: its event_id, or the hash of its bytes when it has none that can be read. */
export function recordName(record: Buffer): string {
  const id = /"event_id"\s*:\s*"([0-9A-Za-z_-]{1,64})"/.exec(record.toString('latin1'))?.[1];
  return id ?? `md5 ${hash('md5', record)}`;
}

export const digestOf = (record: Buffer): bigint => hash('md5', record, 'buffer').readBigUInt64BE(0);

export interface Explanation {
  sentences: string[];
  records: HopRecord[];
}

/** How many records are missing or too many, and the first few of them. */
export class Finding {
  total = 0;
  readonly records: HopRecord[] = [];
  private readonly finding: HopRecord['finding'];

  constructor(finding: HopRecord['finding']) {
    this.finding = finding;
  }

  add(record: () => Buffer): void {
    this.total += 1;
    if (this.records.length >= NAMED_RECORDS) return;
    const found = record();
    const type = READABLE_TYPES[readableTypeOf(found)] ?? '';
    this.records.push({ finding: this.finding, type, event_id: recordName(found) });
  }

  sentence(what: string): string[] {
    return this.total === 0 ? [] : [`${this.total} ${what}.`];
  }
}

/** What the landing area and raw do not have in common. */
export interface Difference {
  /** Landed records that raw lacks, or has not so often. */
  lost: Explanation;
  /** The other way round. */
  extra: Explanation;
}

const nothing = (): Explanation => ({ sentences: [], records: [] });

/**
 * Which records of the landing area are not in raw, and which stand in raw too often, one by one. Only asked when one of the
 * two does not balance: it reads the whole landing area again.
 */
export async function landedAgainstRaw(
  session: LakeSession,
  store: ObjectStore,
  landingKeys: readonly string[],
): Promise<Difference> {
  const remaining = new Map<bigint, number>();
  for await (const rows of session.stream('SELECT digest, count(*) AS total FROM digests GROUP BY digest')) {
    for (const row of rows) remaining.set(row.digest as bigint, Number(row.total));
    if (remaining.size > LARGEST) return { lost: nothing(), extra: nothing() };
  }
  const lost = new Finding('missing');
  for (const key of landingKeys) {
    for await (const records of landedRecords(store, key)) {
      for (const record of records) {
        const digest = digestOf(record);
        const left = remaining.get(digest) ?? 0;
        if (left === 0) lost.add(() => record);
        else if (left === 1) remaining.delete(digest);
        else remaining.set(digest, left - 1);
      }
    }
  }
  const extra = new Finding('extra');
  const excess = [...remaining.keys()].slice(0, NAMED_RECORDS);
  const bytes = new Map<bigint, Buffer>();
  if (excess.length > 0) {
    const rows = await session.rows(
      `SELECT digest, any_value(record_value) AS record_value FROM raw JOIN digests USING (kafka_partition, kafka_offset)
       WHERE digest IN (${excess.join(', ')}) GROUP BY digest`,
    );
    for (const { digest, record_value: value } of rows)
      bytes.set(digest as bigint, Buffer.isBuffer(value) ? value : Buffer.alloc(0));
  }
  for (const [digest, count] of remaining)
    for (let copy = 0; copy < count; copy += 1) extra.add(() => bytes.get(digest) ?? Buffer.alloc(0));
  return {
    lost: { sentences: lost.sentence('landed records are not in raw'), records: lost.records },
    extra: {
      sentences: extra.sentence('records of raw were never landed, or not so often'),
      records: extra.records,
    },
  };
}

/** Seen from the landing area: what raw has too many of is what is missing there. */
export const seenFromLanding = ({ lost, extra }: Difference): HopRecord[] => [
  ...extra.records.map((record) => ({ ...record, finding: 'missing' as const })),
  ...lost.records.map((record) => ({ ...record, finding: 'extra' as const })),
];
