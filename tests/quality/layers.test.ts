import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { execa } from 'execa';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { REPOSITORY } from '../../config/paths.ts';

const FIXTURES = join(REPOSITORY, 'tests', 'quality', 'fixtures', 'layers');
const CONFIGURATION = join(REPOSITORY, '.dependency-cruiser.mjs');
const LAYERS = [
  ...['contracts', 'generator', 'clients', 'activities', 'workflows'],
  ...['workers', 'cli', 'config', 'infra', 'bench', 'tests'],
].filter((folder) => existsSync(join(REPOSITORY, folder)));

const Cruise = z.object({
  modules: z.array(z.object({ source: z.string() })),
  summary: z.object({
    violations: z.array(z.object({ from: z.string(), to: z.string(), rule: z.object({ name: z.string() }) })),
  }),
});

async function cruise(folder: string, targets: readonly string[]): Promise<z.infer<typeof Cruise>> {
  const { stdout } = await execa(
    process.execPath,
    [
      join(REPOSITORY, 'node_modules', 'dependency-cruiser', 'bin', 'dependency-cruiser.mjs'),
      '--config',
      CONFIGURATION,
      '--output-type',
      'json',
      ...targets,
    ],
    // It ends with the number of violations; what counts is the report.
    { cwd: folder, reject: false, stderr: 'ignore', maxBuffer: 200_000_000 },
  );
  return Cruise.parse(JSON.parse(stdout));
}

const Configuration = z.object({ default: z.object({ forbidden: z.array(z.object({ name: z.string() })) }) });

describe('layers', async () => {
  const configuration = Configuration.parse(await import(pathToFileURL(CONFIGURATION).href));
  test('no import crosses a layer', async () => {
    const { modules, summary } = await cruise(REPOSITORY, LAYERS);
    const own = modules.filter((module) => !module.source.includes('node_modules'));
    expect(own.length, 'files looked at').toBeGreaterThan(50);
    const crossing = summary.violations.map(({ from, to, rule }) => `${rule.name}: ${from} -> ${to}`);
    expect(crossing.join('\n')).toBe('');
  });

  const fixtures = await cruise(FIXTURES, ['.']);
  const rules = configuration.default.forbidden.map((rule) => rule.name);

  test.each(rules)('%s reports its bad fixture', (rule) => {
    const { summary } = fixtures;
    const reported = summary.violations.filter((violation) => violation.rule.name === rule);
    expect(reported.map((violation) => violation.from)).toContainEqual(
      expect.stringMatching(`/${rule}[.]ts$`),
    );
  });

  test('a type of an activity is no violation', () => {
    const { modules, summary } = fixtures;
    expect(modules.map((module) => module.source)).toContain('workflows/some-workflow.ts');
    expect(summary.violations.map((violation) => violation.from)).not.toContain('workflows/some-workflow.ts');
  });
});
