import { DatabaseSync } from 'node:sqlite';
import type { ObjectStore } from '../clients/object-store.ts';
import type { TableVersion } from '../contracts/steps.ts';

/** A batch of the stream: which records it took, and when they could be read. Milliseconds since 1970. */
export interface StreamBatch {
  batch: number;
  records: number;
  /** In the data of the page Now. */
  now_ms: number;
  /** In every table of the lake. */
  committed_ms: number;
  lag: number;
  seconds: number;
}

/** Batches with records whose work has ended, in their order, from the store that the page Now reads. */
export function streamBatches(nowFile: string): StreamBatch[] {
  const database = new DatabaseSync(nowFile, { readOnly: true });
  try {
    const rows = database
      .prepare(
        `SELECT batch, records, now_at, committed_at, lag, seconds FROM batches
         WHERE committed_at IS NOT NULL AND records > 0 ORDER BY batch`,
      )
      .all();
    return rows.map((row) => ({
      batch: Number(row.batch),
      records: Number(row.records),
      now_ms: Date.parse(String(row.now_at)),
      committed_ms: Date.parse(String(row.committed_at)),
      lag: Number(row.lag),
      seconds: Number(row.seconds),
    }));
  } finally {
    database.close();
  }
}

/** The newest version of a table in the catalogue of one machine, which is a SQLite file. */
export function newestVersion(catalogFile: string, table: string): string {
  const database = new DatabaseSync(catalogFile, { readOnly: true });
  try {
    const row = database
      .prepare('SELECT metadata_location FROM iceberg_tables WHERE table_name = ?')
      .get(table);
    if (row === undefined) throw new Error(`the catalogue has no table ${table}`);
    return String(row.metadata_location);
  } finally {
    database.close();
  }
}

interface Metadata {
  'current-snapshot-id': number;
  snapshots: { 'snapshot-id': number; summary: Record<string, string> }[];
}

/** Next offsets by partition after each batch, as the commits of the table tell them. */
export async function batchEnds(
  store: Pick<ObjectStore, 'getStream'>,
  location: string,
): Promise<{ version: TableVersion; ends: { batch: number; partition: number; end: number }[] }> {
  const key = location.replace(/^s3:\/\/[^/]+\//, '');
  const parts: Buffer[] = [];
  for await (const part of await store.getStream(key)) parts.push(Buffer.from(part as Uint8Array));
  const text = Buffer.concat(parts).toString();
  const metadata = JSON.parse(text) as Metadata;
  // A snapshot id does not fit a double: taken from the text.
  const snapshot_id = /"current-snapshot-id"\s*:\s*(\d+)/.exec(text)?.[1];
  if (snapshot_id === undefined) throw new Error(`${location} names no snapshot`);
  const ends = metadata.snapshots.flatMap(({ summary }) => {
    const { 'reprise.batch': batch, 'reprise.offsets': offsets } = summary;
    if (batch === undefined || offsets === undefined) return [];
    const [byPartition] = Object.values(JSON.parse(offsets) as Record<string, Record<string, number>>);
    return Object.entries(byPartition ?? {}).map(([partition, end]) => ({
      ...{ batch: Number(batch), partition: Number(partition), end },
    }));
  });
  return { version: { metadata_location: location, snapshot_id }, ends };
}
