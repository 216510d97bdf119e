import { SCHEMA_VERSION } from '../contracts/events.ts';
import type { Random } from './random.ts';

/*
 * Records are written from string templates: JSON.stringify of an object per event costs three times as much. Every
 * string here holds bytes, one a character (latin1), so that a record can also carry bytes that are no text.
 */

const TWO = Array.from({ length: 100 }, (_, n) => String(n).padStart(2, '0'));
const THREE = Array.from({ length: 1_000 }, (_, n) => String(n).padStart(3, '0'));
const HEX4 = Array.from({ length: 65_536 }, (_, n) => n.toString(16).padStart(4, '0'));

const DAY_MS = 86_400_000;
let knownDay = Number.NaN;
let knownDayText = '';

/** `2026-01-05T08:15:30.125Z` of whole milliseconds. */
export function instantText(ms: number): string {
  const day = Math.floor(ms / DAY_MS);
  if (day !== knownDay) {
    knownDay = day;
    knownDayText = new Date(day * DAY_MS).toISOString().slice(0, 11);
  }
  const rest = ms - day * DAY_MS;
  const seconds = Math.floor(rest / 1_000);
  const minutes = Math.floor(seconds / 60);
  return `${knownDayText}${TWO[Math.floor(minutes / 60)]}:${TWO[minutes % 60]}:${TWO[seconds % 60]}.${THREE[rest % 1_000]}Z`;
}

/** A random UUID, version 4. */
export function uuidText(random: Random): string {
  const a = random.bits();
  const b = random.bits();
  const c = random.bits();
  const d = random.bits();
  return `${HEX4[a >>> 16]}${HEX4[a & 0xffff]}-${HEX4[b >>> 16]}-${HEX4[0x4000 | (b & 0x0fff)]}-${HEX4[0x8000 | ((c >>> 16) & 0x3fff)]}-${HEX4[c & 0xffff]}${HEX4[d >>> 16]}${HEX4[d & 0xffff]}`;
}

/** The UTF-8 bytes of a text, quoted as JSON, one a character. */
export function jsonBytes(text: string): string {
  return Buffer.from(JSON.stringify(text), 'utf8').toString('latin1');
}

export interface SessionFields {
  listenerId: string;
  sessionId: string;
  device: string;
  country: string;
}

/** The part of the envelope that a session's records share. */
export function sessionText({ listenerId, sessionId, device, country }: SessionFields): string {
  return `"listener_id":"${listenerId}","session_id":"${sessionId}","device":"${device}","country":"${country}","source":"synthetic"`;
}

export function recordText(
  eventType: string,
  eventId: string,
  occurredAt: number,
  sentAt: number,
  session: string,
  rest: string,
): string {
  return `{"event_type":"${eventType}","event_id":"${eventId}","schema_version":${SCHEMA_VERSION},"occurred_at":"${instantText(occurredAt)}","sent_at":"${instantText(sentAt)}",${session},${rest}}`;
}

export function playbackText(
  trackId: string,
  msPlayed: number,
  reasonStart: string,
  reasonEnd: string,
  shuffle: boolean,
  offline: boolean,
  context: string,
): string {
  return `"track_id":"${trackId}","ms_played":${msPlayed},"reason_start":"${reasonStart}","reason_end":"${reasonEnd}","shuffle":${shuffle},"offline":${offline},"context":"${context}"`;
}

export function likeText(trackId: string, context: string): string {
  return `"track_id":"${trackId}","context":"${context}"`;
}

/** @param quotedName from `jsonBytes` */
export function playlistText(playlistId: string, quotedName: string): string {
  return `"playlist_id":"${playlistId}","playlist_name":${quotedName}`;
}

export function playlistTrackText(playlistId: string, trackId: string, position: number): string {
  return `"playlist_id":"${playlistId}","track_id":"${trackId}","position":${position}`;
}
