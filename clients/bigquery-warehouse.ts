import { join } from 'node:path';
import type { BigQuery } from '@google-cloud/bigquery';
import type { DuckDBConnection } from '@duckdb/node-api';
import { formatContentHash } from '../contracts/content-hash.ts';
import type { HopRecord } from '../contracts/hop-report.ts';
import type { MartRows } from '../contracts/hops.ts';
import { WAREHOUSE_SOURCE_SCHEMA } from '../contracts/lake.ts';
import { WAREHOUSE_TABLES } from '../contracts/tables.ts';
import { windowBounds } from '../contracts/window.ts';
import { type BigQuerySettings, connectBigQuery, request, runQuery } from './bigquery.ts';
import { loadPartition } from './bigquery-load.ts';
import { copyTable, martColumns } from './bigquery-read.ts';
import { ensureLakeTables } from './bigquery-tables.ts';
import { withFileToOurselves } from './duckdb-file.ts';
import { ClientError } from './errors.ts';
import { assertAudited, cutOffBuilds, type MartState, openBuildsSql } from './mart-state.ts';
import { tableContents, unlikeLake } from './load-contents.ts';
import { BUCKET, LOADED_EVENTS, loadDifferences, MOST_BUCKETS } from './load-differences.ts';
import { auditMarts } from './mart-audit.ts';
import { BIGQUERY } from './mart-content.ts';
import {
  assertAsAudited,
  MART_CONTENT_TABLE,
  type MartDay,
  martDays,
  type RecordedMarts,
  recordedDays,
  recordMarts,
  wholeMart,
} from './mart-record.ts';
import { withScratch } from './scratch.ts';
import {
  isAsExpected,
  lakeSelection,
  type LoadedWindow,
  MART_STATE_TABLE,
  MARTS,
  type Mart,
  nothingLoaded,
  perWarehouseTable,
  type Progress,
  quoteText,
  rememberDatesSql,
  type Warehouse,
  type WindowLoad,
  WINDOW_DATES_TABLE,
} from './warehouse.ts';

export interface BigQueryWarehouseSettings extends BigQuerySettings {
  /** Where Parquet files lie until they are loaded. */
  scratch: string;
}

export function createBigQueryWarehouse(settings: BigQueryWarehouseSettings): Warehouse {
  const bigQuery = connectBigQuery(settings);
  const lakeDataset = `${settings.dataset}_${WAREHOUSE_SOURCE_SCHEMA}`;
  const martDataset = `${settings.dataset}_marts`;
  const lakeTable = (table: string): string => `\`${settings.project}.${lakeDataset}.${table}\``;
  const martTable = (mart: Mart): string => `\`${settings.project}.${martDataset}.${mart}\``;
  const recordedMarts = (progress: Progress): RecordedMarts => ({
    dialect: BIGQUERY,
    record: lakeTable(MART_CONTENT_TABLE),
    mart: martTable,
    columns: (mart) => martColumns(bigQuery.dataset(martDataset).table(mart), mart),
    query: (sql) => runQuery(bigQuery, 'look at the marts', sql, progress),
  });
  const ourselves = `bigquery:${settings.project}.${settings.dataset}`;
  return {
    kind: 'bigquery',
    async loadWindow(load, progress) {
      await ensureLakeTables(bigQuery, lakeDataset, settings.location);
      const windowStart = `TIMESTAMP ${quoteText(windowBounds(load.window).start)}`;
      const remember = rememberDatesSql(
        { events: lakeTable('events'), dates: lakeTable(WINDOW_DATES_TABLE) },
        windowStart,
      );
      await runQuery(bigQuery, 'note the days of the window', remember, progress);
      await loadTables(bigQuery, lakeDataset, settings.scratch, load, progress);
      await runQuery(bigQuery, 'note the days of the window', remember, progress);
      const found = await loaded(bigQuery, lakeTable, windowStart, progress);
      const unlike = await unlikeLake(found, load.lake);
      if (isAsExpected(found, load.expected)) return { ...found, ...unlike };
      const rows = `${lakeTable('events')} WHERE window_start = ${windowStart}`;
      return { ...found, ...unlike, differences: await differences(bigQuery, rows, load.lake, progress) };
    },
    async loadedWindow(window, progress) {
      const windowStart = `TIMESTAMP ${quoteText(windowBounds(window).start)}`;
      try {
        return await loaded(bigQuery, lakeTable, windowStart, progress);
      } catch (error) {
        if (error instanceof ClientError && error.code === 'ResourceMissing') return nothingLoaded();
        throw error;
      }
    },
    dbtEnvironment: () => dbtEnvironment(settings),
    withMartsToOurselves: (progress, work) =>
      withFileToOurselves(ourselves, progress, async () => {
        const states = bigQuery.dataset(lakeDataset).table(MART_STATE_TABLE);
        const [there] = await request('look for the state of the marts', () => states.exists());
        if (!there) return work([]);
        const open = openBuildsSql(
          { states: lakeTable(MART_STATE_TABLE), dates: lakeTable(WINDOW_DATES_TABLE) },
          "FORMAT_TIMESTAMP('%Y-%m-%dT%H:%MZ', state.window_start)",
        );
        return work(cutOffBuilds(await runQuery(bigQuery, 'look for unfinished builds', open, progress)));
      }),
    auditMarts: (window, dates, progress) =>
      auditMarts(
        {
          dialect: BIGQUERY,
          windowStart: `TIMESTAMP ${quoteText(windowBounds(window).start)}`,
          events: lakeTable('events'),
          deduplicated: `\`${settings.project}.${settings.dataset}_intermediate.int_events_deduplicated\``,
          mart: martTable,
          columns: (mart) => martColumns(bigQuery.dataset(martDataset).table(mart), mart),
          query: (sql) => runQuery(bigQuery, 'audit the marts', sql, progress),
        },
        dates,
      ),
    recordMarts: (dates, progress) => recordMarts(recordedMarts(progress), dates),
    copyMarts: (target, progress) =>
      withFileToOurselves(ourselves, progress, async () => {
        const state = `SELECT FORMAT_TIMESTAMP('%Y-%m-%dT%H:%MZ', window_start) AS window_start, state
          FROM ${lakeTable(MART_STATE_TABLE)}`;
        assertAudited(
          (await runQuery(
            bigQuery,
            'look up the state of the marts',
            state,
            progress,
          )) as unknown as MartState[],
        );
        const marts = recordedMarts(progress);
        const found: MartDay[] = [];
        const rows = {} as Record<Mart, MartRows>;
        for (const mart of MARTS) {
          progress.note({ publishing: mart });
          const table = bigQuery.dataset(martDataset).table(mart);
          await copyTable(table, target, mart, progress);
          const days = await martDays(marts, mart);
          rows[mart] = wholeMart(days);
          found.push(...days);
        }
        const record = bigQuery.dataset(lakeDataset).table(MART_CONTENT_TABLE);
        const [there] = await request('look for the record of the marts', () => record.exists());
        if (there) assertAsAudited(await recordedDays(marts), found);
        return rows;
      }),
  };
}

/** Only of the buckets in which something differs are the rows themselves fetched. */
async function differences(
  bigQuery: BigQuery,
  rows: string,
  lake: DuckDBConnection,
  progress: Progress,
): Promise<HopRecord[]> {
  const buckets = `SELECT ${BUCKET} AS bucket, event_type, CAST(COUNT(*) AS STRING) AS total,
    CAST(SUM(CAST(record_hash AS NUMERIC)) AS STRING) AS hash FROM`;
  const digest = ({ bucket, event_type: type, total, hash }: Record<string, unknown>): string =>
    [bucket, type, total, String(hash).split('.')[0]].join(' ');
  const bucketOf = (text: string): string => text.split(' ')[0] ?? '';
  const doing = 'look for what differs';
  const theirs = new Set(
    (await runQuery(bigQuery, doing, `${buckets} ${rows} GROUP BY bucket, event_type`, progress)).map(digest),
  );
  const own = await lake.runAndReadAll(
    `${buckets.replaceAll('NUMERIC', 'HUGEINT')} events GROUP BY bucket, event_type`,
  );
  const ours = new Set(own.getRowObjectsJson().map(digest));
  const differing = [
    ...[...theirs].filter((one) => !ours.has(one)),
    ...[...ours].filter((one) => !theirs.has(one)),
  ].map(bucketOf);
  const some = [...new Set(differing)].sort().slice(0, MOST_BUCKETS);
  if (some.length === 0) return [];
  const fetched = await runQuery(
    bigQuery,
    doing,
    `SELECT event_id, event_type, CAST(record_hash AS STRING) AS record_hash FROM ${rows}
      AND ${BUCKET} IN (${some.map(quoteText).join(', ')})`,
    progress,
  );
  await lake.run(
    `CREATE OR REPLACE TEMP TABLE ${LOADED_EVENTS} (event_id VARCHAR, event_type VARCHAR, record_hash BIGINT)`,
  );
  const appender = await lake.createAppender(LOADED_EVENTS);
  for (const row of fetched) {
    appender.appendVarchar(String(row.event_id));
    appender.appendVarchar(String(row.event_type));
    appender.appendBigInt(BigInt(String(row.record_hash)));
    appender.endRow();
  }
  appender.closeSync();
  return loadDifferences(lake, some);
}

async function loadTables(
  bigQuery: BigQuery,
  dataset: string,
  scratch: string,
  { window, lake, key }: WindowLoad,
  progress: Progress,
): Promise<void> {
  await withScratch(scratch, 'load', async (folder) => {
    for (const table of WAREHOUSE_TABLES) {
      progress.note({ loading: table });
      const file = join(folder, `${table}.parquet`);
      await writeParquet(lake, lakeSelection(table, 'TIMESTAMPTZ'), file);
      await loadPartition(bigQuery, { dataset, table, window, file, key }, progress);
    }
  });
}

async function writeParquet(lake: DuckDBConnection, selection: string, file: string): Promise<void> {
  await lake.run(`COPY (${selection}) TO ${quoteText(file)} (FORMAT parquet, COMPRESSION zstd)`);
}

async function loaded(
  bigQuery: BigQuery,
  lakeTable: (table: string) => string,
  windowStart: string,
  progress: Progress,
): Promise<LoadedWindow> {
  const counts = WAREHOUSE_TABLES.map(
    (table) => `(SELECT COUNT(*) FROM ${lakeTable(table)} WHERE window_start = ${windowStart}) AS ${table}`,
  );
  // A sum of INT64 overflows; NUMERIC holds 29 digits before the point.
  const query = `SELECT ${counts.join(', ')},
    (SELECT CAST(SUM(CAST(record_hash AS NUMERIC)) AS STRING) FROM ${lakeTable('events')}
      WHERE window_start = ${windowStart}) AS hash_sum,
    ARRAY(SELECT DISTINCT FORMAT_DATE('%Y-%m-%d', activity_date) AS day FROM ${lakeTable(WINDOW_DATES_TABLE)}
      WHERE window_start = ${windowStart} ORDER BY day) AS affected_dates`;
  const [row = {}] = await runQuery(bigQuery, 'count the window', query, progress);
  const types = `SELECT event_type, COUNT(*) AS total FROM ${lakeTable('events')}
    WHERE window_start = ${windowStart} GROUP BY event_type ORDER BY event_type`;
  const byType = await runQuery(bigQuery, 'count the window by type', types, progress);
  const [whole = '0'] = String(row.hash_sum ?? '0').split('.');
  return {
    rows: perWarehouseTable((table) => Number(row[table])),
    by_type: Object.fromEntries(byType.map(({ event_type: type, total }) => [String(type), Number(total)])),
    content_hash: formatContentHash(BigInt(whole)),
    contents: await tableContents({
      dialect: BIGQUERY,
      rows: (table) => `(SELECT * FROM ${lakeTable(table)} WHERE window_start = ${windowStart}) AS loaded`,
      query: (sql) => runQuery(bigQuery, 'count the rows of the window', sql, progress),
    }),
    affected_dates: row.affected_dates as string[],
  };
}

function dbtEnvironment(settings: BigQuerySettings): Record<string, string> {
  const { endpoint, credentialsFile } = settings;
  return {
    WAREHOUSE: 'bigquery',
    BIGQUERY_PROJECT: settings.project,
    BIGQUERY_DATASET: settings.dataset,
    BIGQUERY_LOCATION: settings.location,
    ...(endpoint === undefined
      ? { BIGQUERY_METHOD: credentialsFile === undefined ? 'oauth' : 'service-account' }
      : { BIGQUERY_METHOD: 'oauth-secrets', BIGQUERY_ENDPOINT: endpoint, BIGQUERY_TOKEN: 'none' }),
    ...(credentialsFile === undefined ? {} : { GOOGLE_APPLICATION_CREDENTIALS: credentialsFile }),
  };
}
