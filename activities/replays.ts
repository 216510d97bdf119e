import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { ObjectStore } from '../clients/object-store.ts';
import { keys } from '../contracts/lake.ts';
import { inCommon, OTHER_WINDOWS, type OtherWindows } from '../contracts/other-windows.ts';
import { compareOutcomes, ReplayRecord, replayKey, WindowOutcome } from '../contracts/replay.ts';
import { WindowReport } from '../contracts/report.ts';
import type { ReplayOrder } from '../contracts/steps.ts';
import { windowKey, type WindowId } from '../contracts/window.ts';
import { withActivityFailures } from './failures.ts';
import { unlessMissing } from './kept-steps.ts';
import { replaceFile } from './report.ts';
import { type Askers, whoAsked } from './who-asked.ts';

export interface ReplayDeps {
  store: ObjectStore;
  /** Folder of the serving snapshots, where the dashboard finds the mirrored records. */
  serving: string;
  /** Absent: nobody says more of who has asked than the workflow knows. */
  askers?: Askers;
}

/** A run as its workflow tells of it; whether it is a replay is found out here. */
export interface RunRecord
  extends Pick<ReplayRecord, 'window' | 'from_step' | 'started_at' | 'workflow' | 'airflow' | 'before'> {
  requested_by: string;
  replay?: ReplayOrder | undefined;
  /** Who wanted the window while it ran. */
  joined?: ReplayOrder[] | undefined;
  /** What changed sides when the ledger was amended for this run. */
  amended?: string[] | undefined;
  /** Why a step ran again that was to be kept. */
  begun_earlier?: string | undefined;
  after: WindowOutcome | null;
}

const DaysOfReport = WindowReport.pick({ days: true });

/** As many as the dashboard shows of a window. */
const MIRRORED = 5;

export function createReplayActivities({ store, serving, askers = {} }: ReplayDeps) {
  return withActivityFailures({
    /**
     * Keeps who played the window again, why, and what came of it; a window's first run leaves no record, but what the next
     * one is compared with. Idempotency key: the workflow's run: its record is replaced whole.
     */
    recordReplay: async (input: { run: RunRecord }): Promise<void> => {
      const { run } = input;
      const { window, after } = run;
      const kept = WindowOutcome.safeParse(await unlessMissing(store.getJson(keys.outcome(window))));
      const through = kept.success ? kept.data : run.before?.reconciled ? run.before : null;
      // An earlier attempt has done it.
      if (after && through?.run_id === after.run_id) return;
      if (run.replay ?? run.joined?.[0] ?? run.before ?? through) {
        const order = run.replay ?? { by: run.requested_by, why: 'run again' };
        const record: ReplayRecord = ReplayRecord.parse({
          version: 1,
          window,
          order: await whoAsked(order, run, askers),
          ...(run.joined ? { joined: run.joined } : {}),
          from_step: run.from_step,
          ...(run.begun_earlier ? { begun_earlier: run.begun_earlier } : {}),
          started_at: run.started_at,
          ended_at: after?.ended_at ?? null,
          workflow: run.workflow,
          airflow: run.airflow,
          before: run.before ?? through,
          after,
          amended: run.amended ?? [],
          ...(after
            ? compareOutcomes(through, after, {
                others: await othersSince(serving, after, through),
                amended: (run.amended ?? []).length > 0,
              })
            : { compared_with: null, identical: null, differences: [], remarks: [] }),
        });
        await store.putJson(replayKey(record), record);
        await mirror(store, serving, window);
      }
      if (after?.reconciled) await store.putJson(keys.outcome(window), after);
    },
  });
}

/** What the windows that ran since have in common with this one: a report is written anew at each step of its window. */
async function othersSince(
  serving: string,
  { request: { window }, days }: WindowOutcome,
  since: WindowOutcome | null,
): Promise<OtherWindows> {
  const sinceMs = Date.parse(since?.ended_at ?? '');
  const folder = join(serving, 'reports');
  let nearest: OtherWindows = 'none';
  for (const name of await readdir(folder).catch(() => [])) {
    if (!/^\d.*\.json$/.test(name) || name === `${windowKey(window)}.json`) continue;
    const { mtimeMs } = await stat(join(folder, name));
    if (mtimeMs <= sinceMs) continue;
    const common = inCommon(days, await daysOf(join(folder, name)));
    if (OTHER_WINDOWS.indexOf(common) > OTHER_WINDOWS.indexOf(nearest)) nearest = common;
    if (nearest === 'the same days') break;
  }
  return nearest;
}

/** Undefined: its report does not say. */
async function daysOf(file: string): Promise<string[] | undefined> {
  const text = await readFile(file, 'utf8').catch(() => '');
  return text === '' ? undefined : DaysOfReport.safeParse(parsed(text)).data?.days;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The window's last replays as one file: the dashboard reads no object store. */
async function mirror(store: ObjectStore, serving: string, window: WindowId): Promise<void> {
  const replays = await readReplays(store, window, MIRRORED);
  await replaceFile(
    join(serving, 'replays'),
    `${windowKey(window)}.json`,
    `${JSON.stringify(replays, null, 2)}\n`,
  );
}

/** The window's last replays, the newest first. */
export async function readReplays(
  store: Pick<ObjectStore, 'list' | 'getJson'>,
  window: WindowId,
  most: number,
): Promise<ReplayRecord[]> {
  const found = (await store.list(keys.replays(window))).sort().slice(-most).toReversed();
  const records = await Promise.all(
    found.map(async (key) => ReplayRecord.safeParse(await store.getJson(key))),
  );
  return records.flatMap(({ data }) => data ?? []);
}
