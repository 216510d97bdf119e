import { hash } from 'node:crypto';
import { type ContentHash, formatContentHash } from '../contracts/content-hash.ts';
import { READABLE_TYPES, readableTypeOf } from '../contracts/readable-type.ts';

const NEWLINE = 0x0a;

/** The records of an NDJSON stream, a chunk's worth at a time, each without its newline. Memory: one chunk, one record. */
export async function* readRecords(stream: AsyncIterable<Uint8Array>): AsyncGenerator<Buffer[]> {
  let rest: Buffer[] = [];
  for await (const part of stream) {
    const chunk = Buffer.from(part.buffer, part.byteOffset, part.byteLength);
    const records: Buffer[] = [];
    let from = 0;
    for (let at = chunk.indexOf(NEWLINE); at !== -1; at = chunk.indexOf(NEWLINE, from)) {
      const end = chunk.subarray(from, at);
      records.push(rest.length > 0 ? Buffer.concat([...rest, end]) : end);
      rest = [];
      from = at + 1;
    }
    if (from < chunk.length) rest.push(chunk.subarray(from));
    if (records.length > 0) yield records;
  }
  if (rest.length > 0) yield [Buffer.concat(rest)];
}

/** Adds up what passed: how many records, by the type that can be read, bytes, and their content hash. */
export class RecordTally {
  records = 0;
  bytes = 0;
  private readonly types = READABLE_TYPES.map(() => 0);
  private sum = 0n;
  /** Sums of the halves of the hashes: adding numbers is several times as fast as adding bigints. */
  private high = 0;
  private low = 0;

  /** Takes NDJSON that ends with a newline. */
  takeLines(lines: Buffer): void {
    let from = 0;
    for (let at = lines.indexOf(NEWLINE); at !== -1; at = lines.indexOf(NEWLINE, from)) {
      this.take(lines.subarray(from, at));
      from = at + 1;
    }
  }

  take(record: Uint8Array): void {
    const digest = hash('md5', record, 'buffer');
    this.high += digest.readUInt32BE(0);
    this.low += digest.readUInt32BE(4);
    const type = readableTypeOf(record);
    this.types[type] = (this.types[type] as number) + 1;
    this.records += 1;
    this.bytes += record.length;
    // 2^20 halves of 32 bits still fit exactly into a double.
    if (this.records % 1_048_576 === 0) this.fold();
  }

  get byType(): Record<string, number> {
    const named = READABLE_TYPES.map((name, place) => [name, this.types[place] as number] as const);
    return Object.fromEntries(named.filter(([, count]) => count > 0).sort(([a], [b]) => (a < b ? -1 : 1)));
  }

  get contentHash(): ContentHash {
    this.fold();
    return formatContentHash(this.sum);
  }

  private fold(): void {
    this.sum += (BigInt(this.high) << 32n) + BigInt(this.low);
    this.high = 0;
    this.low = 0;
  }
}
