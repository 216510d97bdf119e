import type { ListeningEvent } from '../../../../contracts/events.ts';

type Playback = Extract<ListeningEvent, { event_type: 'track_played' | 'track_skipped' }>;

let made = 0;

/** A playback that ended `minute` minutes after eight, as it stands in a file; what is given overrides the rest. */
export function playback(minute: number, fields: Partial<Playback> = {}): Playback {
  const at = new Date(Date.parse('2026-01-14T08:00Z') + minute * 60_000).toISOString();
  return {
    event_type: 'track_played',
    event_id: `00000000-0000-4000-8000-${String(++made).padStart(12, '0')}`,
    schema_version: 1,
    occurred_at: at,
    sent_at: at,
    listener_id: 'l-1',
    session_id: 's-1',
    device: 'mobile',
    country: 'SE',
    source: 'synthetic',
    track_id: 't-0000001',
    ms_played: 180_000,
    reason_start: 'trackdone',
    reason_end: 'trackdone',
    shuffle: false,
    offline: false,
    context: 'radio',
    ...fields,
  };
}

export function like(minute: number, trackId: string, sessionId = 's-1'): ListeningEvent {
  const { event_id, schema_version, occurred_at, sent_at, listener_id, device, country, source, context } =
    playback(minute);
  return {
    event_type: 'track_liked',
    ...{ event_id, schema_version, occurred_at, sent_at, listener_id, device, country, source, context },
    session_id: sessionId,
    track_id: trackId,
  };
}

export const ndjson = (events: readonly unknown[]): Buffer =>
  Buffer.from(events.map((event) => `${JSON.stringify(event)}\n`).join(''));
