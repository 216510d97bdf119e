/**
 * The value of a standard normal distribution below which the share `p` lies (Acklam's approximation, error < 1.2e-9).
 * Drawing through it takes one uniform number, and is the same on every machine.
 */
export function normalQuantile(p: number): number {
  if (p > 0.5) return -normalQuantile(1 - p);
  if (p < 0.024_25) {
    const q = Math.sqrt(-2 * Math.log(p));
    return (
      (((((-7.784894002430293e-3 * q - 0.3223964580411365) * q - 2.400758277161838) * q - 2.549732539343734) *
        q +
        4.374664141464968) *
        q +
        2.938163982698783) /
      ((((7.784695709041462e-3 * q + 0.3224671290700398) * q + 2.445134137142996) * q + 3.754408661907416) *
        q +
        1)
    );
  }
  const q = p - 0.5;
  const r = q * q;
  return (
    ((((((-39.69683028665376 * r + 220.9460984245205) * r - 275.9285104469687) * r + 138.357751867269) * r -
      30.66479806614716) *
      r +
      2.506628277459239) *
      q) /
    (((((-54.47609879822406 * r + 161.5858368580409) * r - 155.6989798598866) * r + 66.80131188771972) * r -
      13.28068155288572) *
      r +
      1)
  );
}

/** One value for each of `size` equal parts of a log-normal distribution with that median. */
export function logNormalQuantiles(size: number, median: number, spread: number): Float64Array {
  return Float64Array.from(
    { length: size },
    (_, place) => median * Math.exp(spread * normalQuantile((place + 0.5) / size)),
  );
}

/**
 * Turned round, a density over `densities.length` equal steps: `unit` of [0, 1) becomes a place of [0, length), between
 * whose neighbours it is read off in a straight line.
 */
export function inverse(densities: ArrayLike<number>, cells: number): Float32Array {
  const places = new Float32Array(cells + 1);
  let total = 0;
  for (let i = 0; i < densities.length; i++) total += densities[i] as number;
  let step = -1;
  let below = 0;
  let mass = 0;
  for (let cell = 0; cell <= cells; cell++) {
    const wanted = (cell / cells) * total;
    while (step < densities.length - 1 && below + mass < wanted) {
      below += mass;
      mass = densities[++step] as number;
    }
    if (step < 0) {
      // The first place is where the first density is.
      let first = 0;
      while (densities[first] === 0) first++;
      places[cell] = first;
    } else places[cell] = step + (mass > 0 ? Math.min(1, (wanted - below) / mass) : 0);
  }
  return places;
}

/** A weighted choice as a list of `size` places: a draw is one look, whichever it falls on. Shares are rounded to 1 / size. */
export function placesOf(weights: readonly number[], size: number): Uint8Array {
  let total = 0;
  for (const weight of weights) total += weight;
  const places = new Uint8Array(size);
  let below = 0;
  let place = 0;
  weights.forEach((weight, choice) => {
    below += weight;
    for (; place < Math.round((below / total) * size); place++) places[place] = choice;
  });
  return places;
}

const STEPS_A_UNIT = 64;
const MOST_MEAN = 16;
/** Chance of no event at all, by mean. Read off in straight lines it is right to 1 in 30,000, at a fraction of the time. */
const CHANCES_OF_NONE = Float64Array.from({ length: MOST_MEAN * STEPS_A_UNIT + 2 }, (_, step) =>
  Math.exp(-step / STEPS_A_UNIT),
);

/**
 * A Poisson number, at most `most`, by inversion.
 * @param mean of more than 16 counts as 16
 */
export function poisson(mean: number, unit: number, most: number): number {
  const at = Math.min(mean, MOST_MEAN) * STEPS_A_UNIT;
  const step = Math.floor(at);
  const low = CHANCES_OF_NONE[step] as number;
  let chance = low + (at - step) * ((CHANCES_OF_NONE[step + 1] as number) - low);
  let below = chance;
  let events = 0;
  while (unit >= below && events < most) {
    events++;
    chance *= mean / events;
    below += chance;
  }
  return events;
}
