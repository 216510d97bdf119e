import { planReplay } from '../activities/plan-replay.ts';
import { type Airflow, createAirflow, type WindowSettings } from '../clients/airflow.ts';
import { createObjectStore } from '../clients/object-store.ts';
import type { Config } from '../config/config.ts';
import { WindowRequest } from '../contracts/steps.ts';
import type { WindowId } from '../contracts/window.ts';
import { CommandFailure } from './failure.ts';
import { askAirflow, type Ending, followDirectly, type Following, followRun } from './follow-window.ts';
import { interruption } from './interruption.ts';
import { stepDisplay } from './live-steps.ts';
import { readReport } from './window-reports.ts';
import type { WindowRow } from './window-table.ts';
import { connectWindowWorkflows } from './window-workflows.ts';

export interface RunWindowsOptions {
  config: Config;
  windows: readonly WindowId[];
  settings: WindowSettings;
  /** Start the workflows here instead of asking Airflow for DAG runs. */
  direct: boolean;
}

export type FinishedWindow = WindowRow & Ending;

/** Airflow has read its DAG some seconds after its first start; a busy machine takes longer. */
const DAG_LIMIT_MS = 90_000;
/** As many as Airflow's DAG lets run side by side. */
const DIRECT_SIDE_BY_SIDE = 2;

/**
 * Runs the windows, shows their steps while they run, and reads their reports when they have ended.
 * @throws CommandFailure also on Ctrl-C, which ends the watching and not the windows
 */
export async function runWindows(options: RunWindowsOptions): Promise<FinishedWindow[]> {
  const { config, windows, direct } = options;
  const airflow = direct ? undefined : airflowOf(config);
  await airflow?.awaitDag(DAG_LIMIT_MS);
  const workflows = await connectWindowWorkflows(config.temporal);
  const interrupt = interruption();
  const display = stepDisplay(windows);
  try {
    const following = { workflows, seen: display.seen, signal: interrupt.signal };
    const endings = airflow
      ? await runThroughAirflow(airflow, options, following)
      : await startDirectly(options, following);
    const store = createObjectStore(config.objectStore);
    return await Promise.all(
      endings.map(async (ending) => {
        // Without a workflow of its own the window kept the report of an earlier run.
        const report = ending.why === undefined ? await readReport(store, ending.window) : undefined;
        return { ...ending, report, reconciled: ending.state === 'completed' && report?.reconciled === true };
      }),
    );
  } catch (error) {
    if (!interrupt.signal.aborted) throw error;
    throw new CommandFailure(
      `stopped watching; the windows that were started go on in ${direct ? `Temporal: ${config.temporal.uiUrl}` : `Airflow: ${config.airflow.url}`}`,
      { mend: `npx reprise report ${windows[0]} shows what came of it`, exitCode: 130 },
    );
  } finally {
    display.close();
    await workflows.close();
    interrupt.release();
  }
}

export function airflowOf(config: Config): Airflow {
  const credentials = config.airflow.credentials();
  if (credentials.user === '' || credentials.password === '')
    throw new CommandFailure(`"${config.instance}" has never been started, so Airflow has no user yet`, {
      mend: 'npx reprise up',
    });
  return createAirflow({
    url: config.airflow.url,
    ...credentials,
    credentialsFile: config.paths.secretsFile,
  });
}

/**
 * All are asked for before the first is watched: Airflow decides how many run side by side, and they run even if nobody
 * watches. One after the other, for Airflow's SQLite takes one writer at a time.
 */
async function runThroughAirflow(
  airflow: Airflow,
  { windows, settings, config }: RunWindowsOptions,
  following: Following,
): Promise<Ending[]> {
  await airflow.unpause();
  const { eventsPerWindow: events, seed, shards, scheduledVolumeShape: volume_shape } = config.defaults;
  const store = createObjectStore(config.objectStore);
  const asked = [];
  for (const window of windows) {
    // A run that names no settings takes those that its window was last asked for, and the schedule's when it never ran.
    const schedules = { events, seed, shards, volume_shape };
    const [plan] = await planReplay({ store, defaults: schedules }, { from: window, to: window });
    const defaults = plan?.request ? settingsOf(plan.request) : schedules;
    asked.push(await askAirflow(airflow, { window, settings, defaults }, following));
  }
  return Promise.all(asked.map((run) => followRun(airflow, run, following)));
}

function settingsOf(request: WindowRequest): WindowSettings {
  const { events, seed, shards, volume_shape } = WindowRequest.parse(request);
  return { events, seed, shards, volume_shape };
}

async function startDirectly(
  { windows, settings }: RunWindowsOptions,
  following: Following,
): Promise<Ending[]> {
  const endings: Ending[] = [];
  const waiting = [...windows];
  const lane = async (): Promise<void> => {
    for (let window = waiting.shift(); window !== undefined; window = waiting.shift())
      endings.push(
        await followDirectly(
          { source: 'auto', ...settings, window, requested_by: 'command line' },
          following,
        ),
      );
  };
  await Promise.all(Array.from({ length: DIRECT_SIDE_BY_SIDE }, lane));
  return endings.toSorted((one, other) => (one.window < other.window ? -1 : 1));
}
