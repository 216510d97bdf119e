import { randomInt } from 'node:crypto';
import { MockActivityEnvironment } from '@temporalio/testing';
import { beforeAll, describe, expect, test } from 'vitest';
import { createGenerateActivities, type Generator } from '../../activities/generate.ts';
import { createPublishActivities } from '../../activities/publish.ts';
import { createKafka } from '../../clients/kafka.ts';
import { createPublisher } from '../../clients/kafka-publisher.ts';
import { createReceiptReader } from '../../clients/kafka-receipts.ts';
import { fetchBounds } from '../../clients/kafka-topics.ts';
import { createObjectStore, type ObjectStore } from '../../clients/object-store.ts';
import { keys } from '../../contracts/lake.ts';
import type { WindowRequest } from '../../contracts/steps.ts';
import { EVENTS_TOPIC, RECEIPTS_TOPIC } from '../../contracts/topics.ts';
import { windowIdAt } from '../../contracts/window.ts';
import { catalogueLines } from '../../generator/catalogue/catalogue-lines.ts';
import { generateShard } from '../../generator/generate.ts';
import { config } from './harness.ts';

const real: Generator = { shard: generateShard, catalogue: catalogueLines };

/** A window of the past that no other test has: tests share the servers. */
const ownWindow = () => windowIdAt(Date.UTC(2001, 0, 1) + randomInt(100_000) * 3_600_000);

function run<I, O>(
  activity: (input: I) => Promise<O>,
  input: I,
  environment = new MockActivityEnvironment(),
) {
  return environment.run<[I], O, typeof activity>(activity, input);
}

let store: ObjectStore;
beforeAll(() => {
  store = createObjectStore(config().objectStore);
});

const generating = (generator = real) => createGenerateActivities({ store, generator });
function publishing() {
  const kafka = createKafka({ brokers: config().kafka.brokers, clientId: 'reprise-tests' });
  return createPublishActivities({
    store,
    publisher: createPublisher(kafka),
    receipts: createReceiptReader(kafka, RECEIPTS_TOPIC),
    bounds: () => fetchBounds(kafka, EVENTS_TOPIC),
    generator: real,
  });
}

const land = (request: WindowRequest) => run(generating().generateShard, { request, shard: 0 });
const publish = async (request: WindowRequest) =>
  run(publishing().publishShard, { window: request.window, shard: await land(request) });

describe('a landed shard', () => {
  test('is the same when it is landed again, and what its ledger says', async () => {
    const request = { window: ownWindow(), events: 2_000, seed: 5, shards: 2 };
    const first = await land(request);
    expect(await land(request)).toEqual(first);
    const ledger = await store.getJson(first.ledger_key);
    expect(ledger).toMatchObject({ arrived: { total: first.records, content_hash: first.content_hash } });
  });

  test('stands as it was when its replacement is cancelled half-way', async () => {
    const request = { window: ownWindow(), events: 2_000, seed: 5, shards: 1 };
    const before = await land(request);
    const environment = new MockActivityEnvironment();
    // More than one part of a multi-part upload, so that half of it is in the store when the end comes.
    const filler = Buffer.from(`${'x'.repeat(999_999)}\n`);
    const endless: Generator = {
      ...real,
      shard: async (_, write) => {
        for (let line = 0; ; line += 1) {
          if (line === 20) environment.cancel('CANCELLED');
          await write(filler);
        }
      },
    };
    const cancelled = run(generating(endless).generateShard, { request, shard: 0 }, environment);
    await expect(cancelled).rejects.toMatchObject({ name: 'CancelledFailure' });
    expect(await run(publishing().publishShard, { window: request.window, shard: before })).toMatchObject({
      receipt: { records: 2_000, content_hash: before.content_hash },
    });
  });

  test('makes way when a later request has fewer shards', async () => {
    const request = { window: ownWindow(), events: 1_000, seed: 5, shards: 2 };
    const shards = await Promise.all(
      [0, 1].map((shard) => run(generating().generateShard, { request, shard })),
    );
    expect((await run(generating().finishGeneration, { request, shards })).ledger.arrived.total).toBe(1_000);
    const one = { ...request, shards: 1 };
    await run(generating().finishGeneration, { request: one, shards: [await land(one)] });
    expect((await store.list(keys.landing(request.window))).sort()).toEqual(
      [
        keys.catalogue(request.window),
        keys.ledger(request.window),
        keys.shard(request.window, 0),
        keys.shardLedger(request.window, 0),
        keys.shardTracks(request.window, 0),
      ].sort(),
    );
  });
});

describe('a published window', () => {
  test('is not published again by a replay, and anew for another seed', async () => {
    const request = { window: ownWindow(), events: 1_500, seed: 5, shards: 1 };
    const first = await publish(request);
    expect(first).toMatchObject({ reused: false, receipt: { records: 1_500 } });
    expect(await publish(request)).toMatchObject({ reused: true, receipt: first.receipt });
    const other = await publish({ ...request, seed: 6 });
    expect(other.reused).toBe(false);
    expect(other.receipt.content_hash).not.toBe(first.receipt.content_hash);
    // And back: the first publication is still in the log.
    expect(await publish(request)).toMatchObject({ reused: true, receipt: first.receipt });
  });

  test('without events has a receipt too', async () => {
    const request = { window: ownWindow(), events: 0, seed: 5, shards: 1 };
    expect(await publish(request)).toMatchObject({ receipt: { records: 0, ranges: [] } });
    expect(await publish(request)).toMatchObject({ reused: true });
  });
});
