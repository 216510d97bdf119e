/** Clock time of the top of the parabola through three neighbouring hours, each standing for its middle. */
function vertex(before: number, at: number, after: number, hour: number): number {
  const bend = before - 2 * at + after;
  return hour + 0.5 + (bend === 0 ? 0 : (before - after) / (2 * bend));
}

function place(hours: readonly number[], from: number, to: number, sign: 1 | -1): number {
  let best = from;
  for (let hour = from; hour <= to; hour++)
    if (sign * (hours[hour] as number) > sign * (hours[best] as number)) best = hour;
  return best;
}

function vertexAt(hours: readonly number[], hour: number): number {
  const at = (place: number): number => hours[(place + 24) % 24] as number;
  return vertex(at(hour - 1), at(hour), at(hour + 1), hour);
}

/**
 * Clock time (9.5 is half past nine) of the highest of the hours `from` to `to`, both included; NaN when it lies on
 * the edge of that stretch, for then it is a slope and no peak.
 */
export function peakBetween(hours: readonly number[], from: number, to: number): number {
  const hour = place(hours, from, to, 1);
  return hour === from || hour === to ? Number.NaN : vertexAt(hours, hour);
}

/** Clock time of the lowest hour of the day. */
export function troughOf(hours: readonly number[]): number {
  return vertexAt(hours, place(hours, 0, 23, -1));
}

type Stretch = readonly [from: number, to: number];

/** The lowest hour between two peaks as a share of the lower of the two. */
export function dipBetween(hours: readonly number[], morning: Stretch, evening: Stretch): number {
  const first = place(hours, ...morning, 1);
  const second = place(hours, ...evening, 1);
  const lowest = hours[place(hours, first, second, -1)] as number;
  return lowest / Math.min(hours[first] as number, hours[second] as number);
}
