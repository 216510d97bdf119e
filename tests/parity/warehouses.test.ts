import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { MARTS, type Mart } from '../../clients/warehouse.ts';
import { WindowReport } from '../../contracts/report.ts';
import type { WindowId } from '../../contracts/window.ts';
import { Installation } from '../installation.ts';
import { PARITY_INSTANCE } from '../runner/isolation.ts';
import { type Emulator, startEmulator } from './emulator.ts';
import { type MartRows, readMarts } from './marts.ts';

// The first hour of a day: its late events belong to the day before.
const WINDOW: WindowId = '2026-01-06T00:00Z';
const PARTS = ['kafka', 'minio', 'temporal', 'reprise-init', 'worker'];

async function runWindow(installation: Installation): Promise<void> {
  await installation.repriseOrThrow('up', ...PARTS);
  await installation.repriseOrThrow(
    ...['run', '--direct', '--start', WINDOW, '--events', '2000', '--seed', '11'],
  );
}

describe('the same window, run with either warehouse', () => {
  let embedded: Installation;
  let remote: Installation;
  let emulator: Emulator | undefined;
  let expected: Record<Mart, MartRows>;
  let found: Record<Mart, MartRows>;

  beforeAll(async () => {
    embedded = await Installation.fresh(PARITY_INSTANCE);
    await runWindow(embedded);
    expected = await readMarts(embedded.config);
    emulator = await startEmulator(embedded.config);
    remote = embedded.with(emulator.settings);
    await runWindow(remote);
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

  test('the window reconciles in BigQuery too', async () => {
    const report = WindowReport.parse(JSON.parse(await remote.repriseOrThrow('report', WINDOW, '--json')));
    expect(report).toMatchObject({ state: 'completed', reconciled: true });
    expect(report.hops.find((hop) => hop.hop === 'warehouse')).toMatchObject({ matches: true });
  });
});
