import { classify } from '../../contracts/classify.ts';
import type { ListeningEvent } from '../../contracts/events.ts';

/** A playback as the scorecard looks at it. */
export interface ObservedPlayback {
  /** When it ended, milliseconds since 1970. */
  at: number;
  isSkipped: boolean;
  msPlayed: number;
  trackId: string;
  reasonStart: string;
  shuffle: boolean;
  context: string;
  device: string;
}

export interface ObservedSession {
  sessionId: string;
  listenerId: string;
  country: string;
  /** Arrival of its first record. */
  firstSentAt: number;
  /** When the record that came first happened. */
  firstAt: number;
  /** In order of time once `sessions()` has handed it out. */
  playbacks: ObservedPlayback[];
  likes: { at: number; trackId: string }[];
}

/**
 * Puts sessions together from records, as any reader of the files would: what is not valid is left out, of what came
 * twice the first counts, and records are in order by when they happened, not by when they came.
 */
export class SessionBook {
  private readonly sessionsById = new Map<string, ObservedSession>();
  private readonly seen = new Set<number>();
  private counted = { records: 0, invalid: 0, duplicates: 0 };

  /**
   * @param lines whole lines of NDJSON
   * @param windowEndMs end of the window that they arrived in
   */
  read(lines: Buffer, windowEndMs: number): void {
    for (let from = 0; from < lines.length; ) {
      const newline = lines.indexOf(0x0a, from);
      const to = newline < 0 ? lines.length : newline;
      this.readRecord(lines.subarray(from, to), windowEndMs);
      from = to + 1;
    }
  }

  private readRecord(record: Buffer, windowEndMs: number): void {
    this.counted.records++;
    const found = classify(record, windowEndMs);
    if (!found.valid) {
      this.counted.invalid++;
      return;
    }
    const id = lastBits(found.event.event_id);
    if (this.seen.has(id)) this.counted.duplicates++;
    else {
      this.seen.add(id);
      this.add(found.event);
    }
  }

  private add(event: ListeningEvent): void {
    const session = this.sessionOf(event);
    const at = Date.parse(event.occurred_at);
    if (event.event_type === 'track_liked') session.likes.push({ at, trackId: event.track_id });
    if (event.event_type !== 'track_played' && event.event_type !== 'track_skipped') return;
    session.playbacks.push({
      at,
      isSkipped: event.event_type === 'track_skipped',
      msPlayed: event.ms_played,
      trackId: event.track_id,
      reasonStart: event.reason_start,
      shuffle: event.shuffle,
      context: event.context,
      device: event.device,
    });
  }

  private sessionOf(event: ListeningEvent): ObservedSession {
    const sentAt = Date.parse(event.sent_at);
    let session = this.sessionsById.get(event.session_id);
    if (!session) {
      session = {
        sessionId: event.session_id,
        listenerId: event.listener_id,
        country: event.country,
        firstSentAt: sentAt,
        firstAt: Date.parse(event.occurred_at),
        playbacks: [],
        likes: [],
      };
      this.sessionsById.set(event.session_id, session);
    }
    session.firstSentAt = Math.min(session.firstSentAt, sentAt);
    return session;
  }

  get counts(): { records: number; invalid: number; duplicates: number } {
    return { ...this.counted };
  }

  /**
   * The sessions of which the beginning is there: of one that was under way at `fromMs`, the earlier tracks are
   * missing and the places of the others unknown. No session falls silent for longer than half an hour, so one whose
   * first record comes later than that began later than `fromMs`.
   */
  *sessions(fromMs: number): Generator<ObservedSession> {
    for (const session of this.sessionsById.values()) {
      if (session.firstSentAt < fromMs + SESSION_GAP_MS) continue;
      session.playbacks.sort((a, b) => a.at - b.at);
      yield session;
    }
  }
}

/** 48 random bits of a UUID: among a million ids two are alike once in hundreds of runs, and that costs one event. */
function lastBits(uuid: string): number {
  return Number.parseInt(uuid.slice(-12), 16);
}

const SESSION_GAP_MS = 1_800_000;
