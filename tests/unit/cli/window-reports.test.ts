import { describe, expect, test } from 'vitest';
import { knownWindows, nearestWindows, readReport } from '../../../cli/window-reports.ts';
import { ClientError } from '../../../clients/errors.ts';
import { keys } from '../../../contracts/lake.ts';
import { sampleReport } from './sample-report.ts';

const window = '2026-01-05T08:00Z';
const store = (objects: Record<string, unknown>) => ({
  getJson: (key: string): Promise<unknown> =>
    key in objects
      ? Promise.resolve(objects[key])
      : Promise.reject(new ClientError('ResourceMissing', `object store: read ${key}: it is not there`)),
  list: (): Promise<string[]> => Promise.resolve(Object.keys(objects)),
});

describe('reading a report', () => {
  test('finds the one of the window', async () => {
    expect(await readReport(store({ [keys.report(window)]: sampleReport() }), window)).toEqual(
      sampleReport(),
    );
  });

  test('knows a window that never ran', async () => {
    expect(await readReport(store({}), window)).toBeUndefined();
  });

  test('refuses what is no report of this version', async () => {
    const reading = readReport(store({ [keys.report(window)]: { ...sampleReport(), version: 9 } }), window);
    await expect(reading).rejects.toThrow(/not one that this version reads \(version/);
  });

  test('does not take a store that is down for a window that never ran', async () => {
    const down = {
      ...store({}),
      getJson: () => Promise.reject(new ClientError('Unavailable', 'it is down')),
    };
    await expect(readReport(down, window)).rejects.toThrow('it is down');
  });
});

test('windows are known by the keys of their reports', async () => {
  const found = await knownWindows(
    store({
      [keys.report('2026-01-05T08:00Z')]: 1,
      [keys.report('2026-01-05T09:00Z')]: 1,
      'reports/else.txt': 1,
    }),
  );
  expect(found).toEqual(['2026-01-05T08:00Z', '2026-01-05T09:00Z']);
});

test('the nearest windows are those that start nearest, in the order of time', () => {
  const known = ['2026-01-01T00:00Z', '2026-01-05T07:00Z', '2026-01-05T09:00Z', '2026-02-01T00:00Z'];
  expect(nearestWindows('2026-01-05T08:00Z', known, 2)).toEqual(['2026-01-05T07:00Z', '2026-01-05T09:00Z']);
  expect(nearestWindows('2026-01-05T08:00Z', [], 3)).toEqual([]);
});
