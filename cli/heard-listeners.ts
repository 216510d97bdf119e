import { classify } from '../contracts/classify.ts';
import type { ListenerProfile } from '../contracts/listener-profile.ts';
import { listenerProfile } from '../generator/listeners/profile.ts';

const NEW_LINE = 0x0a;

/** The listeners of whom valid events tell, each with an instant at which he was heard of. */
export class HeardListeners {
  private readonly heardAt = new Map<string, number>();

  /** @param lines whole NDJSON lines of a window, bad records among them */
  take(lines: Buffer, windowEndMs: number): void {
    for (let from = 0, to: number; from < lines.length; from = to + 1) {
      to = lines.indexOf(NEW_LINE, from);
      const line = lines.subarray(from, to);
      if (this.heardAt.has(listenerOf(line) ?? '')) continue;
      // Dear, and needed but once a listener: what a bad record says of listener and time may be true of nobody.
      const found = classify(line, windowEndMs);
      if (found.valid) this.heardAt.set(found.event.listener_id, Date.parse(found.event.occurred_at));
    }
  }

  /** Their profiles as NDJSON, by name: shards and windows in another order give the same. */
  *lines(seed: number): Generator<string> {
    for (const [listenerId, atMs] of [...this.heardAt].sort(([a], [b]) => (a < b ? -1 : 1))) {
      const profile: ListenerProfile = listenerProfile(seed, listenerId, atMs);
      yield `${JSON.stringify(profile)}\n`;
    }
  }
}

function listenerOf(line: Buffer): string | undefined {
  try {
    const { listener_id } = JSON.parse(line.toString('utf8')) as { listener_id?: unknown };
    return typeof listener_id === 'string' ? listener_id : undefined;
  } catch {
    return undefined;
  }
}
