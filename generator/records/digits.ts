/** Two decimal digits of 0 to 99, as the little-endian number that writes both at once. */
export const DECIMAL_PAIRS = pairsOf(100, 10);

/** Two hexadecimal digits of 0 to 255, likewise. */
export const HEX_PAIRS = pairsOf(256, 16);

function pairsOf(count: number, radix: number): Uint16Array {
  return Uint16Array.from({ length: count }, (_, n) => {
    const text = n.toString(radix).padStart(2, '0');
    return text.charCodeAt(0) | (text.charCodeAt(1) << 8);
  });
}

const ZERO = 0x30;

/** Writes a whole number of [0, 2^31) without leading zeros. @returns the address after it */
export function writeNumber(view: DataView, at: number, value: number): number {
  let end = at + 1;
  for (let limit = 10; limit <= value; limit *= 10) end++;
  let left = value | 0;
  let to = end;
  while (left >= 100) {
    const hundreds = (left / 100) | 0;
    to -= 2;
    view.setUint16(to, DECIMAL_PAIRS[left - hundreds * 100] as number, true);
    left = hundreds;
  }
  if (left >= 10) view.setUint16(to - 2, DECIMAL_PAIRS[left] as number, true);
  else view.setUint8(to - 1, ZERO + left);
  return end;
}

/** Writes a whole number of [0, 10 million) as seven digits. */
export function writeSevenDigits(view: DataView, at: number, value: number): void {
  const number = value | 0;
  const tenThousands = (number / 10_000) | 0;
  const low = number - tenThousands * 10_000;
  const lowHundreds = (low / 100) | 0;
  const highHundreds = (tenThousands / 100) | 0;
  view.setUint8(at, ZERO + highHundreds);
  view.setUint16(at + 1, DECIMAL_PAIRS[tenThousands - highHundreds * 100] as number, true);
  view.setUint16(at + 3, DECIMAL_PAIRS[lowHundreds] as number, true);
  view.setUint16(at + 5, DECIMAL_PAIRS[low - lowHundreds * 100] as number, true);
}
