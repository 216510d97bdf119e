import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import type { Paths } from '../../config/paths.ts';
import { findPython } from './python.ts';
import type { StepContext } from './step.ts';
import { versionAtLeast } from './version.ts';

/**
 * The machine's Go when it can build what our go.mod files ask for. One from 1.21 on fetches the toolchain it lacks
 * from its module proxy, unless it was told to stay what it is.
 */
export async function systemGo(): Promise<{ version: string; suits: boolean } | undefined> {
  const { stdout, failed } = await execa('go', ['version'], { reject: false });
  const version = failed ? undefined : /go(\d+\.\d+(?:\.\d+)?)/.exec(stdout)?.[1];
  if (version === undefined) return undefined;
  const { stdout: toolchain } = await execa('go', ['env', 'GOTOOLCHAIN'], { reject: false });
  return { version, suits: versionAtLeast(version, toolchain?.trim() === 'local' ? [1, 25] : [1, 21]) };
}

let provided: Promise<string> | undefined;

/** The `go` to build with: the machine's, else one from a Python package, fetched once for all builds. */
export function provideGo(paths: Paths, context: StepContext): Promise<string> {
  provided ??= provide(paths, context);
  return provided;
}

async function provide(paths: Paths, { run, note }: StepContext): Promise<string> {
  const own = await systemGo();
  if (own?.suits) return 'go';
  note(own ? `Go ${own.version} is too old` : 'no Go on the PATH');
  const home = join(paths.tools, 'go');
  const program = join(home, 'bin', 'go');
  const isWhole = existsSync(program) && !(await execa(program, ['version'], { reject: false })).failed;
  if (isWhole) return program;
  const python = await findPython(['3.11', '3.12', '3.13']);
  if (!python) throw new Error('neither Go nor a Python that could fetch it was found');
  rmSync(home, { recursive: true, force: true });
  await run(python, ['-m', 'venv', home]);
  const lock = join(paths.repository, 'infra', 'go', 'requirements.lock');
  await run(join(home, 'bin', 'python'), [
    ...['-m', 'pip', 'install', '--quiet', '--require-hashes', '-r', lock],
  ]);
  return program;
}
