import { STEPS } from '../../contracts/steps.ts';
import { CASES } from './cases.ts';

/** A line for each reason why a fault is not put into a step, with the rows that it leaves out there. */
export function dotsText(): string {
  const rows = new Map<string, string[]>();
  for (const { name, steps, elsewhere } of CASES)
    if (elsewhere !== undefined && steps.length < STEPS.length)
      rows.set(elsewhere, [...(rows.get(elsewhere) ?? []), name]);
  return [...rows].map(([why, names]) => `- ${names.join(', ')}: ${why}.`).join('\n');
}

/** What a part's standing still is held against; `strike` is what keeps to it. */
export function stopsText(stopSeconds: number): string {
  return `A part that is stopped (SIGSTOP) stands still for ${stopSeconds} s, whatever the step does meanwhile, and then goes on as if nothing had been:

| part | the limit that runs out meanwhile |
| --- | --- |
| worker-publish, worker-spark, worker-warehouse | 30 s without a heartbeat: the attempt is given up and made again, and the old one wakes up beside the new one |
| worker-control | the same for reconcile; elsewhere the 10 s of a workflow task |
| kafka | 30 s that publishers wait for an answer, and Spark's consumers too |
| minio | 30 s that Spark and DuckDB wait for bytes, 30 s of what is kept of a step |
| temporal | 30 s without a heartbeat, of every activity at once: its clock goes on while it stands still |
| airflow-scheduler, airflow-triggerer | 30 s after which Airflow calls either of them unhealthy |
| spark-driver, dbt | none: a Spark job may be silent for ten minutes, dbt for fifteen. That such an attempt is given up and made again is held, with shorter limits, by \`tests/workflow/lost-worker.test.ts\` |`;
}
