import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { sweepScratch, withScratch } from '../../../clients/scratch.ts';

const DAY_MS = 24 * 3_600_000;
const CLIENT = join(import.meta.dirname, '../../../clients/scratch.ts');
const HOLDER = `
  import { withScratch } from ${JSON.stringify(CLIENT)};
  await withScratch(process.argv[1], 'compact-w', async () => {
    console.log('held');
    await new Promise((resolve) => setTimeout(resolve, 60_000));
  });
`;

let scratch: string;
beforeEach(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'reprise-scratch-'));
});
afterEach(() => rm(scratch, { recursive: true, force: true }));

/** Returned in an object: a promise for a subprocess would be awaited to its end. */
async function heldByAnother() {
  const holder = execa(process.execPath, ['--input-type=module', '-e', HOLDER, scratch]);
  await once(holder.stdout, 'data');
  return { holder };
}

test('a folder is there for the work, and then it is not', async () => {
  const inside = await withScratch(join(scratch, 'new'), 'ingest-w', async () =>
    readdir(join(scratch, 'new')),
  );
  expect(inside).toHaveLength(1);
  expect(await readdir(join(scratch, 'new'))).toEqual([]);
});

test('what a killed process left is swept away, what a living one has is not', async () => {
  const { holder } = await heldByAnother();
  await sweepScratch(scratch);
  expect(await readdir(scratch)).toHaveLength(1);
  holder.kill('SIGKILL');
  await holder.catch(() => undefined);
  expect(await readdir(scratch)).toHaveLength(1);
  await sweepScratch(scratch);
  expect(await readdir(scratch)).toEqual([]);
});

test('a folder with our own id is that of a predecessor', async () => {
  await mkdir(join(scratch, `load-${hostname()}-${process.pid}-abcDEF`));
  await sweepScratch(scratch);
  expect(await readdir(scratch)).toEqual([]);
});

test("folders of which nothing is known are nobody's after a day", async () => {
  const unknown = ['compact-2026-01-05T08-00Z-abcDEF', `load-${hostname()}.elsewhere-${process.pid}-abcDEF`];
  for (const name of [...unknown, 'duckdb']) await mkdir(join(scratch, name));
  await sweepScratch(scratch, Date.now() + DAY_MS - 60_000);
  expect(await readdir(scratch)).toHaveLength(3);
  await sweepScratch(scratch, Date.now() + DAY_MS + 60_000);
  expect(await readdir(scratch)).toEqual(['duckdb']);
});

test('there is nothing to sweep before the first work', async () => {
  await expect(sweepScratch(join(scratch, 'none'))).resolves.toBeUndefined();
});
