import { type ContentHash, combineContentHashes } from '../contracts/content-hash.ts';
import type { HopReport } from '../contracts/hop-report.ts';
import { compareHop, contentByMart, type MartRows } from '../contracts/hops.ts';
import { ClientError } from './errors.ts';
import { DAY_OF } from './mart-audit.ts';
import { type Dialect, type MartColumn, martContentSql, martRows } from './mart-content.ts';
import { MARTS, type Mart, quoteText } from './warehouse.ts';

/** What a mart holds of one day. */
export interface MartDay extends MartRows {
  mart: Mart;
  /** `2026-01-05`, or `WHOLE` for a mart that adds all days up. */
  day: string;
}

/** Made by the dbt project's hooks: what each mart held of each day when that day was last audited. */
export const MART_CONTENT_TABLE = 'mart_content';
const WHOLE = 'all';

/** Where the marts and their record are, and how they are asked. */
export interface RecordedMarts {
  dialect: Dialect;
  /** The table `mart_content`. */
  record: string;
  mart(mart: Mart): string;
  columns(mart: Mart): Promise<MartColumn[]>;
  query(sql: string): Promise<Record<string, unknown>[]>;
}

async function daysSql(marts: RecordedMarts, mart: Mart, days?: readonly string[]): Promise<string> {
  const date = DAY_OF[mart];
  const where =
    date && days ? ` WHERE ${date} IN (${days.map((day) => `DATE ${quoteText(day)}`).join(', ')})` : '';
  const rows = `(SELECT * FROM ${marts.mart(mart)}${where}) AS some_days`;
  const day = date ? `CAST(${date} AS STRING)` : quoteText(WHOLE);
  return martContentSql(marts.dialect, rows, await marts.columns(mart), day);
}

/**
 * Writes down what the marts hold of some days, for whoever publishes them later. Only for who has the marts to himself and
 * has audited those days. dbt forgets a day before it builds it: what is not recorded, nobody vouches for.
 */
export async function recordMarts(marts: RecordedMarts, days: readonly string[]): Promise<void> {
  const some = [WHOLE, ...days].map(quoteText).join(', ');
  await marts.query(`DELETE FROM ${marts.record} WHERE day IN (${some})`);
  for (const mart of MARTS) {
    if (DAY_OF[mart] && days.length === 0) continue;
    await marts.query(`INSERT INTO ${marts.record} (mart, day, total, high, low)
      SELECT ${quoteText(mart)}, day, total, high, low FROM (${await daysSql(marts, mart, days)}) AS contents`);
  }
}

export async function recordedDays(marts: RecordedMarts): Promise<MartDay[]> {
  const rows = await marts.query(`SELECT mart, day, total, high, low FROM ${marts.record}`);
  return rows.map((row) => ({ mart: row.mart as Mart, day: String(row.day), ...martRows(row) }));
}

/** What a mart holds now, day by day. */
export async function martDays(marts: RecordedMarts, mart: Mart): Promise<MartDay[]> {
  const rows = await marts.query(await daysSql(marts, mart));
  return rows.map((row) => ({ mart, day: String(row.day), ...martRows(row) }));
}

/** All days of a mart together. */
export function wholeMart(days: readonly MartDay[]): MartRows {
  return {
    rows: days.reduce((sum, { rows }) => sum + rows, 0),
    content_hash: combineContentHashes(days.map(({ content_hash: hash }) => hash)),
  };
}

const NAMED = 10;
const NO_ROWS: { rows: number; content_hash: ContentHash } = wholeMart([]);

/**
 * @param recorded days that were audited
 * @param found what the marts hold now; of a day that nobody has recorded nothing is asked
 * @throws ClientError DataQualityFailed, with the hop as its detail, when somebody has changed them since
 */
export function assertAsAudited(recorded: readonly MartDay[], found: readonly MartDay[]): void {
  const now = new Map(found.map((one) => [`${one.mart} ${one.day}`, one]));
  const changed = recorded
    .map((was) => ({ was, is: now.get(`${was.mart} ${was.day}`) ?? { ...was, ...NO_ROWS } }))
    .filter(({ was, is }) => was.rows !== is.rows || was.content_hash !== is.content_hash);
  if (changed.length === 0) return;
  const hop = changedHop(changed);
  throw new ClientError(
    'DataQualityFailed',
    `somebody has changed the marts since they were audited: ${hop.differences.join(' ')} ` +
      'Run a window of that day again from build.',
    { details: { hops: [hop] } },
  );
}

function changedHop(changed: readonly { was: MartDay; is: MartDay }[]): HopReport {
  const of = (side: 'was' | 'is'): Record<string, MartRows> =>
    Object.fromEntries(
      MARTS.flatMap((mart) => {
        const days = changed.map((one) => one[side]).filter((day) => day.mart === mart);
        return days.length > 0 ? [[mart, wholeMart(days)]] : [];
      }),
    );
  const more = changed.length > NAMED ? [`So do ${changed.length - NAMED} more.`] : [];
  const sentences = changed
    .slice(0, NAMED)
    .map(
      ({ was, is }) =>
        `${was.mart}${was.day === WHOLE ? '' : ` of ${was.day}`} held ${was.rows} rows (${was.content_hash}) and holds ` +
        `${is.rows} (${is.content_hash}).`,
    );
  return compareHop('marts', contentByMart(of('was')), contentByMart(of('is')), {
    sentences: [...sentences, ...more],
  });
}
