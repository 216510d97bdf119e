import { z } from 'zod';
import {
  CLOCK_SKEW_MS,
  EVENT_CONTRACTS,
  EVENT_TYPES,
  type EventType,
  type ListeningEvent,
  MAX_RECORD_BYTES,
  SCHEMA_VERSION,
} from './events.ts';
import type { QuarantineReason } from './quarantine.ts';

/** What the contract says of one field, as far as it decides a reason. */
export interface FieldRule {
  name: string;
  kind: 'string' | 'integer' | 'boolean';
  pattern: RegExp | undefined;
  values: readonly unknown[] | undefined;
  example: unknown;
  minimum: number | undefined;
  maximum: number | undefined;
  isTimestamp: boolean;
}

interface FieldSchema {
  type?: string;
  const?: unknown;
  enum?: unknown[];
  pattern?: string;
  format?: string;
  examples?: unknown[];
  minimum?: number;
  maximum?: number;
}

function fieldRules(eventType: EventType): FieldRule[] {
  const { properties = {} } = z.toJSONSchema(EVENT_CONTRACTS[eventType], { io: 'input' });
  return Object.entries(properties).map(([name, property]) => {
    const field = property as FieldSchema;
    return {
      name,
      kind: field.type === 'boolean' ? 'boolean' : field.type === 'string' ? 'string' : 'integer',
      pattern: field.pattern === undefined ? undefined : new RegExp(field.pattern, 'u'),
      values: field.enum,
      example: field.examples?.[0],
      minimum: field.minimum,
      maximum: field.maximum,
      isTimestamp: field.format === 'date-time',
    };
  });
}

const RULES = new Map(EVENT_TYPES.map((eventType) => [eventType as string, fieldRules(eventType)]));

export type Classification =
  | { valid: true; event: ListeningEvent }
  | { valid: false; reason_code: QuarantineReason; field: string | null; reason: string };

type JsonObject = Record<string, unknown>;

/** BOM kept, so that JSON.parse refuses it: a byte order mark is no JSON. */
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

const KIND_NAMES = { string: 'text', integer: 'a whole number', boolean: 'true or false' } as const;

/** A value as a reader may see it: its JSON, cut to 60 characters. */
function shown(value: unknown): string {
  const json = typeof value === 'number' ? String(value) : JSON.stringify(value);
  return json.length > 60 ? `${json.slice(0, 57).toWellFormed()}...` : json;
}

function typeName(value: unknown): string {
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'an object';
  if (typeof value === 'string') return 'text';
  if (typeof value === 'boolean') return 'a truth value';
  return Number.isInteger(value) ? 'a whole number' : 'a fraction';
}

/** Whole by value, however it is written: `5`, `5.0` and `5e0` are the same number to every JSON reader. */
function hasKind(value: unknown, kind: FieldRule['kind']): boolean {
  if (kind !== 'integer') return typeof value === kind;
  return typeof value === 'number' && (Number.isInteger(value) || !Number.isFinite(value));
}

/** Microseconds of a timestamp that follows the contract: milliseconds alone would hide the last three digits. */
function microseconds(timestamp: string): bigint {
  const fraction = timestamp.slice(20, -1).padEnd(6, '0');
  return BigInt(Date.parse(`${timestamp.slice(0, 19)}Z`)) * 1000n + BigInt(fraction);
}

function isRealInstant(value: string): boolean {
  const instant = Date.parse(value);
  return !Number.isNaN(instant) && new Date(instant).toISOString().slice(0, 19) === value.slice(0, 19);
}

function hasForm(value: string, rule: FieldRule): boolean {
  if (rule.values) return rule.values.includes(value);
  if (rule.pattern && !rule.pattern.test(value)) return false;
  return !rule.isTimestamp || isRealInstant(value);
}

const rejected = (reason_code: QuarantineReason, field: string | null, reason: string): Classification => ({
  valid: false,
  reason_code,
  field,
  reason,
});

const absent = (value: unknown): boolean => value === undefined || value === null;

/** The JSON object in the bytes, or a sentence that says why there is none. */
function parseObject(bytes: Uint8Array): JsonObject | string {
  let text: string;
  try {
    text = utf8.decode(bytes);
  } catch {
    return 'the bytes are not UTF-8';
  }
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    return text.trim() === '' ? 'the record is empty' : 'the bytes are not JSON';
  }
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed))
    return `the JSON is ${parsed === null ? 'null' : typeName(parsed)}, not an object`;
  return parsed as JsonObject;
}

function firstBreach(record: JsonObject, rules: readonly FieldRule[]): Classification | undefined {
  for (const { name } of rules)
    if (absent(record[name]))
      return rejected('missing_field', name, `${name} is ${name in record ? 'null' : 'missing'}`);
  for (const { name, kind } of rules)
    if (!hasKind(record[name], kind))
      return rejected(
        'wrong_type',
        name,
        `${name} is ${shown(record[name])}, ${typeName(record[name])}; it must be ${KIND_NAMES[kind]}`,
      );
  for (const rule of rules) {
    const value = record[rule.name];
    if (typeof value !== 'string' || hasForm(value, rule)) continue;
    const wanted = rule.values ? `be one of ${rule.values.join(', ')}` : `look like ${shown(rule.example)}`;
    return rejected('invalid_value', rule.name, `${rule.name} is ${shown(value)}; it must ${wanted}`);
  }
  for (const { name, minimum, maximum } of rules) {
    const value = record[name];
    if (minimum === undefined || maximum === undefined || typeof value !== 'number') continue;
    if (value < minimum || value > maximum)
      return rejected(
        'impossible_value',
        name,
        `${name} is ${shown(value)}; it must be between ${minimum} and ${maximum}`,
      );
  }
  return undefined;
}

/**
 * The reference of the rules that Spark's transforms follow: whether the bytes are an event, and if not, why.
 *
 * - The order of the reasons is `REASON_ORDER`; within a reason the first field in the contract's order is to blame.
 * - Absent and null are the same: `missing_field`. That holds for `event_type` and `schema_version` too; present but
 *   not one of the known values they are `unknown_event_type` and `unsupported_version`, whatever their JSON type.
 * - A whole number is whole by value (`5.0`, `5e0`); `"5"`, `1.5` and `true` are `wrong_type`.
 * - Fields beyond the contract are ignored; of a repeated field the last counts, as JSON.parse has it.
 * - `occurred_at` and `sent_at` may be up to CLOCK_SKEW_MS after the window's end, that instant included.
 * - White space around the object is allowed; anything else before or after it is `malformed_json`.
 *
 * @param windowEndMs end of the window in which the record arrived, milliseconds since the epoch
 */
export function classify(bytes: Uint8Array, windowEndMs: number): Classification {
  if (bytes.length > MAX_RECORD_BYTES)
    return rejected(
      'oversized',
      null,
      `the record has ${bytes.length} bytes; at most ${MAX_RECORD_BYTES} are allowed`,
    );
  const record = parseObject(bytes);
  if (typeof record === 'string') return rejected('malformed_json', null, record);
  const { event_type: eventType, schema_version: version } = record;
  const rules = typeof eventType === 'string' ? RULES.get(eventType) : undefined;
  if (!absent(eventType) && !rules)
    return rejected(
      'unknown_event_type',
      'event_type',
      `event_type is ${shown(eventType)}; known are ${EVENT_TYPES.join(', ')}`,
    );
  if (!absent(version) && version !== SCHEMA_VERSION)
    return rejected(
      'unsupported_version',
      'schema_version',
      `schema_version is ${shown(version)}; this platform reads ${SCHEMA_VERSION}`,
    );
  if (!rules)
    return rejected(
      'missing_field',
      'event_type',
      `event_type is ${'event_type' in record ? 'null' : 'missing'}`,
    );
  const breach = firstBreach(record, rules);
  if (breach) return breach;
  const event = record as ListeningEvent;
  const limit = BigInt(windowEndMs + CLOCK_SKEW_MS) * 1000n;
  for (const field of ['occurred_at', 'sent_at'] as const)
    if (microseconds(event[field]) > limit)
      return rejected(
        'time_in_future',
        field,
        `${field} is ${event[field]}; the record arrived before ${new Date(windowEndMs).toISOString()}`,
      );
  return { valid: true, event };
}

const KEY = /"listener_id"\s*:\s*"([A-Za-z0-9_:-]{1,64})"/;

/**
 * The Kafka key of a record: its listener, read from the bytes because a malformed record has one too. Null when it
 * names none; such records belong to no listener's order.
 */
export function recordKey(record: string): string | null {
  return KEY.exec(record)?.[1] ?? null;
}
