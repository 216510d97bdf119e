import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Grounds } from '../faults/grounds.ts';
import { LIVE_INSTANCE } from '../runner/isolation.ts';
import { playbacks } from './events.ts';
import { LIMIT_MS, tell } from './ground.ts';
import { lakeDifferences } from './lake-account.ts';
import { Resident } from './resident.ts';
import { send } from './sending.ts';
import { until } from './until.ts';

const RECORDS = 2_000;

describe('a stream whose servers are away', () => {
  let grounds: Grounds;
  let stream: Resident;

  const attempt = async (): Promise<number> => (await stream.view()).stream?.attempt ?? 0;

  /** Away for as long as it takes to fail the stream by it: a shorter absence the clients bridge by themselves. */
  async function survives(
    what: string,
    goes: () => Promise<void>,
    comesBack: () => Promise<void>,
  ): Promise<string[]> {
    const before = await attempt();
    const since = performance.now();
    await goes();
    try {
      await send(grounds.direct, playbacks(RECORDS));
      await until('an attempt fails by it', async () => (await attempt()) > before, LIMIT_MS);
    } finally {
      await comesBack();
    }
    const away_s = Math.round((performance.now() - since) / 1_000);
    await send(grounds.direct, playbacks(RECORDS));
    const seconds_until_lag_zero = Math.round(await stream.catchUp());
    tell(`${what} away`, { away_s, seconds_until_lag_zero });
    return lakeDifferences(grounds.direct);
  }

  beforeAll(async () => {
    grounds = await Grounds.prepare({ name: LIVE_INSTANCE, airflow: false, disks: [] });
    stream = new Resident(
      () => grounds.platform,
      LIMIT_MS,
      () => grounds.direct,
    );
    await stream.start('--no-producer', '--trigger', '500');
    await send(grounds.direct, playbacks(RECORDS));
    await stream.catchUp();
  }, 2 * LIMIT_MS);

  afterAll(async () => {
    await grounds?.takeDown();
  });

  test(
    'the object store',
    async () => {
      const { minioLine } = grounds;
      const differences = await survives(
        'object store',
        () => minioLine.become('refused'),
        () => minioLine.open(),
      );
      expect(differences).toEqual([]);
    },
    3 * LIMIT_MS,
  );

  test(
    'the broker',
    async () => {
      const { kafkaLine } = grounds;
      const differences = await survives(
        'broker',
        () => kafkaLine.become('refused'),
        () => kafkaLine.open(),
      );
      expect(differences).toEqual([]);
    },
    3 * LIMIT_MS,
  );

  test(
    'the catalogue: somebody holds it and does not let go',
    async () => {
      const holder = new DatabaseSync(grounds.platform.config.paths.catalogFile);
      try {
        const differences = await survives(
          'catalogue',
          async () => holder.exec('BEGIN EXCLUSIVE'),
          async () => holder.exec('ROLLBACK'),
        );
        expect(differences).toEqual([]);
      } finally {
        holder.close();
      }
    },
    3 * LIMIT_MS,
  );
});
