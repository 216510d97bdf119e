import { createAmendActivities, judgeWith } from '../../activities/amend-ledger.ts';
import { createHourWatchActivities } from '../../activities/hour-watch.ts';
import { createKeptStepActivities } from '../../activities/kept-steps.ts';
import { createPlanReplayActivities } from '../../activities/plan-part.ts';
import { createReconcileActivities } from '../../activities/reconcile.ts';
import { createReplayActivities } from '../../activities/replays.ts';
import { createReportActivities } from '../../activities/report.ts';
import { lookAtStream } from '../../activities/stream-run.ts';
import { resetInHistory } from '../../activities/who-asked.ts';
import { createAirflowAudit } from '../../clients/airflow-audit.ts';
import { createKafka } from '../../clients/kafka.ts';
import { createLogReader } from '../../clients/kafka-log.ts';
import { fetchBounds } from '../../clients/kafka-topics.ts';
import { createObjectStore } from '../../clients/object-store.ts';
import { codeFingerprints, rulesFingerprint } from '../../config/code-fingerprints.ts';
import type { Config } from '../../config/config.ts';
import { EVENTS_TOPIC } from '../../contracts/topics.ts';
import { lakeReader } from '../lake.ts';
import { warehouseLook } from '../warehouse.ts';
import type { QueueWorker } from './queue.ts';

/** What a window is that the schedule asks for. */
function scheduledDefaults({ defaults }: Config) {
  const { eventsPerWindow: events, seed, shards, scheduledVolumeShape: volume_shape } = defaults;
  return { events, seed, shards, volume_shape };
}

export function create(config: Config): QueueWorker {
  const store = createObjectStore(config.objectStore);
  const lake = lakeReader(config);
  const temporalUi = config.temporal.uiUrl.replace(/\/$/, '');
  const { namespace } = config.temporal;
  const kafka = createKafka({ brokers: config.kafka.brokers, clientId: `reprise-control-${process.pid}` });
  const loaded = { rules: rulesFingerprint(), inCheckout: () => rulesFingerprint() };
  const judging = { lake, store, scratch: config.paths.scratch, loaded };
  const airflow = config.airflow.url.replace(/\/$/, '');
  const audit = createAirflowAudit({
    ...{ url: airflow, ...config.airflow.credentials() },
    credentialsFile: config.paths.secretsFile,
  });
  return {
    workflows: true,
    // Reconciliation reads a window through DuckDB's own threads: two of them and some reports fill a small machine.
    concurrency: 4,
    activities: {
      ...createReconcileActivities({ lake, store, scratch: config.paths.scratch }),
      ...createHourWatchActivities({
        ...{ store, log: createLogReader(kafka, EVENTS_TOPIC), stream: lookAtStream },
        bounds: () => fetchBounds(kafka, EVENTS_TOPIC),
      }),
      ...createAmendActivities(judging),
      ...createKeptStepActivities({ store, code: codeFingerprints() }),
      ...createPlanReplayActivities({
        store,
        defaults: scheduledDefaults(config),
        look: warehouseLook(config),
        judge: judgeWith(judging),
        bounds: () => fetchBounds(kafka, EVENTS_TOPIC),
        loaded,
      }),
      ...createReplayActivities({
        store,
        serving: config.paths.serving,
        askers: { airflow: audit, resetOf: resetInHistory },
      }),
      ...createReportActivities({
        store,
        serving: config.paths.serving,
        links: {
          temporal: (workflowId, runId) =>
            `${temporalUi}/namespaces/${encodeURIComponent(namespace)}/workflows/${encodeURIComponent(workflowId)}/${runId}/history`,
          airflow: (dagId, runId) =>
            `${airflow}/dags/${encodeURIComponent(dagId)}/runs/${encodeURIComponent(runId)}`,
          dashboard: config.dashboard.url,
        },
      }),
    },
  };
}
