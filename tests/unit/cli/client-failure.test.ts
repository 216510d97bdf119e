import { expect, test } from 'vitest';
import { withMends } from '../../../cli/client-failure.ts';
import type { CommandFailure } from '../../../cli/failure.ts';
import { ClientError } from '../../../clients/errors.ts';

const mendOf = async (reason: Error, env: NodeJS.ProcessEnv): Promise<string | undefined> => {
  const failure = await withMends(() => Promise.reject(reason), env).catch((thrown: unknown) => thrown);
  return (failure as CommandFailure).mend;
};

test('a server that cannot be reached is mended by starting it, or by the setting that points elsewhere', async () => {
  const kafka = new ClientError('Unavailable', 'kafka: apply topics: no broker can be reached');
  expect(await mendOf(kafka, {})).toContain('npx reprise up');
  expect(await mendOf(kafka, { KAFKA_BROKERS: '' })).toContain('npx reprise up');
  expect(await mendOf(kafka, { KAFKA_BROKERS: '127.0.0.1:9' })).toContain('KAFKA_BROKERS');
  const other = new ClientError('InvalidInput', 'kafka: too large');
  expect(await mendOf(other, { KAFKA_BROKERS: '127.0.0.1:9' })).toBeUndefined();
});
