import { DatabaseSync } from 'node:sqlite';
import type { Config } from '../../config/config.ts';
import { DUPLICATE_REASON } from '../../contracts/quarantine.ts';
import type { LakeTable } from '../../contracts/steps.ts';
import { type WindowId, windowIdAt } from '../../contracts/window.ts';
import { lakeSession, tablesNow } from '../faults/lake-watch.ts';
import { type TopicTruth, topicTruth } from './topic-truth.ts';

/** Any will do: what is read here is cut to no window. */
const ANY: WindowId = '2026-01-05T08:00Z';

interface LakeRow {
  place: string;
  /** The event's id, or why the record was set aside. */
  what: string;
  window: WindowId;
}

const COLUMNS: Partial<Record<LakeTable, string>> = { events: 'event_id', quarantine: 'reason_code' };

/** Every row that is there now, of live records and of others. */
async function rowsOf(config: Config, table: 'raw' | 'events' | 'quarantine'): Promise<LakeRow[]> {
  const location = tablesNow(config).get(table);
  if (location === undefined) throw new Error(`the lake has no table ${table}`);
  const session = await lakeSession(config, ANY);
  try {
    const rows = await session.rows(
      `SELECT kafka_partition AS partition, kafka_offset AS at, ${COLUMNS[table] ?? "''"} AS what,
        epoch_ms(window_start)::DOUBLE AS hour FROM iceberg_scan('${location}')`,
    );
    return rows.map(({ partition, at, what, hour }) => ({
      ...{ place: `${String(partition)}/${String(at)}`, what: String(what) },
      window: windowIdAt(Number(hour)),
    }));
  } finally {
    session.close();
  }
}

/**
 * Whatever has arrived by itself is in `raw` once, and in one of `events` and `quarantine` once, each event id once an hour.
 * @returns a sentence for each difference between the topic and the lake
 */
export async function lakeDifferences(config: Config, known?: TopicTruth): Promise<string[]> {
  const truth = known ?? (await topicTruth(config));
  if (truth.records === 0) return ['nothing has arrived: this tells nothing'];
  const ofLive = (rows: LakeRow[]): LakeRow[] => rows.filter(({ place }) => truth.places.has(place));
  const [raw, events, quarantine] = [
    ofLive(await rowsOf(config, 'raw')),
    ofLive(await rowsOf(config, 'events')),
    ofLive(await rowsOf(config, 'quarantine')),
  ];
  return [
    ...placeDifferences('raw', raw, truth),
    ...placeDifferences('events and quarantine', [...events, ...quarantine], truth),
    ...eventDifferences(events, truth),
    ...reasonDifferences(quarantine, truth),
  ];
}

function placeDifferences(where: string, rows: readonly LakeRow[], { places }: TopicTruth): string[] {
  const found = new Set(rows.map(({ place }) => place));
  const missing = [...places].filter((place) => !found.has(place));
  const twice = rows.length - found.size;
  return [
    ...(missing.length > 0
      ? [`${where}: ${missing.length} of ${places.size} are missing: ${missing.slice(0, 5).join(', ')}`]
      : []),
    ...(twice > 0 ? [`${where}: ${twice} stand more than once`] : []),
  ];
}

function eventDifferences(rows: readonly LakeRow[], { ids }: TopicTruth): string[] {
  const differences: string[] = [];
  const found = Map.groupBy(rows, ({ window }) => window);
  for (const window of new Set([...ids.keys(), ...found.keys()])) {
    const wanted = ids.get(window) ?? new Set();
    const there = (found.get(window) ?? []).map(({ what }) => what);
    const distinct = new Set(there);
    if (distinct.size < there.length)
      differences.push(`events: ${there.length - distinct.size} ids of ${window} stand more than once`);
    const lost = [...wanted].filter((id) => !distinct.has(id)).length;
    const strange = [...distinct].filter((id) => !wanted.has(id)).length;
    if (lost + strange > 0)
      differences.push(`events: of ${window} ${lost} ids are missing and ${strange} are of nobody`);
  }
  return differences;
}

function reasonDifferences(rows: readonly LakeRow[], { reasons, repeats }: TopicTruth): string[] {
  const differences: string[] = [];
  const found = new Map(rows.map(({ place, what }) => [place, what]));
  for (const [place, reason] of reasons)
    if (found.get(place) !== reason)
      differences.push(`quarantine: ${place} is ${reason}, the lake says ${found.get(place) ?? 'nothing'}`);
  const repeated = rows.filter(({ what }) => what === DUPLICATE_REASON).length;
  if (repeated !== repeats) differences.push(`quarantine: ${repeated} repetitions, not ${repeats}`);
  return differences.slice(0, 20);
}

/** What the store of the page Now has counted in all its batches. */
export function nowTotals({
  paths,
}: Config): Record<'records' | 'valid' | 'quarantined' | 'duplicates', number> {
  const store = new DatabaseSync(paths.nowFile, { readOnly: true, timeout: 5_000 });
  try {
    const row = store
      .prepare(
        'SELECT sum(records) AS records, sum(valid) AS valid, sum(quarantined) AS quarantined, sum(duplicates) AS duplicates FROM batches',
      )
      .get();
    const of = (name: string): number => Number(row?.[name] ?? 0);
    return {
      ...{ records: of('records'), valid: of('valid') },
      ...{ quarantined: of('quarantined'), duplicates: of('duplicates') },
    };
  } finally {
    store.close();
  }
}
