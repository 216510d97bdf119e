import { Device } from '../../contracts/events.ts';
import { catalogueOf } from '../catalogue/catalogue.ts';
import { DAY_MS } from './geography.ts';
import { HABITS } from './habits.ts';
import { Population } from './population.ts';

const LISTENER_ID = /^l-([0-9a-f]{8})[0-9a-f]{8}$/;

/** Nearer than this many days to an event somebody of that name was there and not quiet. */
const DAYS_AROUND = 4;

/**
 * What the generator knows of a listener who was heard of at that instant.
 * @throws RangeError when nobody of that name was
 */
export function listenerProfile(seed: number, listenerId: string, atMs: number) {
  const index = LISTENER_ID.exec(listenerId)?.[1];
  if (index === undefined) throw new RangeError(`${listenerId} is no listener's name`);
  const { genres, genreShares } = catalogueOf(seed);
  const population = populationOf(seed, genreShares);
  const today = Math.floor(atMs / DAY_MS);
  // A listening day is not the day of UTC, and what is late is some days old.
  for (let day = today + 1; day >= today - DAYS_AROUND; day--) {
    const listener = population.listener(Number.parseInt(index, 16), day);
    if (listener?.listenerId !== listenerId) continue;
    return {
      listener_id: listenerId,
      country: listener.countryCode,
      plan: listener.isPremium ? ('premium' as const) : ('free' as const),
      age_band: listener.ageBand,
      habit: HABITS[listener.habit]?.name ?? '',
      main_device: Device.options[listener.mainDevice] as Device,
      genres: listener.genres.map((genre) => genres[genre] as string),
    };
  }
  throw new RangeError(`nobody named ${listenerId} listened on ${new Date(atMs).toISOString().slice(0, 10)}`);
}

let known: { seed: number; population: Population } | undefined;

function populationOf(seed: number, genreShares: ConstructorParameters<typeof Population>[1]): Population {
  if (known?.seed !== seed) known = { seed, population: new Population(seed, genreShares) };
  return known.population;
}
