import { createWriteStream, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { execa } from 'execa';
import type { Config } from '../../config/config.ts';
import { pathsFor, venvProgram } from '../../config/paths.ts';
import { OWNER_VARIABLE } from '../../infra/supervisor/owned-processes.ts';

export interface Emulator {
  /** What the stack is told, to use it as its warehouse. */
  settings: Record<string, string>;
  stop(): Promise<void>;
}

const START_LIMIT_MS = 90_000;

/** The double of BigQuery, on the port that the installation keeps for it. */
export async function startEmulator({ instance, ports }: Config): Promise<Emulator> {
  // An installation of its own: `up` under new settings ends what belongs to the one under test.
  const paths = pathsFor(`${instance}-emulator`);
  const url = `http://127.0.0.1:${ports.bigqueryEmulator}`;
  rmSync(paths.instance, { recursive: true, force: true });
  for (const folder of [paths.data, paths.logs]) mkdirSync(folder, { recursive: true });
  const process_ = execa(
    venvProgram(paths, 'bigquery-emulator', 'python'),
    [
      join(paths.repository, 'infra', 'bigquery-emulator', 'serve.py'),
      ...['--host', '127.0.0.1', '--port', String(ports.bigqueryEmulator)],
      // It also opens the storage interface, which nothing here uses: the next port but one is free in every block.
      ...['--grpc-port', String(ports.bigqueryEmulator + 2)],
      ...['--project', PROJECT, '--data-dir', paths.data],
    ],
    {
      // So that the runner finds it and ends it, should this test be killed.
      env: { [OWNER_VARIABLE]: paths.instance },
      reject: false,
      stdin: 'ignore',
      buffer: false,
    },
  );
  const log = createWriteStream(join(paths.logs, 'bigquery-emulator.log'));
  process_.stdout.pipe(log);
  process_.stderr.pipe(log);
  let ended = false;
  void process_.then(() => {
    ended = true;
  });
  const stop = async (): Promise<void> => {
    process_.kill();
    await process_;
  };
  for (const until = performance.now() + START_LIMIT_MS; performance.now() < until; await sleep(300)) {
    if (ended) break;
    if (await answers(url)) {
      return {
        settings: {
          ...{ WAREHOUSE: 'bigquery', BIGQUERY_PROJECT: PROJECT, BIGQUERY_DATASET: 'reprise' },
          ...{ BIGQUERY_LOCATION: 'US', BIGQUERY_ENDPOINT: url },
        },
        stop,
      };
    }
  }
  await stop();
  throw new Error(`the BigQuery emulator did not answer; see ${log.path.toString()}`);
}

const PROJECT = 'reprise-test';

async function answers(url: string): Promise<boolean> {
  try {
    return (await fetch(`${url}/bigquery/v2/projects/${PROJECT}/datasets`)).ok;
  } catch {
    return false;
  }
}
