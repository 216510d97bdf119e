import { ApplicationFailure } from '@temporalio/common';
import { MockActivityEnvironment } from '@temporalio/testing';
import { describe, expect, test } from 'vitest';
import { createWarehouseActivities, type WarehouseDeps } from '../../../activities/warehouse.ts';
import type { DbtBuild } from '../../../clients/dbt.ts';
import { ClientError } from '../../../clients/errors.ts';
import { type LoadedWindow, nothingLoaded } from '../../../clients/warehouse.ts';
import type { MartAudit } from '../../../clients/mart-audit.ts';
import type { CutOffBuild } from '../../../clients/mart-state.ts';
import type { HopRecord } from '../../../contracts/hop-report.ts';
import type { HopCount } from '../../../contracts/hops.ts';
import type { LakeVersions } from '../../../contracts/steps.ts';
import { runActivity } from '../activities/run-activity.ts';

const WINDOW = '2026-01-05T08:00Z';
const tables = {} as LakeVersions;

interface Fakes {
  warehouse?: Partial<WarehouseDeps['warehouse']>;
  dbt?: WarehouseDeps['dbt'];
  serving?: Partial<WarehouseDeps['serving']>;
  cutOff?: CutOffBuild[];
}

const counted = (track_played: number) => ({
  ...{ total: track_played, content_hash: null, by: { track_played } },
});
const audited = (observed: HopCount, records: HopRecord[] = []): MartAudit => ({
  expected: counted(3),
  observed,
  records,
});

function activities(fakes: Fakes, closed: string[] = []) {
  const lake = { open: async () => ({ connection: 'the lake', close: () => closed.push('lake') }) };
  const warehouse = {
    kind: 'duckdb',
    dbtEnvironment: () => ({ WAREHOUSE: 'duckdb' }),
    auditMarts: async () => audited(counted(3)),
    recordMarts: async () => undefined,
    withMartsToOurselves: <T>(_progress: unknown, work: (cutOff: CutOffBuild[]) => Promise<T>) =>
      work(fakes.cutOff ?? []),
    ...fakes.warehouse,
  };
  return createWarehouseActivities({ ...fakes, lake, warehouse } as unknown as WarehouseDeps);
}

const loaded: Omit<LoadedWindow, 'differences'> = {
  rows: { events: 3, quarantine: 1, minute_counts: 2 },
  by_type: { track_played: 3 },
  content_hash: '00000000000000aa',
  contents: nothingLoaded().contents,
  affected_dates: ['2026-01-05'],
};

describe('load', () => {
  test('loads from the lake session, and closes it', async () => {
    const closed: string[] = [];
    const keys: string[] = [];
    const { loadWindow } = activities(
      {
        warehouse: {
          loadWindow: async ({ lake, key }) => {
            expect(lake).toBe('the lake');
            keys.push(key);
            return loaded;
          },
        },
      },
      closed,
    );
    for (const attempt of [1, 2]) {
      const environment = new MockActivityEnvironment({ attempt });
      expect(await runActivity(loadWindow, { window: WINDOW, tables }, environment)).toEqual({
        ...loaded,
        attempt,
      });
    }
    expect(closed).toEqual(['lake', 'lake']);
    // Attempts of one run share the key by which a load is known to be done.
    expect(new Set(keys).size).toBe(1);
  });

  test('closes the lake session when the warehouse fails, and says whether to try again', async () => {
    const closed: string[] = [];
    const fail = async () => {
      throw new ClientError('Unavailable', 'the file is held');
    };
    const { loadWindow } = activities({ warehouse: { loadWindow: fail } }, closed);
    const failure = await runActivity(loadWindow, { window: WINDOW, tables }).catch(
      (error: unknown) => error,
    );
    expect(failure).toBeInstanceOf(ApplicationFailure);
    expect(failure).toMatchObject({ type: 'Unavailable', nonRetryable: false });
    expect(closed).toEqual(['lake']);
  });

  test('does not take what it did not expect, and says which events it is about', async () => {
    const expected = { total: 3, content_hash: '00000000000000aa', by_type: { track_played: 3 } };
    const differences: HopRecord[] = [{ finding: 'missing', type: 'track_played', event_id: 'one' }];
    const load = (found: typeof loaded & { differences?: HopRecord[] }) => {
      const { loadWindow } = activities({
        warehouse: {
          loadWindow: async (asked) => {
            expect(asked.expected).toEqual(expected);
            return found;
          },
        },
      });
      return runActivity(loadWindow, { window: WINDOW, tables, expected });
    };
    expect(await load(loaded)).toEqual({ ...loaded, attempt: 1 });
    for (const [found, said] of [
      [{ ...loaded, rows: { ...loaded.rows, events: 2 }, by_type: { track_played: 2 } }, '1 are missing'],
      [{ ...loaded, rows: { ...loaded.rows, events: 4 }, by_type: { track_played: 4 } }, '1 too many'],
      [{ ...loaded, content_hash: '00000000000000ab' }, 'the bytes are not the same'],
      [{ ...loaded, by_type: { track_played: 2, track_liked: 1 } }, 'holds 1 record of track_liked'],
    ] as const) {
      const failure = await load({ ...found, differences }).catch((error: unknown) => error);
      expect(failure).toMatchObject({ type: 'DataQualityFailed', nonRetryable: true });
      expect((failure as Error).message).toContain(said);
      expect((failure as Error).message).toContain('Missing in warehouse: one (track_played).');
      expect((failure as ApplicationFailure).details?.[0]).toMatchObject({
        hops: [{ hop: 'warehouse', matches: false, records: differences }],
      });
    }
  });

  test('hands the cancellation on', async () => {
    const environment = new MockActivityEnvironment();
    const { loadWindow } = activities({
      warehouse: {
        loadWindow: (_load, { signal }) =>
          new Promise((_resolve, reject) => {
            signal.addEventListener('abort', () => reject(signal.reason as Error));
            environment.cancel();
          }),
      },
    });
    await expect(runActivity(loadWindow, { window: WINDOW, tables }, environment)).rejects.toMatchObject({
      name: 'CancelledFailure',
    });
  });
});

describe('build', () => {
  test('builds the days that the load named', async () => {
    const { buildWindow } = activities({
      dbt: {
        build: async (build, progress) => {
          progress.note({ building: 'sessions' });
          expect(build).toMatchObject({
            window: WINDOW,
            affectedDates: ['2026-01-04'],
            warehouse: { WAREHOUSE: 'duckdb' },
          });
          return { models: 12, tests: 38, seconds: 5, resumed: false };
        },
      },
    });
    const result = await runActivity(buildWindow, { window: WINDOW, affected_dates: ['2026-01-04'] });
    expect(result).toMatchObject({ models: 12, tests: 38, attempt: 1 });
    expect(result.hops).toMatchObject([
      { hop: 'marts', matches: true, observed: { by: { track_played: 3 } } },
    ]);
  });

  test('says which events the marts lack, whether dbt has seen it or not', async () => {
    const records: HopRecord[] = [{ finding: 'missing', type: 'track_played', event_id: 'one' }];
    const passed = { build: async () => ({ models: 12, tests: 38, seconds: 5, resumed: false }) };
    const failed = {
      build: async () => {
        throw new ClientError('DataQualityFailed', 'dbt: 1 of the tests failed', {
          details: { failed_tests: ['assert_every_event_is_counted (1 rows)'] },
        });
      },
    };
    for (const dbt of [passed, failed]) {
      const { buildWindow } = activities({
        dbt,
        warehouse: { auditMarts: async () => audited(counted(2), records) },
      });
      const failure = await runActivity(buildWindow, { window: WINDOW, affected_dates: [] }).catch(
        (error: unknown) => error,
      );
      expect(failure).toMatchObject({ type: 'DataQualityFailed', nonRetryable: true });
      expect((failure as Error).message).toContain(
        'marts holds 2 records of track_played, the events of those days make 3.',
      );
      expect((failure as ApplicationFailure).details?.[0]).toMatchObject({
        hops: [{ hop: 'marts', matches: false, records }],
      });
    }
  });

  test('is not tried again when a test failed', async () => {
    const { buildWindow } = activities({
      dbt: {
        build: async () => {
          throw new ClientError('DataQualityFailed', 'dbt: 1 of the tests failed');
        },
      },
    });
    await expect(runActivity(buildWindow, { window: WINDOW, affected_dates: [] })).rejects.toMatchObject({
      type: 'DataQualityFailed',
      nonRetryable: true,
    });
  });
});

describe('a build after others were cut off', () => {
  const EARLIER = '2026-01-04T23:00Z';
  const EMPTY = '2026-01-05T07:00Z';
  const built = { models: 12, tests: 38, seconds: 5, resumed: false };
  const cutOff = [
    { window: EARLIER, days: ['2026-01-03', '2026-01-04'] },
    { window: EMPTY, days: [] },
    { window: WINDOW, days: ['2026-01-05'] },
  ];

  test('finishes those of other windows first, each under its own name', async () => {
    const builds: DbtBuild[] = [];
    const dbt = { build: async (build: DbtBuild) => (builds.push(build), built) };
    const { buildWindow } = activities({ cutOff, dbt });
    await runActivity(buildWindow, { window: WINDOW, affected_dates: ['2026-01-05', '2026-01-06'] });
    const days = ['2026-01-03', '2026-01-04', '2026-01-05'];
    expect(builds).toMatchObject([
      { window: EARLIER, onBehalfOf: WINDOW, affectedDates: days },
      { window: EMPTY, onBehalfOf: WINDOW, affectedDates: days },
      { window: WINDOW, affectedDates: ['2026-01-05', '2026-01-06'] },
    ]);
    expect(builds[2]?.onBehalfOf).toBeUndefined();
  });

  test('says whose days failed, and does not build its own', async () => {
    const builds: string[] = [];
    const dbt = {
      build: async ({ window }: DbtBuild) => {
        builds.push(window);
        throw new ClientError('DataQualityFailed', 'dbt: 1 of the tests failed', { details: { rows: 3 } });
      },
    };
    const { buildWindow } = activities({ cutOff: cutOff.slice(0, 1), dbt });
    await expect(
      runActivity(buildWindow, { window: WINDOW, affected_dates: ['2026-01-05'] }),
    ).rejects.toMatchObject({
      type: 'DataQualityFailed',
      nonRetryable: true,
      message: expect.stringMatching(
        /build of 2026-01-04T23:00Z was cut off .*\(days 2026-01-03, 2026-01-04\).*1 of the tests/,
      ) as string,
    });
    expect(builds).toEqual([EARLIER]);
  });
});

describe('publish serving', () => {
  test('fills the snapshot from the warehouse', async () => {
    const filled: unknown[] = [];
    const marts = {
      hourly_activity: 1,
      sessions: 2,
      listeners: 3,
      daily_track_charts: 4,
      daily_artist_charts: 5,
    };
    const { publishServing } = activities({
      warehouse: {
        copyMarts: async (target) => {
          filled.push(target);
          return marts as never;
        },
      },
      serving: {
        publish: async (_window, _warehouse, fill) => ({
          ...{ version: 'v1', file: 'serving-v1.duckdb', bytes: 9, marts, hops: [] },
          warehouse_marts: (await fill('the snapshot' as never)) as never,
        }),
      },
    });
    expect(await runActivity(publishServing, { window: WINDOW })).toMatchObject({
      ...{ version: 'v1', marts, warehouse_marts: marts },
    });
    expect(filled).toEqual(['the snapshot']);
  });
});
