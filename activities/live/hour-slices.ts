import { appendFile, mkdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { systemCode } from '../../clients/errors.ts';
import { WINDOW_MS } from '../../contracts/window.ts';
import { type DueRecord, dueRecords } from './due-times.ts';

/** Records of a slice, about: two slices fit into memory whatever the rate. */
const SLICE_RECORDS = 20_000;
/** Slices of five seconds: more would be more files than writing is worth. */
const MOST_SLICES = 720;
/** What gathers in memory before it is added to the slices' files. */
const GATHERED_BYTES = 16_000_000;
const HEADER_BYTES = 8;

export interface HourOrder {
  startMs: number;
  /** Mean records of an hour: how many slices it takes. */
  events: number;
  /** Hands over the hour's records, some lines at a time, each time in the order of their arrival. */
  generate(write: (lines: Buffer) => Promise<void>): Promise<unknown>;
  /** What was due before is not wanted. */
  fromMs: number;
  /** As the record is to be sent. */
  change(record: Buffer, dueMs: number): Buffer;
  /** Empty, and for this hour alone. */
  folder: string;
  signal: AbortSignal;
  /** Called after each hand-over. */
  onWritten?(): void;
}

/**
 * The records of one hour by when they are due: the generator makes an hour listener by listener, the producer needs it
 * second by second. In files, so that an hour may be larger than memory.
 */
export class HourSlices {
  readonly startMs: number;
  readonly endMs: number;
  readonly #folder: string;
  readonly #sliceMs: number;

  private constructor(startMs: number, sliceMs: number, folder: string) {
    this.startMs = startMs;
    this.endMs = startMs + WINDOW_MS;
    this.#sliceMs = sliceMs;
    this.#folder = folder;
  }

  static async made(order: HourOrder): Promise<HourSlices> {
    const { startMs, events, fromMs, folder, signal } = order;
    const count = Math.min(MOST_SLICES, Math.max(1, Math.ceil(events / SLICE_RECORDS)));
    const slices = new HourSlices(startMs, Math.ceil(WINDOW_MS / count), folder);
    await mkdir(folder, { recursive: true });
    let gathered = new Map<number, Buffer[]>();
    let bytes = 0;
    const flush = async (): Promise<void> => {
      const full = gathered;
      gathered = new Map();
      bytes = 0;
      for (const [slice, parts] of full) await appendFile(slices.#file(slice), Buffer.concat(parts));
    };
    await order.generate(async (lines) => {
      signal.throwIfAborted();
      for (const { due, record } of dueRecords(lines, startMs)) {
        if (startMs + due < fromMs) continue;
        const part = framed(due, order.change(record, startMs + due));
        const slice = Math.floor(due / slices.#sliceMs);
        const parts = gathered.get(slice);
        if (parts) parts.push(part);
        else gathered.set(slice, [part]);
        bytes += part.length;
      }
      if (bytes >= GATHERED_BYTES) await flush();
      order.onWritten?.();
      // What is due now does not wait for the next hour.
      await new Promise<void>((resolve) => setImmediate(resolve));
    });
    await flush();
    return slices;
  }

  /** The instant at which the slice that holds `atMs` ends. */
  sliceEnd(atMs: number): number {
    return Math.min(this.endMs, this.startMs + (this.#slice(atMs) + 1) * this.#sliceMs);
  }

  /** What is due from `atMs` to the end of its slice, in the order in which it is due. Nobody asks for it again. */
  async take(atMs: number): Promise<DueRecord[]> {
    const file = this.#file(this.#slice(atMs));
    const records = unframed(await contents(file));
    await rm(file, { force: true });
    return records.filter(({ due }) => this.startMs + due >= atMs).sort((one, other) => one.due - other.due);
  }

  async remove(): Promise<void> {
    await rm(this.#folder, { recursive: true, force: true });
  }

  #slice(atMs: number): number {
    return Math.floor((atMs - this.startMs) / this.#sliceMs);
  }

  #file(slice: number): string {
    return join(this.#folder, String(slice));
  }
}

function framed(due: number, record: Buffer): Buffer {
  const part = Buffer.allocUnsafe(HEADER_BYTES + record.length);
  part.writeUInt32LE(due, 0);
  part.writeUInt32LE(record.length, 4);
  record.copy(part, HEADER_BYTES);
  return part;
}

function unframed(bytes: Buffer): DueRecord[] {
  const records: DueRecord[] = [];
  for (let at = 0; at < bytes.length; ) {
    const length = bytes.readUInt32LE(at + 4);
    const start = at + HEADER_BYTES;
    records.push({ due: bytes.readUInt32LE(at), record: bytes.subarray(start, start + length) });
    at = start + length;
  }
  return records;
}

/** A slice in which nothing is due has no file. */
async function contents(file: string): Promise<Buffer> {
  try {
    return await readFile(file);
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return Buffer.alloc(0);
    throw error;
  }
}
