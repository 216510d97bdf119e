import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { createReportActivities } from '../../../activities/report.ts';
import type { ObjectStore } from '../../../clients/object-store.ts';
import { keys } from '../../../contracts/lake.ts';
import { WindowReport } from '../../../contracts/report.ts';
import { WindowProgressLog } from '../../../workflows/window-progress.ts';

it('keeps a report in both places, with its links', async () => {
  const serving = await mkdtemp(join(tmpdir(), 'serving-'));
  const objects = new Map<string, unknown>();
  const { recordReport } = createReportActivities({
    store: {
      putJson: async (key: string, value: unknown) => void objects.set(key, value),
    } as unknown as ObjectStore,
    serving,
    links: {
      temporal: (workflow, run) => `temporal/${workflow}/${run}`,
      airflow: (dag, run) => `airflow/${dag}/${run}`,
      dashboard: 'dashboard',
    },
  });
  const airflow = { dag_id: 'd', run_id: 'r1', task_id: 't', try_number: 1 };
  const window = '2026-01-05T08:00Z';
  const log = new WindowProgressLog(
    { window, events: 1, seed: 1, shards: 1, requested_by: 'x', airflow },
    { workflow_id: 'w', run_id: 'r2' },
    0,
  );
  await recordReport({ report: log.report() });
  log.begin('generate', 0);
  await recordReport({ report: log.report() });

  expect(await readdir(join(serving, 'reports'))).toEqual(['2026-01-05T08-00Z.json']);
  const file = await readFile(join(serving, 'reports', '2026-01-05T08-00Z.json'), 'utf8');
  const mirrored = WindowReport.parse(JSON.parse(file));
  expect(mirrored.steps[0]?.state).toBe('running');
  expect(mirrored.links).toEqual({
    temporal: 'temporal/w/r2',
    airflow: 'airflow/d/r1',
    dashboard: 'dashboard',
  });
  expect(objects.get(keys.report(window))).toEqual(mirrored);
  await rm(serving, { recursive: true });
});
