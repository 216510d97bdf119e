import type { Catalogue, Chart, TrackRef } from '../catalogue/catalogue.ts';
import type { Listener } from '../listeners/population.ts';
import { type Random, unitAt } from '../random.ts';
import { byContext, CONTEXT } from './contexts.ts';

/** Salts of what a listener has settled for good: drawn by number, so that nothing is stored. */
const SETTLED = { genre: 21, artist: 22, track: 23, weekGenre: 24, weekTrack: 25 } as const;

/** Share of what is new and rising, by context; the rest is the standing catalogue. */
const CURRENT = byContext({
  own_collection: 0.16,
  catalogue: 0.26,
  editorial: 0.48,
  radio: 0.2,
  personalised: 0.35,
  charts: 1,
});

/** Of that, what everybody is shown today, and not what the listener took up this week. */
const SHOWN_TODAY = 0.12;

/** How many new tracks a listener takes up in a week. */
const NEW_A_WEEK = 8;

/** How much more than usual is new to the listener, by context. */
const EXPLORING = byContext({
  own_collection: 0.15,
  catalogue: 0.9,
  editorial: 1.8,
  radio: 2,
  personalised: 3,
  charts: 1,
});

/** Favourites among the artists that come back: the higher, the more the first ones are played. */
const FAVOURITISM = 2.4;
/** Tracks of an artist that a listener keeps in the collection. */
const KEPT_OF_AN_ARTIST = 5;

/** An album, or an artist's page: chance that the next track is of the same artist. */
const STAY_WITH_ARTIST = 0.35;

/** What is played next. One object is used again and again. */
export class Selection {
  track: TrackRef = -1;
  /** Whether the listener knows it well. */
  isFamiliar = false;
  private readonly catalogue: Catalogue;

  constructor(catalogue: Catalogue) {
    this.catalogue = catalogue;
  }

  /**
   * @param previous the last track, or -1
   * @param today chart of the day, for what everybody is shown
   * @param thisWeek chart of the week's Friday, for what the listener took up then
   */
  choose(
    random: Random,
    listener: Listener,
    context: number,
    previous: TrackRef,
    today: Chart,
    thisWeek: Chart,
    week: number,
  ): void {
    const { catalogue } = this;
    this.isFamiliar = random.unit() < 0.5;
    if (context === CONTEXT.charts) {
      this.track = today.top(random.unit());
      return;
    }
    const unit = random.unit();
    const current = CURRENT[context] as number;
    if (unit < current) {
      if (random.unit() < SHOWN_TODAY) {
        // The best-known editorial playlist is the one of today's hits.
        const genre = listener.tasteGenre(random.unit());
        this.track =
          context === CONTEXT.editorial
            ? today.top(random.unit())
            : today.currentInGenre(genre, random.unit());
        return;
      }
      // The square favours the first: what was taken up is played over and over.
      const place = Math.floor(NEW_A_WEEK * (unit / current) * random.unit());
      const genre = listener.tasteGenre(unitAt(listener.key ^ week, place, SETTLED.weekGenre));
      this.track = thisWeek.currentInGenre(genre, unitAt(listener.key ^ week, place, SETTLED.weekTrack));
      return;
    }
    if (random.unit() < listener.exploration * (EXPLORING[context] as number)) {
      this.isFamiliar = false;
      this.track = catalogue.inGenre(listener.tasteGenre(random.unit()), random.unit());
      return;
    }
    if (context === CONTEXT.catalogue && previous >= 0 && random.unit() < STAY_WITH_ARTIST) {
      this.track = catalogue.ofArtist(catalogue.artistOf(previous), random.unit());
      return;
    }
    // The first half of the favourites' range is what is familiar: it stays half of all.
    const range = (random.unit() + (this.isFamiliar ? 0 : 1)) / 2;
    const place = Math.floor(listener.repertoire * range ** FAVOURITISM);
    if (context === CONTEXT.own_collection) {
      const kept = Math.floor(KEPT_OF_AN_ARTIST * random.unit() * random.unit());
      this.track = this.ofFavourite(
        listener,
        place,
        unitAt(listener.key, place * KEPT_OF_AN_ARTIST + kept, SETTLED.track),
      );
    } else this.track = this.ofFavourite(listener, place, random.unit());
  }

  /** One of the listener's own, for a playlist. */
  ofCollection(random: Random, listener: Listener): TrackRef {
    return this.ofFavourite(listener, Math.floor(listener.repertoire * random.unit() ** 1.5), random.unit());
  }

  /** @param unit which of the artist's tracks */
  private ofFavourite(listener: Listener, place: number, unit: number): TrackRef {
    const { catalogue } = this;
    const genre = listener.tasteGenre(unitAt(listener.key, place, SETTLED.genre));
    const artist = catalogue.artistInGenre(genre, unitAt(listener.key, place, SETTLED.artist));
    return catalogue.ofArtist(artist, unit);
  }
}
