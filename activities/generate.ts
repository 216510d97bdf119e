import { once } from 'node:events';
import { PassThrough, Readable } from 'node:stream';
import { ClientError } from '../clients/errors.ts';
import type { ObjectStore } from '../clients/object-store.ts';
import { keys, TrackNumbers } from '../contracts/lake.ts';
import { Ledger, mergeLedgers, unlikelyTotal } from '../contracts/ledger.ts';
import type { GenerateResult, LandedShard, WindowRequest } from '../contracts/steps.ts';
import { TrackSet } from '../generator/records/track-set.ts';
import { withActivityFailures } from './failures.ts';
import { type Pulse, withPulse } from './pulse.ts';
import { RecordTally } from './records.ts';

/** The seeded generator, as the activities see it. */
export interface Generator {
  /** Hands over whole NDJSON lines, and waits for each hand-over; ends with the shard's ledger and its tracks. */
  shard(
    request: WindowRequest & { shard: number },
    write: (lines: Buffer) => Promise<void>,
  ): Promise<{ ledger: Ledger; tracks: Iterable<number> }>;
  /** The tracks as NDJSON, some whole lines at a time. */
  catalogue(seed: number, tracks: Iterable<number>): Iterable<string>;
}

export interface GenerateDeps {
  store: ObjectStore;
  generator: Generator;
}

export type Attempted<T> = T & { attempt: number };

/** Generating and storing report progress many times a second: a minute of silence means that the store hangs. */
const SILENCE_MS = 60_000;
/** Lets `write` go on when the store has taken what was written, and stop when it never will. */
async function writeTo(out: PassThrough, lines: Buffer, stopped: AbortSignal): Promise<void> {
  stopped.throwIfAborted();
  if (out.write(lines)) return;
  try {
    await once(out, 'drain', { signal: stopped });
  } catch (error) {
    stopped.throwIfAborted();
    throw error;
  }
}

export function createGenerateActivities({ store, generator }: GenerateDeps) {
  return withActivityFailures({
    /**
     * Writes one shard and then its tracks and its ledger. Idempotency key: (window, seed, events, shards, shard): the bytes depend on
     * nothing else and the object is replaced whole, so a repeated attempt ends in the same state.
     */
    generateShard: (input: { request: WindowRequest; shard: number }): Promise<Attempted<LandedShard>> =>
      withPulse(SILENCE_MS, async (pulse) => {
        const { request, shard } = input;
        const key = keys.shard(request.window, shard);
        const ledgerKey = keys.shardLedger(request.window, shard);
        const tally = new RecordTally();
        const out = new PassThrough();
        out.on('error', () => undefined);
        const storeFailed = new AbortController();
        // A failed write ends the generator at its next line, a failed generator ends the write without an object.
        const stored = store.putStream(key, out).catch((error: unknown) => {
          storeFailed.abort(error);
          throw error;
        });
        const generated = generator
          .shard({ ...request, shard }, async (lines) => {
            pulse.signal.throwIfAborted();
            tally.takeLines(lines);
            await writeTo(out, lines, storeFailed.signal);
            pulse.note({ records: tally.records });
          })
          .then(
            (ended) => {
              out.end();
              return ended;
            },
            (error: unknown) => {
              out.destroy(error as Error);
              throw error;
            },
          );
        const [{ ledger, tracks }] = await bothOrFirstFailure(generated, stored);
        pulse.signal.throwIfAborted();
        const numbers = Readable.from([JSON.stringify(Array.from(tracks))]);
        await store.putStream(keys.shardTracks(request.window, shard), numbers, 'application/json');
        await store.putJson(ledgerKey, ledger);
        return {
          shard,
          key,
          ledger_key: ledgerKey,
          bytes: tally.bytes,
          records: tally.records,
          content_hash: tally.contentHash,
          by_type: tally.byType,
          attempt: pulse.attempt,
        };
      }),

    /**
     * Merges the shards' ledgers and writes the catalogue of their tracks. Idempotency key: as above; objects of an
     * earlier request with more shards are removed, so that the landing area holds this window and nothing else.
     */
    finishGeneration: (input: {
      request: WindowRequest;
      /** Given by workflows of earlier versions. */
      shards?: LandedShard[];
    }): Promise<Attempted<GenerateResult>> =>
      withPulse(SILENCE_MS, async (pulse) => {
        const { request } = input;
        const shards = Array.from({ length: request.shards }, (_, shard) => ({
          key: keys.shard(request.window, shard),
          ledger_key: keys.shardLedger(request.window, shard),
          tracks_key: keys.shardTracks(request.window, shard),
        }));
        const ledgers = await Promise.all(
          shards.map(async (shard) => Ledger.parse(await store.getJson(shard.ledger_key))),
        );
        const [first, ...others] = ledgers;
        if (!first) throw new ClientError('InvalidInput', 'a window needs at least one shard');
        const ledger = mergeLedgers([first, ...others]);
        const unlikely = unlikelyTotal(ledger, request.events, request.volume_shape ?? 'flat');
        if (unlikely)
          throw new ClientError('DataQualityFailed', `${keys.ledger(request.window)}: ${unlikely}`);
        const ledgerKey = keys.ledger(request.window);
        const catalogueKey = keys.catalogue(request.window);
        const tracks = new TrackSet();
        for (const { tracks_key } of shards) {
          for (const track of TrackNumbers.parse(await store.getJson(tracks_key))) tracks.add(track);
          pulse.note({ tracks_of: tracks_key });
        }
        const catalogue = generator.catalogue(request.seed, tracks);
        await store.putStream(catalogueKey, Readable.from(withPauses(catalogue, pulse)));
        pulse.signal.throwIfAborted();
        const current = new Set([
          ledgerKey,
          catalogueKey,
          ...shards.flatMap((shard) => Object.values(shard)),
        ]);
        const found = await store.list(keys.landing(request.window));
        await store.remove(found.filter((key) => !current.has(key)));
        await store.putJson(ledgerKey, ledger);
        return {
          ...(input.shards ? { shards: input.shards } : {}),
          ledger,
          ledger_key: ledgerKey,
          catalogue_key: catalogueKey,
          attempt: pulse.attempt,
        };
      }),
  });
}

/** Between two turns the event loop runs: a worker's heartbeat does not wait for the last of many lines. */
async function* withPauses(lines: Iterable<string>, pulse: Pulse): AsyncGenerator<string> {
  let bytes = 0;
  for (const some of lines) {
    pulse.signal.throwIfAborted();
    yield some;
    bytes += some.length;
    pulse.note({ catalogue_bytes: bytes });
    await new Promise<void>((resolve) => setImmediate(resolve));
  }
}

/** Waits for both to settle, so that nothing goes on behind a failed attempt; the cause is the one that failed first. */
async function bothOrFirstFailure<A, B>(a: Promise<A>, b: Promise<B>): Promise<[A, B]> {
  try {
    return await Promise.all([a, b]);
  } catch (error) {
    await Promise.allSettled([a, b]);
    throw error;
  }
}
