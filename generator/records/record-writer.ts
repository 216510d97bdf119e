import {
  Context,
  Device,
  EVENT_TYPES,
  ReasonEnd,
  ReasonStart,
  SCHEMA_VERSION,
} from '../../contracts/events.ts';
import type { TrackRef } from '../catalogue/catalogue.ts';
import { Arena } from './arena.ts';
import { HEX_PAIRS, writeNumber, writeSevenDigits } from './digits.ts';
import { InstantWriter } from './instant.ts';
import { RandomWords } from './random-words.ts';

/** Places in EVENT_TYPES. */
export const PLAYED = EVENT_TYPES.indexOf('track_played');
export const SKIPPED = EVENT_TYPES.indexOf('track_skipped');
export const LIKED = EVENT_TYPES.indexOf('track_liked');
export const CREATED = EVENT_TYPES.indexOf('playlist_created');
export const ADDED = EVENT_TYPES.indexOf('playlist_track_added');

const NO_ID = '00000000-0000-4000-8000-000000000000';
const NO_INSTANT = '1970-01-01T00:00:00.000Z';
const AFTER_ID = `","schema_version":${SCHEMA_VERSION},"occurred_at":"`;
const AFTER_OCCURRED = '","sent_at":"';
const BEFORE_LISTENER = '"listener_id":"';
const BEFORE_SESSION = '","session_id":"';
const BEFORE_TRACK = '"track_id":"t-';
const TRACK_DIGITS = 7;
const TRACKS = 10 ** TRACK_DIGITS;
const BEFORE_MS_PLAYED = '","ms_played":';

/** Everything but the names and ids in it, which have at most this many characters, the playlist's name apart. */
const ROOM = 1_024;
const LONGEST_KEY = 64;

/** A text that stands in the arena. */
interface Piece {
  at: number;
  length: number;
}

/**
 * Writes events as JSON, byte by byte: what records share is copied in a few long pieces, and only ids, instants and
 * numbers are written digit by digit. A JavaScript string a record costs three times as much.
 *
 * A record is written at the end of the arena, which the caller then closes; until then it can still be changed.
 */
export class RecordWriter {
  readonly arena = new Arena();
  /** Of the events' ids, and whatever else a cell draws for each record. */
  readonly words = new RandomWords();
  private readonly occurred = new InstantWriter();
  private readonly sent = new InstantWriter();
  /** By type: the record up to the listener, and where in it the event's id is. */
  private readonly heads: Piece[];
  private readonly idOffsets: number[];
  /** By device: from the end of the session's id to the playback's milliseconds. */
  private readonly devices: Piece[];
  private readonly beforeSession: Piece;
  /** The present session: from the listener to the playback's milliseconds. */
  private readonly sessionAt: number;
  private sessionLength = 0;
  /** What follows the milliseconds of a playback, or the track of a like, by what it says. */
  private readonly playbackTails: Int32Array;
  private readonly playbackTailLengths: Uint8Array;
  private readonly likeTails: Piece[];

  constructor() {
    const keep = (text: string): Piece => ({ at: this.arena.keep(text), length: text.length });
    const starts = EVENT_TYPES.map((type) => `{"event_type":"${type}","event_id":"`);
    this.idOffsets = starts.map(({ length }) => length);
    this.heads = starts.map((start) =>
      keep(`${start}${NO_ID}${AFTER_ID}${NO_INSTANT}${AFTER_OCCURRED}${NO_INSTANT}",`),
    );
    this.sessionAt = this.arena.keep(BEFORE_LISTENER, ROOM);
    this.beforeSession = keep(BEFORE_SESSION);
    const track = `${BEFORE_TRACK}${'0'.repeat(TRACK_DIGITS)}${BEFORE_MS_PLAYED}`;
    this.devices = Device.options.map((device) =>
      keep(`","device":"${device}","country":"XX","source":"synthetic",${track}`),
    );
    const tails = playbackTails().map(keep);
    this.playbackTails = Int32Array.from(tails, ({ at }) => at);
    this.playbackTailLengths = Uint8Array.from(tails, ({ length }) => length);
    this.likeTails = Context.options.map((context) => keep(`","context":"${context}"}`));
  }

  /** What the records that follow share. */
  envelope(listenerId: string, sessionId: string, device: number, country: string): void {
    if (listenerId.length > LONGEST_KEY || sessionId.length > LONGEST_KEY || country.length !== 2)
      throw new RangeError(`no envelope: ${listenerId}, ${sessionId}, ${country}`);
    const { arena, beforeSession } = this;
    const tail = this.devices[device] as Piece;
    let at = this.write(this.sessionAt + BEFORE_LISTENER.length, listenerId);
    arena.copy(at, beforeSession.at, beforeSession.length);
    at = this.write(at + beforeSession.length, sessionId);
    arena.copy(at, tail.at, tail.length);
    this.write(at + '","device":"","country":"'.length + (Device.options[device] as string).length, country);
    this.sessionLength = at + tail.length - this.sessionAt;
  }

  /** @returns the record's length, as the other events do */
  playback(
    type: number,
    occurredAt: number,
    sentAt: number,
    track: TrackRef,
    msPlayed: number,
    tail: number,
  ): number {
    const start = this.arena.open(ROOM);
    const at = this.begin(start, type, occurredAt, sentAt);
    const { arena } = this;
    this.writeTrack(at - BEFORE_MS_PLAYED.length - TRACK_DIGITS, track);
    const end = writeNumber(arena.view, at, msPlayed);
    const length = this.playbackTailLengths[tail] as number;
    arena.copy(end, this.playbackTails[tail] as number, length);
    return end + length - start;
  }

  like(occurredAt: number, sentAt: number, track: TrackRef, context: number): number {
    const start = this.arena.open(ROOM);
    const at = this.begin(start, LIKED, occurredAt, sentAt) - BEFORE_MS_PLAYED.length;
    this.writeTrack(at - TRACK_DIGITS, track);
    const tail = this.likeTails[context] as Piece;
    this.arena.copy(at, tail.at, tail.length);
    return at + tail.length - start;
  }

  playlistCreated(occurredAt: number, sentAt: number, playlistId: string, quotedName: string): number {
    const start = this.arena.open(ROOM + quotedName.length);
    const at = this.begin(start, CREATED, occurredAt, sentAt);
    const rest = `"playlist_id":"${playlistId}","playlist_name":${quotedName}}`;
    return this.write(this.beforeTrack(at), rest) - start;
  }

  playlistTrackAdded(
    occurredAt: number,
    sentAt: number,
    playlistId: string,
    track: TrackRef,
    position: number,
  ): number {
    const start = this.arena.open(ROOM);
    let at = this.begin(start, ADDED, occurredAt, sentAt);
    at = this.write(this.beforeTrack(at), `"playlist_id":"${playlistId}",${BEFORE_TRACK}`);
    this.writeTrack(at, track);
    at = this.write(at + TRACK_DIGITS, '","position":');
    at = writeNumber(this.arena.view, at, position);
    return this.write(at, '}') - start;
  }

  /** The bytes of the record that was written last, one a character. */
  text(length: number): string {
    const start = this.arena.open(0);
    return this.arena.bytes.toString('latin1', start, start + length);
  }

  /** Puts other bytes in the place of the record that was written last. @returns how many */
  replace(text: string): number {
    const start = this.arena.open(text.length);
    return this.arena.bytes.write(text, start, 'latin1');
  }

  /** Envelope and what follows it in a playback, up to the milliseconds. @returns the address after that */
  private begin(start: number, type: number, occurredAt: number, sentAt: number): number {
    const { arena } = this;
    const { view } = arena;
    const head = this.heads[type] as Piece;
    arena.copy(start, head.at, head.length);
    arena.copy(start + head.length, this.sessionAt, this.sessionLength);
    let at = start + (this.idOffsets[type] as number);
    writeId(view, at, this.words);
    at += NO_ID.length + AFTER_ID.length;
    this.occurred.write(view, at, occurredAt);
    this.sent.write(view, at + NO_INSTANT.length + AFTER_OCCURRED.length, sentAt);
    return start + head.length + this.sessionLength;
  }

  private beforeTrack(at: number): number {
    return at - BEFORE_MS_PLAYED.length - TRACK_DIGITS - BEFORE_TRACK.length;
  }

  private writeTrack(at: number, track: TrackRef): void {
    if (track >= TRACKS) throw new RangeError(`track ${track} has more than ${TRACK_DIGITS} digits`);
    writeSevenDigits(this.arena.view, at, track);
  }

  /** @returns the address after the text, which has one byte a character */
  private write(at: number, text: string): number {
    const { bytes } = this.arena;
    for (let i = 0; i < text.length; i++) bytes[at + i] = text.charCodeAt(i);
    return at + text.length;
  }
}

const REASON_ENDS = ReasonEnd.options.length;
const CONTEXTS = Context.options.length;

/** The place of a playback's tail. */
export function playbackTail(
  reasonStart: number,
  reasonEnd: number,
  shuffle: boolean,
  offline: boolean,
  context: number,
): number {
  const reasons = reasonStart * REASON_ENDS + reasonEnd;
  return (reasons * 4 + (shuffle ? 2 : 0) + (offline ? 1 : 0)) * CONTEXTS + context;
}

function playbackTails(): string[] {
  const tails: string[] = [];
  for (const start of ReasonStart.options)
    for (const end of ReasonEnd.options)
      for (const shuffle of [false, true])
        for (const offline of [false, true])
          for (const context of Context.options)
            tails.push(
              `,"reason_start":"${start}","reason_end":"${end}","shuffle":${shuffle},"offline":${offline},"context":"${context}"}`,
            );
  return tails;
}

/** Writes a random UUID, version 4, between its dashes. */
function writeId(view: DataView, at: number, words: RandomWords): void {
  const a = words.next();
  const b = words.next();
  const c = words.next();
  const d = words.next();
  view.setUint16(at, HEX_PAIRS[a >>> 24] as number, true);
  view.setUint16(at + 2, HEX_PAIRS[(a >>> 16) & 0xff] as number, true);
  view.setUint16(at + 4, HEX_PAIRS[(a >>> 8) & 0xff] as number, true);
  view.setUint16(at + 6, HEX_PAIRS[a & 0xff] as number, true);
  view.setUint16(at + 9, HEX_PAIRS[b >>> 24] as number, true);
  view.setUint16(at + 11, HEX_PAIRS[(b >>> 16) & 0xff] as number, true);
  view.setUint16(at + 14, HEX_PAIRS[0x40 | ((b >>> 8) & 0x0f)] as number, true);
  view.setUint16(at + 16, HEX_PAIRS[b & 0xff] as number, true);
  view.setUint16(at + 19, HEX_PAIRS[0x80 | ((c >>> 24) & 0x3f)] as number, true);
  view.setUint16(at + 21, HEX_PAIRS[(c >>> 16) & 0xff] as number, true);
  view.setUint16(at + 24, HEX_PAIRS[(c >>> 8) & 0xff] as number, true);
  view.setUint16(at + 26, HEX_PAIRS[c & 0xff] as number, true);
  view.setUint16(at + 28, HEX_PAIRS[d >>> 24] as number, true);
  view.setUint16(at + 30, HEX_PAIRS[(d >>> 16) & 0xff] as number, true);
  view.setUint16(at + 32, HEX_PAIRS[(d >>> 8) & 0xff] as number, true);
  view.setUint16(at + 34, HEX_PAIRS[d & 0xff] as number, true);
}
