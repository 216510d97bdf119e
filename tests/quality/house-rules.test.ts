import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { describe, expect, test } from 'vitest';
import { REPOSITORY } from '../../config/paths.ts';
import { HOUSE_RULES } from './house-rules.ts';

// The rules and their counter-examples necessarily contain what they forbid; pictures and locks hold no prose.
const EXEMPT =
  /^tests\/quality\/|\.(png|jpg|svg|ico|parquet|duckdb)$|(^|\/)(package-lock\.json|go\.sum)$|^contracts\/generated\//;

async function ownFiles(): Promise<string[]> {
  const { stdout } = await execa('git', ['ls-files', '--cached', '--others', '--exclude-standard', '-z'], {
    cwd: REPOSITORY,
  });
  return stdout.split('\0').filter((file) => file !== '' && !EXEMPT.test(file));
}

/** A file that is listed may be deleted in the work tree. */
function textOf(file: string): string {
  try {
    return readFileSync(join(REPOSITORY, file), 'utf8');
  } catch {
    return '';
  }
}

describe('house rules', async () => {
  const files = (await ownFiles()).map((file) => ({ file, text: textOf(file) }));

  test.each(HOUSE_RULES)('$name', ({ applies, find, why }) => {
    const looked = files.filter(({ file }) => applies(file));
    expect(looked.length, 'files looked at').toBeGreaterThan(0);
    const found = looked.flatMap(({ file, text }) => find(text, file).map((line) => `${file}:${line}`));
    expect(found.join('\n'), why).toBe('');
  });

  test.each(HOUSE_RULES)('$name: reports its bad example', ({ applies, find, bad }) => {
    expect(applies(bad.file)).toBe(true);
    expect(find(bad.text, bad.file)).not.toEqual([]);
  });
});

test('locks name no registry either', async () => {
  const locks = readFileSync(join(REPOSITORY, 'package-lock.json'), 'utf8');
  expect(locks).toContain('"integrity"');
  expect(locks).not.toMatch(/"resolved": "http/);
});
