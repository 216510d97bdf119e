import {
  ApplicationFailure,
  CancellationScope,
  CancelledFailure,
  condition,
  continueAsNew,
  defineQuery,
  defineSignal,
  isCancellation,
  log,
  setHandler,
} from '@temporalio/workflow';
import {
  LIVE_STATUS_QUERY,
  type LiveStatus,
  LiveStreamInput,
  type LiveStreamResult,
  type ProducerProgress,
  type SimulatedClock,
  STOP_SIGNAL,
  type StreamPosition,
} from '../contracts/live.ts';
import { catalogue, producing, supervising } from './live-activities.ts';
import { describeFailure } from './window-failure.ts';

/** What one run hands to the next. */
interface Carried {
  started_at: string;
  clock: SimulatedClock;
  progress: ProducerProgress | null;
}

const stopSignal = defineSignal(STOP_SIGNAL);
const statusQuery = defineQuery<LiveStatus>(LIVE_STATUS_QUERY);

/**
 * Keeps the stream and, unless told otherwise, a producer running until it is told to stop: then the producer ends first, and
 * the stream takes what has arrived. When a worker ends them in good order (its own end, a deployment) the workflow begins
 * anew, so that its history stays short and the next run is one of the code that is there then.
 */
export async function liveStream(given: LiveStreamInput, carried?: Carried): Promise<LiveStreamResult> {
  const parsed = LiveStreamInput.safeParse(given);
  if (!parsed.success) {
    const first = parsed.error.issues[0];
    throw ApplicationFailure.nonRetryable(`${first?.path.join('.')}: ${first?.message}`, 'InvalidInput');
  }
  const live = new LiveRun(parsed.data, carried);
  setHandler(statusQuery, () => live.status());
  setHandler(stopSignal, () => live.stop());
  // A cancellation is a stop: what has arrived is taken all the same.
  CancellationScope.current().cancelRequested.catch(() => live.stop());

  await CancellationScope.nonCancellable(() => live.run());
  if (CancellationScope.current().consideredCancelled) throw new CancelledFailure('the stream was cancelled');
  if (live.failure) throw live.failure;
  if (!live.isStopping) return continueAsNew<typeof liveStream>(parsed.data, live.carry());
  return live.result();
}

class LiveRun {
  readonly #input: LiveStreamInput;
  readonly #carried: Carried;
  #phase: LiveStatus['phase'] = 'preparing';
  #producer: LiveStatus['producer'];
  #producerFailure: string | null = null;
  #progress: ProducerProgress | null;
  #position: StreamPosition | null = null;
  #streamHasEnded = false;
  #stopFailure: string | null = null;
  /** Why the stream cannot go on. */
  failure: ApplicationFailure | undefined;

  constructor(input: LiveStreamInput, carried: Carried | undefined) {
    const now = Date.now();
    this.#input = input;
    this.#carried = carried ?? {
      started_at: new Date(now).toISOString(),
      clock: { real_start_ms: now, simulated_start_ms: now, speed: input.producer?.speed ?? 1 },
      progress: null,
    };
    this.#progress = this.#carried.progress;
    this.#producer = input.producer ? 'running' : 'none';
  }

  get isStopping(): boolean {
    return this.#phase === 'stopping';
  }

  stop(): void {
    this.#phase = 'stopping';
  }

  status(): LiveStatus {
    return {
      phase: this.#phase,
      requested_by: this.#input.requested_by,
      started_at: this.#carried.started_at,
      input: this.#input,
      producer: this.#producer,
      producer_failure: this.#producerFailure,
    };
  }

  carry(): Carried {
    return { ...this.#carried, progress: this.#progress };
  }

  result(): LiveStreamResult {
    return {
      started_at: this.#carried.started_at,
      stopped_at: new Date(Date.now()).toISOString(),
      producer: this.#progress,
      position: this.#position,
      failure: this.#stopFailure,
    };
  }

  async run(): Promise<void> {
    await this.#prepare();
    if (this.isStopping) return;
    this.#phase = 'running';
    const stream = new CancellationScope();
    const producer = new CancellationScope();
    const streaming = stream.run(() => this.#stream());
    const produced = producer.run(() => this.#produce());
    await condition(() => this.isStopping || this.#streamHasEnded || this.#producer === 'ended');
    producer.cancel();
    await produced;
    stream.cancel();
    await streaming;
  }

  /** Before the first record: what the stream cannot find it would not enrich. */
  async #prepare(): Promise<void> {
    const { producer } = this.#input;
    if (!producer || this.#carried.progress) return;
    const scope = new CancellationScope();
    const at_ms = this.#carried.clock.simulated_start_ms;
    const written = scope.run(() => catalogue.writeCatalogue({ seed: producer.seed, at_ms }));
    const stopped = condition(() => this.isStopping).then(() => scope.cancel());
    try {
      await Promise.race([written, stopped]);
      await written;
    } catch (error) {
      if (!isCancellation(error)) this.#giveUpProducer(error);
    }
  }

  async #produce(): Promise<void> {
    const { producer } = this.#input;
    if (!producer || this.#producer !== 'running') return;
    try {
      const { clock } = this.#carried;
      this.#progress = await producing.produce({ producer, clock, progress: this.#progress });
      this.#producer = 'ended';
    } catch (error) {
      if (isCancellation(error)) this.#producer = 'ended';
      else this.#giveUpProducer(error);
    }
  }

  /** The stream goes on: other producers may write, and what was sent is to be read. */
  #giveUpProducer(error: unknown): void {
    const { type, message } = describeFailure(error);
    this.#producer = 'failed';
    this.#producerFailure = `${type}: ${message}`;
    log.warn('the producer has ended for good', { error });
  }

  async #stream(): Promise<void> {
    const { trigger_ms, max_records_per_batch } = this.#input;
    try {
      this.#position = await supervising.superviseStream({ trigger_ms, max_records_per_batch });
    } catch (error) {
      if (!isCancellation(error)) this.#fail(error);
    }
    this.#streamHasEnded = true;
  }

  /** While it is being stopped there is nothing left to fail: what it could not take, the next start takes. */
  #fail(error: unknown): void {
    const { type, message, nonRetryable, details } = describeFailure(error);
    if (this.isStopping) this.#stopFailure = `${type}: ${message}`;
    else this.failure = ApplicationFailure.create({ type, message, nonRetryable, details: [details] });
  }
}
