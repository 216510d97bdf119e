import type { TrackRef } from '../catalogue/catalogue.ts';

/** The tracks that were mentioned: a bit each, so that a million tracks are 128 KiB. */
export class TrackSet implements Iterable<TrackRef> {
  private words = new Int32Array(1 << 14);

  add(track: TrackRef): void {
    const word = track >>> 5;
    if (word >= this.words.length) this.growTo(word + 1);
    this.words[word] = (this.words[word] as number) | (1 << track);
  }

  /** In ascending order. */
  *[Symbol.iterator](): Iterator<TrackRef> {
    for (const [place, bits] of this.words.entries()) {
      for (let left = bits; left !== 0; left &= left - 1) yield place * 32 + 31 - Math.clz32(left & -left);
    }
  }

  private growTo(length: number): void {
    const grown = new Int32Array(Math.max(length, this.words.length * 2));
    grown.set(this.words);
    this.words = grown;
  }
}
