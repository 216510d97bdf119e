import { execa } from 'execa';
import { z } from 'zod';
import { describeMachine, type Machine } from './machine.ts';
import { type Spread, spread } from './spread.ts';

export interface ServePlan {
  /** The dashboard's Python. */
  python: string;
  /** Folder of the dashboard project. */
  project: string;
  /** Environment of the dashboard, the folder of the snapshots among it. */
  env: Record<string, string>;
  runs: number;
  signal: AbortSignal;
}

/** What `dashboard/measures/pages.py` prints. */
const Measured = z.object({
  playbacks: z.number().int().nonnegative(),
  pages: z.array(
    z.object({ page: z.string(), first_ms: z.array(z.number()), interaction_ms: z.array(z.number()) }),
  ),
});

export interface ServeLine {
  page: string;
  /** With nothing remembered, as after a start. */
  first_ms: Spread;
  /** Null where a page has nothing to choose. */
  interaction_ms: Spread | null;
}

export interface ServeBench {
  machine: Machine;
  playbacks: number;
  lines: ServeLine[];
  pages: z.infer<typeof Measured>['pages'];
}

/**
 * Measures the pages on the snapshot that is served, without a browser.
 * @throws Error when there is no snapshot, or a page fails
 */
export async function benchServe(plan: ServePlan): Promise<ServeBench> {
  const machine = describeMachine();
  const { stdout } = await execa(plan.python, ['-m', 'measures.pages', '--runs', String(plan.runs)], {
    cwd: plan.project,
    env: plan.env,
    cancelSignal: plan.signal,
  });
  const { playbacks, pages } = Measured.parse(JSON.parse(stdout));
  const lines = pages.map(({ page, first_ms, interaction_ms }) => ({
    page,
    first_ms: spread(first_ms),
    interaction_ms: interaction_ms.length > 0 ? spread(interaction_ms) : null,
  }));
  return { machine, playbacks, lines, pages };
}
