import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createSparkSubmit, parseJobLine, type SparkJob } from '../../../clients/spark-submit.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'spark-submit-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** Runs a shell script in the place of spark-submit. */
async function run(script: string, master = 'local[2]', resident?: SparkJob['resident']) {
  await mkdir(join(folder, 'jars'), { recursive: true });
  await writeFile(join(folder, 'jars', 'a.jar'), '');
  await writeFile(join(folder, 'spark-submit'), `#!/bin/bash\n${script}\n`);
  await chmod(join(folder, 'spark-submit'), 0o755);
  const progress: unknown[] = [];
  const submit = createSparkSubmit({
    venvBin: folder,
    project: folder,
    jars: join(folder, 'jars'),
    master,
    driverMemory: '1g',
    accessKey: 'key',
    secretKey: 'secret',
    region: 'us-east-1',
    inherited: { PATH: '/usr/bin:/bin' },
  });
  await submit.run({
    job: 'ingest',
    specFile: '/spec.json',
    localDir: folder,
    signal: new AbortController().signal,
    onProgress: (one) => progress.push(one),
    ...(resident ? { resident } : {}),
  });
  return progress;
}

describe('spark-submit', () => {
  it('passes its arguments one by one and reports progress', async () => {
    const progress = await run(
      `echo 'progress {"phase":"read","done":1}'; echo WARN noise >&2; echo "progress {\\"arguments\\":$#}"`,
    );
    expect(progress).toEqual([{ phase: 'read', done: 1 }, { arguments: 11 }]);
  });

  it('gives what is resident the settings of what is resident', async () => {
    const say = 'echo "progress {\\"settings\\":\\"$6\\"}"';
    expect(await run(say)).toEqual([{ settings: 'conf/spark-defaults.conf' }]);
    const resident = { lockFile: join(folder, 'stream.lock') };
    expect(await run(say, 'local[2]', resident)).toEqual([{ settings: 'conf/stream-defaults.conf' }]);
  });

  it('brings the jars to the executors when they are elsewhere', async () => {
    const progress = await run('echo "progress {\\"jars\\":\\"$8\\"}"', 'spark://127.0.0.1:7077');
    expect(progress).toEqual([{ jars: join(folder, 'jars', 'a.jar') }]);
  });

  it('says what a job complained of last, and not how far it was', async () => {
    await expect(run(`echo oh no; echo 'progress {"batch":3}'; kill -9 $$`)).rejects.toMatchObject({
      code: 'SubprocessFailed',
      message: expect.stringMatching(/^spark ingest was ended by SIGKILL: oh no$/),
    });
  });

  it('takes the job at its word', async () => {
    await expect(
      run(`echo 'error {"code":"DataQualityFailed","message":"3 records are missing"}' >&2; exit 65`),
    ).rejects.toMatchObject({
      code: 'DataQualityFailed',
      retryable: false,
      message: 'ingest: 3 records are missing',
    });
  });

  it.each([
    [65, 'DataQualityFailed', false],
    [66, 'ResourceMissing', false],
    [75, 'Unavailable', true],
    [78, 'Misconfigured', false],
    [2, 'Misconfigured', false],
    [1, 'SubprocessFailed', true],
    [137, 'SubprocessFailed', true],
  ])('exit code %i -> %s, retried: %s', async (exit, code, retryable) => {
    await expect(run(`echo last words >&2; exit ${exit}`)).rejects.toMatchObject({ code, retryable });
  });

  it('shows no secret in its error', async () => {
    const error: Error = await run('exit 1').then(
      () => new Error('it should have failed'),
      (thrown: Error) => thrown,
    );
    expect(`${error.message}${JSON.stringify(error)}`).not.toContain('secret');
  });
});

describe('parseJobLine', () => {
  it.each([
    ['progress {"phase":"read"}', { phase: 'read' }],
    ['progress {"phase":', undefined],
    ['in progress {"phase":"read"}', undefined],
    ['error {"code":"x"}', undefined],
  ])('%s', (line, expected) => expect(parseJobLine('progress', line)).toEqual(expected));
});
