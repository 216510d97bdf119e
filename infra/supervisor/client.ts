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

/** On a machine that is far too busy an answer may take long; that is not the same as nobody being there. */
const ANSWER_LIMIT_MS = 20_000;
const ATTEMPTS = 3;

/** The supervisor's answers over its unix socket; undefined when nobody listens there. */
export async function listProcesses(socket: string): Promise<ProcessState[] | undefined> {
  const answer = await call(socket, 'GET', '/processes', ANSWER_LIMIT_MS);
  if (answer === undefined) return undefined;
  return z.object({ data: z.array(ProcessState) }).parse(JSON.parse(answer)).data;
}

/**
 * Whether anybody listens, without making the supervisor measure every process. One that closes the connection without
 * an answer has bound its socket but does not serve yet, or is about to end.
 */
export async function isListening(socket: string): Promise<boolean> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const answer = await once(socket, 'GET', '/live', ANSWER_LIMIT_MS);
    if (answer === 'closed') return false;
    if (answer !== 'silence') return answer.body !== undefined;
  }
  throw new NoAnswer('the process supervisor does not answer (/live)');
}

/** Ends one process and waits for it; one that does not run is no failure. */
export async function stopProcess(socket: string, name: string, timeoutMs: number): Promise<void> {
  try {
    await call(socket, 'PATCH', `/process/stop/${name}`, timeoutMs, 1);
  } catch (error) {
    // What is left of it ends with everything else.
    if (!(error instanceof NoAnswer)) throw error;
  }
}

/** Asks for an orderly end of everything. @returns false when nobody listens */
export async function stopProject(socket: string, timeoutMs: number): Promise<boolean> {
  try {
    return (await call(socket, 'POST', '/project/stop', timeoutMs, 1)) !== undefined;
  } catch (error) {
    // Whoever asks for an end has other means when this one takes too long.
    if (error instanceof NoAnswer) return true;
    throw error;
  }
}

export class NoAnswer extends Error {
  override name = 'NoAnswer';
  readonly mend = 'run the command again; if it stays so, `npx reprise down` ends it by force';
}

async function call(
  socket: string,
  method: string,
  path: string,
  timeoutMs: number,
  attempts = ATTEMPTS,
): Promise<string | undefined> {
  for (let attempt = 0; attempt < attempts; attempt += 1) {
    const answer = await once(socket, method, path, timeoutMs);
    if (answer !== 'silence' && answer !== 'closed') return answer.body;
  }
  throw new NoAnswer(`the process supervisor does not answer (${path})`);
}

/** A socket file outlives a supervisor that was killed: then the connection is refused. */
const NOBODY = new Set(['ENOENT', 'ECONNREFUSED', 'ENOTSOCK']);
const CLOSED = new Set(['EPIPE', 'ECONNRESET']);

function once(
  socketPath: string,
  method: string,
  path: string,
  timeout: number,
): Promise<'silence' | 'closed' | { body: string | undefined }> {
  return new Promise((resolve) => {
    const outgoing = request({ socketPath, method, path, timeout }, (response) => {
      let body = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => {
        body += chunk;
      });
      response.on('end', () => resolve({ body }));
      response.on('error', () => resolve('silence'));
    });
    outgoing.on('timeout', () => outgoing.destroy());
    outgoing.on('error', ({ code = '' }: NodeJS.ErrnoException) => {
      if (NOBODY.has(code)) resolve({ body: undefined });
      else resolve(CLOSED.has(code) ? 'closed' : 'silence');
    });
    outgoing.end();
  });
}
