import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { classify } from '../../../contracts/classify.ts';
import { EVENT_TYPES, ListeningEvent, MAX_RECORD_BYTES } from '../../../contracts/events.ts';
import { QUARANTINE_REASONS, type QuarantineReason } from '../../../contracts/quarantine.ts';

const FOLDER = join(import.meta.dirname, '../../../contracts/examples');

const manifest = JSON.parse(readFileSync(join(FOLDER, 'manifest.json'), 'utf8')) as {
  window_end: string;
  pass: string[];
  fail: Record<string, { reason_code: QuarantineReason; field: string | null }>;
};
const windowEnd = Date.parse(manifest.window_end);
const bytesOf = (path: string): Buffer => readFileSync(join(FOLDER, path));

/** Whether zod alone takes the bytes; it knows neither sizes nor windows. */
function zodAccepts(bytes: Buffer): boolean {
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
    return ListeningEvent.safeParse(JSON.parse(text)).success;
  } catch {
    return false;
  }
}

test('the manifest names every example, and every reason and event type has some', () => {
  const files = readdirSync(FOLDER, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.(pass|fail)\./.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name).slice(FOLDER.length + 1))
    .sort();
  expect(files).toEqual([...manifest.pass, ...Object.keys(manifest.fail)].sort());
  for (const reason of Object.keys(QUARANTINE_REASONS))
    expect(files.filter((path) => path.startsWith(`invalid/${reason}/`)).length, reason).toBeGreaterThan(1);
  for (const eventType of EVENT_TYPES)
    expect(files.filter((path) => path.startsWith(`${eventType}/`)).length, eventType).toBeGreaterThan(1);
});

describe('examples that pass', () => {
  test.each(manifest.pass)('%s', (path) => {
    expect(classify(bytesOf(path), windowEnd)).toMatchObject({ valid: true });
    expect(zodAccepts(bytesOf(path))).toBe(true);
    expect(path.split('/')[0]).toBe(JSON.parse(bytesOf(path).toString()).event_type);
  });
});

describe('examples that are set aside', () => {
  test.each(Object.entries(manifest.fail))('%s', (path, { reason_code, field }) => {
    const bytes = bytesOf(path);
    const result = classify(bytes, windowEnd);
    expect(result).toMatchObject({ valid: false, reason_code, field });
    expect(path.split('/')[1]).toBe(reason_code);
    if (!result.valid) {
      expect(result.reason.length).toBeLessThan(200);
      if (field) expect(result.reason.startsWith(`${field} is `)).toBe(true);
    }
    const isBeyondZod = reason_code === 'time_in_future' || bytes.length > MAX_RECORD_BYTES;
    if (!isBeyondZod) expect(zodAccepts(bytes)).toBe(false);
  });
});
