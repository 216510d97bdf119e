import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Page } from 'playwright-core';
import type { WindowReport } from '../../contracts/report.ts';
import { WINDOW_MS, type WindowId, windowIdHolding, windowStartMs } from '../../contracts/window.ts';
import type { Installation } from '../installation.ts';
import { generatedRecords, playback, playbacks, troubles } from '../live/events.ts';
import { lakeDifferences } from '../live/lake-account.ts';
import { Resident } from '../live/resident.ts';
import { letRecordsSayWhen, send } from '../live/sending.ts';
import { setAside, topicTruth } from '../live/topic-truth.ts';
import { until } from '../live/until.ts';
import { Visitor } from './browser.ts';
import { openNow, seeNow } from './now-page.ts';

export interface LiveScene {
  stack: () => Installation;
  report: (window: WindowId) => Promise<WindowReport>;
  limitMs: number;
}

const GOOD = 300;
const HOUR_RECORDS = 2_000;

/** Records that arrive by themselves: seen by a person while they come, and then closed as an hour. */
export function recordsThatArrive({ stack, report, limitMs }: LiveScene): void {
  describe('records that arrive by themselves', () => {
    const stream = new Resident(stack, limitMs);
    let visitor: Visitor | undefined;
    let page: Page;

    /** Until the page says of all records what the topic holds; it is never loaded again. */
    async function expectShown(): Promise<void> {
      const truth = await topicTruth(stack().config);
      const reasons = { ...setAside(truth) };
      delete reasons.duplicate_event;
      const wanted = {
        ...{ records: truth.records, quarantined: truth.reasons.size, repeats: truth.repeats },
        ...{ reasons, setAside: truth.reasons.size },
      };
      let last: unknown;
      await until(
        'the page shows what was sent',
        async () => {
          last = await seeNow(page);
          return JSON.stringify(last) === JSON.stringify(sorted(wanted));
        },
        limitMs,
      ).catch(() => expect(last).toEqual(sorted(wanted)));
    }

    beforeAll(async () => {
      await stream.start('--no-producer', '--trigger', '500');
      visitor = await Visitor.arrive(stack().config);
      page = await openNow(visitor, stack().config);
    }, limitMs);

    afterAll(async () => {
      await visitor?.leave();
    });

    test(
      'a page that is open shows them, the broken ones by what is wrong with each',
      async () => {
        const wrong = troubles();
        const twice = playback();
        await send(stack().config, [...playbacks(GOOD), twice, twice, ...wrong.map(({ value }) => value)]);
        await expectShown();
        const truth = await topicTruth(stack().config);
        expect(truth.records).toBe(GOOD + 2 + wrong.length);
        expect(truth.reasons.size).toBe(wrong.filter(({ reason }) => reason !== null).length);
        expect((await stream.view()).stream).toMatchObject({ state: 'runs', attempt: 1 });
      },
      limitMs,
    );

    test(
      'the JVM of the stream is killed: the next one goes on, and the page with it',
      async () => {
        await send(stack().config, playbacks(GOOD));
        await stream.kill();
        await send(stack().config, playbacks(GOOD));
        await expectShown();
        await stream.catchUp();
        expect(await lakeDifferences(stack().config)).toEqual([]);
        await visitor?.keep(page, 'dashboard-now');
      },
      limitMs,
    );

    test(
      'an hour of them is closed while the stream goes on',
      async () => {
        const window = windowIdHolding(Date.now() - 24 * WINDOW_MS);
        await letRecordsSayWhen(stack().config);
        const records = await generatedRecords(window, HOUR_RECORDS, 11);
        const step = WINDOW_MS / records.length;
        const at = (index: number): string => String(Math.floor(windowStartMs(window) + index * step));
        await send(stack().config, records, (index) => ({ timestamp: at(index) }));
        // The same event in two partitions: the one that the stream meets first is not the one that counts.
        const [twice = Buffer.alloc(0)] = records.filter((record) => record.includes('"track_played"'));
        for (const partition of [1, 0])
          await send(stack().config, [twice], () => ({ partition, timestamp: at(records.length - 1) }));
        let isClosed = false;
        let during = 0;
        const closing = stack()
          .reprise('run', '--start', window)
          .finally(() => {
            isClosed = true;
          });
        while (!isClosed) {
          await send(stack().config, playbacks(50));
          await stream.catchUp();
          during += 1;
        }
        const { exitCode, stdout, stderr } = await closing;
        expect(exitCode, `${stderr}\n${stdout}`).toBe(0);
        expect(during).toBeGreaterThan(3);
        const closed = await report(window);
        expect(closed).toMatchObject({ state: 'completed', reconciled: true, failure: null });
        expect(closed.counts.arrived).toBe(records.length + 2);
        expect(closed.hops.some(({ hop }) => hop === 'landing')).toBe(false);
        expect(closed.hops.filter(({ matches }) => !matches)).toEqual([]);
        expect(closed.steps.map(({ attempts }) => attempts)).toEqual(closed.steps.map(() => 1));
        expect(await lakeDifferences(stack().config)).toEqual([]);
        expect((await stream.view()).stream).toMatchObject({ state: 'runs', attempt: 2 });
      },
      limitMs,
    );
  });
}

function sorted<T extends { reasons: Record<string, number> }>(one: T): T {
  return { ...one, reasons: Object.fromEntries(Object.entries(one.reasons).toSorted()) };
}
