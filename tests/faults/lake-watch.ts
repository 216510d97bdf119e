import { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import { createLakeReader, type LakeSession } from '../../clients/lake-reader.ts';
import { join } from 'node:path';
import type { Config } from '../../config/config.ts';
import { LAKE_NAMESPACE } from '../../contracts/lake.ts';
import type { LakeTable, LakeVersions } from '../../contracts/steps.ts';
import { windowBounds } from '../../contracts/window.ts';
import { recordDigest, type WindowTruth } from './truth.ts';

/** Asking the catalogue's file costs nothing; every commit is to be seen. */
const ASK_EVERY_MS = 25;

/** Where each table of the lake stands, by the catalogue. Empty before the first commit. */
export function tablesNow({ paths }: Config): Map<LakeTable, string> {
  let catalogue: DatabaseSync | undefined;
  try {
    catalogue = new DatabaseSync(paths.catalogFile, { readOnly: true, timeout: 2_000 });
    const rows = catalogue
      .prepare('SELECT table_name, metadata_location FROM iceberg_tables WHERE table_namespace = ?')
      .all(LAKE_NAMESPACE);
    return new Map(rows.map((row) => [String(row.table_name) as LakeTable, String(row.metadata_location)]));
  } catch {
    // No file yet, or a writer that was killed has left it to the next one to mend.
    return new Map();
  } finally {
    catalogue?.close();
  }
}

export async function lakeSession(config: Config, window: WindowTruth['window']): Promise<LakeSession> {
  const { objectStore, paths } = config;
  const reader = createLakeReader({
    extensions: join(paths.tools, 'duckdb-extensions'),
    spill: join(paths.instance, 'reader-spill'),
    ...objectStore,
  });
  return reader.open(window, {} as LakeVersions, AbortSignal.timeout(600_000));
}

const ofWindow = (location: string, { window }: WindowTruth): string =>
  `FROM iceberg_scan('${location}') WHERE window_start = TIMESTAMPTZ '${windowBounds(window).start}'`;

/** The window in `events`: every id, as often as it stands there. */
export async function eventIdsIn(
  session: LakeSession,
  location: string,
  truth: WindowTruth,
): Promise<string[]> {
  const rows = await session.rows(`SELECT event_id ${ofWindow(location, truth)}`);
  return rows.map((row) => String(row.event_id));
}

/** The window in `raw`: every record's digest, as often as it stands there. */
export async function rawDigestsIn(
  session: LakeSession,
  location: string,
  truth: WindowTruth,
): Promise<string[]> {
  const rows = await session.rows(`SELECT record_value ${ofWindow(location, truth)}`);
  return rows.map((row) => recordDigest(row.record_value as Buffer));
}

/** How what stands there differs from the whole window; undefined when it is the whole window, each id once. */
export function differenceOfIds(found: readonly string[], { eventIds }: WindowTruth): string | undefined {
  const unique = new Set(found);
  const missing = [...eventIds].filter((id) => !unique.has(id));
  const strange = [...unique].filter((id) => !eventIds.has(id));
  const twice = found.length - unique.size;
  if (missing.length + strange.length + twice === 0) return undefined;
  return `${missing.length} event ids are missing, ${strange.length} are of nobody, ${twice} stand more than once`;
}

/** The same for records, where one may stand twice because it was sent twice. */
export function differenceOfRecords(
  found: Iterable<string> | ReadonlyMap<string, number>,
  { records }: WindowTruth,
): string | undefined {
  const counts = new Map<string, number>();
  if (found instanceof Map)
    for (const [digest, count] of found) counts.set(digest as string, count as number);
  else for (const digest of found as Iterable<string>) counts.set(digest, (counts.get(digest) ?? 0) + 1);
  let missing = 0;
  let extra = 0;
  for (const [digest, count] of records) missing += Math.max(0, count - (counts.get(digest) ?? 0));
  for (const [digest, count] of counts) extra += Math.max(0, count - (records.get(digest) ?? 0));
  if (missing + extra === 0) return undefined;
  return `${missing} records are missing, ${extra} are too many`;
}

/** A reader of the lake while windows run: after every commit of `events` it sees a whole window or nothing of it. */
export class LakeWatch {
  readonly #config: () => Config;
  readonly faults: string[] = [];
  /** Commits that it has looked into. */
  looks = 0;
  #truth: WindowTruth;
  #stopped = false;
  #running: Promise<void> | undefined;

  /** @param config asked for every look: the store's key may change */
  constructor(config: () => Config, truth: WindowTruth) {
    this.#config = config;
    this.#truth = truth;
  }

  start(): void {
    this.#running = this.#watch();
  }

  async #watch(): Promise<void> {
    let seen: string | undefined;
    while (!this.#stopped) {
      const now = tablesNow(this.#config()).get('events');
      if (now !== undefined && now !== seen && (await this.#isWhole(now))) seen = now;
      await sleep(ASK_EVERY_MS);
    }
  }

  /** False when the store was away: it is looked into again. */
  async #isWhole(location: string): Promise<boolean> {
    let session: LakeSession | undefined;
    try {
      session = await lakeSession(this.#config(), this.#truth.window);
      const found = await eventIdsIn(session, location, this.#truth);
      const difference = found.length === 0 ? undefined : differenceOfIds(found, this.#truth);
      if (difference) this.faults.push(`a reader of the lake saw ${location}: ${difference}`);
      this.looks += 1;
      return true;
    } catch {
      return false;
    } finally {
      session?.close();
    }
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#running;
  }
}
