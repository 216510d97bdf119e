import type { Page } from 'playwright-core';
import type { Config } from '../../config/config.ts';
import type { Visitor } from './browser.ts';

/** The page Now of a stream that has had nothing yet. */
export async function openNow(visitor: Visitor, { dashboard }: Config): Promise<Page> {
  const page = await visitor.open(`${dashboard.url}/now`);
  await page.getByText('has not had an event yet').first().waitFor();
  return page;
}

/** The figures that a person reads there; a stream that has just begun has no more batches than are listed. */
export interface NowFigures {
  records: number;
  quarantined: number;
  repeats: number;
  /** By reason, in the order of their names. */
  reasons: Record<string, number>;
  setAside: number;
}

const numberOf = (text = ''): number => Number(text.replaceAll(/[^0-9]/g, ''));

export async function seeNow(page: Page): Promise<NowFigures> {
  /** Of the table that has such a column. */
  const rows = async (column: string): Promise<string[][]> =>
    (await page.locator(`table:has(th:text-is("${column}")) tbody tr`).allInnerTexts()).map((row) =>
      row.split('\t').map((cell) => cell.trim().split('\n')[0] ?? ''),
    );
  const batches = await rows('To the lake');
  const sum = (column: number): number => batches.reduce((all, cells) => all + numberOf(cells[column]), 0);
  const reasons = await rows('Last at');
  const metric = page.locator('[data-testid="stMetric"]', { hasText: 'Set aside' });
  const value = await metric.locator('[data-testid="stMetricValue"]').innerText({ timeout: 1_000 });
  return {
    ...{ records: sum(2), quarantined: sum(4), repeats: sum(5) },
    reasons: Object.fromEntries(
      reasons.map(([name = '', count]): [string, number] => [name, numberOf(count)]).toSorted(),
    ),
    setAside: numberOf(value),
  };
}
