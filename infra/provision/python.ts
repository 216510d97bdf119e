import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { homedir } from 'node:os';
import { join, relative } from 'node:path';
import { execa } from 'execa';
import type { Paths } from '../../config/paths.ts';
import { versionAtLeast } from './version.ts';
import type { Step } from './step.ts';

/** A Python project of this repository and the interpreters that its lock was resolved for, best first. */
interface PythonProject {
  name: string;
  folder: string;
  title: string;
  versions: readonly string[];
  onRequest?: boolean;
}

const FROM_3_11 = ['3.11', '3.12', '3.13'] as const;

const PROJECTS: readonly PythonProject[] = [
  { name: 'airflow', folder: 'airflow', title: "Airflow's Python environment", versions: FROM_3_11 },
  { name: 'spark', folder: 'spark', title: "Spark's Python environment", versions: FROM_3_11 },
  { name: 'servers', folder: 'infra/servers', title: 'Temporal and DuckDB extensions', versions: FROM_3_11 },
  { name: 'dbt', folder: 'dbt', title: "dbt's Python environment", versions: FROM_3_11 },
  {
    name: 'dashboard',
    folder: 'dashboard',
    title: "the dashboard's Python environment",
    versions: FROM_3_11,
  },
  {
    name: 'bigquery-emulator',
    folder: 'infra/bigquery-emulator',
    title: 'the BigQuery emulator',
    versions: ['3.13', '3.14'],
    onRequest: true,
  },
];

/** uv must never fetch an interpreter itself: it would come from outside the ordinary package registries. */
const UV_ENVIRONMENT = { UV_PYTHON_DOWNLOADS: 'never', UV_NO_PROGRESS: '1' };

/** An interpreter of one of these minor versions, or undefined. Version managers' shims are looked through. */
export async function findPython(versions: readonly string[]): Promise<string | undefined> {
  const managed = join(homedir(), '.pyenv', 'versions');
  const installed = existsSync(managed) ? readdirSync(managed) : [];
  for (const version of versions) {
    const candidates = [
      `python${version}`,
      ...installed
        .filter((name) => name === version || name.startsWith(`${version}.`))
        .map((name) => join(managed, name, 'bin', 'python3')),
      'python3',
    ];
    for (const candidate of candidates)
      if ((await pythonVersion(candidate))?.startsWith(`${version}.`)) return candidate;
  }
  return undefined;
}

/** `3.11.7`, or undefined when it does not start or cannot make environments. */
export async function pythonVersion(program: string): Promise<string | undefined> {
  const { stdout, failed } = await execa(
    program,
    ['-c', 'import ensurepip, platform, venv; print(platform.python_version())'],
    { reject: false, stderr: 'ignore' },
  );
  return failed ? undefined : stdout.trim();
}

export function uvStep(paths: Paths): Step {
  const program = join(paths.tools, 'bin', 'uv');
  const lock = join(paths.repository, 'infra', 'uv', 'requirements.lock');
  return {
    name: 'uv',
    title: 'uv, which installs Python packages',
    needs: [],
    inputs: () => readFileSync(lock, 'utf8'),
    outputs: [program],
    mend: 'check that python3 has venv and pip (Debian: apt-get install python3-venv) and that pip reaches its registry',
    async run({ run, note }) {
      mkdirSync(join(paths.tools, 'bin'), { recursive: true });
      rmSync(program, { force: true });
      const own = await execa('uv', ['--version'], { reject: false });
      const version = own.failed ? undefined : own.stdout.split(' ')[1];
      if (version && versionAtLeast(version, [0, 8])) {
        const { stdout } = await execa('which', ['uv']);
        note(`uv ${version} is on the PATH: ${stdout}`);
        symlinkSync(stdout.trim(), program);
        return;
      }
      const home = join(paths.tools, 'uv');
      rmSync(home, { recursive: true, force: true });
      const python = await findPython(['3.11', '3.12', '3.13', '3.14']);
      if (!python) throw new Error('no Python from 3.11 on was found');
      await run(python, ['-m', 'venv', home]);
      await run(join(home, 'bin', 'python'), [
        ...['-m', 'pip', 'install', '--quiet', '--require-hashes', '-r', lock],
      ]);
      symlinkSync(relative(join(paths.tools, 'bin'), join(home, 'bin', 'uv')), program);
    },
  };
}

/**
 * Resolves every project's lock anew, keeping the versions that still fit. For all platforms, with hashes, and
 * without the address of any registry: that is the reader's own choice.
 */
export async function relock(paths: Paths): Promise<void> {
  for (const { folder, versions } of PROJECTS) {
    const project = join(paths.repository, folder);
    const manifest = readFileSync(join(project, 'pyproject.toml'), 'utf8');
    await execa(
      join(paths.tools, 'bin', 'uv'),
      [
        ...['pip', 'compile', 'pyproject.toml', '--quiet', '--universal', '--generate-hashes'],
        ...(manifest.includes('[dependency-groups]') ? ['--group', 'dev'] : []),
        ...['--no-emit-index-url', '--no-emit-find-links', '--python-version', versions[0] ?? ''],
        ...['--custom-compile-command', 'npx reprise provision --relock', '-o', 'requirements.lock'],
      ],
      // From the project's folder, where uv finds its overrides.
      { cwd: project, env: UV_ENVIRONMENT, stdio: 'inherit' },
    );
  }
}

/** One step per Python project that has a committed lock. */
export function pythonSteps(paths: Paths): Step[] {
  return PROJECTS.filter((project) =>
    existsSync(join(paths.repository, project.folder, 'requirements.lock')),
  ).map((project) => pythonStep(paths, project));
}

function pythonStep(paths: Paths, project: PythonProject): Step {
  const home = join(paths.tools, 'venvs', project.name);
  const lock = join(paths.repository, project.folder, 'requirements.lock');
  const uv = join(paths.tools, 'bin', 'uv');
  return {
    name: `python-${project.name}`,
    title: project.title,
    needs: ['uv'],
    inputs: () => `${readFileSync(lock, 'utf8')}\n${project.versions.join(' ')}`,
    outputs: [join(home, 'bin', 'python')],
    mend: `check that the Python package registry is reachable and that Python ${project.versions[0]} is installed`,
    ...(project.onRequest ? { onRequest: true } : {}),
    async run({ run }) {
      const python = await findPython(project.versions);
      if (!python) throw new Error(`no Python ${project.versions.join(' or ')} was found`);
      // From nothing every time: uv links from its cache in seconds, and a half-linked package would pass for whole.
      rmSync(home, { recursive: true, force: true });
      await run(uv, ['venv', '--quiet', '--python', python, home], { env: UV_ENVIRONMENT });
      await run(
        uv,
        ['pip', 'sync', '--require-hashes', '--strict', '--python', join(home, 'bin', 'python'), lock],
        { env: UV_ENVIRONMENT },
      );
    },
  };
}
