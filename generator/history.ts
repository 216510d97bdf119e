import { catalogueOf } from './catalogue/catalogue.ts';
import { DAY_MS } from './listeners/geography.ts';
import { Population } from './listeners/population.ts';
import type { EventSink } from './sessions/event-sink.ts';
import { Player } from './sessions/play-session.ts';

/**
 * Everything that a listener slot hears in a period, whoever holds it: the sessions that begin in
 * `[fromMs, toMs)`, as the windows hold them. For statistics over longer than anybody would generate windows for.
 */
export function listenerHistory(
  seed: number,
  index: number,
  fromMs: number,
  toMs: number,
  sink: EventSink,
): void {
  const { population, player } = worldOf(seed);
  // A listening day is half a day and more away from the day of UTC in some countries.
  const lastDay = Math.floor(toMs / DAY_MS) + 1;
  for (let day = Math.floor(fromMs / DAY_MS) - 2; day <= lastDay; day++) {
    const listener = population.listener(index, day);
    if (!listener) continue;
    for (const session of population.dayPlan(index, day, 0))
      if (session.startMs >= fromMs && session.startMs < toMs) player.play(listener, session, sink);
  }
}

let known: { seed: number; population: Population; player: Player } | undefined;

function worldOf(seed: number): { population: Population; player: Player } {
  if (known?.seed !== seed) {
    const catalogue = catalogueOf(seed);
    known = { seed, population: new Population(seed, catalogue.genreShares), player: new Player(catalogue) };
  }
  return known;
}
