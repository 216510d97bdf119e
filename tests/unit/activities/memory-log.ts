import type { LogRange, LogReader, LogRecord } from '../../../clients/kafka-log.ts';
import { HEADERS } from '../../../contracts/topics.ts';

interface Entry {
  at: string;
  value: Buffer;
  headers?: string[];
}

/** A topic in memory: by partition, its records in the order of their offsets. */
export class MemoryLog implements LogReader {
  readonly partitions: Entry[][];
  /** Offsets that were handed over. */
  readonly handedOver: string[] = [];

  constructor(partitions: number) {
    this.partitions = Array.from({ length: partitions }, () => []);
  }

  append(partition: number, at: string, value: string | Buffer, headers: string[] = []): void {
    this.partitions[partition]?.push({ at, value: Buffer.from(value), headers });
  }

  /** As a window run leaves it. */
  publish(partition: number, at: string, value: string): void {
    this.append(partition, at, value, [HEADERS.window]);
  }

  async closeAt(): Promise<void> {
    // Nothing is open here.
  }

  async rangesBetween(startMs: number, endMs: number): Promise<LogRange[]> {
    return this.partitions.map((entries, partition) => {
      const from = (ms: number): bigint => {
        const found = entries.findIndex(({ at }) => Date.parse(at) >= ms);
        return BigInt(found < 0 ? entries.length : found);
      };
      return { partition, first: from(startMs), end: from(endMs) };
    });
  }

  async read(
    ranges: readonly LogRange[],
    take: (records: LogRecord[]) => boolean | Promise<boolean>,
  ): Promise<void> {
    for (const { partition, first, end } of ranges)
      for (let offset = first; offset < end; offset += 1n) {
        const entry = this.partitions[partition]?.[Number(offset)];
        if (!entry) continue;
        this.handedOver.push(`${partition}/${offset}`);
        const { at, value, headers = [] } = entry;
        const record = { partition, offset: String(offset), timestampMs: Date.parse(at), value };
        if (!(await take([{ ...record, has: (name) => headers.includes(name) }]))) return;
      }
  }
}
