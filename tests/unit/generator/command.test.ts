import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { register } from '../../../cli/commands/generate.ts';
import { CommandFailure } from '../../../cli/failure.ts';
import { classify } from '../../../contracts/classify.ts';
import type { ListeningEvent } from '../../../contracts/events.ts';
import { CatalogueTrack } from '../../../contracts/lake.ts';
import { Ledger } from '../../../contracts/ledger.ts';
import { ListenerProfile } from '../../../contracts/listener-profile.ts';
import { WINDOW_MS, type WindowId, windowKey, windowStartMs } from '../../../contracts/window.ts';
import { recount } from './recount.ts';

const START = '2026-01-05T08:00Z';
let out = '';

beforeAll(() => {
  out = mkdtempSync(join(tmpdir(), 'reprise-generate-'));
});
afterAll(() => rmSync(out, { recursive: true, force: true }));

/** Runs the command and returns what it prints. */
async function generate(...options: string[]): Promise<string> {
  let printed = '';
  const spy = vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    printed += String(text);
    return true;
  });
  const command = new Command('generate').exitOverride();
  register(command);
  try {
    await command.parseAsync(options, { from: 'user' });
  } finally {
    spy.mockRestore();
  }
  return printed;
}

const ndjson = (file: string): unknown[] =>
  readFileSync(file, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as unknown);

/** The valid events of a window, one shard after the other. */
function eventsOf(window: WindowId): ListeningEvent[] {
  const directory = join(out, `window=${windowKey(window)}`);
  const files = readdirSync(directory).filter((file) => file.endsWith('.ndjson'));
  return files.flatMap((file) =>
    readFileSync(join(directory, file), 'utf8')
      .split('\n')
      .map((line) => classify(Buffer.from(line), windowStartMs(window) + WINDOW_MS))
      .flatMap((found) => (found.valid ? [found.event] : [])),
  );
}

const unique = (names: string[]): string[] => [...new Set(names)].sort();

test('it writes the records, the ledger and the catalogue, and prints what they hold', async () => {
  const printed = await generate('--start', START, '--events', '9000', '--shards', '2', '--out', out);
  const directory = join(out, 'window=2026-01-05T08-00Z');
  expect(readdirSync(directory).sort()).toEqual(['ledger.json', 'shard-0000.ndjson', 'shard-0001.ndjson']);
  const lines = ['shard-0000.ndjson', 'shard-0001.ndjson'].flatMap((file) =>
    readFileSync(join(directory, file), 'latin1')
      .trimEnd()
      .split('\n')
      .map((line) => Buffer.from(line, 'latin1')),
  );
  const ledger = Ledger.parse(JSON.parse(readFileSync(join(directory, 'ledger.json'), 'utf8')));
  expect(ledger).toMatchObject(recount(lines, START).account);
  expect(printed).toContain(ledger.arrived.content_hash);
  const mentioned = eventsOf(START).flatMap((event) => ('track_id' in event ? [event.track_id] : []));
  const tracks = ndjson(join(out, 'catalogue.ndjson')).map((line) => CatalogueTrack.parse(line).track_id);
  expect(tracks).toEqual(unique(mentioned));
  expect(readdirSync(out).sort()).toEqual(['catalogue.ndjson', 'window=2026-01-05T08-00Z']);
});

test('on request it says who the listeners are, by name, whatever the shards', async () => {
  const profiles = join(out, 'listeners.ndjson');
  const asked = ['--start', START, '--windows', '2', '--events', '9000', '--profiles', '--json'];
  const options = [...asked, '--out', out];
  const { listeners } = JSON.parse(await generate(...options, '--shards', '3'));
  expect(listeners).toBe(profiles);
  const described = ndjson(profiles).map((line) => ListenerProfile.parse(line));
  const events = [START, '2026-01-05T09:00Z'].flatMap(eventsOf);
  expect(described.map(({ listener_id }) => listener_id)).toEqual(
    unique(events.map(({ listener_id }) => listener_id)),
  );
  const countries = new Map(described.map(({ listener_id, country }) => [listener_id, country]));
  for (const { listener_id, country } of events) expect(countries.get(listener_id)).toBe(country);
  const before = readFileSync(profiles, 'utf8');
  await generate(...options, '--shards', '1');
  expect(readFileSync(profiles, 'utf8')).toBe(before);
  rmSync(profiles);
});

test('defects are planted as asked, or not at all', async () => {
  const options = ['--start', START, '--events', '2000', '--out', out, '--json'];
  const planted = async (...more: string[]): Promise<Record<string, number>> =>
    JSON.parse(await generate(...options, ...more)).windows[0].ledger.planted;
  expect(await planted('--no-defects')).toEqual({});
  const only = await planted('--no-defects', '--defect', 'wrong_type=0.1', '--defect', 'duplicate=.05');
  expect(Object.keys(only)).toEqual(['duplicate', 'wrong_type']);
  expect(only.wrong_type).toBeGreaterThan(120);
  expect(await planted('--defect', 'malformed_json=0')).not.toHaveProperty('malformed_json');
});

test('a second run replaces the first whole', async () => {
  const options = ['--start', START, '--windows', '2', '--events', '300', '--out', out, '--json'];
  const result = JSON.parse(await generate(...options));
  expect(JSON.parse(await generate(...options))).toEqual(result);
  expect(result.windows.map((window: { window: string }) => window.window)).toEqual([
    START,
    '2026-01-05T09:00Z',
  ]);
  expect(readdirSync(join(out, 'window=2026-01-05T08-00Z')).sort()).toEqual([
    'ledger.json',
    'shard-0000.ndjson',
  ]);
  expect(readdirSync(out).sort()).toEqual([
    'catalogue.ndjson',
    'window=2026-01-05T08-00Z',
    'window=2026-01-05T09-00Z',
  ]);
});

describe('a folder that is used again', () => {
  const folder = (): string => mkdtempSync(join(out, 'again-'));
  const LATER = '2026-01-05T11:00Z';
  const read = (directory: string, name: string): string => readFileSync(join(directory, name), 'utf8');

  test('keeps the tracks and listeners of the windows that stand there', async () => {
    const [one, other, both] = [folder(), folder(), folder()];
    const options = ['--events', '3000', '--profiles', '--out'];
    await generate('--start', START, ...options, one);
    await generate('--start', LATER, ...options, other);
    for (const start of [LATER, START, LATER]) await generate('--start', start, ...options, both);
    for (const [name, field] of [
      ['catalogue.ndjson', 'track_id'],
      ['listeners.ndjson', 'listener_id'],
    ] as const) {
      const named = (directory: string): string[] =>
        ndjson(join(directory, name)).map((line) => (line as Record<string, string>)[field] as string);
      expect(named(both)).toEqual(unique([...named(one), ...named(other)]));
      expect(named(both).length).toBeGreaterThan(Math.max(named(one).length, named(other).length));
    }
    const lines = [one, other].flatMap((directory) =>
      read(directory, 'catalogue.ndjson').trimEnd().split('\n'),
    );
    expect(read(both, 'catalogue.ndjson')).toBe(`${unique(lines).join('\n')}\n`);
    expect(readdirSync(both).filter((name) => name.includes('partial'))).toEqual([]);
  });

  test('takes the new line of two with one name', async () => {
    const directory = folder();
    const options = ['--start', START, '--events', '300', '--out', directory];
    await generate(...options);
    const before = read(directory, 'catalogue.ndjson');
    const old = before.replaceAll(/"track_title":"[^"]*"/g, '"track_title":"Old"');
    writeFileSync(join(directory, 'catalogue.ndjson'), `${old}{"track_id":"t-9999999"}\nno line of ours\n`);
    await generate(...options);
    expect(read(directory, 'catalogue.ndjson')).toBe(`${before}{"track_id":"t-9999999"}\n`);
  });

  test('is refused to another seed, and nothing is touched', async () => {
    const directory = folder();
    const options = ['--start', START, '--events', '300', '--out', directory];
    await generate(...options, '--seed', '4');
    const before = read(directory, 'catalogue.ndjson');
    const failure = await generate('--start', LATER, ...options.slice(2), '--seed', '5').catch((e) => e);
    expect(failure).toBeInstanceOf(CommandFailure);
    expect(failure.message).toBe(`${directory} holds windows of the seed 4, and this would be the seed 5`);
    expect(failure.mend).toContain('--seed 4');
    expect(readdirSync(directory).sort()).toEqual(['catalogue.ndjson', 'window=2026-01-05T08-00Z']);
    expect(read(directory, 'catalogue.ndjson')).toBe(before);
    // Without its windows, a catalogue is of nobody knows which seed.
    rmSync(join(directory, 'window=2026-01-05T08-00Z'), { recursive: true });
    await generate(...options, '--seed', '5');
    const tracks = ndjson(join(directory, 'catalogue.ndjson'));
    expect(tracks).toEqual(tracks.map((line) => CatalogueTrack.parse(line)));
    expect(read(directory, 'catalogue.ndjson')).not.toContain(before.split('\n')[0]);
  });
});

test.each([
  [['--start', '2026-01-05T08:30Z'], 'a window starts on the full hour'],
  [['--start', 'yesterday'], 'a window is named by its start in UTC'],
  [['--start', '2026-13-05T08:00Z'], 'no such date'],
  [['--start', '1999-01-05T08:00Z'], 'a window lies between'],
  [['--events', '-5'], '--events is -5'],
  [['--events', '1e9'], '--events is 1e9'],
  [['--events', '50000001'], 'from 0 to 50000000'],
  [['--seed', 'x'], '--seed is x'],
  [['--shape', 'round'], '--shape is round; it must be flat or diurnal'],
  [['--shards', '0'], '--shards is 0'],
  [['--windows', '0'], '--windows is 0'],
  [['--start', '2097-12-31T23:00Z', '--windows', '3'], 'a window lies between'],
  [['--out', ''], '--out is empty'],
  [['--defect', 'dust=0.1'], 'there is no defect of that kind'],
  [['--defect', 'late=1.5'], 'must be a share from 0 to 1'],
  [['--defect', 'late'], 'must be a share from 0 to 1'],
  [['--defect', 'duplicate=0.6', '--defect', 'oversized=0.6'], 'more than all'],
])('%j is refused in one line', async (options, message) => {
  const failure = await generate('--start', START, '--events', '5', '--out', out, ...options).catch((e) => e);
  expect(failure).toBeInstanceOf(CommandFailure);
  expect(failure.message).toContain(message);
  expect(failure.message).not.toContain('\n');
  expect(failure.mend).toBeTruthy();
});

test.each(['/proc/reprise', '/dev/null/reprise'])('nothing can be written to %s', async (directory) => {
  await expect(generate('--start', START, '--events', '5', '--out', directory)).rejects.toThrow(
    `cannot write to ${directory}`,
  );
});

test('a file in the way is named', async () => {
  const file = join(out, 'a-file');
  writeFileSync(file, '');
  await expect(generate('--start', START, '--events', '5', '--out', file)).rejects.toThrow(
    'part of that path is a file',
  );
});
