import type { Readable } from 'node:stream';
import { MockActivityEnvironment } from '@temporalio/testing';
import { describe, expect, it } from 'vitest';
import { createGenerateActivities, type Generator } from '../../../activities/generate.ts';
import { ClientError } from '../../../clients/errors.ts';
import type { ObjectStore } from '../../../clients/object-store.ts';
import { keys } from '../../../contracts/lake.ts';
import { EMPTY_ACCOUNT, type Ledger } from '../../../contracts/ledger.ts';
import { runActivity } from './run-activity.ts';

const request = { window: '2026-01-05T08:00Z', events: 40, seed: 3, shards: 1 };
const ledger: Ledger = {
  ...EMPTY_ACCOUNT,
  arrived: { total: 40, content_hash: '00000000000000ff' },
  window: request.window,
  seed: 3,
  events_requested: 40,
  shards: 1,
  late: 0,
  out_of_order: 0,
  planted: {},
};

class FakeStore {
  objects = new Map<string, string>();
  /** Fails while it reads, after so many bytes. */
  failAfter: number | undefined;
  store = {
    putStream: async (key: string, stream: Readable) => {
      let text = '';
      for await (const chunk of stream) {
        text += String(chunk);
        if (this.failAfter !== undefined && text.length > this.failAfter) {
          throw new ClientError('Unavailable', 'the object store went away');
        }
      }
      this.objects.set(key, text);
    },
    putJson: async (key: string, value: unknown) => void this.objects.set(key, JSON.stringify(value)),
    getJson: async (key: string) => JSON.parse(this.objects.get(key) ?? 'null') as unknown,
    list: async (prefix: string) => [...this.objects.keys()].filter((key) => key.startsWith(prefix)),
    remove: async (keys: readonly string[]) => {
      for (const key of keys) this.objects.delete(key);
    },
  } as unknown as ObjectStore;
}

class FakeGenerator implements Generator {
  written = 0;
  onLine: (line: number) => void = () => undefined;
  onTrack: (track: number) => void = () => undefined;
  async shard(_: unknown, write: (lines: Buffer) => Promise<void>) {
    for (let line = 0; line < 40; line += 1) {
      this.onLine(line);
      await write(Buffer.from(`${JSON.stringify({ line, padding: 'x'.repeat(20_000) })}\n`));
      this.written += 1;
    }
    return { ledger, tracks: Uint32Array.of(2, 40, 400_007) };
  }
  *catalogue(seed: number, tracks: Iterable<number>) {
    for (const track of tracks) {
      this.onTrack(track);
      yield `seed ${seed}, track ${track}\n`;
    }
  }
}

function setup() {
  const fake = new FakeStore();
  const generator = new FakeGenerator();
  const activities = createGenerateActivities({ store: fake.store, generator });
  const generate = (environment = new MockActivityEnvironment()) =>
    runActivity(activities.generateShard, { request, shard: 0 }, environment);
  return { fake, generator, activities, generate };
}

/** A window whose two shards have been landed, and mention these tracks. */
function twoShards(...tracks: [number[], number[]]) {
  const { fake, generator, activities } = setup();
  for (const [shard, numbers] of tracks.entries()) {
    fake.objects.set(keys.shard(request.window, shard), 'records');
    fake.objects.set(keys.shardLedger(request.window, shard), JSON.stringify(ledger));
    fake.objects.set(keys.shardTracks(request.window, shard), JSON.stringify(numbers));
  }
  const finish = (environment = new MockActivityEnvironment()) =>
    runActivity(activities.finishGeneration, { request: { ...request, events: 80, shards: 2 } }, environment);
  return { fake, generator, finish };
}

describe('generateShard', () => {
  it('lands the shard, then its tracks and its ledger, and counts the bytes that went out', async () => {
    const { fake, generate } = setup();
    const shard = await generate();
    expect(fake.objects.get(shard.key)?.split('\n').length).toBe(41);
    expect(JSON.parse(fake.objects.get(shard.ledger_key) ?? '')).toEqual(ledger);
    expect(shard.records).toBe(40);
    const tracks = keys.shardTracks(request.window, 0);
    expect(JSON.parse(fake.objects.get(tracks) ?? '')).toEqual([2, 40, 400_007]);
    expect([...fake.objects.keys()]).toEqual([shard.key, tracks, shard.ledger_key]);
  });

  it('stops generating when the store fails, leaves no ledger, and succeeds when tried again', async () => {
    const { fake, generator, generate } = setup();
    fake.failAfter = 10_000;
    await expect(generate()).rejects.toMatchObject({ type: 'Unavailable', nonRetryable: false });
    expect(generator.written).toBeLessThan(40);
    expect(fake.objects.size).toBe(0);
    fake.failAfter = undefined;
    expect((await generate()).records).toBe(40);
  });

  it('lands nothing when the generator fails', async () => {
    const { fake, generator, generate } = setup();
    generator.onLine = (line) => {
      if (line === 20) throw new RangeError('no such window');
    };
    await expect(generate()).rejects.toMatchObject({ type: 'RangeError' });
    expect(fake.objects.size).toBe(0);
  });

  it('ends when it is cancelled, and lands nothing', async () => {
    const { fake, generator, generate } = setup();
    const environment = new MockActivityEnvironment();
    generator.onLine = (line) => {
      if (line === 5) environment.cancel('CANCELLED');
    };
    await expect(generate(environment)).rejects.toMatchObject({ name: 'CancelledFailure' });
    expect(generator.written).toBeLessThan(40);
    expect(fake.objects.size).toBe(0);
  });
});

describe('finishGeneration', () => {
  it('merges the ledgers and takes away shards of an earlier request', async () => {
    const { fake, activities, generate } = setup();
    const shard = await generate();
    const stale = shard.key.replace('0000', '0007');
    const staleTracks = keys.shardTracks(request.window, 7);
    for (const key of [stale, staleTracks]) fake.objects.set(key, 'of another request');
    const result = await runActivity(activities.finishGeneration, { request });
    expect(fake.objects.has(stale)).toBe(false);
    expect(fake.objects.has(staleTracks)).toBe(false);
    expect(fake.objects.has(shard.key)).toBe(true);
    expect(result.ledger.arrived.total).toBe(40);
    expect(fake.objects.has(result.ledger_key)).toBe(true);
    expect(fake.objects.has(keys.shardTracks(request.window, 0))).toBe(true);
    expect(result.shards).toBeUndefined();
  });

  it('writes the catalogue of the tracks that any shard mentions, each once and in order', async () => {
    const { fake, finish } = twoShards([2, 40], [2, 7, 400_007]);
    const { catalogue_key } = await finish();
    expect(catalogue_key).toBe('landing/window=2026-01-05T08-00Z/catalogue.ndjson');
    expect(fake.objects.get(catalogue_key)).toBe(
      [2, 7, 40, 400_007].map((track) => `seed 3, track ${track}\n`).join(''),
    );
  });

  it('lands no catalogue and no ledger when it is cancelled in between', async () => {
    const { fake, generator, finish } = twoShards([2, 7, 40], []);
    const environment = new MockActivityEnvironment();
    const described: number[] = [];
    generator.onTrack = (track) => {
      described.push(track);
      if (track === 7) environment.cancel('CANCELLED');
    };
    await expect(finish(environment)).rejects.toMatchObject({ name: 'CancelledFailure' });
    expect(described).toEqual([2, 7]);
    expect(fake.objects.has(keys.catalogue(request.window))).toBe(false);
    expect(fake.objects.has(keys.ledger(request.window))).toBe(false);
  });

  it.each([['[2, -1]'], ['{"tracks": []}'], ['["t-0000002"]']])(
    'does not take %s for numbers of tracks',
    async (stored) => {
      const { fake, finish } = twoShards([2], [7]);
      fake.objects.set(keys.shardTracks(request.window, 1), stored);
      await expect(finish()).rejects.toMatchObject({ type: 'ContractViolation', nonRetryable: true });
    },
  );

  it('gives a workflow of an earlier version its shards back', async () => {
    const { activities, generate } = setup();
    const shards = [await generate()];
    expect(await runActivity(activities.finishGeneration, { request, shards })).toMatchObject({ shards });
  });
});
