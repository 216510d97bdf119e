import { closeSync, existsSync, openSync, readSync, statSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

/** Enough for some hundred lines without reading a log of many megabytes. */
const TAIL_BYTES = 256 * 1024;

export function lastLines(file: string, count: number): string[] {
  if (!existsSync(file)) return [];
  const { size } = statSync(file);
  const text = readRange(file, Math.max(0, size - TAIL_BYTES), size);
  return text.trimEnd().split('\n').slice(-count);
}

/** What is appended from now on, until the signal. Survives the log's rotation. */
export async function follow(
  file: string,
  write: (text: string) => unknown,
  signal: AbortSignal,
): Promise<void> {
  let at = existsSync(file) ? statSync(file).size : 0;
  while (!signal.aborted) {
    await sleep(200, undefined, { signal }).catch(() => undefined);
    const size = statSync(file, { throwIfNoEntry: false })?.size ?? 0;
    if (size < at) at = 0;
    if (size > at) write(readRange(file, at, size));
    at = size;
  }
}

function readRange(file: string, from: number, to: number): string {
  const buffer = Buffer.alloc(to - from);
  const handle = openSync(file, 'r');
  try {
    readSync(handle, buffer, 0, buffer.length, from);
  } finally {
    closeSync(handle);
  }
  return buffer.toString('utf8');
}
