import { copyFileSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { Paths } from '../../config/paths.ts';
import type { Step } from './step.ts';

/** DuckDB loads these by path; avro must be loaded before iceberg. */
export const DUCKDB_EXTENSIONS = ['httpfs', 'icu', 'avro', 'iceberg'] as const;

/**
 * Takes the extensions out of their wheels into one flat folder, so that the TypeScript activities, dbt and the
 * dashboard load the same files without the network.
 */
export function duckdbExtensionsStep(paths: Paths): Step {
  const folder = join(paths.tools, 'duckdb-extensions');
  const environment = join(paths.tools, 'venvs', 'servers');
  return {
    name: 'duckdb-extensions',
    title: "DuckDB's extensions",
    needs: ['python-servers'],
    inputs: () => DUCKDB_EXTENSIONS.join(' '),
    outputs: DUCKDB_EXTENSIONS.map((name) => join(folder, `${name}.duckdb_extension`)),
    mend: 'remove .reprise/tools/venvs/servers',
    async run({ note }) {
      const files = readdirSync(environment, { recursive: true, encoding: 'utf8' }).filter((file) =>
        file.endsWith('.duckdb_extension'),
      );
      const draft = `${folder}.new`;
      rmSync(draft, { recursive: true, force: true });
      mkdirSync(draft, { recursive: true });
      for (const file of files) {
        note(file);
        copyFileSync(join(environment, file), join(draft, basename(file)));
      }
      rmSync(folder, { recursive: true, force: true });
      renameSync(draft, folder);
    },
  };
}
