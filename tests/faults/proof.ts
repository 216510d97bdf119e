import { setTimeout as sleep } from 'node:timers/promises';
import { DuckDBInstance } from '@duckdb/node-api';
import type { Config } from '../../config/config.ts';
import { HopName } from '../../contracts/report.ts';
import { windowBounds } from '../../contracts/window.ts';
import {
  differenceOfIds,
  differenceOfRecords,
  eventIdsIn,
  lakeSession,
  rawDigestsIn,
  tablesNow,
} from './lake-watch.ts';
import type { RunReport } from './run-window.ts';
import { TopicReader } from './topic-reader.ts';
import type { WindowTruth } from './truth.ts';

/** A reader of the topic waits this long for what it has not seen; the broker has just been killed. */
const TOPIC_LIMIT_MS = 60_000;

/**
 * The set of event ids out is the set in, none twice: in the topic, the lake and the warehouse, for whoever reads now.
 * @returns a sentence for each difference
 */
export async function differencesOf(
  config: Config,
  truth: WindowTruth,
  report: RunReport,
): Promise<string[]> {
  const found: string[] = [];
  const note = (where: string, difference: string | undefined): void => {
    if (difference !== undefined) found.push(`${truth.window}, ${where}: ${difference}`);
  };
  note('topic', await topicDifference(config, truth));
  const tables = tablesNow(config);
  const session = await lakeSession(config, truth.window);
  try {
    const [raw, events] = [tables.get('raw'), tables.get('events')];
    if (!raw || !events) throw new Error('the lake has no tables');
    note('raw', differenceOfRecords(await rawDigestsIn(session, raw, truth), truth));
    note('events', differenceOfIds(await eventIdsIn(session, events, truth), truth));
  } finally {
    session.close();
  }
  note('warehouse', differenceOfIds(await warehouseIds(config, truth), truth));
  for (const difference of reportDifferences(report, truth)) note('report', difference);
  return found;
}

async function topicDifference(config: Config, truth: WindowTruth): Promise<string | undefined> {
  const reader = new TopicReader(config);
  reader.start();
  try {
    return await settledDifference(reader, truth);
  } finally {
    await reader.stop();
  }
}

/** What a reader has seen, once it has had the time to see all. */
export async function settledDifference(
  reader: TopicReader,
  truth: WindowTruth,
): Promise<string | undefined> {
  const until = performance.now() + TOPIC_LIMIT_MS;
  for (;;) {
    const difference = differenceOfRecords(reader.seenOf(truth.window), truth);
    if (difference === undefined || performance.now() > until) return difference;
    await sleep(200);
  }
}

async function warehouseIds({ paths }: Config, { window }: WindowTruth): Promise<string[]> {
  const instance = await DuckDBInstance.create(paths.warehouseFile, { access_mode: 'READ_ONLY' });
  try {
    const connection = await instance.connect();
    const start = windowBounds(window).start.replace('Z', '');
    const reader = await connection.runAndReadAll(
      `SELECT event_id FROM lake.events WHERE window_start = TIMESTAMP '${start}'`,
    );
    connection.closeSync();
    return reader.getRows().map(([id]) => String(id));
  } finally {
    instance.closeSync();
  }
}

/** The window's own account: every hop there and matching, with the ledger's hashes. */
function reportDifferences(report: RunReport, { ledger }: WindowTruth): string[] {
  const differences: string[] = [];
  const { hops = [] } = report;
  if (report.state !== 'completed' || !report.reconciled)
    differences.push(`it is ${report.state}${report.reconciled ? '' : ' and does not reconcile'}`);
  const missing = HopName.options.filter((name) => !hops.some(({ hop }) => hop === name));
  if (missing.length > 0) differences.push(`it does not tell of ${missing.join(', ')}`);
  const expected: Partial<Record<HopName, string>> = {
    landing: ledger.arrived.content_hash,
    kafka: ledger.arrived.content_hash,
    raw: ledger.arrived.content_hash,
    events: ledger.valid.content_hash,
    quarantine: ledger.quarantined.content_hash,
    duplicates: ledger.duplicates.content_hash,
    warehouse: ledger.valid.content_hash,
  };
  for (const { hop, observed } of hops)
    if (expected[hop] !== undefined && observed.content_hash !== expected[hop])
      differences.push(`${hop} has the hash ${observed.content_hash}, not ${expected[hop]}`);
  return differences;
}
