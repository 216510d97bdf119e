import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { describe, expect, test } from 'vitest';
import { createObjectStore } from '../../clients/object-store.ts';
import { findPortBase } from '../runner/isolation.ts';
import { config, ownName } from './harness.ts';

describe('object store', () => {
  test('the bucket is there before anything writes to it', async () => {
    expect(await createObjectStore(config().objectStore).ensureBucket()).toBe('present');
  });

  test('an object is replaced whole, and listed by its prefix only', async () => {
    const store = createObjectStore(config().objectStore);
    const folder = `tests/${ownName()}/`;
    await store.putStream(`${folder}a.ndjson`, Readable.from(['{"a":1}\n', '{"a":2}\n']));
    await store.putStream(`${folder}a.ndjson`, Readable.from(['{"a":3}\n']));
    await store.putJson(`${folder}b.json`, { b: [1, 2] });
    expect(await text(await store.getStream(`${folder}a.ndjson`))).toBe('{"a":3}\n');
    expect(await store.getJson(`${folder}b.json`)).toEqual({ b: [1, 2] });
    expect((await store.list(folder)).toSorted()).toEqual([`${folder}a.ndjson`, `${folder}b.json`]);
    await store.remove([`${folder}a.ndjson`]);
    expect(await store.exists(`${folder}a.ndjson`)).toBe(false);
    expect(await store.exists(`${folder}b.json`)).toBe(true);
  });

  test('what is wrong is told apart: missing, denied, unreachable', async () => {
    const settings = config().objectStore;
    const store = createObjectStore(settings);
    await expect(store.getJson('tests/nothing.json')).rejects.toMatchObject({
      code: 'ResourceMissing',
      retryable: false,
    });
    const stranger = createObjectStore({ ...settings, secretKey: 'not-the-secret' });
    await expect(stranger.getJson('tests/nothing.json')).rejects.toMatchObject({
      code: 'AccessDenied',
      retryable: false,
    });
    const nobody = `http://127.0.0.1:${await findPortBase([config().portBase])}`;
    const lost = createObjectStore({ ...settings, endpoint: nobody });
    await expect(lost.getJson('tests/nothing.json')).rejects.toMatchObject({
      code: 'Unavailable',
      retryable: true,
    });
  });
});
