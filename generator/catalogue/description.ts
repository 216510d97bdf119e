import type { CatalogueTrack } from '../../contracts/lake.ts';
import { unitAt } from '../random.ts';
import { albumHolding } from './albums.ts';
import type { Evergreens } from './evergreens.ts';
import { genreAt } from './genres.ts';
import type { Names } from './names.ts';
import { EVERGREENS } from './popularity.ts';
import { albumAround, fridayOf, isRelease, placeOf, type Releases, releaseAt, weekOf } from './releases.ts';

const SALT = { explicit: 0x91, titled: 0x92, guest: 0x93 };
/** Part of the albums that are called like their first track, as singles are. */
const TITLED = 0.3;

/** Where a track stands: evergreens by draft, so that an album's tracks stand together; releases by their number. */
interface Placed {
  artist: number;
  genre: number;
  durationMs: number;
  releaseDay: number;
  /** Number of the track, and of the first of its album, and of the first after its album. */
  own: number;
  albumStart: number;
  albumEnd: number;
}

function placedRelease(key: number, releases: Releases, track: number): Placed {
  const week = weekOf(track);
  const { start, end } = albumAround(key, week, placeOf(track));
  return {
    artist: releases.artistOf(track),
    genre: releases.genreOf(track),
    durationMs: releases.durationMs(track),
    releaseDay: fridayOf(week),
    own: track,
    albumStart: releaseAt(week, start),
    albumEnd: releaseAt(week, end),
  };
}

function placedEvergreen(key: number, evergreens: Evergreens, rank: number): Placed {
  const artist = evergreens.artistOf[rank] as number;
  const genre = evergreens.genreOf[rank] as number;
  const own = evergreens.draftOf[rank] as number;
  const first = evergreens.firstDraft[artist] as number;
  const size = (evergreens.firstDraft[artist + 1] as number) - first;
  const album = albumHolding(key, artist, size, own - first, genreAt(genre));
  return {
    artist,
    genre,
    durationMs: evergreens.durations[rank] as number,
    releaseDay: album.releaseDay,
    own,
    albumStart: first + album.start,
    albumEnd: first + album.end,
  };
}

export function describeTrack(
  key: number,
  evergreens: Evergreens,
  releases: Releases,
  names: Names,
  track: number,
): CatalogueTrack {
  const placed = isRelease(track)
    ? placedRelease(key, releases, track)
    : placedEvergreen(key, evergreens, track);
  const genre = genreAt(placed.genre);
  const { albumStart, albumEnd } = placed;
  const isSingle = albumEnd - albumStart === 1;
  const isTitled = isSingle || unitAt(key, albumStart, SALT.titled) < TITLED;
  // Most albums are explicit on most of their tracks or on none.
  const ofAlbum = unitAt(key, albumStart, SALT.explicit) < genre.explicit ? 0.75 : 0.25 * genre.explicit;
  const isExplicit =
    unitAt(key, isSingle ? albumStart : placed.own + EVERGREENS, SALT.explicit) <
    (isSingle ? genre.explicit : ofAlbum);
  const peers = evergreens.artistsOfGenre[placed.genre] as Int32Array;
  const guest = peers[Math.floor(unitAt(key, placed.own, SALT.guest) ** 3 * peers.length)] as number;
  const title = names.title(placed.own, genre.name, names.artist(guest, genre.name));
  return {
    track_id: `t-${String(track).padStart(7, '0')}`,
    track_title: title,
    artist_id: `a-${String(placed.artist).padStart(5, '0')}`,
    artist_name: names.artist(placed.artist, genre.name),
    album_id: `b-${String(albumStart).padStart(7, '0')}`,
    album_name: isSingle
      ? title
      : isTitled
        ? names.bareTitle(albumStart, genre.name)
        : names.album(albumStart),
    genre: genre.name,
    duration_ms: placed.durationMs,
    release_date: new Date(placed.releaseDay * 86_400_000).toISOString().slice(0, 10),
    is_explicit: isExplicit,
  };
}
