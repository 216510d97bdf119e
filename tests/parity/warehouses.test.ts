import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { MARTS, type Mart } from '../../clients/warehouse.ts';
import { WindowReport } from '../../contracts/report.ts';
import type { WindowId } from '../../contracts/window.ts';
import { Installation } from '../installation.ts';
import { PARITY_INSTANCE } from '../runner/isolation.ts';
import { type Emulator, startEmulator } from './emulator.ts';
import { type MartRows, readMarts } from './marts.ts';

// Around midnight, so that late events of the second window open the day before again.
const WINDOWS: readonly [WindowId, WindowId] = ['2026-01-05T23:00Z', '2026-01-06T00:00Z'];
const PARTS = ['kafka', 'minio', 'temporal', 'reprise-init', 'worker'];

async function runWindows(installation: Installation): Promise<void> {
  await installation.repriseOrThrow('up', ...PARTS);
  await installation.repriseOrThrow(
    ...['run', '--direct', '--start', WINDOWS[0], '--windows', '2', '--events', '2000', '--seed', '11'],
  );
}

describe('the same windows in both warehouses', () => {
  let embedded: Installation;
  let remote: Installation;
  let emulator: Emulator | undefined;
  let expected: Record<Mart, MartRows>;
  let found: Record<Mart, MartRows>;

  beforeAll(async () => {
    embedded = await Installation.fresh(PARITY_INSTANCE);
    await runWindows(embedded);
    expected = await readMarts(embedded.config);
    emulator = await startEmulator(embedded.config);
    remote = embedded.with(emulator.settings);
    await runWindows(remote);
    found = await readMarts(remote.config);
  }, 900_000);

  afterAll(async () => {
    await embedded.reprise('down');
    await emulator?.stop();
  });

  test.each(MARTS)('%s is equal row by row', (mart) => {
    expect(expected[mart].rows.length).toBeGreaterThan(0);
    expect(found[mart].columns).toEqual(expected[mart].columns);
    expect(found[mart].rows).toEqual(expected[mart].rows);
  });

  test.each(WINDOWS)('%s reconciles in BigQuery too', async (window) => {
    const report = WindowReport.parse(JSON.parse(await remote.repriseOrThrow('report', window, '--json')));
    expect(report).toMatchObject({ state: 'completed', reconciled: true });
    expect(report.hops.find((hop) => hop.hop === 'warehouse')).toMatchObject({ matches: true });
  });
});
