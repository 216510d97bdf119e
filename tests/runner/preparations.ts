import type { Paths } from '../../config/paths.ts';
import { missingSteps, provision } from '../../infra/provision/provision.ts';
import { ensureBrowser } from './browser.ts';
import type { Display } from './display.ts';
import type { Need } from './suite.ts';

export interface PreparationContext {
  paths: Paths;
  display: Display;
  env: Record<string, string>;
  log: string;
  signal: AbortSignal;
}

/** Makes what suites need, each once, however many suites wait for it. */
export class Preparations {
  readonly #context: PreparationContext;
  readonly #made = new Map<Need, Promise<void>>();

  constructor(context: PreparationContext) {
    this.#context = context;
  }

  ready(need: Need): Promise<void> {
    let made = this.#made.get(need);
    if (!made) {
      made = this.#make(need);
      this.#made.set(need, made);
    }
    return made;
  }

  async #make(need: Need): Promise<void> {
    const { paths, display, env, log, signal } = this.#context;
    switch (need) {
      case 'tools':
        if (missingSteps(paths).length > 0) await this.#provision(undefined);
        return;
      case 'emulator':
        // One provisioning at a time: the steps of both write to the same caches.
        await this.ready('tools');
        await this.#provision(['python-bigquery-emulator']);
        return;
      case 'browser': {
        display.started('browser');
        try {
          env.REPRISE_BROWSER = await ensureBrowser(env, log, signal);
        } finally {
          display.ended('browser');
        }
      }
    }
  }

  async #provision(only: readonly string[] | undefined): Promise<void> {
    const { paths, display } = this.#context;
    await provision({
      paths,
      ...(only ? { only } : {}),
      observer: {
        started: (step) => display.started(step.title),
        finished: (step, seconds) => {
          display.ended(step.title);
          display.line(`  ✔ installed: ${step.title}  ${seconds.toFixed(0)} s`);
        },
        failed: (step, seconds) => {
          display.ended(step.title);
          display.line(`  ✖ not installed: ${step.title}  ${seconds.toFixed(0)} s`);
        },
        close: () => undefined,
      },
    });
  }
}
