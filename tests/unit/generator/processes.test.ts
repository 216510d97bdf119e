import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { REPOSITORY } from '../../../config/paths.ts';
import { emitShard, md5 } from './recount.ts';

// Processes are started, each of which builds a catalogue.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const START = '2026-03-29T00:00Z';
let out = '';

beforeAll(() => {
  out = mkdtempSync(join(tmpdir(), 'reprise-processes-'));
});
afterAll(() => rmSync(out, { recursive: true, force: true }));

const reprise = (args: readonly string[], env: Record<string, string> = {}) =>
  execa(process.execPath, ['cli/main.ts', ...args], { cwd: REPOSITORY, env, reject: false });

/** Every file below a directory: its name and what it holds. */
function contents(directory: string): Map<string, string> {
  const files = readdirSync(directory, { recursive: true, withFileTypes: true }).filter((one) =>
    one.isFile(),
  );
  return new Map(
    files
      .map(({ parentPath, name }) => join(parentPath, name))
      .toSorted()
      .map((file) => [file.slice(directory.length), md5(readFileSync(file))]),
  );
}

test('on two machines the same command writes the same bytes', async () => {
  const write = async (name: string, env: Record<string, string>): Promise<Map<string, string>> => {
    const directory = join(out, name);
    const asked = [
      '--start',
      START,
      '--windows',
      '3',
      '--events',
      '1500',
      '--seed',
      '11',
      '--shards',
      '2',
      '--profiles',
    ];
    const { exitCode, stderr } = await reprise(['generate', ...asked, '--out', directory], env);
    expect(exitCode, stderr).toBe(0);
    return contents(directory);
  };
  const [one, other] = await Promise.all([
    write('one', { TZ: 'UTC', LANG: 'C', LC_ALL: 'C' }),
    write('other', { TZ: 'Asia/Kolkata', LANG: 'tr_TR.UTF-8', LC_ALL: 'tr_TR.UTF-8' }),
  ]);
  expect(one.size).toBe(3 * 3 + 2);
  expect([...other]).toEqual([...one]);
  // And as in this process, which has made other windows before.
  const { lines } = await emitShard({ window: START, events: 1_500, seed: 11, shards: 2, shard: 1 });
  const bytes = Buffer.concat(lines.flatMap((line) => [line, Buffer.from('\n')]));
  expect([...one.values()]).toContain(md5(bytes));
});

test.each([
  [['--start', '2026-01-05T08:30Z'], 'a window starts on the full hour'],
  [['--start', '2026-02-30T08:00Z'], 'no such date'],
  [['--start'], "option '--start <window>' argument missing"],
  [['--windows', '1.5'], '1.5'],
  [['--events', 'many'], 'many'],
  [['--seed', '-1'], '-1'],
  [['--shards', '1025'], '1025'],
  [['--shape', 'round'], 'round'],
  [['--out', '/dev/null/events'], 'cannot write to /dev/null/events'],
  [['--colour', 'red'], "unknown option '--colour'"],
])('%j is refused on stderr, without a stack trace', async (args, message) => {
  const asked = ['generate', '--start', START, '--events', '5', '--out', join(out, 'refused'), ...args];
  const { exitCode, stdout, stderr } = await reprise(asked);
  expect(exitCode).toBe(1);
  expect(stdout).toBe('');
  expect(stderr.split('\n')[0]).toContain(message);
  expect(stderr).not.toMatch(/^\s+at |node:internal/m);
});

test.each([
  [['--start', START], "required option '--out <directory>' not specified"],
  [['--out', 'x'], "required option '--start <window>' not specified"],
])('%j is not enough', async (args, message) => {
  const { exitCode, stderr } = await reprise(['generate', ...args]);
  expect(exitCode).toBe(1);
  expect(stderr.split('\n')[0]).toContain(message);
});
