import type { Catalogue, Chart, TrackRef } from '../catalogue/catalogue.ts';
import type { Listener } from '../listeners/population.ts';
import { type Random, unitAt } from '../random.ts';
import { byContext, CONTEXT } from './contexts.ts';

/** Salts of what a listener has settled for good: drawn by number, so that nothing is stored. */
const SETTLED = { genre: 21, artist: 22, track: 23, newGenre: 24, newTrack: 25, newWeeks: 26 } as const;

/** Share of what is new and rising, by context; the rest is the standing catalogue. */
const CURRENT = byContext({
  own_collection: 0.18,
  catalogue: 0.3,
  editorial: 0.55,
  radio: 0.24,
  personalised: 0.4,
  charts: 1,
});

/** Of that, what everybody is shown today, and not what the listener took up this week. */
const SHOWN_TODAY = 0.36;

/** How many new tracks a listener has taken up at any time; each is given up for another after two to eight weeks. */
const TAKEN_UP = 12;
const FEWEST_WEEKS = 2;
const MORE_WEEKS = 7;
/** The higher, the more the first ones of them are played. */
const TASTE_FOR_THE_FIRST = 1.7;
/** 1 January 1970 was a Thursday: weeks of music begin on Fridays. */
const FIRST_FRIDAY = 1;

/** The last tracks of a session, which are not played again but by the back button. */
const REMEMBERED = 32;
const TRIES = 4;

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
  private today: Chart;
  private week = Number.NaN;
  /** Charts of the Fridays before, by the weeks since. */
  private fridays: Chart[] = [];
  private readonly heard = new Int32Array(REMEMBERED);
  private count = 0;

  constructor(catalogue: Catalogue) {
    this.catalogue = catalogue;
    this.today = catalogue.chartOn(0);
  }

  /** @param day of the session, since 1970 */
  beginSession(day: number): void {
    this.today = this.catalogue.chartOn(day);
    const week = Math.floor((day - FIRST_FRIDAY) / 7);
    if (week !== this.week) this.fridays = [];
    this.week = week;
    this.count = 0;
    this.heard.fill(-1);
  }

  /** @param previous the last track, or -1 */
  choose(random: Random, listener: Listener, context: number, previous: TrackRef): void {
    for (let tries = 0; tries < TRIES; tries++) {
      this.draw(random, listener, context, previous);
      if (!this.heard.includes(this.track)) break;
    }
    this.heard[this.count++ % REMEMBERED] = this.track;
  }

  private draw(random: Random, listener: Listener, context: number, previous: TrackRef): void {
    const { catalogue, today } = this;
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
      this.track = this.takenUp(listener, Math.floor(TAKEN_UP * this.among(random) ** TASTE_FOR_THE_FIRST));
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
    const place = Math.floor(listener.repertoire * this.among(random) ** FAVOURITISM);
    if (context === CONTEXT.own_collection) {
      const kept = Math.floor(KEPT_OF_AN_ARTIST * random.unit() * random.unit());
      this.track = this.ofFavourite(
        listener,
        place,
        unitAt(listener.key, place * KEPT_OF_AN_ARTIST + kept, SETTLED.track),
      );
    } else this.track = this.ofFavourite(listener, place, random.unit());
  }

  /** Where in a range from the most played to the least: the first half is what is familiar, and stays half of all. */
  private among(random: Random): number {
    return (random.unit() + (this.isFamiliar ? 0 : 1)) / 2;
  }

  /** What the listener took up in some week not long ago, from the chart of its Friday. */
  private takenUp(listener: Listener, place: number): TrackRef {
    const { key } = listener;
    const unit = unitAt(key, place, SETTLED.newWeeks);
    const weeks = FEWEST_WEEKS + Math.floor(MORE_WEEKS * unit);
    // Which fraction of a week is left of the draw says where in its turn the place is.
    const since = (this.week + Math.floor(weeks * ((MORE_WEEKS * unit) % 1))) % weeks;
    const week = this.week - since;
    const genre = listener.tasteGenre(unitAt(key ^ week, place, SETTLED.newGenre));
    let chart = this.fridays[since];
    if (!chart) {
      chart = this.catalogue.chartOn(week * 7 + FIRST_FRIDAY);
      this.fridays[since] = chart;
    }
    return chart.currentInGenre(genre, unitAt(key ^ week, place, SETTLED.newTrack));
  }

  /**
   * One of the listener's own, for a playlist.
   * @param isNew whether it may also be none of them, but to the listener's taste
   */
  ofCollection(random: Random, listener: Listener, isNew: boolean): TrackRef {
    if (isNew) return this.catalogue.inGenre(listener.tasteGenre(random.unit()), random.unit());
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
