import { z } from 'zod';

/** Version of the event contracts that producers write today. */
export const SCHEMA_VERSION = 1;

/** A well-formed record is far smaller; anything above is quarantined as `oversized`. Bytes. */
export const MAX_RECORD_BYTES = 65_536;

/** Longest playback that is believed: one day, in milliseconds. */
export const MAX_MS_PLAYED = 86_400_000;

/** How far ahead of the window's end `occurred_at` may be before it counts as time in the future. Milliseconds. */
export const CLOCK_SKEW_MS = 300_000;

export const Device = z.enum(['mobile', 'desktop', 'web', 'speaker', 'tv', 'car']);
export type Device = z.infer<typeof Device>;
export const Source = z.enum(['synthetic', 'import', 'client']);
export const Context = z.enum([
  'own_collection',
  'catalogue',
  'editorial',
  'radio',
  'personalised',
  'charts',
]);
export type Context = z.infer<typeof Context>;
export const ReasonStart = z.enum([
  'trackdone',
  'fwdbtn',
  'backbtn',
  'clickrow',
  'playbtn',
  'appload',
  'remote',
]);
export const ReasonEnd = z.enum([
  'trackdone',
  'fwdbtn',
  'backbtn',
  'clickrow',
  'endplay',
  'logout',
  'remote',
]);

/** `Date.parse` lets 30 February roll over into March; an instant is real only when it reads back as written. */
function isRealInstant(value: string): boolean {
  const instant = Date.parse(value);
  return !Number.isNaN(instant) && new Date(instant).toISOString().slice(0, 19) === value.slice(0, 19);
}

// Every rule about text is one pattern or one list, so that zod, Spark and JSON Schema hold the very same rule.
const Timestamp = z
  .string()
  .regex(/^20\d{2}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,6})?Z$/)
  .refine(isRealInstant, 'no such date')
  .meta({ format: 'date-time', examples: ['2026-01-05T08:15:30.125Z'] });
const Uuid = z
  .string()
  .regex(/^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/)
  .meta({ examples: ['0b1c9d3e-5f27-4a8b-9c6d-7e8f90a1b2c3'] });
/** Opaque key: letters, digits, dash, underscore, colon; at most 64. */
const Key = z
  .string()
  .regex(/^[A-Za-z0-9_:-]{1,64}$/)
  .meta({ examples: ['l-3f9a0c71d2e4'] });
/** 1 to 200 characters, counted as code points: zod's own `max` would count an emoji twice, Spark would not. */
const Name = z
  .string()
  .regex(/^[\s\S]{1,200}$/u)
  .meta({ examples: ['Rainy Sunday'] });

const envelope = {
  event_id: Uuid.describe('Unique id of the event; the same id sent again is a duplicate.'),
  schema_version: z.literal(SCHEMA_VERSION).describe('Version of this contract.'),
  occurred_at: Timestamp.describe(
    'When it happened at the listener, UTC, ISO 8601. For a playback: when it ended.',
  ),
  sent_at: Timestamp.describe(
    'When the client sent it, UTC, ISO 8601; hours after occurred_at when it was offline.',
  ),
  listener_id: Key.describe('Pseudonym of the listener; never a name, an address or an account.'),
  session_id: Key.describe('Listening session: one listener, no gap above 30 minutes.'),
  device: Device.describe('Kind of device it happened on.'),
  country: z
    .string()
    .regex(/^[A-Z]{2}$/)
    .meta({ examples: ['SE'] })
    .describe('ISO 3166-1 alpha-2 code of the country of the listener.'),
  source: Source.describe(
    'Where the event comes from: the generator, an imported history, or a live client.',
  ),
};

const playback = {
  track_id: Key.describe('Catalogue id of the track.'),
  ms_played: z
    .number()
    .int()
    .min(0)
    .max(MAX_MS_PLAYED)
    .describe('How long the track sounded, in milliseconds, pauses not counted.'),
  reason_start: ReasonStart.describe('Why the playback began.'),
  reason_end: ReasonEnd.describe('Why the playback ended.'),
  shuffle: z.boolean().describe('Whether shuffle was on.'),
  offline: z.boolean().describe('Whether the device was offline.'),
  context: Context.describe('Where the track was chosen from.'),
};

export const TrackPlayed = z
  .object({ event_type: z.literal('track_played'), ...envelope, ...playback })
  .describe(
    'A playback that was heard out, to the end of its track or into its last tenth. Each playback ends in exactly one of track_played and track_skipped.',
  );

export const TrackSkipped = z
  .object({ event_type: z.literal('track_skipped'), ...envelope, ...playback })
  .describe(
    'A playback that stopped before the last tenth of its track. Each playback ends in exactly one of track_played and track_skipped.',
  );

export const TrackLiked = z
  .object({
    event_type: z.literal('track_liked'),
    ...envelope,
    track_id: playback.track_id,
    context: playback.context,
  })
  .describe('A listener marked a track as liked.');

const playlistId = Key.describe('Id of the playlist.');

export const PlaylistCreated = z
  .object({
    event_type: z.literal('playlist_created'),
    ...envelope,
    playlist_id: playlistId,
    playlist_name: Name.describe('Name the listener gave the playlist.'),
  })
  .describe('A listener created an empty playlist.');

export const PlaylistTrackAdded = z
  .object({
    event_type: z.literal('playlist_track_added'),
    ...envelope,
    playlist_id: playlistId,
    track_id: playback.track_id,
    position: z.number().int().min(0).max(100_000).describe('Place in the playlist, from 0.'),
  })
  .describe('A track was put into a playlist.');

/** Every event contract by its `event_type`. */
export const EVENT_CONTRACTS = {
  track_played: TrackPlayed,
  track_skipped: TrackSkipped,
  track_liked: TrackLiked,
  playlist_created: PlaylistCreated,
  playlist_track_added: PlaylistTrackAdded,
} as const;

export type EventType = keyof typeof EVENT_CONTRACTS;
export const EVENT_TYPES = Object.keys(EVENT_CONTRACTS) as EventType[];

export const ListeningEvent = z.discriminatedUnion('event_type', [
  TrackPlayed,
  TrackSkipped,
  TrackLiked,
  PlaylistCreated,
  PlaylistTrackAdded,
]);
export type ListeningEvent = z.infer<typeof ListeningEvent>;
