import { hash } from 'node:crypto';
import type { LakeSession } from '../clients/lake-reader.ts';
import type { ObjectStore } from '../clients/object-store.ts';
import { readRecords } from './records.ts';

/** Above this many records the comparison would not fit into a worker; counts and hashes still say what is wrong. */
const LARGEST = 2_000_000;
const EXAMPLES = 10;

/** By what an operator finds a record: its event_id, or the hash of its bytes when it has none that can be read. */
export function recordName(record: Buffer): string {
  const id = /"event_id"\s*:\s*"([^"]{1,64})"/.exec(record.toString('latin1'))?.[1];
  return id ?? `md5 ${hash('md5', record)}`;
}

const digestOf = (record: Buffer): bigint => hash('md5', record, 'buffer').readBigUInt64BE(0);

/** A count, and the first few names. */
class Examples {
  private count = 0;
  private readonly names: string[] = [];

  add(name: () => string | undefined): void {
    this.count += 1;
    if (this.names.length >= EXAMPLES) return;
    const known = name();
    if (known !== undefined) this.names.push(known);
  }

  sentence(what: string): string[] {
    return this.count === 0 ? [] : [`${this.count} ${what}: ${this.names.join(', ')}.`];
  }
}

/**
 * Which records of the landing area are not in raw, and which stand in raw too often, one by one. Only asked when raw does
 * not balance: it reads the whole landing area again.
 */
export async function explainRaw(
  session: LakeSession,
  store: ObjectStore,
  landingKeys: readonly string[],
): Promise<string[]> {
  const remaining = new Map<bigint, number>();
  for await (const rows of session.stream('SELECT digest, count(*) AS total FROM digests GROUP BY digest')) {
    for (const row of rows) remaining.set(row.digest as bigint, Number(row.total));
    if (remaining.size > LARGEST) return [];
  }
  const lost = new Examples();
  for (const key of landingKeys) {
    for await (const records of readRecords(await store.getStream(key))) {
      for (const record of records) {
        const digest = digestOf(record);
        const left = remaining.get(digest) ?? 0;
        if (left === 0) lost.add(() => recordName(record));
        else if (left === 1) remaining.delete(digest);
        else remaining.set(digest, left - 1);
      }
    }
  }
  const extra = new Examples();
  const excess = [...remaining].slice(0, EXAMPLES).map(([digest]) => digest);
  if (excess.length > 0) {
    const rows = await session.rows(
      `SELECT any_value(record_value) AS record_value FROM raw JOIN digests USING (kafka_partition, kafka_offset)
       WHERE digest IN (${excess.join(', ')}) GROUP BY digest`,
    );
    const names = rows.map(({ record_value: value }) =>
      Buffer.isBuffer(value) ? recordName(value) : 'empty',
    );
    const total = [...remaining.values()].reduce((sum, count) => sum + count, 0);
    for (let index = 0; index < total; index += 1) extra.add(() => names[index]);
  }
  return [
    ...lost.sentence('landed records are not in raw'),
    ...extra.sentence('records of raw were never landed, or not so often'),
  ];
}
