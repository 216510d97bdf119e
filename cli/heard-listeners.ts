import { ListeningEvent } from '../contracts/events.ts';
import type { ListenerProfile } from '../contracts/listener-profile.ts';
import { listenerProfile } from '../generator/listeners/profile.ts';

/** The listeners of whom valid events tell, each with an instant at which he was heard of. */
export class HeardListeners {
  private readonly heardAt = new Map<string, number>();

  /** @param lines whole NDJSON lines, bad records among them */
  take(lines: Buffer): void {
    for (const line of lines.toString('utf8').split('\n')) {
      if (line === '') continue;
      const record = parsed(line);
      if (this.heardAt.has(String(record?.listener_id))) continue;
      // Dear, and needed but once a listener: a bad record may name nobody who is.
      const event = ListeningEvent.safeParse(record);
      if (event.success) this.heardAt.set(event.data.listener_id, Date.parse(event.data.occurred_at));
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

function parsed(line: string): { listener_id?: unknown } | undefined {
  try {
    return JSON.parse(line) as { listener_id?: unknown };
  } catch {
    return undefined;
  }
}
