import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { DuckDBInstance } from '@duckdb/node-api';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { judgeWindow, type Rules } from '../../activities/judge-window.ts';
import { type LakeAccount, readLakeAccount } from '../../activities/lake-account.ts';
import { type ReconcileInput, reconcileHops } from '../../activities/reconcile.ts';
import { type LakeSession, sessionOn } from '../../clients/lake-reader.ts';
import { loadConfig } from '../../config/config.ts';
import { inheritedEnvironment } from '../../config/inherited.ts';
import { venvProgram } from '../../config/paths.ts';
import { amendedLedger, movedRecords } from '../../contracts/amendment.ts';
import type * as Classify from '../../contracts/classify.ts';
import { classify } from '../../contracts/classify.ts';

import { Ledger, type RecordAccount } from '../../contracts/ledger.ts';
import type * as Schemas from '../../contracts/schemas.ts';
import { LAKE_TABLES } from '../../contracts/steps.ts';
import { generateShard } from '../../generator/generate.ts';

const run = promisify(execFile);
const window = '2026-01-05T08:00Z';
const { paths } = loadConfig({ REPRISE_INSTANCE: 'test-mended' });
const mended = join(paths.instance, 'mended');
const records = join(paths.instance, 'records.ndjson');
const working = { note: () => undefined };

/** A copy of the contracts and of the Spark project in which a fridge is a device. */
async function mendTheContract(): Promise<Rules> {
  for (const folder of ['contracts', 'spark'])
    cpSync(join(paths.repository, folder), join(mended, folder), { recursive: true });
  const file = join(mended, 'contracts', 'events.ts');
  const contract = readFileSync(file, 'utf8');
  const devices = "Device = z.enum(['mobile',";
  expect(contract).toContain(devices);
  writeFileSync(file, contract.replace(devices, `${devices} 'fridge',`));
  const load = (name: string) => import(pathToFileURL(join(mended, 'contracts', name)).href);
  const { generatedSchemas } = (await load('schemas.ts')) as typeof Schemas;
  for (const [path, text] of generatedSchemas())
    writeFileSync(join(mended, 'contracts', 'generated', path), text);
  return ((await load('classify.ts')) as typeof Classify).classify;
}

/** The tables that the Spark project in `root` makes of the records, as a session reads a lake. */
async function settledBy(root: string): Promise<LakeSession> {
  const out = join(paths.instance, `lake-of-${root === mended ? 'mended' : 'today'}`);
  const program = venvProgram(paths, 'spark', 'python');
  const script = join(import.meta.dirname, 'settle_records.py');
  await run(program, [script, join(root, 'spark'), records, '2026-01-05T08:00:00+00:00', out], {
    cwd: paths.instance,
    env: inheritedEnvironment(paths),
  });
  const connection = await (await DuckDBInstance.create(':memory:')).connect();
  for (const table of LAKE_TABLES)
    await connection.run(`CREATE VIEW ${table} AS SELECT * FROM read_parquet('${out}/${table}/*.parquet')`);
  return sessionOn(connection, new AbortController().signal, () => connection.closeSync());
}

describe('a rule that is mended, for TypeScript and for Spark alike', () => {
  let ledger: Ledger;
  let rules: Rules;
  let before: LakeSession;
  let after: LakeSession;
  let amended: RecordAccount;
  let held: Record<'today' | 'mended', LakeAccount>;

  beforeAll(async () => {
    rmSync(paths.instance, { recursive: true, force: true });
    mkdirSync(mended, { recursive: true });
    rules = await mendTheContract();
    const lines: Buffer[] = [];
    const request = { window, events: 4_000, seed: 7, shards: 1, shard: 0, volume_shape: 'flat' } as const;
    const written = await generateShard({ ...request, rates: { invalid_value: 0.02 } }, (some) => {
      lines.push(Buffer.from(some));
    });
    writeFileSync(records, Buffer.concat(lines));
    ledger = Ledger.parse(written.ledger);
    before = await settledBy(paths.repository);
    after = await settledBy(mended);
    held = { today: await readLakeAccount(before), mended: await readLakeAccount(after) };
    amended = await judgeWindow(before, window, paths.instance, working, rules);
  });
  afterAll(() => {
    before?.close();
    after?.close();
    rmSync(paths.instance, { recursive: true, force: true });
  });

  /** Hop by hop from raw on, what does not match. */
  function differences(lake: LakeAccount, stated: Ledger): Record<string, string[]> {
    const counted = {
      arrived: lake.raw,
      valid: { ...lake.events, by_type: lake.events.by },
      quarantined: { ...lake.quarantine, by_reason: lake.quarantine.by },
      duplicates: lake.duplicates,
    };
    const input = {
      window,
      ledger: stated,
      landed: stated.arrived,
      ingest: counted,
    } as unknown as ReconcileInput;
    const receipts = [{ records: stated.arrived.total, content_hash: stated.arrived.content_hash }];
    const hops = reconcileHops({ ...input, receipts } as unknown as ReconcileInput, stated.arrived, lake);
    const past = hops.filter(({ hop }) => !['landing', 'kafka'].includes(hop));
    return Object.fromEntries(past.filter((hop) => !hop.matches).map((hop) => [hop.hop, hop.differences]));
  }

  test('by the rules of today the window is what its ledger says', async () => {
    expect(differences(held.today, ledger)).toEqual({});
    const account = await judgeWindow(before, window, paths.instance, working, classify);
    expect(movedRecords(ledger, account)).toEqual([]);
  });

  test('by the mended ones it is not, until its ledger is amended; then it balances to the byte', async () => {
    expect(Object.keys(differences(held.mended, ledger)).sort()).toEqual(
      expect.arrayContaining(['events', 'quarantine']),
    );
    const stated = amendedLedger(ledger, { arrived: ledger.arrived, account: amended });
    expect(differences(held.mended, stated)).toEqual({});
    const parts = [stated.valid, stated.quarantined, stated.duplicates];
    expect(parts.reduce((sum, part) => sum + part.total, 0)).toBe(ledger.arrived.total);
    expect(stated.quarantined.by_reason.invalid_value).toBeLessThan(
      ledger.quarantined.by_reason.invalid_value ?? 0,
    );
  });

  test('what the lake of either rules holds makes no difference to the judgement', async () => {
    const anew = await judgeWindow(after, window, paths.instance, working, rules);
    expect(anew).toEqual(amended);
    // And back, when the rule is taken back.
    const back = await judgeWindow(after, window, paths.instance, working, classify);
    expect(movedRecords(ledger, back)).toEqual([]);
  });
});
