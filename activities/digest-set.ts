/**
 * A set of 64-bit digests in flat memory, some 13 bytes each: a set of texts takes ten times as much. Open addressing, at
 * most three quarters full.
 */
export class DigestSet {
  size = 0;
  private high: Uint32Array;
  private low: Uint32Array;

  constructor(capacity = 1 << 16) {
    this.high = new Uint32Array(capacity);
    this.low = new Uint32Array(capacity);
  }

  /**
   * @param digest its first eight bytes count
   * @returns whether it was not there
   */
  add(digest: Buffer): boolean {
    const high = digest.readUInt32BE(0);
    // Zeroes are a free place: the one digest that is all zeroes goes with its neighbour.
    const low = digest.readUInt32BE(4) || (high === 0 ? 1 : 0);
    if (!put(this.high, this.low, high, low)) return false;
    this.size += 1;
    if (this.size > this.high.length * 0.75) this.grow();
    return true;
  }

  private grow(): void {
    const [high, low] = [this.high, this.low];
    this.high = new Uint32Array(high.length * 2);
    this.low = new Uint32Array(low.length * 2);
    for (let at = 0; at < high.length; at += 1) {
      const [one, other] = [high[at] as number, low[at] as number];
      if (one !== 0 || other !== 0) put(this.high, this.low, one, other);
    }
  }
}

function put(highs: Uint32Array, lows: Uint32Array, high: number, low: number): boolean {
  const mask = highs.length - 1;
  for (let at = (high ^ low) & mask; ; at = (at + 1) & mask) {
    const [one, other] = [highs[at], lows[at]];
    if (one === high && other === low) return false;
    if (one !== 0 || other !== 0) continue;
    highs[at] = high;
    lows[at] = low;
    return true;
  }
}
