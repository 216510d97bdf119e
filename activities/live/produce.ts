import { activityInfo } from '@temporalio/activity';
import { ClientError } from '../../clients/errors.ts';
import type { LiveSender } from '../../clients/kafka-live-sender.ts';
import { withScratch } from '../../clients/scratch.ts';
import { recordKey } from '../../contracts/classify.ts';
import { ProducerProgress, type ProducerRequest, type SimulatedClock } from '../../contracts/live.ts';
import { WindowRequest } from '../../contracts/steps.ts';
import { windowIdHolding } from '../../contracts/window.ts';
import { withActivityFailures } from '../failures.ts';
import type { Generator } from '../generate.ts';
import { type Pulse, withPulse } from '../pulse.ts';
import { realAt, simulatedAt } from './clock.ts';
import { HourSlices } from './hour-slices.ts';
import { type LiveCatalogueDeps, releaseWeek, writeLiveCatalogue } from './live-catalogue.ts';
import { sendWhenDue, type Timepiece } from './pacing.ts';
import { type FillHour, PreparedHours } from './prepared-hours.ts';
import { retimedRecord } from './retimed-record.ts';

export interface ProduceDeps extends LiveCatalogueDeps {
  generator: Pick<Generator, 'shard'>;
  sender(): Promise<LiveSender>;
  /** Folder of the hours' files. */
  scratch: string;
  time: Timepiece;
}

export interface ProduceInput {
  producer: ProducerRequest;
  clock: SimulatedClock;
  /** Null: this run of the stream has sent nothing yet. */
  progress: ProducerProgress | null;
}

/** Sending and waiting report many times a minute; a broker that restarts, and kafkajs's own tries, take less than this. */
const SILENCE_MS = 90_000;

/** What was due longer ago is passed over: nobody wants last night's records at noon, all in one minute. */
const MOST_BEHIND_MS = 600_000;

/** Mean records of a simulated hour. */
export const eventsAnHour = ({ rate, speed }: ProducerRequest): number =>
  Math.max(1, Math.round((rate * 3_600) / speed));

export function createProduceActivities(deps: ProduceDeps) {
  return withActivityFailures({
    /** Idempotency key: (seed, week of releases): the object is replaced whole. */
    writeCatalogue: (input: { seed: number; at_ms: number }): Promise<void> =>
      withPulse(SILENCE_MS, (pulse) => writeLiveCatalogue(deps, input, pulse)),

    /**
     * Sends the generator's records when they are due, until it is told to end. At least once: what the broker has taken since
     * the last heartbeat is sent again by the next attempt, the same bytes under the same ids, and set aside in the lake.
     */
    produce: (input: ProduceInput): Promise<ProducerProgress> =>
      withPulse(SILENCE_MS, (pulse) =>
        withScratch(deps.scratch, 'producer', (folder) => runProducer(deps, input, folder, pulse)),
      ),
  });
}

/** Where to go on: an earlier attempt has said more than the workflow knows. */
function begun({ clock, progress }: ProduceInput): ProducerProgress {
  const earlier = ProducerProgress.safeParse(activityInfo().heartbeatDetails);
  if (earlier.success) return earlier.data;
  return progress ?? { position: clock.simulated_start_ms, sent: 0, behind_ms: 0, skipped_ms: 0 };
}

async function runProducer(
  deps: ProduceDeps,
  input: ProduceInput,
  folder: string,
  pulse: Pulse,
): Promise<ProducerProgress> {
  const { clock } = input;
  const { time } = deps;
  const progress = begun(input);
  const note = (): void => {
    progress.behind_ms = Math.max(0, Math.round(time.now() - realAt(clock, progress.position)));
    pulse.note({ ...progress });
  };
  pulse.note({ ...progress });
  const hours = new PreparedHours(hourFiller(deps, input, pulse, note), folder);
  const sender = await deps.sender();
  let isFresh = progress.sent === 0;
  try {
    while (!pulse.signal.aborted) {
      passOver(progress, clock, time.now());
      const hour = await hours.holding(progress.position);
      if (isFresh) {
        // It begins with what is due once it is ready: nobody has been waiting for what was due before.
        isFresh = false;
        progress.position = Math.max(progress.position, simulatedAt(clock, time.now()));
        continue;
      }
      const { position } = progress;
      await sendWhenDue({
        startMs: hour.startMs,
        records: await hour.take(position),
        clock,
        time,
        signal: pulse.signal,
        send: (records) => sender.send(records.map((value) => ({ key: keyOf(value), value }))),
        onSent(reached, records) {
          progress.position = reached;
          progress.sent += records;
          note();
        },
        onWait: note,
      });
      if (!pulse.signal.aborted) progress.position = hour.sliceEnd(position);
    }
  } catch (error) {
    // Told to end: by how much it has been held up does not matter any more.
    if (!pulse.signal.aborted) throw error;
  } finally {
    await hours.close();
    await sender.close().catch(() => undefined);
  }
  return progress;
}

/** Keyed by listener. A record may be no valid UTF-8; Latin-1 keeps every byte apart. */
const keyOf = (record: Buffer): string | null => recordKey(record.toString('latin1'));

/** Goes on with what is due now when it was away for too long. */
function passOver(progress: ProducerProgress, clock: SimulatedClock, nowMs: number): void {
  const behindMs = nowMs - realAt(clock, progress.position);
  if (behindMs <= MOST_BEHIND_MS) return;
  progress.skipped_ms += Math.round(behindMs);
  progress.position = simulatedAt(clock, nowMs);
}

function hourFiller(
  deps: ProduceDeps,
  { producer, clock }: ProduceInput,
  pulse: Pulse,
  alive: () => void,
): FillHour {
  const { seed } = producer;
  const events = eventsAnHour(producer);
  // The workflow has had it written for the week in which the run began.
  let written = releaseWeek(clock.simulated_start_ms);
  return async ({ startMs, fromMs, folder, signal }) => {
    const request = requestOf(startMs, events, seed);
    const either = AbortSignal.any([signal, pulse.signal]);
    const week = releaseWeek(startMs);
    if (week > written) {
      await writeLiveCatalogue(deps, { seed, at_ms: startMs }, { signal: either, note: alive });
      written = week;
    }
    return HourSlices.made({
      ...{ startMs, events, fromMs, folder, signal: either },
      generate: (write) => deps.generator.shard({ ...request, shard: 0 }, write),
      change: (record, dueMs) => retimedRecord(record, clock, dueMs),
      onWritten: alive,
    });
  };
}

/** @throws ClientError InvalidInput when simulated time has left the years that can be generated */
function requestOf(startMs: number, events: number, seed: number): WindowRequest {
  const latest = Date.UTC(2097, 0, 1);
  if (startMs >= latest)
    throw new ClientError(
      'InvalidInput',
      'the simulated clock has come to the year 2097; stop, and start anew',
    );
  const window = windowIdHolding(startMs);
  return WindowRequest.parse({ window, events, seed, shards: 1, volume_shape: 'diurnal' });
}
