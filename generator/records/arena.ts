import { COPY_OVERRUN, copyFunction } from './copy.ts';
import {
  MD5_ADDRESSES_AT,
  MD5_BLOCKS_AT,
  MD5_LANES,
  MD5_MEMORY_BYTES,
  md5DigestAt,
  md5Function,
  prepareMd5,
} from './md5.ts';
import { PAGE_BYTES, wasmModule } from './wasm.ts';

const LINE_FEED = 0x0a;
const BLOCK_BYTES = 64;
/** Room after a record: MD5's padding. */
const PADDING = 2 * BLOCK_BYTES + COPY_OVERRUN;
const FIRST_PAGES = 16;
/** An arena that grew beyond this, by records that are too large on purpose, is not kept. */
const KEPT_BYTES = 32 * 1024 * 1024;

const roundedUp = (at: number): number => (at + BLOCK_BYTES - 1) & -BLOCK_BYTES;

let instantiate: ReturnType<typeof wasmModule> | undefined;

/**
 * Memory in which records are written one after another and digested where they lie. What is below `base` stays: the
 * texts that records are put together from.
 */
export class Arena {
  /** Both are replaced when the memory grows. */
  bytes: Buffer;
  view: DataView;
  /** Copies bytes within the arena; may spoil COPY_OVERRUN bytes after them. */
  readonly copy: (to: number, from: number, length: number) => void;
  private readonly memory: { readonly buffer: ArrayBuffer; grow(pages: number): number };
  private readonly md5: (mostBlocks: number) => void;
  private base = roundedUp(MD5_MEMORY_BYTES);
  private end = this.base;

  constructor() {
    instantiate ??= wasmModule([copyFunction(), md5Function()]);
    const { memory, exports } = instantiate(FIRST_PAGES);
    this.memory = memory;
    this.copy = exports.copy as Arena['copy'];
    this.md5 = exports.md5 as Arena['md5'];
    this.bytes = Buffer.from(memory.buffer);
    this.view = new DataView(memory.buffer);
    prepareMd5(new Int32Array(memory.buffer));
  }

  /** Keeps a text, latin1, for ever. @returns where it is */
  keep(text: string, room = text.length): number {
    const at = this.base;
    this.base = roundedUp(at + room + COPY_OVERRUN);
    this.reserve(0, this.base);
    this.bytes.write(text, at, 'latin1');
    this.end = this.base;
    return at;
  }

  /** Room for a record of so many bytes. @returns its address */
  open(length: number): number {
    this.reserve(this.end, length);
    return this.end;
  }

  /**
   * The record that was opened last has so many bytes: it gets MD5's padding, and the next comes after it.
   * @returns its address
   */
  close(length: number): number {
    const { view, end } = this;
    const to = end + ((length + 8) & -BLOCK_BYTES) + BLOCK_BYTES;
    let at = end + length;
    view.setInt32(at, 0x80, true);
    for (at += 4; at < to - 8; at += 4) view.setInt32(at, 0, true);
    view.setInt32(to - 8, length * 8, true);
    view.setInt32(to - 4, 0, true);
    this.end = to;
    return end;
  }

  /** Forgets all records. */
  clear(): void {
    this.end = this.base;
  }

  get isKept(): boolean {
    return this.memory.buffer.byteLength <= KEPT_BYTES;
  }

  /**
   * Digests records that were closed.
   * @param take called for each in turn with the first eight bytes of its MD5, in two halves
   */
  digest(
    starts: Int32Array,
    lengths: Int32Array,
    count: number,
    take: (place: number, high: number, low: number) => void,
  ): void {
    const { view } = this;
    for (let first = 0; first < count; first += MD5_LANES) {
      let mostBlocks = 0;
      for (let lane = 0; lane < MD5_LANES; lane++) {
        // Lanes that are left over do the last record again.
        const place = Math.min(first + lane, count - 1);
        const blocks = ((lengths[place] as number) + 8 + BLOCK_BYTES) >> 6;
        if (blocks > mostBlocks) mostBlocks = blocks;
        view.setInt32(MD5_ADDRESSES_AT + lane * 4, starts[place] as number, true);
        view.setInt32(MD5_BLOCKS_AT + lane * 4, blocks, true);
      }
      this.md5(mostBlocks);
      const lanes = Math.min(MD5_LANES, count - first);
      for (let lane = 0; lane < lanes; lane++) {
        const at = md5DigestAt(lane);
        take(first + lane, view.getUint32(at), view.getUint32(at + 16));
      }
    }
  }

  /** The records in the order of their places, each with a line feed. They are copied: the arena may be used again. */
  lines(order: Int32Array, starts: Int32Array, lengths: Int32Array): Buffer {
    let total = order.length;
    for (const place of order) total += lengths[place] as number;
    const from = this.open(total);
    const { bytes, copy } = this;
    let at = from;
    for (const place of order) {
      const length = lengths[place] as number;
      copy(at, starts[place] as number, length);
      at += length;
      bytes[at++] = LINE_FEED;
    }
    const lines = Buffer.allocUnsafeSlow(total);
    bytes.copy(lines, 0, from, at);
    return lines;
  }

  private reserve(from: number, length: number): void {
    const missing = from + length + PADDING - this.bytes.length;
    if (missing <= 0) return;
    this.memory.grow(Math.ceil(Math.max(missing, this.bytes.length) / PAGE_BYTES));
    this.bytes = Buffer.from(this.memory.buffer);
    this.view = new DataView(this.memory.buffer);
  }
}
