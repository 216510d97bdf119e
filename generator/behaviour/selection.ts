import { AliasTable } from '../alias-table.ts';
import type { Catalogue } from '../catalogue.ts';
import type { Listener, Population } from '../listeners.ts';
import type { Random } from '../random.ts';

export const CONTEXTS = [
  'own_collection',
  'catalogue',
  'editorial',
  'radio',
  'personalised',
  'charts',
] as const;
export type ContextName = (typeof CONTEXTS)[number];

/** Shares of playbacks by where the track was chosen from, in per cent. */
const CONTEXT_SHARES = new AliasTable([40, 23, 21, 13, 2, 1.5]);

const CHART_LENGTH = 100;

export function chooseContext(random: Random): ContextName {
  return CONTEXTS[CONTEXT_SHARES.at(random.unit())] as ContextName;
}

function inGenre(catalogue: Catalogue, genreIndex: number, random: Random): number {
  const genre = catalogue.genres[genreIndex];
  if (!genre || genre.ranks.length === 0) return catalogue.popularity.at(random.unit());
  return genre.ranks[genre.popularity.at(random.unit())] as number;
}

function byTheSameArtist(catalogue: Catalogue, rank: number, random: Random): number {
  const artist = catalogue.tracks[rank]?.artist_id ?? '';
  const ranks = catalogue.artistTracks.get(artist);
  return ranks ? (ranks[random.below(ranks.length)] as number) : rank;
}

/** Rank of the next track. `previous` is the rank of the last one, or -1. */
export function chooseTrack(
  catalogue: Catalogue,
  population: Population,
  listener: Listener,
  context: ContextName,
  previous: number,
  random: Random,
): number {
  switch (context) {
    case 'own_collection':
      // The square favours the first places: everyone has tracks that are played over and over.
      return population.collectionTrack(listener, Math.floor(listener.collectionSize * random.unit() ** 2));
    case 'catalogue':
      if (previous >= 0 && random.chance(0.35)) return byTheSameArtist(catalogue, previous, random);
      if (random.chance(0.35)) return catalogue.popularity.at(random.unit());
      return inGenre(catalogue, listener.genres[random.below(3)] as number, random);
    case 'editorial':
      return inGenre(catalogue, listener.genres[random.chance(0.7) ? 0 : 1], random);
    case 'radio':
      return inGenre(
        catalogue,
        previous >= 0 ? (catalogue.genreOf[previous] as number) : listener.genres[0],
        random,
      );
    case 'personalised':
      return byTheSameArtist(
        catalogue,
        population.collectionTrack(listener, random.below(listener.collectionSize)),
        random,
      );
    case 'charts':
      return random.below(CHART_LENGTH);
  }
}
