import { expect, test } from 'vitest';
import { beginOnce } from '../../../activities/begin-once.ts';
import { ClientError } from '../../../clients/errors.ts';
import type { Publication } from '../../../clients/kafka-publisher.ts';

const TRANSACTION = { topic: 'events', id: 'publish/w/0', key: 'k' };
const pulse = { signal: new AbortController().signal, note: () => undefined };

/** A broker whose readers are held back until a release, if that helps. */
function broker({ heldBackBy, error }: { heldBackBy: 'nobody' | 'this' | 'another'; error?: ClientError }) {
  const calls: string[] = [];
  let held = heldBackBy !== 'nobody';
  let begun = 0;
  const deps = {
    publisher: {
      begin: async (topic: string, id: string) => {
        calls.push(`begin ${topic} ${id}`);
        const number = ++begun;
        return {
          abort: async () => void calls.push(`abort ${number}`),
          close: async () => void calls.push(`close ${number}`),
        } as unknown as Publication;
      },
      release: async (topics: readonly string[], id: string) => {
        calls.push(`release ${topics.join(' ')} ${id}`);
        if (heldBackBy === 'this') held = false;
      },
    },
    receipts: {
      find: async () => {
        if (error) throw error;
        if (held) throw new ClientError('TimedOut', 'held back');
        return new Map([['k', 'the receipt']]);
      },
    },
  };
  return { deps, calls };
}

test('what holds nobody back is left alone', async () => {
  const { deps, calls } = broker({ heldBackBy: 'nobody' });
  expect(await beginOnce(deps, TRANSACTION, pulse)).toMatchObject({ found: 'the receipt' });
  expect(calls).toEqual(['begin events publish/w/0']);
});

test('what an earlier attempt has left open is released before the second look, under a transaction begun anew', async () => {
  const { deps, calls } = broker({ heldBackBy: 'this' });
  expect(await beginOnce(deps, TRANSACTION, pulse)).toMatchObject({ found: 'the receipt' });
  expect(calls).toEqual([
    'begin events publish/w/0',
    'abort 1',
    'close 1',
    'release events reprise.receipts.v1 publish/w/0',
    'begin events publish/w/0',
  ]);
});

test('what somebody else holds is waited for by a later attempt: no transaction is left open meanwhile', async () => {
  const { deps, calls } = broker({ heldBackBy: 'another' });
  await expect(beginOnce(deps, TRANSACTION, pulse)).rejects.toMatchObject({ code: 'TimedOut' });
  expect(calls.slice(-2)).toEqual(['abort 2', 'close 2']);
});

test('another error is not taken for one that a release mends', async () => {
  const { deps, calls } = broker({ heldBackBy: 'nobody', error: new ClientError('AccessDenied', 'no') });
  await expect(beginOnce(deps, TRANSACTION, pulse)).rejects.toMatchObject({ code: 'AccessDenied' });
  expect(calls).toEqual(['begin events publish/w/0', 'abort 1', 'close 1']);
});
