import { WINDOW_MS } from '../contracts/window.ts';
import type { WindowRequest } from '../contracts/steps.ts';
import type { PlannedSession, Population } from './listeners/population.ts';

const HOURS_A_WEEK = 168;

const MINUTE_MS = 60_000;

/**
 * By plan, not by playing: a session crosses the hour when its time may still run at the hour's end, with something in
 * hand for its last track.
 */
const LAST_TRACK_MS = 4 * MINUTE_MS;

export function hourOf(ms: number): number {
  return Math.floor(ms / WINDOW_MS);
}

export function crossesItsHour(session: PlannedSession): boolean {
  return (
    session.burstMs === undefined &&
    hourOf(session.startMs + session.budgetMs + LAST_TRACK_MS) > hourOf(session.startMs)
  );
}

/**
 * How many records a window holds. Flat: as many as asked for. Diurnal: that is the mean of a week from Monday to Sunday,
 * and each hour has the share that the world's listeners give it; the week holds 168 times the mean, but for rounding.
 */
export function recordsOf(
  request: Pick<WindowRequest, 'events' | 'volume_shape'>,
  hourMs: number,
  population: Population,
): number {
  if (request.volume_shape !== 'diurnal') return request.events;
  const monday = mondayOf(hourMs);
  let week = 0;
  for (let hour = 0; hour < HOURS_A_WEEK; hour++)
    week += population.expectedRecords(monday + hour * WINDOW_MS);
  return Math.round((request.events * HOURS_A_WEEK * population.expectedRecords(hourMs)) / week);
}

/** 1 January 1970 was a Thursday. */
function mondayOf(ms: number): number {
  const day = Math.floor(ms / (24 * WINDOW_MS));
  return (day - ((day + 3) % 7)) * 24 * WINDOW_MS;
}

/**
 * Sessions that cross an edge send this share of the records, and by so much (divided by the root of a cell's records) does
 * that share scatter from cell to cell: measured over many listeners.
 */
const CROSSING_SHARE = 0.66;
const CROSSING_SPREAD = 4;
/**
 * So many standard deviations must still fit into the cell: what crosses is in the world as a whole, or not at all. With
 * four, one cell of two thousand was too small: long playlists come seldom, and then many records at once.
 */
const SAFETY = 5.2;

/**
 * How many listener slots of a cell can have sessions that cross an edge of that hour: those that are expected to make the
 * cell's records; fewer in a very small window, where chance might give them more records than it holds.
 */
export function slotsOf(records: number, cells: number, hourMs: number, population: Population): number {
  const ofCell = records / cells;
  const room = Math.max(0, 1 - (SAFETY * CROSSING_SPREAD) / Math.sqrt(ofCell));
  return Math.ceil((ofCell / population.expectedRecords(hourMs)) * Math.min(1, room / CROSSING_SHARE));
}
