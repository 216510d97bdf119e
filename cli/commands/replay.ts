import { hostname, userInfo } from 'node:os';
import { type Command, Option } from 'commander';
import { judgeWith } from '../../activities/amend-ledger.ts';
import { planReplay } from '../../activities/plan-replay.ts';
import { readReplays } from '../../activities/replays.ts';
import { createKafka } from '../../clients/kafka.ts';
import { fetchBounds } from '../../clients/kafka-topics.ts';
import { createObjectStore, type ObjectStore } from '../../clients/object-store.ts';
import { codeFingerprints, rulesFingerprint } from '../../config/code-fingerprints.ts';
import { type Config, loadConfig } from '../../config/config.ts';
import { type QuarantineReason, REASON_ORDER } from '../../contracts/quarantine.ts';
import { type PlannedWindow, ReplayScope } from '../../contracts/replay-plan.ts';
import { type ReplayOrder, type StepName, STEPS } from '../../contracts/steps.ts';
import { EVENTS_TOPIC } from '../../contracts/topics.ts';
import type { WindowId } from '../../contracts/window.ts';
import { lakeReader } from '../../workers/lake.ts';
import { warehouseLook } from '../../workers/warehouse.ts';
import { withMends } from '../client-failure.ts';
import { CommandFailure } from '../failure.ts';
import type { Following } from '../follow-window.ts';
import { interruption } from '../interruption.ts';
import { stepDisplay } from '../live-steps.ts';
import { isRefused, planText, playedText, type PlayedWindow } from '../replay-text.ts';
import { commandsToGoOn } from '../replay-again.ts';
import { type ReplayEnding, type ReplayTask, replayWindows } from '../replay-windows.ts';
import { airflowOf } from '../run-windows.ts';
import { parseClosedWindow, wholeNumber, WINDOWS_AT_ONCE, windowsAtOnce } from '../window-arguments.ts';
import { connectWindowWorkflows, type WindowWorkflows } from '../window-workflows.ts';
import { schemaDrift } from './contracts.ts';

interface Options {
  window?: WindowId;
  from?: WindowId;
  to?: WindowId;
  failed?: boolean;
  fromStep?: StepName;
  quarantined?: boolean;
  reasonCode?: QuarantineReason;
  dryRun?: boolean;
  parallel?: number;
  reason?: string;
  direct?: boolean;
  json?: boolean;
}

const EXAMPLES = `
Examples:
  npx reprise replay --window 2026-01-05T08:00Z
  npx reprise replay --from 2026-01-05T00:00Z --to 2026-01-05T23:00Z --failed --dry-run
  npx reprise replay --window 2026-01-05T08:00Z --from-step load --reason "rows were deleted by hand"
  npx reprise replay --from 2026-01-05T00:00Z --to 2026-01-05T23:00Z --quarantined --reason-code invalid_value

A window keeps its bounds and its request: what it was last asked to be, not what the defaults are now. Without
--from-step a window that failed begins at the first step whose result does not stand, any other at the first.
A window that cannot be played is named and left as it is; the others are played. The exit code is 0 only if there was
none such and every window that was played reconciled; with --dry-run, only if there is none such.`;

export function register(command: Command): void {
  command
    .option('--window <window>', 'one window, like 2026-01-05T08:00Z', parseClosedWindow)
    .option('--from <window>', 'the first window of a range', parseClosedWindow)
    .option('--to <window>', 'its last window, itself included', parseClosedWindow)
    .option('--failed', 'only windows that failed, were cancelled or never ran')
    .addOption(new Option('--from-step <step>', 'begin here; the steps before are kept').choices(STEPS))
    .option('--quarantined', 'put quarantined records through again, by the rules as they are now')
    .addOption(new Option('--reason-code <code>', 'only windows that hold some of it').choices(REASON_ORDER))
    .option('--dry-run', 'say which windows and steps would run, why, and what would change; start nothing')
    .option(
      '--parallel <n>',
      `windows at a time, the oldest first (default: ${WINDOWS_AT_ONCE})`,
      wholeNumber(1, 64),
    )
    .option('--reason <text>', 'why, for the record')
    .option('--direct', 'leave Airflow out of it: its runs go on showing what they showed')
    .option('--json', 'print the plan or the records as JSON')
    .addHelpText('after', EXAMPLES)
    .action((options: Options) => withMends(() => replay(options)));
}

async function replay(options: Options): Promise<void> {
  const scope = scopeOf(options);
  if (options.quarantined) assertGenerated();
  const config = loadConfig();
  const parallel = windowsAtOnce(options.parallel, config.replaysAtOnce);
  const store = createObjectStore(config.objectStore);
  const workflows = await connectWindowWorkflows(config.temporal);
  try {
    const deps = planDeps(config, store, workflows);
    const plans = await planReplay(options.dryRun ? { ...deps, code: codeFingerprints() } : deps, scope);
    if (plans.some(isRefused)) process.exitCode = 1;
    if (options.dryRun) {
      const plan = `${JSON.stringify({ plan: plans }, null, 2)}\n`;
      process.stdout.write(options.json ? plan : planText(plans, parallel));
      return;
    }
    const [only] = plans;
    if (options.window && only?.state === 'missing' && !only.plays)
      throw new CommandFailure(`${only.window} never ran, so there is nothing to play again`, {
        mend: `npx reprise run --start ${only.window}; or --failed, which runs it as the schedule would`,
      });
    const tasks = tasksOf(plans);
    const played =
      tasks.length > 0 ? await play({ ...options, parallel }, config, store, workflows, tasks) : [];
    process.stdout.write(options.json ? playedJson(plans, played) : textOf(plans, played));
    if (!played.every(({ reconciled }) => reconciled)) process.exitCode = 1;
  } finally {
    await workflows.close();
  }
}

/** Spark goes by what is generated from the contract: judged by one and ingested by the other, no window would balance. */
function assertGenerated(): void {
  const drifted = schemaDrift();
  if (drifted.length > 0)
    throw new CommandFailure(
      `the contracts were mended, but not what is generated from them (${drifted[0]})`,
      {
        mend: 'npx reprise contracts, then npx reprise up',
      },
    );
}

function scopeOf({ window, from, to, failed, fromStep, quarantined, reasonCode }: Options): ReplayScope {
  if (quarantined && (failed || fromStep))
    throw new CommandFailure('--quarantined begins at ingest, whatever became of the window', {
      mend: 'leave --failed and --from-step out',
    });
  if (reasonCode && !quarantined)
    throw new CommandFailure('--reason-code is about quarantined records', { mend: 'add --quarantined' });
  if ((window === undefined) === (from === undefined && to === undefined))
    throw new CommandFailure('say either --window or --from and --to', {
      mend: 'npx reprise replay --window 2026-01-05T08:00Z',
    });
  if (window === undefined && (from === undefined || to === undefined))
    throw new CommandFailure('a range needs both --from and --to', {
      mend: 'npx reprise replay --from 2026-01-05T00:00Z --to 2026-01-05T23:00Z',
    });
  const scope = ReplayScope.safeParse({
    from: window ?? from,
    to: window ?? to,
    failed: failed ?? false,
    ...(fromStep ? { from_step: fromStep } : {}),
    ...(quarantined ? { quarantined: reasonCode ? { reason_code: reasonCode } : {} } : {}),
  });
  if (scope.success) return scope.data;
  throw new CommandFailure(scope.error.issues[0]?.message ?? 'that is no range of windows', {
    mend: '--from is the first window and --to the last',
  });
}

function planDeps(config: Config, store: ObjectStore, workflows: WindowWorkflows) {
  const { eventsPerWindow: events, seed, shards, scheduledVolumeShape: volume_shape } = config.defaults;
  const kafka = createKafka({ brokers: config.kafka.brokers, clientId: `reprise-replay-${process.pid}` });
  return {
    store,
    defaults: { events, seed, shards, volume_shape },
    look: warehouseLook(config),
    judge: judgeWith({ store, lake: lakeReader(config), scratch: config.paths.scratch }),
    rules: rulesFingerprint(),
    bounds: () => fetchBounds(kafka, EVENTS_TOPIC),
    isRunning: async (window: WindowId) => (await workflows.latest(window))?.state === 'running',
  };
}

/** @throws CommandFailure when there is nothing to play but windows that cannot be */
function tasksOf(plans: readonly PlannedWindow[]): ReplayTask[] {
  const refused = plans.filter(isRefused);
  const [first] = refused;
  if (first && plans.filter(({ plays }) => plays).length === refused.length) {
    const others = refused.length > 1 ? `; nor can ${refused.length - 1} others be played` : '';
    throw new CommandFailure(`${first.window}: ${first.refused}${others}; nothing was started`, {
      mend: 'name that step with --from-step, or leave --from-step out; --dry-run shows each window',
    });
  }
  return plans.flatMap(({ plays, refused: why, request, from_step, state, played_by, amends, rules }) =>
    plays && why === null && request && from_step
      ? [
          {
            ...{ request, from_step, isNew: state === 'missing', playedBy: played_by?.run_id },
            ...{ amend: amends.length > 0, rules },
          },
        ]
      : [],
  );
}

async function play(
  options: Options & { parallel: number },
  config: Config,
  store: ObjectStore,
  workflows: WindowWorkflows,
  tasks: readonly ReplayTask[],
): Promise<PlayedWindow[]> {
  const airflow = options.direct ? undefined : airflowOf(config);
  if (await airflow?.isPaused().catch(withoutAirflow))
    process.stderr.write('The DAG listening_window is paused: Airflow shows these replays once it is not.\n');
  const interrupt = interruption();
  const windows = tasks.map(({ request }) => request.window);
  const display = stepDisplay(windows);
  const begun = new Set<WindowId>();
  const seen: Following['seen'] = (window, sighting) => {
    if (sighting.at === 'asked' && sighting.did === 'started') begun.add(window);
    display.seen(window, sighting);
  };
  const following: Following = { workflows, seen, signal: interrupt.signal };
  try {
    const { parallel } = options;
    const endings = await replayWindows({ tasks, order: orderOf(options), parallel, airflow }, following);
    const amending = new Set(tasks.filter(({ amend }) => amend).map(({ request }) => request.window));
    return await Promise.all(endings.map((ending) => played(store, ending, amending.has(ending.window))));
  } catch (error) {
    if (!interrupt.signal.aborted) throw error;
    const onward = commandsToGoOn(options, windows, begun);
    throw new CommandFailure(
      `stopped watching; ${begun.size} of ${windows.length} windows have begun and go on, the others do not begin: ${config.temporal.uiUrl}`,
      {
        mend:
          onward.length > 0
            ? `what has not begun is played by: ${onward.join(' && ')}`
            : `npx reprise report ${windows.at(-1)} shows what came of it`,
        exitCode: 130,
      },
    );
  } finally {
    display.close();
    interrupt.release();
  }
}

function withoutAirflow(error: unknown): never {
  throw new CommandFailure(error instanceof Error ? error.message : String(error), {
    mend: 'npx reprise up starts it; with --direct the windows are played without Airflow',
    cause: error,
  });
}

function orderOf({ reason = 'no reason was given' }: Options): ReplayOrder {
  return {
    by: `command line (${userInfo().username}@${hostname()})`.slice(0, 200),
    why: reason.slice(0, 500),
  };
}

async function played(
  store: ObjectStore,
  { window, runId, state, why, notes }: ReplayEnding,
  amends: boolean,
): Promise<PlayedWindow> {
  const record = (await readReplays(store, window, 20)).find(({ workflow }) => workflow.run_id === runId);
  const reconciled = state === 'completed' && record?.after?.reconciled === true;
  const ledger =
    (record?.amended ?? []).length > 0
      ? 'its ledger is amended all the same: this command again, or --failed, plays the rest'
      : 'its ledger is as it was: it is amended once the window has reconciled';
  return { window, record, reconciled, why, notes: amends && !reconciled ? [...notes, ledger] : notes };
}

function textOf(plans: readonly PlannedWindow[], all: readonly PlayedWindow[]): string {
  if (all.length > 0) return playedText(all, plans);
  const each = plans.map(({ window, why }) => `  ${window}  ${why}`);
  return `${['nothing to play again', ...each].join('\n')}\n`;
}

function playedJson(plans: readonly PlannedWindow[], all: readonly PlayedWindow[]): string {
  const reconciled = all.every((one) => one.reconciled);
  const windows = all.map(({ window, reconciled: through, why, record, notes }) => ({
    ...{ window, reconciled: through, failure: why ?? null, record: record ?? null, notes },
  }));
  const left = plans.filter(({ plays }) => !plays).map(({ window, why }) => ({ window, why }));
  const refused = plans.filter(isRefused).map(({ window, refused: why }) => ({ window, why }));
  return `${JSON.stringify({ reconciled, windows, refused, left }, null, 2)}\n`;
}
