import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Paths } from '../../config/paths.ts';
import { writePrivate } from '../instance.ts';
import type { Service } from '../services/service.ts';
import { isListening, listProcesses, stopProcess, stopProject } from './client.ts';
import { endProcesses, OWNER_VARIABLE, ownedEntries, ownedProcesses } from './owned-processes.ts';
import { renderProcessCompose, renderProcesses } from './process-compose.ts';

/** A unix socket's path is limited to 107 bytes; a checkout that lies deeper gets one in the temporary folder. */
export function socketPath(paths: Paths): string {
  const near = join(paths.run, 'supervisor.sock');
  if (Buffer.byteLength(near) <= 100) return near;
  const key = createHash('sha256').update(paths.instance).digest('hex').slice(0, 12);
  return join(tmpdir(), `reprise-${userInfo().uid}-${key}`, 'supervisor.sock');
}

export class SupervisorFailure extends Error {
  override name = 'SupervisorFailure';
  readonly mend: string;
  constructor(message: string, mend: string) {
    super(message);
    this.mend = mend;
  }
}

/** Whether all of these services run, with the configuration that they have now. */
export async function isStarted(paths: Paths, services: readonly Service[]): Promise<boolean> {
  if (!(await isListening(socketPath(paths)))) return false;
  const file = fingerprintsFile(paths);
  const started = existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Record<string, string>) : {};
  return Object.entries(fingerprints(paths, services)).every(([name, print]) => started[name] === print);
}

const fingerprintsFile = (paths: Paths): string => join(paths.run, 'services.sha256.json');

/** Of each service's configuration, without what all share: npm and npx each add their own folders to the PATH. */
function fingerprints(paths: Paths, services: readonly Service[]): Record<string, string> {
  const processes = Object.entries(renderProcesses(services, paths.logs));
  return Object.fromEntries(
    processes.map(([name, told]) => [name, createHash('sha256').update(JSON.stringify(told)).digest('hex')]),
  );
}

/** Starts the supervisor with these services, detached, in place of what runs. */
export async function startSupervisor(
  paths: Paths,
  services: readonly Service[],
): Promise<'started' | 'restarted'> {
  const environment = baseEnvironment(paths);
  const file = join(paths.run, 'process-compose.yaml');
  const socket = socketPath(paths);
  const running = await isListening(socket);
  await stopEverything(paths);
  writePrivate(file, renderProcessCompose(services, { logs: paths.logs, environment }));
  writePrivate(fingerprintsFile(paths), JSON.stringify(fingerprints(paths, services)));
  mkdirSync(dirname(socket), { recursive: true, mode: 0o700 });
  const log = openSync(join(paths.logs, 'supervisor.log'), 'a', 0o600);
  const child = spawn(
    join(paths.tools, 'bin', 'process-compose'),
    [
      ...['up', '--config', file, '--use-uds', '--unix-socket', socket, '--tui=false'],
      // Without it the supervisor would end with the last job while a server waits to be restarted.
      ...['--keep-project', '--ordered-shutdown', '--disable-dotenv'],
      ...['--log-file', join(paths.logs, 'process-compose.log')],
    ],
    {
      cwd: paths.run,
      // A session of its own: closing the terminal must not end the stack.
      detached: true,
      // Its output repeats every process's log, without rotation.
      stdio: ['ignore', 'ignore', log],
      env: { ...environment, PC_DISABLE_TUI: '1', XDG_CONFIG_HOME: paths.run },
    },
  );
  child.unref();
  closeSync(log);
  await waitForSocket(paths, child);
  return running ? 'restarted' : 'started';
}

async function waitForSocket(paths: Paths, child: ReturnType<typeof spawn>): Promise<void> {
  let ended: string | undefined;
  child.once('error', (error) => {
    ended = error.message;
  });
  child.once('exit', (code) => {
    ended = `exit code ${code}`;
  });
  for (const until = performance.now() + 15_000; performance.now() < until; ) {
    if (ended !== undefined) break;
    if (await isListening(socketPath(paths))) return;
    await sleep(100);
  }
  throw new SupervisorFailure(
    `the process supervisor did not start (${ended ?? 'no answer after 15 s'})`,
    `read ${join(paths.logs, 'supervisor.log')}, then run the command again`,
  );
}

/** The workers may take a minute (the stream commits its last batch), and the broker twenty seconds after them. */
const STOP_LIMIT_MS = 120_000;

/**
 * Leaves nothing of this installation running, whatever state it is in: supervised, half started, or with its
 * supervisor killed.
 * @returns how many processes ran before
 */
export async function stopEverything(paths: Paths): Promise<number> {
  // Before the first signal: what has lost its mark can be recognised only as long as its parents live.
  const before = await ownedEntries(paths.instance);
  const socket = socketPath(paths);
  await stopWorkers(socket);
  // It answers before it has ended, and by then nothing that it supervised is left.
  if (await stopProject(socket, STOP_LIMIT_MS))
    for (const until = performance.now() + 10_000; performance.now() < until; ) {
      if ((await ownedProcesses(paths.instance)).length === 0) break;
      await sleep(100);
    }
  await endProcesses(paths.instance, 8_000, before);
  rmSync(socket, { force: true });
  return before.length;
}

/**
 * The workers first: what they finish in their last seconds goes to the servers. Left to itself, process-compose 1.64 has a
 * server wait for one of those that need it, whichever it comes upon first, and ends it under the others.
 */
async function stopWorkers(socket: string): Promise<void> {
  const running = (await listProcesses(socket).catch(() => undefined)) ?? [];
  const workers = running.filter(({ name, is_running }) => is_running && name.startsWith('worker-'));
  await Promise.all(workers.map(({ name }) => stopProcess(socket, name, STOP_LIMIT_MS)));
}

/** What every process gets, and no more: a person's shell holds keys that no server of ours needs. */
function baseEnvironment(paths: Paths): Record<string, string> {
  const kept = ['HOME', 'USER', 'LOGNAME', 'LANG', 'LC_ALL', 'TMPDIR', 'JAVA_HOME', 'TZ'];
  const passed = kept.flatMap((name) => {
    const value = process.env[name];
    return value ? [[name, value] as const] : [];
  });
  const { JAVA_HOME, PATH } = process.env;
  const path = [
    dirname(process.execPath),
    join(paths.tools, 'bin'),
    ...(JAVA_HOME ? [join(JAVA_HOME, 'bin')] : []),
    PATH ?? '/usr/bin:/bin',
  ];
  return { ...Object.fromEntries(passed), PATH: path.join(':'), [OWNER_VARIABLE]: paths.instance };
}
