import { mkdir, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { DuckDBConnection } from '@duckdb/node-api';
import type { HopReport } from '../contracts/hop-report.ts';
import { compareHop, contentByMart, type MartRows } from '../contracts/hops.ts';
import { ServingPointer } from '../contracts/report.ts';
import { windowBounds, windowKey, type WindowId } from '../contracts/window.ts';
import { duckDbError, withDuckDb } from './duckdb-file.ts';
import { ClientError, systemCode } from './errors.ts';
import { duckDbMartRows } from './mart-content.ts';
import { MARTS, type Mart, quoteText } from './warehouse.ts';

export interface ServingSettings {
  folder: string;
  /** Snapshots that are kept, the current one included: readers of the last few still have theirs open. */
  keep: number;
}

export interface PublishedSnapshot {
  version: string;
  file: string;
  bytes: number;
  /** Rows by mart, read back from the snapshot. */
  marts: Record<Mart, number>;
  /** Rows by mart in the warehouse, as `fill` found them there. */
  warehouse_marts: Record<Mart, number>;
  /** The same, with the content hashes of the rows. */
  hops: HopReport[];
}

export interface ServingStore {
  /**
   * Writes a new snapshot with `fill`, which returns what each mart holds at its source, and points readers to it.
   * Readers see the old one or the new one, whole.
   * @throws ClientError DataQualityFailed, with the hop as its detail, when the snapshot does not hold those rows: readers
   *   stay where they are
   */
  publish(
    window: WindowId,
    warehouse: string,
    fill: (target: DuckDBConnection) => Promise<Record<Mart, MartRows>>,
  ): Promise<PublishedSnapshot>;
  current(): Promise<ServingPointer | undefined>;
}

const SNAPSHOT = /^serving-(\d{8}T\d{9}Z-.+)\.duckdb$/;
const POINTER = 'current.json';
/** A draft that old belongs to a process that died. */
const ABANDONED_MS = 3_600_000;

export function createServingStore(settings: ServingSettings): ServingStore {
  const { folder } = settings;
  const current = (): Promise<ServingPointer | undefined> => readPointer(join(folder, POINTER));
  return {
    current,
    async publish(window, warehouse, fill) {
      await mkdir(folder, { recursive: true });
      const publishedAt = new Date();
      const version = `${publishedAt.toISOString().replaceAll(/[-:.]/g, '')}-${windowKey(window)}`;
      const file = `serving-${version}.duckdb`;
      const draft = join(folder, `.${file}.${process.pid}.new`);
      try {
        const source = await inSnapshot('write a serving snapshot', draft, async (connection) => {
          const rows = await fill(connection);
          await describeSnapshot(connection, { version, window, publishedAt, warehouse });
          return rows;
        });
        const marts = await inSnapshot('read a serving snapshot back', draft, readMarts);
        const hop = compareSnapshot(source, marts);
        await flush(draft);
        await rename(draft, join(folder, file));
        await writePointer(folder, { version, file, published_at: publishedAt.toISOString(), window });
        await removeOld(folder, settings.keep, file);
        const { size: bytes } = await stat(join(folder, file));
        return {
          ...{ version, file, bytes, hops: [hop] },
          ...{ marts: rowsOf(marts), warehouse_marts: rowsOf(source) },
        };
      } finally {
        await rm(draft, { force: true });
        await rm(`${draft}.wal`, { force: true });
      }
    },
  };
}

async function inSnapshot<T>(
  doing: string,
  file: string,
  work: (connection: DuckDBConnection) => Promise<T>,
): Promise<T> {
  return withDuckDb(file, work).catch((error: unknown) => {
    if (error instanceof Error && error.name === 'Error') throw duckDbError(doing, error);
    throw error;
  });
}

async function readMarts(connection: DuckDBConnection): Promise<Record<Mart, MartRows>> {
  const marts = {} as Record<Mart, MartRows>;
  for (const mart of MARTS)
    marts[mart] = await duckDbMartRows(connection, 'current_database()', 'main', mart);
  return marts;
}

const rowsOf = (marts: Record<Mart, MartRows>): Record<Mart, number> =>
  Object.fromEntries(MARTS.map((mart) => [mart, marts[mart].rows])) as Record<Mart, number>;

function compareSnapshot(source: Record<Mart, MartRows>, written: Record<Mart, MartRows>): HopReport {
  const hop = compareHop('serving', contentByMart(source), contentByMart(written));
  if (hop.matches) return hop;
  throw new ClientError(
    'DataQualityFailed',
    `the serving snapshot is not whole: ${hop.differences.join(' ')}`,
    {
      details: { hops: [hop] },
    },
  );
}

async function describeSnapshot(
  connection: DuckDBConnection,
  of: { version: string; window: WindowId; publishedAt: Date; warehouse: string },
): Promise<void> {
  const utc = (instant: string): string => `TIMESTAMP ${quoteText(instant.replace('Z', ''))}`;
  await connection.run(`CREATE TABLE snapshot_info AS SELECT
    ${quoteText(of.version)} AS version,
    ${quoteText(of.window)} AS "window",
    ${utc(windowBounds(of.window).start)} AS window_start,
    ${utc(of.publishedAt.toISOString())} AS published_at,
    ${quoteText(of.warehouse)} AS warehouse`);
  await connection.run("COMMENT ON TABLE snapshot_info IS 'One row: which publication this file is.'");
}

/** On disk before anyone is pointed to it. */
async function flush(path: string): Promise<void> {
  const handle = await open(path, 'r+');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function writePointer(folder: string, pointer: ServingPointer): Promise<void> {
  const draft = join(folder, `.${POINTER}.${process.pid}.new`);
  const handle = await open(draft, 'w');
  try {
    await handle.writeFile(`${JSON.stringify(pointer, null, 2)}\n`);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(draft, join(folder, POINTER));
  await flushFolder(folder);
}

/** A rename is only durable with its folder. */
async function flushFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function readPointer(path: string): Promise<ServingPointer | undefined> {
  try {
    return ServingPointer.parse(JSON.parse(await readFile(path, 'utf8')));
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}

async function removeOld(folder: string, keep: number, current: string): Promise<void> {
  const names = await readdir(folder);
  const snapshots = names.filter((name) => SNAPSHOT.test(name)).sort();
  const old = snapshots.slice(0, Math.max(0, snapshots.length - keep)).filter((name) => name !== current);
  const drafts = names.filter((name) => name.startsWith('.serving-'));
  const abandoned: string[] = [];
  for (const name of drafts) {
    const { mtimeMs } = await stat(join(folder, name)).catch(() => ({ mtimeMs: Date.now() }));
    if (Date.now() - mtimeMs > ABANDONED_MS) abandoned.push(name);
  }
  for (const name of [...old, ...abandoned]) await rm(join(folder, name), { force: true });
}
