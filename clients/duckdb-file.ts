import { setTimeout as sleep } from 'node:timers/promises';
import { DuckDBInstance, type DuckDBConnection } from '@duckdb/node-api';
import { ClientError } from './errors.ts';
import type { Progress } from './warehouse.ts';

/** How often a locked file is tried again. */
const RETRY_MS = 250;
/** A build of another window may hold the file for minutes; after this the workflow's own retry takes over. */
const LOCK_WAIT_MS = 15 * 60_000;

const LOCKED = /Could not set lock on file|Conflicting lock is held|already open in another process/i;
const OUT_OF_ROOM = /No space left|Out of Memory|could not allocate/i;

export function isLocked(message: string): boolean {
  return LOCKED.test(message);
}

export function duckDbError(doing: string, error: unknown): ClientError {
  if (error instanceof ClientError) return error;
  const message = error instanceof Error ? error.message : String(error);
  const say = `warehouse: ${doing}: ${message.split('\n')[0]}`;
  const options = { cause: error };
  if (isLocked(message)) return new ClientError('Unavailable', say, options);
  if (OUT_OF_ROOM.test(message)) return new ClientError('Unavailable', say, options);
  if (/Permission denied/i.test(message)) return new ClientError('AccessDenied', say, options);
  if (/does not exist|No such file/i.test(message)) return new ClientError('ResourceMissing', say, options);
  if (/Constraint Error|Conversion Error|not a valid DuckDB database/i.test(message)) {
    return new ClientError('DataQualityFailed', say, options);
  }
  if (/IO Error/i.test(message)) return new ClientError('Unavailable', say, options);
  return new ClientError('Misconfigured', say, options);
}

const queues = new Map<string, Promise<unknown>>();

/**
 * Runs `work` when no other caller of this process has the file. The operating system's locks are per process: two
 * instances of DuckDB in one process would both open the file and destroy it.
 */
export async function withFileToOurselves<T>(
  file: string,
  progress: Progress,
  work: () => Promise<T>,
): Promise<T> {
  const before = queues.get(file) ?? Promise.resolve();
  let release = (): void => {};
  const mine = new Promise<void>((resolve) => {
    release = resolve;
  });
  const turn = before.then(() => mine);
  queues.set(file, turn);
  try {
    await waitFor(before, progress);
    return await work();
  } finally {
    release();
    if (queues.get(file) === turn) queues.delete(file);
  }
}

async function waitFor(before: Promise<unknown>, progress: Progress): Promise<void> {
  let arrived = false;
  const arrival = before.then(() => {
    arrived = true;
  });
  for (;;) {
    await Promise.race([arrival, sleep(RETRY_MS)]);
    progress.signal.throwIfAborted();
    if (arrived) return;
    progress.note({ waiting_for: 'the warehouse file' });
  }
}

/**
 * Attaches the file as `warehouse`, waiting while another process holds it.
 * @throws ClientError Unavailable when it is still held after a quarter of an hour
 */
export async function attachWarehouse(
  connection: DuckDBConnection,
  file: string,
  access: 'READ_ONLY' | 'READ_WRITE',
  progress: Progress,
  waitMs: number = LOCK_WAIT_MS,
): Promise<void> {
  const deadline = performance.now() + waitMs;
  const path = file.replaceAll("'", "''");
  for (;;) {
    progress.signal.throwIfAborted();
    try {
      await connection.run(`ATTACH '${path}' AS warehouse (${access})`);
      return;
    } catch (error) {
      const locked = error instanceof Error && isLocked(error.message);
      if (!locked || performance.now() >= deadline) throw duckDbError('open', error);
      progress.note({ waiting_for: 'the warehouse file' });
      await sleep(RETRY_MS);
    }
  }
}

/** A database of our own: no extension is fetched from anywhere, and what is kept in memory is bounded. */
export async function withDuckDb<T>(
  file: string,
  work: (connection: DuckDBConnection) => Promise<T>,
): Promise<T> {
  const instance = await DuckDBInstance.create(file, {
    threads: '2',
    memory_limit: '1GB',
    autoinstall_known_extensions: 'false',
    autoload_known_extensions: 'false',
  });
  try {
    const connection = await instance.connect();
    try {
      await connection.run("SET TimeZone = 'UTC'");
      return await work(connection);
    } finally {
      connection.closeSync();
    }
  } finally {
    // The lock on the file lasts as long as the instance, and garbage collection comes when it likes.
    instance.closeSync();
  }
}
