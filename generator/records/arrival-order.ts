const DIGIT_BITS = 12;
const DIGITS = 1 << DIGIT_BITS;

/** Arrivals are below this. */
export const LATEST_ARRIVAL = DIGITS * DIGITS;

const counts = new Int32Array(DIGITS);

/** Stable counting sort of the places by 12 bits of their arrivals. */
function sortedByDigit(places: Int32Array, arrivals: Int32Array, shift: number): Int32Array {
  counts.fill(0);
  for (let i = 0; i < places.length; i++) {
    const digit = ((arrivals[places[i] as number] as number) >> shift) & (DIGITS - 1);
    counts[digit] = (counts[digit] as number) + 1;
  }
  let before = 0;
  for (let digit = 0; digit < DIGITS; digit++) {
    const count = counts[digit] as number;
    counts[digit] = before;
    before += count;
  }
  const sorted = new Int32Array(places.length);
  for (let i = 0; i < places.length; i++) {
    const place = places[i] as number;
    const digit = ((arrivals[place] as number) >> shift) & (DIGITS - 1);
    const to = counts[digit] as number;
    counts[digit] = to + 1;
    sorted[to] = place;
  }
  return sorted;
}

/** The places of `count` records by arrival; those that arrive together stay in their order. */
export function placesByArrival(arrivals: Int32Array, count: number): Int32Array {
  const places = new Int32Array(count);
  for (let i = 0; i < count; i++) places[i] = i;
  return sortedByDigit(sortedByDigit(places, arrivals, 0), arrivals, DIGIT_BITS);
}
