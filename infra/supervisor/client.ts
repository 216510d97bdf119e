import { existsSync } from 'node:fs';
import { request } from 'node:http';
import { z } from 'zod';

/** What the supervisor says of one process. */
const ProcessState = z.object({
  name: z.string(),
  status: z.string(),
  is_ready: z.string(),
  has_ready_probe: z.boolean(),
  restarts: z.number(),
  exit_code: z.number(),
  pid: z.number(),
  mem: z.number(),
  is_running: z.boolean(),
});
export type ProcessState = z.infer<typeof ProcessState>;

/** The supervisor's answers over its unix socket; undefined when nobody listens there. */
export async function listProcesses(socket: string): Promise<ProcessState[] | undefined> {
  if (!existsSync(socket)) return undefined;
  const answer = await call(socket, 'GET', '/processes');
  if (answer === undefined) return undefined;
  return z.object({ data: z.array(ProcessState) }).parse(JSON.parse(answer)).data;
}

/** Asks for an orderly end of everything. @returns false when nobody listens */
export async function stopProject(socket: string, timeoutMs: number): Promise<boolean> {
  return existsSync(socket) && (await call(socket, 'POST', '/project/stop', timeoutMs)) !== undefined;
}

function call(
  socketPath: string,
  method: string,
  path: string,
  timeoutMs = 5_000,
): Promise<string | undefined> {
  return new Promise((resolve) => {
    const outgoing = request({ socketPath, method, path, timeout: timeoutMs }, (response) => {
      let body = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => {
        body += chunk;
      });
      response.on('end', () => resolve(response.statusCode === 200 ? body : undefined));
      response.on('error', () => resolve(undefined));
    });
    outgoing.on('timeout', () => outgoing.destroy());
    // Nobody listens: a socket file outlives a supervisor that was killed.
    outgoing.on('error', () => resolve(undefined));
    outgoing.end();
  });
}
