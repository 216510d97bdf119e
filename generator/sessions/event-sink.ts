import type { TrackRef } from '../catalogue/catalogue.ts';

/**
 * Takes the events of a session, in order. Devices, reasons and contexts are given as places in the lists of their
 * contracts, tracks as numbers: text is made by whoever needs it. Instants are milliseconds since 1970.
 *
 * Each event is answered with whether more are wanted: false ends the session there.
 */
export interface EventSink {
  /** Envelope of the events that follow: at the session's start, and when it moves to another device. */
  envelope(listenerId: string, sessionId: string, device: number, countryCode: string): void;
  /** @param isWhole whether it was heard out: the event is `track_played`, else `track_skipped` */
  playback(
    occurredAt: number,
    isWhole: boolean,
    track: TrackRef,
    msPlayed: number,
    reasonStart: number,
    reasonEnd: number,
    shuffle: boolean,
    context: number,
  ): boolean;
  like(occurredAt: number, track: TrackRef, context: number): boolean;
  /** @param quotedName JSON, UTF-8 bytes one a character */
  playlistCreated(occurredAt: number, playlistId: string, quotedName: string): boolean;
  playlistTrackAdded(occurredAt: number, playlistId: string, track: TrackRef, position: number): boolean;
}
