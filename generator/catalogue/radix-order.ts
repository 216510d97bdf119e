const DIGIT_BITS = 13;
const DIGITS = 1 << DIGIT_BITS;

/** One past the greatest key that can be ordered. */
export const KEY_LIMIT = DIGITS * DIGITS;

function pass(keys: Int32Array, shift: number, from: Int32Array, to: Int32Array): void {
  const next = new Int32Array(DIGITS + 1);
  for (let at = 0; at < keys.length; at++) {
    (next[(((keys[at] as number) >>> shift) & (DIGITS - 1)) + 1] as number)++;
  }
  for (let digit = 0; digit < DIGITS; digit++) {
    next[digit + 1] = (next[digit + 1] as number) + (next[digit] as number);
  }
  for (let at = 0; at < from.length; at++) {
    const index = from[at] as number;
    to[(next[((keys[index] as number) >>> shift) & (DIGITS - 1)] as number)++] = index;
  }
}

/** Indices by ascending key; equal keys keep their order. Keys are whole numbers of [0, KEY_LIMIT). */
export function orderOf(keys: Int32Array): Int32Array {
  const order = new Int32Array(keys.length);
  for (let at = 0; at < keys.length; at++) order[at] = at;
  const half = new Int32Array(keys.length);
  pass(keys, 0, order, half);
  pass(keys, DIGIT_BITS, half, order);
  return order;
}
