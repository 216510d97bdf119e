import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  writeFileSync,
  appendFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { execa } from 'execa';
import { pathsFor, REPOSITORY } from '../../../config/paths.ts';
import { loadConfig } from '../../../config/config.ts';
import { CommandFailure, describeFailure } from '../../../cli/failure.ts';
import { follow, lastLines } from '../../../cli/log-file.ts';
import { provisionProgress } from '../../../cli/progress.ts';
import type { Step } from '../../../infra/provision/step.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'reprise-cli-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const INSTANCE = 'unit-command-line';

const reprise = (...args: string[]) =>
  execa(process.execPath, [join(REPOSITORY, 'cli', 'reprise.mjs'), ...args], {
    reject: false,
    env: { REPRISE_INSTANCE: INSTANCE, REPRISE_PORT_BASE: '40000' },
  });

test('a wrong command, option or setting ends with one line and no stack trace', async () => {
  for (const { stderr, exitCode } of [
    await reprise('dance'),
    await reprise('down', '--sideways'),
    await execa(process.execPath, [join(REPOSITORY, 'cli', 'reprise.mjs'), 'down'], {
      reject: false,
      env: { REPRISE_PORT_BASE: 'many' },
    }),
  ]) {
    expect(exitCode).not.toBe(0);
    expect(stderr).not.toMatch(/^\s+at /m);
    expect(stderr.trim().split('\n').length).toBeLessThanOrEqual(2);
  }
});

test.each<[string, string[], string]>([
  ['no window', [], 'say either --window or --from and --to'],
  ['half a range', ['--from', '2026-01-05T08:00Z'], 'a range needs both --from and --to'],
  ['both', ['--window', '2026-01-05T08:00Z', '--to', '2026-01-05T08:00Z'], 'say either'],
  [
    'a range backwards',
    ['--from', '2026-01-05T08:00Z', '--to', '2026-01-05T07:00Z'],
    'lies before the first',
  ],
  [
    'more windows at a time than the installation allows',
    ['--window', '2026-01-05T08:00Z', '--parallel', '5'],
    '--parallel 4, or set REPRISE_REPLAYS_AT_ONCE',
  ],
  ['too long a range', ['--from', '2024-01-05T08:00Z', '--to', '2026-01-05T07:00Z'], 'cut the range'],
  [
    'a step that is none',
    ['--window', '2026-01-05T08:00Z', '--from-step', 'dance'],
    'Allowed choices are generate',
  ],
  [
    'a code without its flag',
    ['--window', '2026-01-05T08:00Z', '--reason-code', 'oversized'],
    '--quarantined',
  ],
  [
    'two beginnings',
    ['--window', '2026-01-05T08:00Z', '--quarantined', '--from-step', 'load'],
    'begins at ingest',
  ],
])('a replay with %s is answered with what to do', async (_, args, expected) => {
  const { stderr, stdout, exitCode } = await reprise('replay', ...args);
  expect(exitCode).not.toBe(0);
  expect(stdout).toBe('');
  expect(stderr).toContain(expected);
  expect(stderr).not.toMatch(/^\s+at /m);
});

test.each([
  ['REPRISE_PORT_BASE', 'abc', 'must be a whole number from 1024 to 65000'],
  ['REPRISE_PORT_BASE', '80', 'must be a whole number from 1024 to 65000'],
  ['KAFKA_PARTITIONS', '1.5', 'must be a whole number from 1 on'],
  ['REPRISE_SEED', '-1', 'must be a whole number from 0 on'],
  ['REPRISE_EVENTS_PER_WINDOW', '0', 'must be a whole number from 1 on'],
  ['REPRISE_VOLUME_SHAPE', 'round', 'must be flat or diurnal'],
  ['WAREHOUSE', 'oracle', 'must be duckdb or bigquery'],
  ['REPRISE_INSTANCE', 'Mine', 'must be lower-case letters, digits and dashes'],
])('%s=%s is answered with what is expected', (name, value, expected) => {
  expect(() => loadConfig({ [name]: value })).toThrow(
    `${name} ${expected}, not "${value}"; unset it to use the default`,
  );
});

test('a window that is asked for holds what was asked; only the schedule knows day and night', () => {
  const shapes = (env: NodeJS.ProcessEnv) => {
    const { volumeShape, scheduledVolumeShape } = loadConfig(env).defaults;
    return [volumeShape, scheduledVolumeShape];
  };
  expect(shapes({})).toEqual(['flat', 'diurnal']);
  expect(shapes({ REPRISE_VOLUME_SHAPE: '' })).toEqual(['flat', 'diurnal']);
  expect(shapes({ REPRISE_VOLUME_SHAPE: 'diurnal' })).toEqual(['diurnal', 'diurnal']);
  expect(shapes({ REPRISE_VOLUME_SHAPE: 'flat' })).toEqual(['flat', 'flat']);
});

test('a warning about a negative delay of a library is not for the person at the terminal', async () => {
  const delays =
    "data:text/javascript,process.once('beforeExit',()=>{setTimeout(()=>{},-5);process.emitWarning('heard')})";
  const { stderr } = await execa(process.execPath, [join(REPOSITORY, 'cli', 'reprise.mjs'), '--help'], {
    env: { NODE_OPTIONS: `--import=${delays}` },
  });
  expect(stderr).toContain('Warning: heard');
  expect(stderr).not.toContain('TimeoutNegativeWarning');
});

test('a disk that fills up while npm installs is said in one line with what to do', async () => {
  mkdirSync(join(folder, 'cli'));
  const door = join(folder, 'cli', 'reprise.mjs');
  copyFileSync(join(REPOSITORY, 'cli', 'reprise.mjs'), door);
  writeFileSync(join(folder, 'package-lock.json'), '{}');
  const npm = join(folder, 'npm-cli.js');
  const warning = 'npm warn tar TAR_ENTRY_ERROR ENOSPC: no space left on device, write';
  writeFileSync(npm, `console.error(${JSON.stringify(warning)}.repeat(9)); process.exitCode = 1;`);
  const { stderr, exitCode } = await execa(process.execPath, [door, 'up'], {
    reject: false,
    env: { npm_execpath: npm },
  });
  expect(exitCode).toBe(1);
  expect(stderr).toMatch(
    /^reprise: installing the Node packages: the disk that holds \S+ is full: \d+\.\d GB are free, .* 8\.0 GB\n {2}mend: free/m,
  );
  expect(stderr).not.toContain('npm warn');
});

test('every command explains itself', async () => {
  const { stdout, exitCode } = await reprise('--help');
  expect(exitCode).toBe(0);
  for (const name of [
    'demo',
    'up',
    'down',
    'status',
    'doctor',
    'logs',
    'open',
    'run',
    'live',
    'report',
    'generate',
  ])
    expect(stdout).toMatch(new RegExp(`^  ${name} `, 'm'));
});

test('run says what it takes where nothing is given', async () => {
  const { stdout, exitCode } = await reprise('run', '--help');
  expect(exitCode).toBe(0);
  for (const [option, value] of [
    ['events', 20_000],
    ['seed', 1],
    ['shards', 2],
  ])
    expect(stdout).toMatch(new RegExp(`--${option} <n>[^-]*\\(default: ${value}\\)`));
  expect(stdout).toMatch(/--shape <shape>[^(]*\(default:\s+"flat"\)/);
});

test('down of what does not run says so, as JSON when asked, with nothing else on stdout', async () => {
  const { stdout, exitCode } = await reprise('down', '--json');
  expect(exitCode).toBe(0);
  expect(JSON.parse(stdout)).toEqual({ instance: INSTANCE, stopped: 0 });
});

test.each(['doctor', 'status', 'logs kafka'])(
  '%s only looks: it creates no installation',
  async (command) => {
    await reprise(...command.split(' '));
    expect(existsSync(pathsFor(INSTANCE).instance)).toBe(false);
  },
);

test('a failure is described by what happened and what to do; where it came from only on request', () => {
  const failure = new CommandFailure('port 1 is taken', { mend: 'free it' });
  expect(describeFailure(failure, false)).toBe('reprise: port 1 is taken\n  mend: free it');
  expect(describeFailure(failure, true)).toContain('at ');
  expect(describeFailure(new Error('odd'), false)).toContain('REPRISE_DEBUG=1');
});

test('the last lines of a log, and what is appended, across a rotation', async () => {
  const file = join(folder, 'x.log');
  expect(lastLines(file, 3)).toEqual([]);
  writeFileSync(file, 'one\ntwo\nthree\nfour\n');
  expect(lastLines(file, 2)).toEqual(['three', 'four']);
  let seen = '';
  const stop = new AbortController();
  const following = follow(
    file,
    (text) => {
      seen += text;
    },
    stop.signal,
  );
  appendFileSync(file, 'five\n');
  await expect.poll(() => seen).toBe('five\n');
  writeFileSync(file, 'new\n');
  await expect.poll(() => seen).toBe('five\nnew\n');
  stop.abort();
  await following;
});

const STEP = { name: 'x', title: "Kafka's jars" } as Step;

test('without a terminal progress is whole lines; with one, what runs is drawn over in place', () => {
  let plain = '';
  const lines = provisionProgress({ write: (text) => (plain += text) });
  lines.started(STEP, '/logs/x.log');
  lines.finished(STEP, 3.21);
  lines.close();
  expect(plain).toBe("  started Kafka's jars (log: /logs/x.log)\n  done Kafka's jars (3.2 s)\n");

  let drawn = '';
  const live = provisionProgress({ isTTY: true, columns: 60, write: (text) => (drawn += text) });
  live.started(STEP, '/logs/x.log');
  live.finished(STEP, 3.21);
  live.close();
  expect(drawn).toContain("… Kafka's jars");
  expect(drawn).toContain("✓ Kafka's jars");
  expect(drawn).toContain('\u001b[1F');
  for (const line of drawn.split('\n')) expect(stripVTControlCharacters(line).length).toBeLessThan(60);
});
