import { open } from 'node:fs/promises';
import { generateShard } from '../generator/generate.ts';

/** What one process generates: the shards of one window that fall to it. */
export interface OnceRequest {
  window: string;
  events: number;
  seed: number;
  shards: number;
  /** Which of the shards, one after another. */
  own: readonly number[];
  /** Where the lines go; null: they are counted and dropped. */
  file: string | null;
}

export interface OnceResult {
  records: number;
  bytes: number;
  /** From the start of the process until its world (catalogue, population) was built. */
  ready_seconds: number;
  /** Milliseconds since 1970, with fractions: comparable between processes of one machine. */
  begun_at: number;
  ended_at: number;
  /** While generating, all threads. */
  cpu_seconds: number;
  peak_rss_bytes: number;
}

const sinceEpoch = (): number => performance.timeOrigin + performance.now();

async function generateOwn(request: OnceRequest): Promise<OnceResult> {
  const { own, file, ...window } = request;
  // A window of nothing builds what every window of the seed needs.
  await generateShard({ ...window, events: 0, shard: 0 }, () => {});
  const readySeconds = performance.now() / 1_000;
  let records = 0;
  let bytes = 0;
  const handle = file === null ? undefined : await open(file, 'w');
  const begunAt = sinceEpoch();
  const cpuBefore = process.cpuUsage();
  try {
    for (const shard of own) {
      const made = await generateShard({ ...window, shard }, (lines) => {
        bytes += lines.length;
        return handle?.writeFile(lines);
      });
      records += made.ledger.arrived.total;
    }
  } finally {
    await handle?.close();
  }
  const cpu = process.cpuUsage(cpuBefore);
  return {
    records,
    bytes,
    ready_seconds: readySeconds,
    begun_at: begunAt,
    ended_at: sinceEpoch(),
    cpu_seconds: (cpu.user + cpu.system) / 1e6,
    peak_rss_bytes: process.resourceUsage().maxRSS * 1_024,
  };
}

// A process of its own for every measurement: neither compiled code nor a grown heap is inherited.
const request = JSON.parse(process.argv[2] ?? 'null') as OnceRequest;
process.stdout.write(JSON.stringify(await generateOwn(request)));
