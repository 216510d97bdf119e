import type { WindowId } from '../../contracts/window.ts';
import { catalogueOf } from '../catalogue/catalogue.ts';
import { generateShard } from '../generate.ts';
import { listenerHistory } from '../history.ts';
import { COUNTRIES, DAY_MS, dateIn, offsetMs, weekdayOf } from '../listeners/geography.ts';
import { listenerProfile } from '../listeners/profile.ts';
import type { WallClock } from './observations.ts';
import type { World } from './run.ts';

const SATURDAY = 5;

const placeOf = new Map(COUNTRIES.map(({ code }, place) => [code, place]));

function clock(country: string, atMs: number): WallClock {
  const place = placeOf.get(country);
  if (place === undefined) throw new Error(`no listener lives in ${country}`);
  const date = dateIn(place, atMs);
  const minute = (atMs + offsetMs(place, atMs) - date * DAY_MS) / 60_000;
  return { minute, isWeekend: weekdayOf(date) >= SATURDAY };
}

/**
 * The world that `reprise generate` writes: its records with the usual defects among them, and as many in each hour as
 * that hour has.
 * @param events mean records a window
 */
export function generatedWorld(seed: number, events: number): World {
  const catalogue = catalogueOf(seed);
  return {
    window: async (window: WindowId, write) => {
      await generateShard({ window, seed, events, shards: 1, shard: 0, volume_shape: 'diurnal' }, write);
    },
    listener: (listenerId, atMs) => listenerProfile(seed, listenerId, atMs),
    clock,
    tracks: catalogue,
    play: (index, fromMs, toMs, sink) => listenerHistory(seed, index, fromMs, toMs, sink),
  };
}
