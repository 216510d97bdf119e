import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { createServer } from 'node:net';

/** Whether something else listens there already. */
export function isPortTaken(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', () => resolve(true));
    probe.listen({ port, host: '127.0.0.1' }, () => probe.close(() => resolve(false)));
  });
}

export interface Listener {
  pid: number;
  program: string;
}

/** Who listens on a port; undefined when the system does not tell (another user's process, not Linux). */
export function listenerOn(port: number): Listener | undefined {
  if (process.platform !== 'linux') return undefined;
  const inodes = new Set(
    ['/proc/net/tcp', '/proc/net/tcp6'].flatMap((table) => listeningInodes(table, port)),
  );
  if (inodes.size === 0) return undefined;
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    try {
      const holds = readdirSync(`/proc/${name}/fd`).some((fd) =>
        inodes.has(/^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${name}/fd/${fd}`))?.[1] ?? ''),
      );
      if (holds) return { pid: Number(name), program: readFileSync(`/proc/${name}/comm`, 'utf8').trim() };
    } catch {
      // Ended meanwhile, or not ours to look into.
    }
  }
  return undefined;
}

function listeningInodes(table: string, port: number): string[] {
  const LISTEN = '0A';
  const suffix = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  try {
    return readFileSync(table, 'utf8')
      .split('\n')
      .slice(1)
      .map((line) => line.trim().split(/\s+/))
      .filter((fields) => fields[1]?.endsWith(suffix) && fields[3] === LISTEN)
      .flatMap((fields) => fields[9] ?? []);
  } catch {
    return [];
  }
}
