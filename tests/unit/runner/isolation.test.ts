import { createServer } from 'node:net';
import { delimiter } from 'node:path';
import { expect, test } from 'vitest';
import { portsFrom } from '../../../config/ports.ts';
import { findPortBase, isFree, isolatedEnvironment, isTestInstance } from '../../runner/isolation.ts';

test("nothing of a person's own stack reaches a test", () => {
  const env = isolatedEnvironment(
    {
      ...{ PATH: '/usr/bin', HOME: '/home/x', REPRISE_CACHE: '/cache' },
      ...{
        REPRISE_INSTANCE: 'demo',
        KAFKA_BROKERS: 'broker:9092',
        S3_SECRET_KEY: 'x',
        WAREHOUSE: 'bigquery',
      },
      ...{ GOOGLE_APPLICATION_CREDENTIALS: '/key.json', AIRFLOW__CORE__FERNET_KEY: 'x', AWS_PROFILE: 'mine' },
    },
    21_000,
  );
  expect(env.PATH?.split(delimiter)).toContain('/usr/bin');
  expect({ ...env, PATH: '' }).toEqual({
    ...{ PATH: '', HOME: '/home/x', REPRISE_CACHE: '/cache', TZ: 'UTC' },
    ...{ REPRISE_INSTANCE: 'test', REPRISE_PORT_BASE: '21000' },
  });
});

test('a block of ports with a single one in use is passed over', async () => {
  const base = await findPortBase();
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(portsFrom(base).dashboard, '127.0.0.1', resolve));
  try {
    expect(await isFree(portsFrom(base).dashboard)).toBe(false);
    expect(await findPortBase()).not.toBe(base);
  } finally {
    server.close();
  }
});

test.each([
  ['test', true],
  ['test-parity', true],
  ['testing', false],
  ['demo', false],
  ['my-test', false],
])('the installation %s belongs to the tests: %s', (name, expected) => {
  expect(isTestInstance(name)).toBe(expected);
});
