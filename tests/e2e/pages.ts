import type { Page } from 'playwright-core';
import type { Config } from '../../config/config.ts';
import type { WindowReport } from '../../contracts/report.ts';
import type { WindowId } from '../../contracts/window.ts';
import { DAG } from './airflow-api.ts';
import { openAirflow, type Visitor } from './browser.ts';

/** Streamlit draws while it computes: the page is there when nothing runs any more. */
async function streamlitAtRest(page: Page): Promise<void> {
  await page.locator('[data-testid="stStatusWidget"]').waitFor({ state: 'detached' });
  await page.waitForFunction('document.querySelectorAll(\'[data-stale="true"]\').length === 0');
}

/** The overview, once its charts are drawn. @returns what the page says, as text */
export async function seeOverview(visitor: Visitor, config: Config): Promise<string> {
  const page = await visitor.open(config.dashboard.url);
  await page
    .locator('[data-testid="stVegaLiteChart"] canvas, [data-testid="stVegaLiteChart"] svg')
    .first()
    .waitFor();
  return read(visitor, page, 'dashboard-overview');
}

/** The pipeline page, once it lists the window. @returns what it says, as text */
export async function seePipeline(visitor: Visitor, config: Config, window: WindowId): Promise<string> {
  const page = await visitor.open(`${config.dashboard.url}/pipeline`);
  await page.getByText(window).first().waitFor();
  return read(visitor, page, 'dashboard-pipeline');
}

async function read(visitor: Visitor, page: Page, name: string): Promise<string> {
  await streamlitAtRest(page);
  await visitor.keep(page, name);
  const said = await page.locator('[data-testid="stMain"]').innerText();
  await page.close();
  return said;
}

/** Airflow's grid of the DAG, and the run of the window in it. @returns the run's page, as text */
export async function seeAirflowGrid(
  visitor: Visitor,
  config: Config,
  report: WindowReport,
): Promise<string> {
  const run = report.airflow?.run_id ?? '';
  const page = await openAirflow(visitor, config, `/dags/${DAG}`);
  // A column of the grid is a link to the run it stands for.
  const column = page.locator(`a[href*="/runs/${run}"], a[href*="/runs/${encodeURIComponent(run)}"]`).first();
  await column.waitFor();
  await visitor.keep(page, 'airflow-grid');
  await column.click();
  await page.getByText('Logical Date').first().waitFor();
  await visitor.keep(page, 'airflow-run');
  await page.getByRole('link', { name: 'Details' }).first().click();
  await page.getByText('Data Interval Start').first().waitFor();
  const text = `${decodeURIComponent(page.url())}\n${await page.locator('body').innerText()}`;
  await page.close();
  return text;
}

/** Temporal's list of workflows, then the window's own page. @returns that page, as text */
export async function seeTemporal(visitor: Visitor, config: Config, report: WindowReport): Promise<string> {
  const { workflow_id: id } = report.workflow;
  const page = await visitor.open(
    `${config.temporal.uiUrl}/namespaces/${config.temporal.namespace}/workflows`,
  );
  const link = page.getByRole('link', { name: id }).first();
  await link.waitFor();
  await visitor.keep(page, 'temporal-workflows');
  await link.click();
  await page.getByText('Completed').first().waitFor();
  await page.getByText(id).first().waitFor();
  await visitor.keep(page, 'temporal-window');
  const text = await page.locator('body').innerText();
  await page.close();
  return text;
}
