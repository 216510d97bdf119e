import { appendFile, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type WindowId, windowKey } from '../contracts/window.ts';
import type { Watcher } from '../generator/realism/run.ts';
import { CommandFailure } from './failure.ts';
import { makeDirectory } from './generated-files.ts';

export interface ScoredFiles extends Pick<Watcher, 'lines' | 'listener' | 'history'> {
  /** Writes what is left, and the result beside it. */
  finish(scorecard: string): Promise<void>;
}

/**
 * Keeps what a scorecard looks at, so that anybody can count again: `window=<key>/shard-0000.ndjson` as `generate`
 * writes it, `listeners.ndjson` with a profile a line, `histories.ndjson` with what each long history came to, and
 * `scorecard.json`.
 *
 * @throws CommandFailure when there is something already: records of two runs must not lie side by side
 */
export async function scoredFiles(out: string): Promise<ScoredFiles> {
  await wrapped(out, () => makeDirectory(out));
  if ((await wrapped(out, () => readdir(out))).length > 0)
    throw new CommandFailure(`${out} is not empty`, { mend: 'name a new directory with --out' });
  const profiles: string[] = [];
  const histories: string[] = [];
  let current: WindowId | undefined;
  return {
    async lines(window, lines) {
      const directory = join(out, `window=${windowKey(window)}`);
      await wrapped(out, async () => {
        if (window !== current) await makeDirectory(directory);
        current = window;
        await appendFile(join(directory, 'shard-0000.ndjson'), lines);
      });
    },
    listener: (profile) => void profiles.push(`${JSON.stringify(profile)}\n`),
    history: (history) => void histories.push(`${JSON.stringify(history)}\n`),
    finish: (scorecard) =>
      wrapped(out, async () => {
        await writeFile(join(out, 'listeners.ndjson'), profiles.join(''));
        await writeFile(join(out, 'histories.ndjson'), histories.join(''));
        await writeFile(join(out, 'scorecard.json'), scorecard);
      }),
  };
}

async function wrapped<T>(out: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === undefined) throw error;
    throw new CommandFailure(`cannot write to ${out}: ${code}`, {
      mend: 'name another directory with --out, or make room',
      cause: error,
    });
  }
}
