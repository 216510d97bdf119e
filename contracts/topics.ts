/** Every Kafka topic, declared once; `reprise init` applies the declaration and may be run any number of times. */
export interface TopicDeclaration {
  name: string;
  /** Undefined: the installation's `KAFKA_PARTITIONS`. */
  partitions: number | undefined;
  config: Record<string, string>;
  purpose: string;
}

/** Records above this size are refused by the broker: nothing that a producer may send is larger. */
export const MAX_MESSAGE_BYTES = 1_048_576;

export const EVENTS_TOPIC = 'reprise.listening-events.v1';
export const RECEIPTS_TOPIC = 'reprise.receipts.v1';
export const DEAD_LETTERS_TOPIC = 'reprise.dead-letters.v1';

const DAY_MS = 86_400_000;

export const TOPICS: readonly TopicDeclaration[] = [
  {
    name: EVENTS_TOPIC,
    partitions: undefined,
    config: {
      'cleanup.policy': 'delete',
      // A week: long enough to ingest a window again after a bad weekend; afterwards `raw` holds every byte.
      'retention.ms': String(7 * DAY_MS),
      'max.message.bytes': String(MAX_MESSAGE_BYTES),
      'compression.type': 'producer',
      // The broker's clock: an hour is a range of offsets, and no producer's clock can move a record into another one.
      'message.timestamp.type': 'LogAppendTime',
    },
    purpose:
      'Listening events as JSON, keyed by listener_id; header `window` names the arrival window, without it the hour of arrival counts.',
  },
  {
    name: RECEIPTS_TOPIC,
    partitions: 1,
    config: { 'cleanup.policy': 'compact', 'max.message.bytes': String(MAX_MESSAGE_BYTES) },
    purpose: 'One receipt a published shard, written in the same transaction as the records it names.',
  },
  {
    name: DEAD_LETTERS_TOPIC,
    partitions: 1,
    config: {
      'cleanup.policy': 'delete',
      'retention.ms': String(30 * DAY_MS),
      'max.message.bytes': String(MAX_MESSAGE_BYTES + 65_536),
    },
    purpose: 'Quarantined records, byte for byte, with the reason and the original coordinates in headers.',
  },
];

/**
 * Names of the record headers on the events topic. `publication` is the content hash of the shard the record was
 * published with, the same as on its receipt: a window that is asked for with another seed or count is published anew,
 * and readers must be able to tell its records from the earlier ones that lie in the same log.
 */
export const HEADERS = { window: 'window', shard: 'shard', publication: 'publication' } as const;

/** Receipts are found by what they vouch for: the same shard with other content has a receipt of its own. */
export function receiptKey(topic: string, window: string, shard: number, contentHash: string): string {
  return `${topic}/${window}/${shard}/${contentHash}`;
}

/** Headers of a dead letter. */
export const DEAD_LETTER_HEADERS = {
  window: 'window',
  reasonCode: 'reason_code',
  reason: 'reason',
  topic: 'source_topic',
  partition: 'source_partition',
  offset: 'source_offset',
} as const;
