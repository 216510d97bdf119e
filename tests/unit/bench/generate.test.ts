import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { GenerateBench } from '../../../bench/generate.ts';
import { spread } from '../../../bench/spread.ts';
import { REPOSITORY } from '../../../config/paths.ts';

// Processes are started, each of which builds a catalogue.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

describe('spread', () => {
  test('the middle of an even number lies between two', () => {
    expect(spread([4, 1, 3])).toEqual({ min: 1, median: 3, max: 4 });
    expect(spread([4, 1, 3, 10])).toEqual({ min: 1, median: 3.5, max: 10 });
    expect(spread([7])).toEqual({ min: 7, median: 7, max: 7 });
  });

  test('nothing has none', () => {
    expect(() => spread([])).toThrow('no measurement');
  });
});

describe('bench generate', () => {
  let directory = '';
  beforeAll(() => {
    directory = mkdtempSync(join(tmpdir(), 'reprise-bench-test-'));
  });
  afterAll(() => rmSync(directory, { recursive: true, force: true }));

  const bench = (...args: string[]) =>
    execa(process.execPath, ['cli/main.ts', 'bench', 'generate', ...args], {
      cwd: REPOSITORY,
      reject: false,
    });

  test('it measures every setting, and leaves no file', async () => {
    const { stdout, stderr } = await bench(
      ...['--events', '400', '--shards', '2', '--runs', '1', '--dir', directory, '--json'],
    );
    const result = JSON.parse(stdout) as GenerateBench;
    expect(result.machine).toMatchObject({ node: process.version });
    expect(result.lines.map(({ sink, processes, shards }) => [sink, processes, shards])).toEqual([
      ['null', 1, 2],
      ['file', 1, 2],
      ['null', 1, 8],
      ['null', 2, 8],
    ]);
    const bytes = result.runs.map(({ of_processes }) =>
      of_processes.reduce((sum, one) => sum + one.bytes, 0),
    );
    expect(new Set(bytes).size).toBe(1);
    expect(bytes[0]).toBeGreaterThan(400 * 100);
    for (const line of result.lines) {
      expect(line.bytes_per_event).toBe((bytes[0] as number) / 400);
      expect(line.events_per_second.median).toBeGreaterThan(0);
      expect(line.peak_rss_bytes).toBeGreaterThan(1e7);
    }
    expect(stderr).toContain('2 processes: 1 of 1');
    expect(readdirSync(directory)).toEqual([]);
  });

  test.each([
    [['--events', '0'], 'at least 1'],
    [['--events', '100,x'], 'a whole number from 0 to 50000000'],
    [['--processes', '0'], 'a whole number from 1 to 256'],
    [['--runs', 'many'], 'a whole number from 1 to 100'],
    [['--events', '10', '--dir', '/dev/null/x'], 'cannot write to /dev/null/x'],
  ])('%j is refused in one line', async (args, message) => {
    const { exitCode, stdout, stderr } = await bench(...args);
    expect(exitCode).toBe(1);
    expect(stdout).toBe('');
    expect(stderr.split('\n')[0]).toContain(message);
    expect(stderr).not.toMatch(/^\s+at /m);
  });
});
