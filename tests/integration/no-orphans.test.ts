import { readFileSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createDbt } from '../../clients/dbt.ts';
import { createDuckDbWarehouse } from '../../clients/duckdb-warehouse.ts';
import { createSparkSubmit } from '../../clients/spark-submit.ts';
import { inheritedEnvironment } from '../../config/inherited.ts';
import { venvProgram } from '../../config/paths.ts';
import { LAKE_NAMESPACE } from '../../contracts/lake.ts';
import type { CompactSpec } from '../../contracts/steps.ts';
import { windowBounds } from '../../contracts/window.ts';
import { OWNER_VARIABLE, ownedProcesses } from '../../infra/supervisor/owned-processes.ts';
import { openFixtureLake, WINDOWS } from '../parity/fixture-lake.ts';
import { config } from './harness.ts';

const [window] = WINDOWS;
let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'reprise-no-orphans-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** What a worker hands to its programs; whatever they start in turn inherits the mark. */
const inherited = () => ({ ...inheritedEnvironment(config().paths), [OWNER_VARIABLE]: folder });

function nameOf(pid: number): string[] {
  try {
    return [readFileSync(`/proc/${pid}/comm`, 'utf8').trim()];
  } catch {
    // Ended meanwhile.
    return [];
  }
}

/** The programs of the step that live. */
const running = async (): Promise<string[]> => (await ownedProcesses(folder)).flatMap(nameOf).sort();

/** Runs a step that is cancelled at its first sign of life, once its programs were looked at. */
async function cancelled(
  step: (signal: AbortSignal, onSign: () => void) => Promise<unknown>,
): Promise<{ before: string[]; after: string[] }> {
  const cancelling = new AbortController();
  let looked: Promise<string[]> | undefined;
  const onSign = (): void => {
    looked ??= running().finally(() => cancelling.abort(new Error('cancelled')));
  };
  await expect(step(cancelling.signal, onSign)).rejects.toThrow('cancelled');
  return { before: (await looked) ?? [], after: await running() };
}

// Processes are told apart by what Linux says of them.
describe.runIf(process.platform === 'linux')('a cancelled step', () => {
  test('of Spark leaves no JVM behind, and no Python', async () => {
    const { paths, spark, catalog, objectStore } = config();
    const { start, end } = windowBounds(window);
    const spec: CompactSpec = {
      ...{ window, window_start: start, window_end: end },
      lake: { catalog, s3_endpoint: objectStore.endpoint, namespace: LAKE_NAMESPACE },
      report_file: join(folder, 'report.json'),
    };
    const specFile = join(folder, 'spec.json');
    await writeFile(specFile, JSON.stringify(spec));
    const submit = createSparkSubmit({
      venvBin: join(paths.tools, 'venvs', 'spark', 'bin'),
      project: join(paths.repository, 'spark'),
      jars: join(paths.tools, 'jars', 'spark'),
      master: spark.master,
      driverMemory: spark.driverMemory,
      ...{ accessKey: objectStore.accessKey, secretKey: objectStore.secretKey, region: objectStore.region },
      inherited: inherited(),
    });
    const { before, after } = await cancelled((signal, onSign) =>
      submit.run({ job: 'compact', specFile, localDir: folder, signal, onProgress: onSign }),
    );
    expect(before).toContain('java');
    expect(before.some((name) => name.startsWith('python'))).toBe(true);
    expect(after).toEqual([]);
  });

  test('of dbt leaves nothing behind', async () => {
    const { paths } = config();
    const warehouse = createDuckDbWarehouse({ file: join(folder, 'warehouse.duckdb') });
    const lake = await openFixtureLake();
    const quiet = { signal: new AbortController().signal, note: () => undefined };
    const { affected_dates: affectedDates } = await warehouse.loadWindow(
      { window, lake: await lake.at(window), key: 'run' },
      quiet,
    );
    lake.close();
    const state = join(folder, 'dbt');
    await mkdir(state);
    const dbt = createDbt({
      program: venvProgram(paths, 'dbt', 'dbt'),
      project: join(paths.repository, 'dbt'),
      state,
      inherited: inherited(),
    });
    const build = { window, affectedDates, resumeKey: 'run', warehouse: warehouse.dbtEnvironment() };
    const { before, after } = await cancelled((signal, onSign) => dbt.build(build, { signal, note: onSign }));
    expect(before.length).toBeGreaterThan(0);
    expect(after).toEqual([]);
  });
});
