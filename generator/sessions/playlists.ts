import type { Catalogue, TrackRef } from '../catalogue/catalogue.ts';
import type { Listener } from '../listeners/population.ts';
import type { Random } from '../random.ts';
import type { EventSink } from './event-sink.ts';
import type { Selection } from './selection.ts';

/** Tracks of a playlist: median 49, mean 66, 5 to 250 (Million Playlist Dataset). */
const MEDIAN_TRACKS = 50;
const TRACKS_SPREAD = 0.8;
const FEWEST_TRACKS = 5;
const MOST_TRACKS = 250;

/** Nothing stands in a playlist twice. When what is known has been used up, something new of the same taste is taken. */
const TRIES = 12;
const KNOWN_TRIES = 3;

/** @param place among the playlists of the session */
export function playlistId(sessionId: string, place: number): string {
  return `p-${sessionId.slice(2)}-${place}`;
}

/**
 * Creates a playlist and fills it in one go, as people do when they have just thought of it: with the track that gave
 * them the idea, then with what they know.
 * @returns when the last track was added, or -1 when the sink wants no more
 */
export function fillPlaylist(
  catalogue: Catalogue,
  selection: Selection,
  listener: Listener,
  id: string,
  idea: TrackRef,
  from: number,
  random: Random,
  sink: EventSink,
): number {
  let now = from + random.between(500, 4_000);
  const { playlistNames } = catalogue;
  const name = playlistNames[random.below(playlistNames.length)] as string;
  if (!sink.playlistCreated(now, id, name)) return -1;
  const size = Math.round(random.logNormal(MEDIAN_TRACKS, TRACKS_SPREAD));
  const tracks = Math.min(Math.max(size, FEWEST_TRACKS), MOST_TRACKS);
  const there = new Set<TrackRef>();
  let track = idea;
  for (let position = 0; position < tracks; position++) {
    for (let tries = 0; there.has(track) && tries < TRIES; tries++)
      track = selection.ofCollection(random, listener, tries > KNOWN_TRIES);
    if (there.has(track)) break;
    there.add(track);
    now += random.between(300, 3_500);
    if (!sink.playlistTrackAdded(now, id, track, position)) return -1;
  }
  return now;
}
