import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Paths } from '../../config/paths.ts';
import type { Step } from './step.ts';

const COPY = 'org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies';

export function jarSteps(paths: Paths): Step[] {
  return [
    jarStep(paths, 'kafka', "Kafka's jars"),
    jarStep(paths, 'spark', "Spark's jars for Kafka and Iceberg"),
  ];
}

function jarStep(paths: Paths, name: string, title: string): Step {
  const project = join(paths.repository, 'infra', 'jars', name);
  const pom = join(project, 'pom.xml');
  const sums = join(project, 'jars.sha256');
  const folder = join(paths.tools, 'jars', name);
  return {
    name: `jars-${name}`,
    title,
    needs: [],
    inputs: () => readFileSync(pom, 'utf8') + (existsSync(sums) ? readFileSync(sums, 'utf8') : ''),
    outputs: [folder],
    mend: 'check that Maven (mvn) reaches its registry',
    async run({ run, note }) {
      const draft = `${folder}.new`;
      rmSync(draft, { recursive: true, force: true });
      mkdirSync(draft, { recursive: true });
      await run('mvn', [
        ...['--batch-mode', '--no-transfer-progress', '-f', pom, COPY],
        ...[`-DoutputDirectory=${draft}`, '-DincludeScope=runtime'],
      ]);
      const found = checksums(draft);
      // To accept new jars after a change of the POM: delete the list, provision, commit what it writes.
      if (!existsSync(sums)) writeFileSync(sums, found);
      const wanted = readFileSync(sums, 'utf8');
      if (found !== wanted) {
        note(difference(wanted, found));
        throw new Error(`the jars are not the ones in infra/jars/${name}/jars.sha256`);
      }
      rmSync(folder, { recursive: true, force: true });
      renameSync(draft, folder);
    },
  };
}

/** `<sha256>  <file>` a line, as sha256sum writes them. */
export function checksums(folder: string): string {
  return readdirSync(folder)
    .sort()
    .map(
      (file) =>
        `${createHash('sha256')
          .update(readFileSync(join(folder, file)))
          .digest('hex')}  ${file}\n`,
    )
    .join('');
}

function difference(wanted: string, found: string): string {
  const expected = new Set(wanted.split('\n'));
  const actual = new Set(found.split('\n'));
  return [
    ...[...expected].filter((line) => !actual.has(line)).map((line) => `missing:    ${line}`),
    ...[...actual].filter((line) => !expected.has(line)).map((line) => `unexpected: ${line}`),
  ].join('\n');
}
