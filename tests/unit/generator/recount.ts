import { createHash } from 'node:crypto';
import { classify } from '../../../contracts/classify.ts';
import { EVENT_CONTRACTS, type ListeningEvent } from '../../../contracts/events.ts';
import { type Ledger, mergeLedgers } from '../../../contracts/ledger.ts';
import { WINDOW_MS } from '../../../contracts/window.ts';
import { generateShard, type ShardRequest } from '../../../generator/generate.ts';

export type Request = Omit<ShardRequest, 'shard'>;

export interface Emitted {
  lines: Buffer[];
  ledger: Ledger;
}

function splitLines(bytes: Buffer): Buffer[] {
  const lines: Buffer[] = [];
  for (let from = 0; from < bytes.length; ) {
    const to = bytes.indexOf(0x0a, from);
    lines.push(bytes.subarray(from, to));
    from = to + 1;
  }
  return lines;
}

export async function emitShard(request: ShardRequest): Promise<Emitted> {
  const chunks: Buffer[] = [];
  const { ledger, bytes } = await generateShard(request, (lines) => void chunks.push(lines));
  const all = Buffer.concat(chunks);
  if (all.length !== bytes) throw new Error(`${all.length} bytes were written, ${bytes} reported`);
  return { lines: splitLines(all), ledger };
}

/** All shards of a window, one after another. */
export async function emitWindow(request: Request): Promise<Emitted> {
  const shards: Emitted[] = [];
  for (let shard = 0; shard < request.shards; shard++) shards.push(await emitShard({ ...request, shard }));
  return {
    lines: shards.flatMap(({ lines }) => lines),
    ledger: mergeLedgers(shards.map(({ ledger }) => ledger) as [Ledger, ...Ledger[]]),
  };
}

export function md5(bytes: Buffer): string {
  return createHash('md5').update(bytes).digest('hex');
}

/** The first type that has a contract and stands behind its key. */
function readable(line: Buffer): string {
  const named = line.toString('latin1').matchAll(/"event_type"\s*:\s*"([a-z_]*)"/g);
  return [...named].map(([, type = '']) => type).find((type) => type in EVENT_CONTRACTS) ?? 'unreadable';
}

/** A count and hash worked out anew, with nothing of the generator's arithmetic. */
class Recount {
  total = 0;
  by_type: Record<string, number> = {};
  private sum = 0n;
  add(line: Buffer): void {
    this.total++;
    const type = readable(line);
    this.by_type[type] = (this.by_type[type] ?? 0) + 1;
    this.sum += BigInt(`0x${md5(line).slice(0, 16)}`);
  }
  get set(): { total: number; content_hash: string } {
    return { total: this.total, content_hash: (this.sum % (1n << 64n)).toString(16).padStart(16, '0') };
  }
}

/** What the ledger ought to say, found from the lines alone; and the valid, distinct events in order of arrival. */
export function recount(
  lines: readonly Buffer[],
  window: string,
): { account: Partial<Ledger>; events: ListeningEvent[] } {
  const start = Date.parse(window);
  const sets = {
    arrived: new Recount(),
    valid: new Recount(),
    quarantined: new Recount(),
    duplicates: new Recount(),
  };
  const byType: Record<string, number> = {};
  const byReason: Record<string, number> = {};
  const seen = new Map<string, string>();
  const latestSent = new Map<string, string>();
  const events: ListeningEvent[] = [];
  let late = 0;
  let outOfOrder = 0;
  for (const line of lines) {
    sets.arrived.add(line);
    const result = classify(line, start + WINDOW_MS);
    if (!result.valid) {
      sets.quarantined.add(line);
      byReason[result.reason_code] = (byReason[result.reason_code] ?? 0) + 1;
      continue;
    }
    const { event } = result;
    const bytes = seen.get(event.event_id);
    if (bytes !== undefined) {
      if (bytes !== line.toString('latin1')) throw new Error(`${event.event_id} came back with other bytes`);
      sets.duplicates.add(line);
      continue;
    }
    seen.set(event.event_id, line.toString('latin1'));
    sets.valid.add(line);
    byType[event.event_type] = (byType[event.event_type] ?? 0) + 1;
    if (Date.parse(event.occurred_at) < start) late++;
    const latest = latestSent.get(event.listener_id) ?? '';
    if (event.sent_at < latest) outOfOrder++;
    else latestSent.set(event.listener_id, event.sent_at);
    events.push(event);
  }
  return {
    account: {
      arrived: { ...sets.arrived.set, by_type: sets.arrived.by_type },
      valid: { ...sets.valid.set, by_type: byType },
      quarantined: { ...sets.quarantined.set, by_reason: byReason },
      duplicates: { ...sets.duplicates.set, by_type: sets.duplicates.by_type },
      late,
      out_of_order: outOfOrder,
    },
    events,
  };
}
