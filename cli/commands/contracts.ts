import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Command } from 'commander';
import { REPOSITORY } from '../../config/paths.ts';
import { generatedSchemas } from '../../contracts/schemas.ts';
import { CommandFailure } from '../failure.ts';

const GENERATED = join(REPOSITORY, 'contracts', 'generated');

function existingFiles(directory: string): Map<string, string> {
  const files = new Map<string, string>();
  for (const entry of readdirSync(directory, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    files.set(path.slice(directory.length + 1), readFileSync(path, 'utf8'));
  }
  return files;
}

/** Paths below `contracts/generated/` that are absent, stale or of no contract any more. */
export function schemaDrift(directory: string = GENERATED): string[] {
  mkdirSync(directory, { recursive: true });
  const wanted = generatedSchemas();
  const found = existingFiles(directory);
  return [...new Set([...wanted.keys(), ...found.keys()])]
    .filter((path) => wanted.get(path) !== found.get(path))
    .sort();
}

function writeSchemas(): string[] {
  const drifted = schemaDrift();
  const wanted = generatedSchemas();
  for (const path of drifted) {
    const file = join(GENERATED, path);
    const text = wanted.get(path);
    if (text === undefined) rmSync(file);
    else {
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, text);
    }
  }
  return drifted;
}

export function register(command: Command): void {
  command
    .option('--check', 'change nothing; fail when a generated schema does not match its contract')
    .action((options: { check?: boolean }) => {
      if (options.check) {
        const drifted = schemaDrift();
        if (drifted.length > 0)
          throw new CommandFailure(
            `${drifted.length} generated schemas do not match the contracts: ${drifted.join(', ')}`,
            { mend: 'npx reprise contracts, then commit contracts/generated' },
          );
        process.stdout.write(`${generatedSchemas().size} generated schemas match the contracts\n`);
        return;
      }
      const written = writeSchemas();
      process.stdout.write(written.length > 0 ? `${written.join('\n')}\n` : 'nothing to write: all match\n');
    });
}
