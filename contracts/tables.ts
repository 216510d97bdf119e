import { z } from 'zod';
import { EVENT_CONTRACTS, EVENT_TYPES } from './events.ts';
import { CatalogueTrack } from './lake.ts';
import type { LakeTable } from './steps.ts';

/** What a column holds, whatever an engine calls it. */
export type ColumnType =
  | 'timestamp'
  | 'date'
  | 'string'
  | 'int'
  | 'bigint'
  | 'boolean'
  | 'binary'
  | 'headers';

export interface Column {
  name: string;
  type: ColumnType;
  nullable: boolean;
  description: string;
}

/** The part of a field's JSON Schema that decides its column. */
interface FieldSchema {
  type?: string;
  const?: unknown;
  format?: string;
  description?: string;
}

function columnType(name: string, field: FieldSchema): ColumnType {
  if (field.format === 'date-time') return 'timestamp';
  if (field.format === 'date') return 'date';
  if (field.type === 'integer') return 'bigint';
  if (field.type === 'number' && Number.isInteger(field.const)) return 'int';
  if (field.type === 'boolean') return 'boolean';
  if (field.type === 'string') return 'string';
  throw new Error(`no column type for the field ${name}`);
}

/** The columns of an object's fields, as the contract describes them. */
function columnsOf(schema: z.ZodType): Column[] {
  const { properties = {}, required = [] } = z.toJSONSchema(schema, { io: 'input' });
  return Object.entries(properties).map(([name, field]) => ({
    name,
    type: columnType(name, field as FieldSchema),
    nullable: !required.includes(name),
    description: (field as FieldSchema).description ?? '',
  }));
}

/** The union of the event contracts' fields: nullable where some event type lacks the field. */
function eventColumns(): Column[] {
  const contracts = EVENT_TYPES.map((eventType) => columnsOf(EVENT_CONTRACTS[eventType]));
  const union = new Map<string, Column>();
  for (const columns of contracts) {
    for (const column of columns) {
      const inAll = contracts.every((other) => other.some(({ name }) => name === column.name));
      union.set(column.name, { ...column, nullable: !inAll });
    }
  }
  const describe = (column: Column): Column =>
    column.name === 'event_type' ? { ...column, description: 'Which contract the event follows.' } : column;
  return [...union.values()].map(describe);
}

/** Null when the catalogue does not know the track, or the event names none. */
function enrichmentColumns(): Column[] {
  return columnsOf(CatalogueTrack)
    .filter(({ name }) => name !== 'track_id')
    .map((column) => ({ ...column, nullable: true }));
}

const column = (name: string, type: ColumnType, description: string, nullable = false): Column => ({
  name,
  type,
  nullable,
  description,
});

const windowStart = column(
  'window_start',
  'timestamp',
  'Start of the window in which the record arrived; the partition of every table.',
);
const kafkaTopic = column('kafka_topic', 'string', 'Topic from which the record was read.');
const kafkaPartition = column('kafka_partition', 'int', 'Partition from which the record was read.');
const kafkaOffset = column('kafka_offset', 'bigint', 'Offset at which the record stood.');
const recordHash = column(
  'record_hash',
  'bigint',
  "First eight bytes of the MD5 of the record's bytes, big-endian, signed; their sum is the content hash.",
);

const eventId = column('event_id', 'string', 'The event_id that the record claims, if it is text.', true);

/** Columns of every lake table, in their order. */
export const TABLES: Record<LakeTable, Column[]> = {
  raw: [
    windowStart,
    kafkaTopic,
    kafkaPartition,
    kafkaOffset,
    column('kafka_timestamp', 'timestamp', 'Timestamp of the record in Kafka; not when it happened.'),
    column('record_key', 'binary', 'Key of the record as it arrived.', true),
    column('record_value', 'binary', 'Every byte of the record as it arrived.', true),
    column('headers', 'headers', 'Headers of the record as they arrived.', true),
    recordHash,
  ],
  events: [windowStart, ...eventColumns(), ...enrichmentColumns(), kafkaPartition, kafkaOffset, recordHash],
  quarantine: [
    windowStart,
    column('reason_code', 'string', 'Stable code of the reason; duplicate_event for a repeated event_id.'),
    column('reason', 'string', 'The reason as a sentence, with the field and the value.'),
    column('field', 'string', 'The field that is to blame; null when the whole record is.', true),
    column('event_type', 'string', 'The event_type that the record claims, if it is text.', true),
    eventId,
    kafkaTopic,
    kafkaPartition,
    kafkaOffset,
    column('record_value', 'binary', 'Every byte of the record as it arrived.', true),
    recordHash,
  ],
  minute_counts: [
    windowStart,
    column('minute', 'timestamp', 'Minute of occurred_at, which may lie before the window.'),
    column('event_type', 'string', 'Which contract the events follow.'),
    column('country', 'string', 'Country of the listeners, ISO 3166-1 alpha-2.'),
    column('device', 'string', 'Kind of device.'),
    column('events', 'bigint', 'Valid, distinct events of that minute.'),
    column('ms_played', 'bigint', 'Milliseconds played in them; 0 for events that play nothing.'),
  ],
};

/** Lake tables that are loaded into the warehouse. `raw` stays in the lake, as do the bytes of rejected records. */
export const WAREHOUSE_TABLES = ['events', 'quarantine', 'minute_counts'] as const;
export type WarehouseTable = (typeof WAREHOUSE_TABLES)[number];

export function warehouseColumns(table: WarehouseTable): Column[] {
  return TABLES[table].filter(({ type }) => type !== 'binary' && type !== 'headers');
}
