import { z } from 'zod';
import { ContentHash } from './content-hash.ts';

const Count = z.number().int().nonnegative();

/**
 * The places that a window's records pass, in their order. A completed window has them all. Each is held against the
 * window's ledger up to `warehouse`; the marts are held against the events that they are made of, and what is served
 * against the marts. What exactly is compared is in docs/processes/window.md.
 */
export const HopName = z.enum([
  /** The shards on the object store, as counted while they were written. Not of an hour that filled by itself. */
  'landing',
  /** What the receipts say that the broker acknowledged. It is read back only where ingest does not find all of it. */
  'kafka',
  /** What was read back from the topic, as the lake keeps it. */
  'raw',
  'events',
  'quarantine',
  'duplicates',
  /** The window's events, counted in the warehouse. */
  'warehouse',
  /**
   * The days that the window touches: what the hours have counted, against the events of which the marts are made:
   * those of the window must all be among them.
   * Absent in reports of earlier versions.
   */
  'marts',
  /** Rows of the marts in the snapshot that readers open, against those in the warehouse that they were copied from. */
  'serving',
]);
export type HopName = z.infer<typeof HopName>;

const HopSide = z.object({
  total: Count,
  content_hash: ContentHash.nullable().describe(
    'Of the bytes of the records, or (serving) of the rows. Null where nobody can say it beforehand, as of what dbt makes.',
  ),
  by: z
    .record(z.string(), Count)
    .describe(
      'The total by the type that can be read (landing, kafka, raw: bytes that nobody has judged yet), by event_type ' +
        '(events, duplicates, warehouse, marts), by reason (quarantine) or by mart (serving). Empty where one of the sides ' +
        'was counted by an earlier version, which did not tell them apart.',
    ),
  content_hashes: z
    .record(z.string(), ContentHash)
    .optional()
    .describe(
      'By mart: the content hash of its rows (serving), or of those of the days in question (marts).',
    ),
});

/** How many records of each kind are named. */
export const NAMED_RECORDS = 10;

/** A record by which an operator finds out what has happened. */
export const HopRecord = z.object({
  finding: z
    .enum(['missing', 'extra'])
    .describe('missing: expected here and not found; extra: the other way round.'),
  type: z.string().describe('The key under which it counts in `by`.'),
  event_id: z.string().describe('Or `md5 …` of its bytes, when no id can be read in them.'),
});
export type HopRecord = z.infer<typeof HopRecord>;

/** One place that the records pass: what is expected there, and what was found. */
export const HopReport = z.object({
  hop: HopName,
  expected: HopSide,
  observed: HopSide,
  matches: z.boolean(),
  /** One sentence a difference; empty when it matches. */
  differences: z.array(z.string()),
  records: z
    .array(HopRecord)
    .max(2 * NAMED_RECORDS)
    .optional()
    .describe(
      'Up to ten of those that are missing, and of those that are too many; absent when none is known.',
    ),
});
export type HopReport = z.infer<typeof HopReport>;
