import { Readable } from 'node:stream';
import { Client, Connection } from '@temporalio/client';
import { beforeAll, describe, expect, test } from 'vitest';
import { createObjectStore } from '../../clients/object-store.ts';
import { keys } from '../../contracts/lake.ts';
import type { ReplayRecord } from '../../contracts/replay.ts';
import { type HopName, WindowReport } from '../../contracts/report.ts';
import { windowWorkflowId, type WindowId } from '../../contracts/window.ts';
import type { Installation } from '../installation.ts';
import { AirflowApi } from './airflow-api.ts';

/** What a window is looked at by. */
export interface Scene {
  stack: () => Installation;
  report: (window: WindowId) => Promise<WindowReport>;
  /** The newest first. */
  replays: (window: WindowId) => Promise<ReplayRecord[]>;
  /** Both came through; the second is the one to which everything happens. */
  windows: readonly [WindowId, WindowId];
  limitMs: number;
}

const HELD: readonly HopName[] = ['events', 'quarantine', 'duplicates', 'warehouse', 'marts'];
const held = ({ hops }: WindowReport) =>
  hops.filter(({ hop }) => HELD.includes(hop)).map(({ hop, observed }) => ({ hop, observed }));

/** Ways to play again what has failed; each ends with what stood there before, to the byte. */
export function failedWindowsPlayedAgain({ stack, report, replays, windows, limitMs }: Scene): void {
  const [first, second] = windows;

  describe('a window that has failed', () => {
    let airflow: AirflowApi;
    let before: WindowReport;
    let other: WindowReport;

    beforeAll(async () => {
      airflow = await AirflowApi.login(stack().config);
      [other, before] = [await report(first), await report(second)];
      expect(held(before).map(({ hop }) => hop)).toEqual(HELD);
    });

    /** A shard in the landing area loses its records; the window is reconciled again, and that cannot be. */
    async function fail(): Promise<void> {
      const store = createObjectStore(stack().config.objectStore);
      await store.putStream(keys.shard(second, 0), Readable.from([Buffer.from('{}\n')]));
      const { exitCode, stdout } = await stack().reprise(
        'replay',
        '--window',
        second,
        '--from-step',
        'reconcile',
      );
      expect(exitCode, stdout).toBe(1);
      // Of a window that did not come through the command ends badly, and prints the report all the same.
      const told = await stack().reprise('report', second, '--json');
      expect(told.exitCode).toBe(1);
      const failed = WindowReport.parse(JSON.parse(told.stdout));
      expect(failed).toMatchObject({
        state: 'failed',
        failure: { step: 'reconcile', type: 'DataQualityFailed' },
      });
      expect(await airflow.waitForEnd(failed.airflow?.run_id ?? '', limitMs)).toMatchObject({
        state: 'failed',
      });
    }

    async function expectTheSame(): Promise<ReplayRecord | undefined> {
      const after = await report(second);
      expect(after).toMatchObject({ state: 'completed', reconciled: true });
      expect(after.workflow.run_id).not.toBe(before.workflow.run_id);
      expect(held(after)).toEqual(held(before));
      // Only what failed was played again.
      expect((await report(first)).workflow).toEqual(other.workflow);
      const [record] = await replays(second);
      expect(record).toMatchObject({ identical: true, differences: [] });
      expect(await airflow.waitForEnd(after.airflow?.run_id ?? '', limitMs)).toMatchObject({
        state: 'success',
      });
      return record;
    }

    test(
      'is played again by --failed, the others are not',
      async () => {
        await fail();
        const refused = await stack().reprise(
          ...['replay', '--from', first, '--to', second, '--from-step', 'load', '--dry-run'],
        );
        expect(refused.exitCode).toBe(1);
        expect(refused.stdout).toContain('1 of 2 windows would be played again');
        expect(refused.stdout).toContain('the first step to begin at is reconcile');
        const plan = await stack().repriseOrThrow(
          'replay',
          '--from',
          first,
          '--to',
          second,
          '--failed',
          '--dry-run',
        );
        expect(plan).toContain('1 of 2 windows would be played again');
        expect(plan).toContain('landing does not hold what it should');
        await stack().repriseOrThrow('replay', '--from', first, '--to', second, '--failed');
        expect(await expectTheSame()).toMatchObject({ from_step: 'generate', before: { state: 'failed' } });
      },
      2 * limitMs,
    );

    test(
      'is played again by a backfill of failed runs, the others are not',
      async () => {
        await fail();
        await airflow.backfill(other.window_start, before.window_start, 'failed', limitMs);
        expect(await expectTheSame()).toMatchObject({ from_step: 'generate' });
      },
      2 * limitMs,
    );
  });

  test(
    'a workflow that is reset in Temporal ends as it had ended',
    async () => {
      const before = await report(second);
      const { address, namespace } = stack().config.temporal;
      const connection = await Connection.connect({ address });
      try {
        const { workflow, workflowService } = new Client({ connection, namespace });
        const { workflow_id: workflowId, run_id: runId } = before.workflow;
        expect(workflowId).toBe(windowWorkflowId(second));
        const { events } = await workflow.getHandle(workflowId, runId).fetchHistory();
        const load = events?.find(
          ({ activityTaskScheduledEventAttributes: one }) => one?.activityType?.name === 'loadWindow',
        )?.activityTaskScheduledEventAttributes;
        const reset = await workflowService.resetWorkflowExecution({
          ...{ namespace, workflowExecution: { workflowId, runId }, reason: 'a test', requestId: 'reset' },
          workflowTaskFinishEventId: load?.workflowTaskCompletedEventId ?? null,
        });
        await workflow.getHandle(workflowId, reset.runId).result();
        const after = await report(second);
        expect(after.workflow.run_id).toBe(reset.runId);
        expect(held(after)).toEqual(held(before));
        const [record] = await replays(second);
        expect(record).toMatchObject({ identical: true, differences: [] });
        expect(record?.order).toEqual({ by: 'unknown (Temporal reset)', why: 'a test' });
      } finally {
        await connection.close();
      }
    },
    limitMs,
  );
}
