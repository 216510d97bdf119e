/** Why a record was set aside. The codes are stable; the sentence beside each is what an operator reads. */
export const QUARANTINE_REASONS = {
  oversized: 'The record is larger than any event may be.',
  malformed_json: 'The bytes are not a JSON object in UTF-8.',
  unknown_event_type: 'The event_type is none that has a contract.',
  unsupported_version: 'The schema_version is not one that this platform reads.',
  missing_field: 'A field that the contract requires is absent or null.',
  wrong_type: 'A field has another JSON type than the contract says.',
  invalid_value: 'A field has a value outside its form or its list of values.',
  impossible_value: 'A number is outside the range that can be true.',
  time_in_future: 'It is said to have happened after it arrived.',
} as const;

export type QuarantineReason = keyof typeof QUARANTINE_REASONS;

/** Kept beside the quarantine, but counted apart: the record is good, its event_id was there already. */
export const DUPLICATE_REASON = 'duplicate_event';

/**
 * When several things are wrong with one record, the first of these is the reason: the order in which a reader finds
 * out. Within one reason the first field in the contract's order is to blame. `contracts/classify.ts` states the rules;
 * the generator's ledger and Spark's transforms both rely on them.
 */
export const REASON_ORDER: readonly QuarantineReason[] = [
  'oversized',
  'malformed_json',
  'unknown_event_type',
  'unsupported_version',
  'missing_field',
  'wrong_type',
  'invalid_value',
  'impossible_value',
  'time_in_future',
];
