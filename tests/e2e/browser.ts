import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { type Browser, chromium, type Page } from 'playwright-core';
import type { Config } from '../../config/config.ts';
import { findBrowser } from '../runner/browser.ts';

const PAGE_LIMIT_MS = 90_000;

/** A Chromium as a person would use it, with pictures kept beside the instance's logs. */
export class Visitor {
  readonly #browser: Browser;
  readonly #screenshots: string;

  private constructor(browser: Browser, screenshots: string) {
    this.#browser = browser;
    this.#screenshots = screenshots;
  }

  static async arrive(config: Config): Promise<Visitor> {
    const executablePath = process.env.REPRISE_BROWSER ?? findBrowser(process.env);
    if (!executablePath) throw new Error('no Chromium; install it with: sudo apt-get install -y chromium');
    const screenshots = join(config.paths.instance, 'screenshots');
    mkdirSync(screenshots, { recursive: true });
    const browser = await chromium.launch({
      executablePath,
      // Without a user namespace (containers, root) the sandbox does not start; the pages are our own.
      args: ['--no-sandbox', '--disable-dev-shm-usage', '--disable-gpu'],
    });
    return new Visitor(browser, screenshots);
  }

  async open(url: string): Promise<Page> {
    const page = await this.#browser.newPage({ viewport: { width: 1440, height: 1000 }, timezoneId: 'UTC' });
    page.setDefaultTimeout(PAGE_LIMIT_MS);
    await page.goto(url, { waitUntil: 'domcontentloaded' });
    return page;
  }

  /** Full size, once the page has come to rest; a page that keeps polling never does, and is taken as it is. */
  async keep(page: Page, name: string): Promise<void> {
    await page.waitForLoadState('networkidle', { timeout: 5_000 }).catch(() => undefined);
    await page.screenshot({ path: join(this.#screenshots, `${name}.png`), fullPage: true });
  }

  async leave(): Promise<void> {
    await this.#browser.close();
  }
}

/** Airflow with its login page behind it. */
export async function openAirflow(visitor: Visitor, { airflow }: Config, path: string): Promise<Page> {
  const page = await visitor.open(`${airflow.url}${path}`);
  const { user, password } = airflow.credentials();
  const name = page.locator('input[name="username"]');
  await name.fill(user);
  await page.locator('input[name="password"]').fill(password);
  await page.locator('button[type="submit"]').click();
  await name.waitFor({ state: 'detached' });
  await page.goto(`${airflow.url}${path}`, { waitUntil: 'domcontentloaded' });
  return page;
}
