import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { ClientError } from '../../clients/errors.ts';
import type { PartitionBounds } from '../../clients/kafka-topics.ts';
import type { ObjectStore } from '../../clients/object-store.ts';
import { withScratch } from '../../clients/scratch.ts';
import type { SparkSubmit } from '../../clients/spark-submit.ts';
import {
  LIVE_STREAM_ID,
  type LiveStreamInput,
  type StreamHeartbeat,
  type StreamPosition,
  StreamProgress,
  type StreamSpec,
} from '../../contracts/live.ts';
import type { LakeAccess } from '../../contracts/steps.ts';
import { EVENTS_TOPIC } from '../../contracts/topics.ts';
import { withActivityFailures } from '../failures.ts';
import { type Pulse, withPulse } from '../pulse.ts';
import { CatalogueCopy } from './catalogue-copy.ts';
import { KeptPosition } from './kept-position.ts';

export interface SuperviseDeps {
  store: ObjectStore;
  submit: SparkSubmit;
  lake: LakeAccess;
  brokers: string[];
  /** Offsets that the events topic holds. */
  bounds(): Promise<PartitionBounds[]>;
  /** The same for the life of the installation. */
  checkpoint: string;
  nowFile: string;
  /** Folder of each attempt's spec, state and catalogue. */
  scratch: string;
}

/** The supervisor itself looks around every few seconds, whatever the stream does. */
const SILENCE_MS = 60_000;
const WATCH_MS = 5_000;
/**
 * A batch of the largest size takes a minute or two on a busy machine, and a start as long. A stream that says nothing for
 * longer while there is something to read hangs.
 */
const STUCK_MS = 300_000;
/** A stream that was told to end says something after each batch; one that does not any more is ended. */
const STOP_SILENCE_MS = 60_000;
/** One that has worked is worth another start at once; the policy's growing pauses are for one that does not come up. */
const AGAIN_MS = 1_000;
/** Longest that the last position may take to be put down; then the next start puts it. */
const FLUSH_MS = 20_000;

type Asked = Pick<LiveStreamInput, 'trigger_ms' | 'max_records_per_batch'>;

export function createSuperviseActivities(deps: SuperviseDeps) {
  return withActivityFailures({
    /**
     * Keeps the stream running until it is told to end; then lets it take what has arrived. Idempotency key: the checkpoint,
     * which one process at a time holds: an attempt goes on where the one before has committed.
     */
    superviseStream: (input: Asked): Promise<StreamPosition | null> =>
      withPulse(SILENCE_MS, (pulse) =>
        withScratch(deps.scratch, 'stream', (folder) => new Supervision(deps, pulse, folder).run(input)),
      ),
  });
}

class Supervision {
  readonly #deps: SuperviseDeps;
  readonly #pulse: Pulse;
  readonly #folder: string;
  readonly #stopFile: string;
  readonly #position: KeptPosition;
  readonly #catalogue: CatalogueCopy;
  readonly #killed = new AbortController();
  #progress: StreamProgress | null = null;
  #lastSign = performance.now();

  constructor(deps: SuperviseDeps, pulse: Pulse, folder: string) {
    this.#deps = deps;
    this.#pulse = pulse;
    this.#folder = folder;
    this.#stopFile = join(folder, 'stop');
    this.#position = new KeptPosition(deps.store, LIVE_STREAM_ID);
    this.#catalogue = new CatalogueCopy(deps.store, join(folder, 'catalogue.ndjson'));
  }

  get #isStopping(): boolean {
    return this.#pulse.signal.aborted;
  }

  async run(asked: Asked): Promise<StreamPosition | null> {
    const { checkpoint, nowFile } = this.#deps;
    this.#beat();
    await mkdir(checkpoint, { recursive: true });
    await mkdir(dirname(nowFile), { recursive: true });
    await this.#catalogue.create();
    const specFile = join(this.#folder, 'spec.json');
    await writeFile(specFile, JSON.stringify(this.#spec(asked)));
    let looking: Promise<void> | undefined;
    const watch = setInterval(() => {
      looking ??= this.#look().finally(() => {
        looking = undefined;
      });
    }, WATCH_MS);
    const askToEnd = (): void => void this.#askToEnd();
    this.#pulse.signal.addEventListener('abort', askToEnd, { once: true });
    try {
      if (this.#isStopping) return null;
      await this.#submit(specFile);
      await this.#position.flush(FLUSH_MS);
    } catch (error) {
      throw this.#isStopping || !this.#progress ? error : worthAnother(error);
    } finally {
      this.#pulse.signal.removeEventListener('abort', askToEnd);
      clearInterval(watch);
      await looking;
    }
    return this.#position.last ?? null;
  }

  async #submit(specFile: string): Promise<void> {
    await this.#deps.submit.run({
      job: 'stream',
      specFile,
      localDir: this.#folder,
      signal: this.#killed.signal,
      onProgress: (line) => this.#take(line),
      resident: { lockFile: `${this.#deps.checkpoint}.lock` },
    });
    if (!this.#isStopping)
      throw new ClientError('SubprocessFailed', 'the stream ended without being asked to', {
        retryable: true,
      });
  }

  #spec({ trigger_ms, max_records_per_batch }: Asked): StreamSpec {
    const { lake, brokers, checkpoint, nowFile } = this.#deps;
    return {
      stream: LIVE_STREAM_ID,
      lake,
      kafka: { brokers: brokers.join(','), topic: EVENTS_TOPIC },
      trigger_ms,
      max_records_per_batch,
      checkpoint,
      catalogue_file: this.#catalogue.file,
      now_file: nowFile,
      stop_file: this.#stopFile,
    };
  }

  #take(line: Record<string, unknown>): void {
    const progress = StreamProgress.safeParse(line);
    if (!progress.success) {
      // Another version of the job than ours: what it commits could not be followed.
      this.#killed.abort(progress.error);
      return;
    }
    this.#lastSign = performance.now();
    this.#progress = progress.data;
    this.#position.take(progress.data);
    this.#beat();
  }

  #beat(): void {
    const state = this.#isStopping ? 'stopping' : this.#progress ? 'running' : 'starting';
    const details: StreamHeartbeat = { state, progress: this.#progress };
    this.#pulse.note(details);
  }

  async #askToEnd(): Promise<void> {
    this.#lastSign = performance.now();
    try {
      await writeFile(this.#stopFile, '');
    } catch (error) {
      // A full disk: it cannot be asked, so it is ended, and goes on from the checkpoint next time.
      this.#killed.abort(error);
    }
  }

  /** Tells the server that somebody is here, keeps the catalogue new, and ends a stream that hangs. */
  async #look(): Promise<void> {
    this.#beat();
    // The store may be away for a while: the stream has the catalogue that it had.
    await this.#catalogue.refresh().catch(() => undefined);
    const why = await this.#whyItHangs();
    if (why) this.#killed.abort(new ClientError('TimedOut', why));
  }

  async #whyItHangs(): Promise<string | undefined> {
    const silentMs = performance.now() - this.#lastSign;
    const seconds = Math.round(silentMs / 1_000);
    if (this.#isStopping)
      return silentMs > STOP_SILENCE_MS ? `the stream did not end: silent for ${seconds} s` : undefined;
    if (silentMs <= STUCK_MS || !(await this.#isBehind())) return undefined;
    return `the stream hangs: silent for ${seconds} s, with records to read`;
  }

  async #isBehind(): Promise<boolean> {
    const { offsets = {} } = this.#progress ?? {};
    try {
      const bounds = await this.#deps.bounds();
      return bounds.some(({ partition, low, high }) => high > BigInt(offsets[partition] ?? low));
    } catch {
      // Without a broker there is nothing that it could read.
      return false;
    }
  }
}

function worthAnother(error: unknown): unknown {
  if (!(error instanceof ClientError) || !error.retryable) return error;
  const { code, message, details, retryable } = error;
  return new ClientError(code, message, { cause: error, details, retryable, retryAfterMs: AGAIN_MS });
}
