import type { Config } from '../../config/config.ts';
import { streamBatches } from '../../bench/stream-batches.ts';
import { LIVE_INSTANCE } from '../runner/isolation.ts';
import { Installation } from '../installation.ts';

/** What a stream needs, and the worker that runs it. */
export const LIVE_PARTS = ['kafka', 'minio', 'temporal', 'worker-control', 'worker-live'];

/** Many times what a start of the stream, or a minute's records, take on a machine that does nothing else. */
export const LIMIT_MS = 300_000;

export async function liveInstallation(): Promise<Installation> {
  const installation = await Installation.fresh(LIVE_INSTANCE);
  await installation.repriseOrThrow('up', ...LIVE_PARTS);
  return installation;
}

/** For the pages that say what was measured; nothing is held against it. */
export function tell(what: string, figures: Record<string, unknown>): void {
  process.stdout.write(`${what}: ${JSON.stringify(figures)}\n`);
}

/** Figures of the batches from `first` on, as the stream has put them down. */
export function batchFigures({ paths }: Config, first = 0) {
  const batches = streamBatches(paths.nowFile).filter(({ batch }) => batch >= first);
  return {
    batches: batches.length,
    records: batches.reduce((sum, { records }) => sum + records, 0),
    largest: Math.max(0, ...batches.map(({ records }) => records)),
    most_behind: Math.max(0, ...batches.map(({ lag }) => lag)),
    slowest_s: Math.max(0, ...batches.map(({ seconds }) => seconds)),
  };
}

/** Number of the batch after the last. */
export function nextBatch({ paths }: Config): number {
  return 1 + Math.max(-1, ...streamBatches(paths.nowFile).map(({ batch }) => batch));
}
