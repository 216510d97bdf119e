import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { register } from '../../../../cli/commands/realism.ts';
import { scorecardText } from '../../../../cli/scorecard-text.ts';
import { WINDOW_MS } from '../../../../contracts/window.ts';
import { judge, TARGETS } from '../../../../generator/realism/scorecard.ts';
import { SessionBook } from '../../../../generator/realism/sessions.ts';
import { Tally } from '../../../../generator/realism/tally.ts';

vi.setConfig({ testTimeout: 120_000 });

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'reprise-realism-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));
afterEach(() => {
  process.exitCode = undefined;
});

/** Runs the command and returns what it prints. */
async function realism(...options: string[]): Promise<string> {
  let printed = '';
  const spy = vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    printed += String(text);
    return true;
  });
  const command = new Command('realism').exitOverride().configureOutput({ writeErr: () => {} });
  register(command);
  try {
    await command.parseAsync(options, { from: 'user' });
  } finally {
    spy.mockRestore();
  }
  return printed;
}

const TINY = ['--events', '20', '--days', '7', '--listeners', '3'];

test('too little to tell is a failure that names its rows; what was counted can be counted again', async () => {
  const out = join(folder, 'scored');
  const result = JSON.parse(await realism(...TINY, '--json', '--out', out));
  expect(process.exitCode).toBe(1);
  expect(result.passed).toBe(false);
  expect(result.rows.map((row: { id: string }) => row.id)).toEqual(TARGETS.map(({ id }) => id));
  expect(result.failed).toContain('skipped-charts');
  expect(JSON.parse(readFileSync(join(out, 'scorecard.json'), 'utf8'))).toEqual(result);

  const book = new SessionBook();
  const listeners = readFileSync(join(out, 'listeners.ndjson'), 'utf8').trimEnd().split('\n');
  for (const name of readdirSync(out).filter((name) => name.startsWith('window='))) {
    const start = Date.parse(name.slice('window='.length).replace(/-(\d\dZ)$/, ':$1'));
    book.read(readFileSync(join(out, name, 'shard-0000.ndjson')), start + WINDOW_MS);
  }
  expect(book.counts).toEqual({
    records: result.counted.records,
    invalid: result.counted.invalid,
    duplicates: result.counted.duplicates,
  });
  expect([...book.sessions(Date.parse(result.windows.first))]).toHaveLength(result.counted.sessions);
  expect(listeners).toHaveLength(result.counted.listeners);
  expect(Object.keys(JSON.parse(listeners[0] as string))).toContain('age_band');
});

test('the table has a line for each row, and its last says what is not met', () => {
  const counted = { records: 0, invalid: 0, duplicates: 0, sessions: 0, playbacks: 0, listeners: 0 };
  const lines = scorecardText({
    windows: { first: '2026-01-14T00:00Z', count: 24 },
    counted: { ...counted, heavyListeners: 0 },
    rows: judge(new Tally()),
  }).split('\n');
  for (const { label, source } of TARGETS)
    expect(lines.filter((line) => line.startsWith(label) && line.endsWith(source))).not.toEqual([]);
  expect(lines.at(-1)).toMatch(/^48 of 48 targets not met: skipped; .*skipped-charts/);
  expect(Math.max(...lines.slice(0, -1).map((line) => line.length))).toBeLessThan(130);
});

test.each([
  [['--seed', 'x'], "'x' is invalid"],
  [['--days', '6'], 'a whole number from 7 to 366'],
  [['--events', '0'], 'a whole number from 10 to 1000000'],
  [['--listeners', '-1'], 'a whole number from 1 to'],
  [['--start', '2026-01-14T00:30Z'], 'a window starts on the full hour'],
  [['--start', '1999-01-13T00:00Z'], 'a window lies between'],
])('%j is refused in one line', async (options, message) => {
  const failure = await realism(...options).catch((error) => error);
  expect(failure).toBeInstanceOf(Error);
  expect(failure.message).toContain(message);
  expect(failure.message.trim()).not.toContain('\n');
});

test('records of two runs do not lie side by side', async () => {
  await expect(realism(...TINY, '--out', folder)).rejects.toThrow('is not empty');
  await expect(realism(...TINY, '--out', '/proc/reprise')).rejects.toThrow('cannot write to /proc/reprise');
});
