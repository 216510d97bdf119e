import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import { ApplicationFailure } from '@temporalio/common';
import { createReconcileActivities, type ReconcileInput } from '../../../activities/reconcile.ts';
import { RecordTally } from '../../../activities/records.ts';
import { ClientError } from '../../../clients/errors.ts';
import { sessionOn } from '../../../clients/lake-reader.ts';
import type { ObjectStore } from '../../../clients/object-store.ts';
import { classify } from '../../../contracts/classify.ts';
import type { HopReport } from '../../../contracts/hop-report.ts';
import type { Receipt } from '../../../contracts/steps.ts';
import { windowBounds } from '../../../contracts/window.ts';
import { type Emitted, emitWindow } from '../generator/recount.ts';
import { runActivity } from './run-activity.ts';

export const window = '2026-01-05T08:00Z';
const rates = { duplicate: 0.05, malformed_json: 0.05, missing_field: 0.05, unknown_event_type: 0.02 };
const hashOf = (record: Buffer): bigint => {
  const tally = new RecordTally();
  tally.take(record);
  return BigInt.asIntN(64, BigInt(`0x${tally.contentHash}`));
};

/** A window of 400 records that balances, in plain tables, for a test to take something from it. */
export class PlantedWindow {
  readonly emitted: Emitted;
  readonly connection: DuckDBConnection;
  input: ReconcileInput;
  /** Of the landing area's only shard; undefined: somebody has removed it. */
  landing: Buffer | undefined;

  private constructor(emitted: Emitted, connection: DuckDBConnection) {
    this.emitted = emitted;
    this.connection = connection;
    const { lines, ledger } = emitted;
    const tally = new RecordTally();
    for (const line of lines) tally.take(line);
    const { records: total, contentHash: content_hash, byType: by_type } = tally;
    this.landing = Buffer.concat(lines.flatMap((line) => [line, Buffer.from('\n')]));
    const receipt = { records: total, content_hash, by_type } as Receipt;
    this.input = {
      ...{ window, ledger, ingest: ledger, tables: {} as never },
      landed: { total, content_hash, by_type },
      receipts: [receipt],
    };
  }

  static async of(events = 400): Promise<PlantedWindow> {
    const emitted = await emitWindow({
      window,
      events,
      seed: 3,
      shards: 1,
      ...(events > 0 ? { rates } : {}),
    });
    return new PlantedWindow(emitted, await lakeOf(emitted.lines));
  }

  async reconcile(): Promise<HopReport[]> {
    const lake = {
      open: async () => sessionOn(this.connection, new AbortController().signal, () => undefined),
    };
    const store = {
      getStream: async () => {
        if (!this.landing) throw new ClientError('ResourceMissing', 'no such object');
        return Readable.from([this.landing]);
      },
    } as unknown as ObjectStore;
    const scratch = mkdtempSync(join(tmpdir(), 'reprise-planted-'));
    try {
      const { reconcileWindow } = createReconcileActivities({ lake, store, scratch });
      return (await runActivity(reconcileWindow, this.input)).hops;
    } finally {
      rmSync(scratch, { recursive: true, force: true });
    }
  }

  /** The hops that differ, with what is said of them. */
  async differing(): Promise<Record<string, HopReport>> {
    const failure = await this.reconcile().catch((error: unknown) => error);
    if (!(failure instanceof ApplicationFailure)) throw new Error('it balances');
    const { type, nonRetryable, details } = failure;
    if (type !== 'DataQualityFailed' || !nonRetryable) throw failure;
    const { hops } = (details as [{ hops: HopReport[] }])[0];
    return Object.fromEntries(hops.filter(({ matches }) => !matches).map((hop) => [hop.hop, hop]));
  }

  /** Coordinates and id of the first event of that type. */
  async some(type: string): Promise<{ offset: number; id: string }> {
    const found = await this.connection.runAndReadAll(
      `SELECT kafka_offset, event_id FROM events WHERE event_type = '${type}' ORDER BY ALL LIMIT 1`,
    );
    const [[offset, id] = []] = found.getRows();
    return { offset: Number(offset), id: String(id) };
  }
}

/** A window of a lake in plain tables, as ingest would have left it. */
async function lakeOf(lines: readonly Buffer[]): Promise<DuckDBConnection> {
  const lake = await (await DuckDBInstance.create(':memory:')).connect();
  await lake.run(`
    CREATE TABLE raw (kafka_topic VARCHAR, kafka_partition INT, kafka_offset BIGINT, record_value BLOB);
    CREATE TABLE events (kafka_partition INT, kafka_offset BIGINT, event_id VARCHAR, event_type VARCHAR, record_hash BIGINT);
    CREATE TABLE quarantine (kafka_partition INT, kafka_offset BIGINT, reason_code VARCHAR, event_type VARCHAR, record_value BLOB);
    CREATE TABLE minute_counts (events BIGINT)`);
  const end = Date.parse(windowBounds(window).end);
  const seen = new Set<string>();
  for (const [offset, line] of lines.entries()) {
    const blob = `from_hex('${line.toString('hex')}')`;
    await lake.run(`INSERT INTO raw VALUES ('t', 0, ${offset}, ${blob})`);
    const found = classify(line, end);
    if (!found.valid) {
      await lake.run(`INSERT INTO quarantine VALUES (0, ${offset}, '${found.reason_code}', NULL, ${blob})`);
      continue;
    }
    const { event_id: id, event_type: type } = found.event;
    if (seen.has(id))
      await lake.run(`INSERT INTO quarantine VALUES (0, ${offset}, 'duplicate_event', '${type}', ${blob})`);
    else await lake.run(`INSERT INTO events VALUES (0, ${offset}, '${id}', '${type}', ${hashOf(line)})`);
    seen.add(id);
  }
  await lake.run(`INSERT INTO minute_counts SELECT count(*) FROM events`);
  return lake;
}
