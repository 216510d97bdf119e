import { createKafka } from '../../clients/kafka.ts';
import { createLogReader } from '../../clients/kafka-log.ts';
import { fetchBounds } from '../../clients/kafka-topics.ts';
import type { Config } from '../../config/config.ts';
import { classify } from '../../contracts/classify.ts';
import { DUPLICATE_REASON } from '../../contracts/quarantine.ts';
import { EVENTS_TOPIC, HEADERS } from '../../contracts/topics.ts';
import { WINDOW_MS, type WindowId, windowIdHolding, windowStartMs } from '../../contracts/window.ts';

/** What has arrived by itself, judged by the reference rules; a place is `partition/offset`. */
export interface TopicTruth {
  records: number;
  /** Every live record's place. */
  places: Set<string>;
  /** Of the broken ones, what is wrong with each. */
  reasons: Map<string, string>;
  /** Ids of events, each once, by the hour in which they arrived. */
  ids: Map<WindowId, Set<string>>;
  repeats: number;
}

const LIMIT_MS = 300_000;

/** Reads all that the topic holds. */
export async function topicTruth({ kafka: settings }: Config): Promise<TopicTruth> {
  const kafka = createKafka({ brokers: settings.brokers, clientId: 'reprise-test-reader' });
  const ranges = (await fetchBounds(kafka, EVENTS_TOPIC)).map(({ partition, low, high }) => ({
    ...{ partition, first: low, end: high },
  }));
  const truth: TopicTruth = { records: 0, places: new Set(), reasons: new Map(), ids: new Map(), repeats: 0 };
  await createLogReader(kafka, EVENTS_TOPIC).read(
    ranges,
    (records) => {
      for (const { partition, offset, timestampMs, value, has } of records)
        if (!has(HEADERS.window)) account(truth, `${partition}/${offset}`, timestampMs, value);
      return true;
    },
    AbortSignal.timeout(LIMIT_MS),
  );
  return truth;
}

function account(truth: TopicTruth, place: string, arrivedMs: number, value: Buffer | null): void {
  const window = windowIdHolding(arrivedMs);
  truth.records += 1;
  truth.places.add(place);
  const found = classify(value ?? Buffer.alloc(0), windowStartMs(window) + WINDOW_MS);
  if (!found.valid) {
    truth.reasons.set(place, found.reason_code);
    return;
  }
  let ids = truth.ids.get(window);
  if (!ids) truth.ids.set(window, (ids = new Set()));
  if (ids.has(found.event.event_id)) truth.repeats += 1;
  else ids.add(found.event.event_id);
}

/** How many were set aside for which reason, repetitions among them. */
export function setAside({ reasons, repeats }: TopicTruth): Record<string, number> {
  const counts: Record<string, number> = repeats > 0 ? { [DUPLICATE_REASON]: repeats } : {};
  for (const reason of reasons.values()) counts[reason] = (counts[reason] ?? 0) + 1;
  return counts;
}
