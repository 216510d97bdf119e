import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { classify } from '../../contracts/classify.ts';
import { Ledger } from '../../contracts/ledger.ts';
import {
  WINDOW_MS,
  type WindowId,
  WindowId as WindowIdSchema,
  windowStartMs,
} from '../../contracts/window.ts';
import type { Installation } from '../installation.ts';

/** What went in: the bytes of `reprise generate`, and what the contracts say of them. */
export interface WindowTruth {
  window: WindowId;
  ledger: Ledger;
  /** How often each record stands in the window, by the MD5 of its bytes. */
  records: Map<string, number>;
  /** Of the valid events; each counts once, however often it was sent. */
  eventIds: Set<string>;
}

export const recordDigest = (bytes: Uint8Array): string => createHash('md5').update(bytes).digest('hex');

const Generated = z.object({
  windows: z.array(
    z.object({
      window: WindowIdSchema,
      directory: z.string(),
      files: z.array(z.object({ file: z.string() })),
      ledger: Ledger,
    }),
  ),
});

export interface Volume {
  events: number;
  seed: number;
  shards: number;
}

export async function generateTruth(
  installation: Installation,
  first: WindowId,
  windows: number,
  { events, seed, shards }: Volume,
): Promise<WindowTruth[]> {
  const folder = mkdtempSync(join(tmpdir(), 'reprise-truth-'));
  try {
    const said = await installation.repriseOrThrow(
      ...['generate', '--json', '--start', first, '--windows', String(windows), '--out', folder],
      ...['--events', String(events), '--seed', String(seed), '--shards', String(shards)],
    );
    return Generated.parse(JSON.parse(said)).windows.map(({ window, directory, files, ledger }) => {
      const truth: WindowTruth = { window, ledger, records: new Map(), eventIds: new Set() };
      for (const { file } of files) account(truth, readFileSync(join(directory, file)));
      check(truth);
      return truth;
    });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function account(truth: WindowTruth, bytes: Buffer): void {
  const end = windowStartMs(truth.window) + WINDOW_MS;
  for (let from = 0; from < bytes.length; ) {
    const to = bytes.indexOf(10, from);
    const record = bytes.subarray(from, to < 0 ? bytes.length : to);
    from = to < 0 ? bytes.length : to + 1;
    const digest = recordDigest(record);
    truth.records.set(digest, (truth.records.get(digest) ?? 0) + 1);
    const judged = classify(record, end);
    if (judged.valid) truth.eventIds.add(judged.event.event_id);
  }
}

/** The two accounts of what went in, the seeded ledger and this one, are independent of each other. */
function check({ window, ledger, records, eventIds }: WindowTruth): void {
  const total = [...records.values()].reduce((sum, count) => sum + count, 0);
  if (total !== ledger.arrived.total || eventIds.size !== ledger.valid.total || total === 0)
    throw new Error(
      `${window}: ${total} records and ${eventIds.size} valid events, the ledger says ${ledger.arrived.total} and ${ledger.valid.total}`,
    );
}
