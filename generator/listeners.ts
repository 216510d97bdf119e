import { AliasTable } from './alias-table.ts';
import type { Catalogue } from './catalogue.ts';
import { COUNTRIES, COUNTRY_SHARES, type LocalTime } from './geography.ts';
import { hashText, mix32, unitAt } from './random.ts';

/** Traits are drawn by number, so that a listener is the same in every window without being stored. */
const TRAIT = {
  country: 1,
  habit: 2,
  plan: 3,
  device: 4,
  intensity: 5,
  genre: 6,
  collection: 9,
  skipping: 10,
  presence: 11,
  playlist: 12,
} as const;

interface Habit {
  name: string;
  weight: number;
  /** Chance to listen, by local hour, relative to the habit's mean. */
  hours: readonly number[];
  weekend: number;
}

/** A curve from its busy spells: `[from, to, height]`, the rest at `floor`. */
function curve(floor: number, ...spells: readonly [number, number, number][]): number[] {
  const heights = Array.from({ length: 24 }, (_, hour) =>
    spells.reduce(
      (height, [from, to, top]) => (hour >= from && hour < to ? Math.max(height, top) : height),
      floor,
    ),
  );
  const mean = heights.reduce((sum, height) => sum + height, 0) / 24;
  return heights.map((height) => height / mean);
}

const HABITS: readonly Habit[] = [
  {
    name: 'commuter',
    weight: 28,
    hours: curve(0.25, [7, 9, 3], [12, 13, 1], [16, 19, 2.6], [19, 22, 1]),
    weekend: 0.6,
  },
  {
    name: 'at_work',
    weight: 22,
    hours: curve(0.2, [8, 12, 2.4], [13, 18, 2.2], [18, 22, 0.8]),
    weekend: 0.4,
  },
  {
    name: 'evening',
    weight: 26,
    hours: curve(0.25, [17, 20, 1.8], [20, 24, 2.6], [0, 1, 1.2]),
    weekend: 1.2,
  },
  { name: 'night', weight: 8, hours: curve(0.4, [21, 24, 2.4], [0, 4, 2.2]), weekend: 1.3 },
  { name: 'all_day', weight: 16, hours: curve(0.35, [7, 23, 1.4]), weekend: 1.1 },
];
const HABIT_SHARES = new AliasTable(HABITS.map(({ weight }) => weight));

/** Chance that an average listener listens in an average hour. */
const MEAN_PRESENCE = 0.13;

const DEVICES = ['mobile', 'desktop', 'web', 'speaker', 'tv', 'car'] as const;
const DEVICE_SHARES = new AliasTable([58, 17, 8, 9, 3, 5]);

export interface Listener {
  index: number;
  listenerId: string;
  country: string;
  isPremium: boolean;
  mainDevice: (typeof DEVICES)[number];
  /** Indices into the catalogue's genres, the favourite first. */
  genres: readonly [number, number, number];
  collectionSize: number;
  /** Added to the chance of a skip: some listeners hardly skip, some hunt. */
  skipBias: number;
  /** 32 bits that belong to the listener. */
  key: number;
}

const hex = (value: number): string => value.toString(16).padStart(8, '0');

/** The listeners of a seed, by number. There is no end to them. */
export class Population {
  private readonly catalogue: Catalogue;
  private readonly key: number;

  constructor(catalogue: Catalogue) {
    this.catalogue = catalogue;
    this.key = hashText(`listeners/${catalogue.seed}`);
  }

  private trait(index: number, trait: number): number {
    return unitAt(this.key, index, trait);
  }

  /** Whether the listener listens in the hour `hourIndex` (hours since the epoch). Cheap: most are asked in vain. */
  isPresent(index: number, hourIndex: number, clocks: readonly LocalTime[]): boolean {
    const { hour, isWeekend } = clocks[COUNTRY_SHARES.at(this.trait(index, TRAIT.country))] as LocalTime;
    const habit = HABITS[HABIT_SHARES.at(this.trait(index, TRAIT.habit))] as Habit;
    // Squaring a uniform number gives many light listeners and few heavy ones, with a mean of one.
    const intensity = 3 * this.trait(index, TRAIT.intensity) ** 2;
    const chance =
      MEAN_PRESENCE * intensity * (habit.hours[hour] as number) * (isWeekend ? habit.weekend : 1);
    return unitAt(this.key ^ hourIndex, index, TRAIT.presence) < Math.min(chance, 0.9);
  }

  listener(index: number): Listener {
    const key = mix32(this.key ^ Math.imul(index + 1, 0x27d4eb2f));
    const genre = (place: number): number =>
      this.catalogue.genreShares.at(this.trait(index, TRAIT.genre + place));
    return {
      index,
      // The number stands in the pseudonym, so no two listeners of a seed share one.
      listenerId: `l-${hex(index)}${hex(key)}`,
      country: (COUNTRIES[COUNTRY_SHARES.at(this.trait(index, TRAIT.country))] as { code: string }).code,
      isPremium: this.trait(index, TRAIT.plan) < 0.45,
      mainDevice: DEVICES[DEVICE_SHARES.at(this.trait(index, TRAIT.device))] as Listener['mainDevice'],
      genres: [genre(0), genre(1), genre(2)],
      collectionSize: Math.round(20 + 400 * this.trait(index, TRAIT.collection) ** 3),
      skipBias: (this.trait(index, TRAIT.skipping) - 0.5) * 0.5,
      key,
    };
  }

  /** Rank of the `place`-th track in the listener's own collection: the same track in every window. */
  collectionTrack(listener: Listener, place: number): number {
    const taste = unitAt(listener.key, place, 1);
    const choice = unitAt(listener.key, place, 2);
    if (taste > 0.9) return this.catalogue.popularity.at(choice);
    const genre = this.catalogue.genres[listener.genres[taste < 0.55 ? 0 : taste < 0.78 ? 1 : 2]];
    if (!genre) throw new Error(`listener ${listener.listenerId} has a genre without tracks`);
    return genre.ranks[genre.popularity.at(choice)] as number;
  }
}

/** Device of a session: the main one, mostly. `unit` is uniform on [0, 1). */
export function sessionDevice(listener: Listener, unit: number): Listener['mainDevice'] {
  if (unit < 0.8) return listener.mainDevice;
  return DEVICES[DEVICE_SHARES.at((unit - 0.8) / 0.2)] as Listener['mainDevice'];
}
