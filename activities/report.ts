import { randomUUID } from 'node:crypto';
import { mkdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ObjectStore } from '../clients/object-store.ts';
import { keys } from '../contracts/lake.ts';
import { WindowReport } from '../contracts/report.ts';
import { windowKey } from '../contracts/window.ts';
import { withActivityFailures } from './failures.ts';

export interface ReportDeps {
  store: ObjectStore;
  /** Folder of the serving snapshots, where the dashboard finds the mirrored reports. */
  serving: string;
  links: {
    temporal: (workflowId: string, runId: string) => string;
    airflow: (dagId: string, runId: string) => string;
    dashboard: string;
  };
}

/** Replaces the file whole: a reader sees the old one or the new one. */
export async function replaceFile(folder: string, name: string, text: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  const draft = join(folder, `.${name}.${randomUUID()}`);
  await writeFile(draft, text);
  await rename(draft, join(folder, name));
}

export function createReportActivities({ store, serving, links }: ReportDeps) {
  return withActivityFailures({
    /** Keeps the window's report. Idempotency key: the window: both places are replaced whole, the newest report wins. */
    recordReport: async (input: { report: WindowReport }): Promise<void> => {
      const { workflow, airflow } = input.report;
      const report = WindowReport.parse({
        ...input.report,
        links: {
          temporal: links.temporal(workflow.workflow_id, workflow.run_id),
          airflow: airflow ? links.airflow(airflow.dag_id, airflow.run_id) : null,
          dashboard: links.dashboard,
        },
      });
      await store.putJson(keys.report(report.window), report);
      const name = `${windowKey(report.window)}.json`;
      await replaceFile(join(serving, 'reports'), name, `${JSON.stringify(report, null, 2)}\n`);
    },
  });
}
