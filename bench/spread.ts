/** A few repetitions of one measurement. */
export interface Spread {
  min: number;
  median: number;
  max: number;
}

/** @throws RangeError when there is nothing to spread */
export function spread(values: readonly number[]): Spread {
  const ordered = values.toSorted((one, other) => one - other);
  const half = (ordered.length - 1) / 2;
  const [min, lower, upper, max] = [0, Math.floor(half), Math.ceil(half), ordered.length - 1].map(
    (place) => ordered[place],
  );
  if (min === undefined || lower === undefined || upper === undefined || max === undefined)
    throw new RangeError('no measurement to take the spread of');
  return { min, median: (lower + upper) / 2, max };
}
