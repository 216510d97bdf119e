import { createHash } from 'node:crypto';
import { copyFileSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import type { Paths } from '../../config/paths.ts';
import { provideGo } from './go-toolchain.ts';
import type { Step, StepContext } from './step.ts';

interface GoProgram {
  name: string;
  title: string;
  module: string;
  package: string;
}

const PROGRAMS: readonly GoProgram[] = [
  {
    name: 'minio',
    title: 'MinIO, built from source',
    module: 'github.com/minio/minio',
    package: 'github.com/minio/minio',
  },
  {
    name: 'process-compose',
    title: 'the process supervisor, built from source',
    module: 'github.com/f1bonacc1/process-compose',
    package: 'github.com/f1bonacc1/process-compose/src',
  },
];

const FLAGS = ['-trimpath', '-buildvcs=false', '-mod=readonly', '-ldflags', '-s -w'];

export function goSteps(paths: Paths): Step[] {
  return PROGRAMS.map((program) => goStep(paths, program));
}

function goStep(paths: Paths, program: GoProgram): Step {
  const project = join(paths.repository, 'infra', program.name);
  const target = join(paths.tools, 'bin', program.name);
  const inputs = (): string =>
    [
      readFileSync(join(project, 'go.mod'), 'utf8'),
      readFileSync(join(project, 'go.sum'), 'utf8'),
      `${process.platform} ${process.arch} ${FLAGS.join(' ')}`,
    ].join('\n');
  return {
    name: program.name,
    title: program.title,
    needs: [],
    inputs,
    outputs: [target],
    mend: 'check that Go reaches its module proxy and that 5 GB of disk are free',
    async run(context) {
      mkdirSync(join(paths.tools, 'bin'), { recursive: true });
      const version = moduleVersion(readFileSync(join(project, 'go.mod'), 'utf8'), program.module);
      const installed = await installedProgram(program, version);
      if (installed) {
        context.note(`${version} is on the PATH: ${installed}`);
        rmSync(target, { force: true });
        symlinkSync(installed, target);
        return;
      }
      const key = createHash('sha256').update(inputs()).digest('hex').slice(0, 16);
      const cached = join(paths.cache, 'bin', `${program.name}-${key}`);
      if (existsSync(cached)) context.note(`already built: ${cached}`);
      else await build(context, await provideGo(paths, context), project, program, cached);
      const draft = `${target}.new`;
      copyFileSync(cached, draft);
      rmSync(target, { force: true });
      renameSync(draft, target);
    },
  };
}

async function build(
  context: StepContext,
  go: string,
  project: string,
  program: GoProgram,
  cached: string,
): Promise<void> {
  mkdirSync(join(cached, '..'), { recursive: true });
  const draft = `${cached}.${process.pid}.new`;
  await context.run(go, ['build', ...FLAGS, '-o', draft, program.package], {
    cwd: project,
    env: { CGO_ENABLED: '0', GOWORK: 'off' },
  });
  renameSync(draft, cached);
}

/** The version a go.mod requires of a module. */
export function moduleVersion(goMod: string, module: string): string {
  const line = goMod
    .split('\n')
    .find((entry) => entry.replace('require', '').trim().startsWith(`${module} `));
  const version = line?.replace('require', '').trim().split(' ')[1];
  if (!version) throw new Error(`go.mod does not require ${module}`);
  return version;
}

/** A program on the PATH that was built from exactly the module version we pin; Go programs carry that inside. */
async function installedProgram(program: GoProgram, version: string): Promise<string | undefined> {
  const found = await execa('which', [program.name], { reject: false });
  if (found.failed) return undefined;
  const file = found.stdout.trim();
  const info = await execa('go', ['version', '-m', file], { reject: false });
  const built =
    !info.failed &&
    info.stdout.split('\n').some((line) => {
      const [kind, module, at] = line.trim().split('\t');
      return (kind === 'mod' || kind === 'dep') && module === program.module && at === version;
    });
  return built ? file : undefined;
}
