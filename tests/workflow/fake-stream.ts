import { activityInfo, Context } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import type { ProduceInput } from '../../activities/live/produce.ts';
import type { LiveStreamInput, ProducerProgress, StreamPosition } from '../../contracts/live.ts';
import type { Capability } from '../../contracts/task-queues.ts';

export const POSITION: StreamPosition = {
  stream: 'live',
  batch: 7,
  at: '2026-01-05T08:00:01.000Z',
  offsets: { '0': '70' },
};

export const LIVE_INPUT: LiveStreamInput = {
  requested_by: 'a test',
  producer: { rate: 10, speed: 1, seed: 1 },
  trigger_ms: 1_000,
  max_records_per_batch: 1_000,
};

/** Until the workflow, or its server, asks the activity to end. */
export async function untilAsked(): Promise<void> {
  const { cancelled, heartbeat } = Context.current();
  const beats = setInterval(heartbeat, 50);
  await cancelled.catch(() => undefined);
  clearInterval(beats);
}

export const progressOf = ({ clock, progress }: ProduceInput, sent: number): ProducerProgress => ({
  position: clock.simulated_start_ms + sent,
  sent: (progress?.sent ?? 0) + sent,
  behind_ms: 0,
  skipped_ms: 0,
});

export const crash = (message: string): ApplicationFailure =>
  ApplicationFailure.create({ message, type: 'SubprocessFailed', nextRetryDelay: 1 });

interface LiveActivities {
  writeCatalogue(input: { seed: number; at_ms: number }): Promise<void>;
  produce(input: ProduceInput): Promise<ProducerProgress>;
  superviseStream(input: object): Promise<StreamPosition | null>;
}

/** A stream and a producer that run until they are asked to end; `said` is what they and the test have said, in order. */
export function fakeStream(replaced: Partial<LiveActivities> = {}) {
  const said: string[] = [];
  const all: LiveActivities = {
    writeCatalogue: async () => undefined,
    produce: async (input) => {
      await untilAsked();
      return progressOf(input, 10);
    },
    superviseStream: async () => {
      await untilAsked();
      return POSITION;
    },
    ...replaced,
  };
  type Activity = (...args: never[]) => Promise<unknown>;
  // The SDK's worker polls for nothing at all when there are no activities.
  const control = { idle: async () => undefined };
  const queues = { control, publish: {}, spark: {}, warehouse: {}, live: {} } as Record<
    Capability,
    Record<string, Activity>
  >;
  for (const [name, activity] of Object.entries(all) as [string, Activity][]) {
    queues.live[name] = async (...args: never[]) => {
      said.push(`${name} ${activityInfo().attempt}`);
      try {
        return await activity(...args);
      } finally {
        said.push(`${name} ended`);
      }
    };
  }
  return { said, queues };
}
