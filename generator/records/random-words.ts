import type { Random } from '../random.ts';

const WORDS = 1_024;

/** Random words of 32 bits, made many at a time: sfc32, whose state then stays in registers. */
export class RandomWords {
  private readonly words = new Int32Array(WORDS);
  private place = WORDS;
  private a = 0;
  private b = 0;
  private c = 0;
  private d = 0;

  /** Starts another stream. */
  seed(random: Random): void {
    this.a = random.bits() | 0;
    this.b = random.bits() | 0;
    this.c = random.bits() | 0;
    this.d = 1;
    this.place = WORDS;
  }

  /** 32 random bits, as a signed number. */
  next(): number {
    if (this.place === WORDS) this.refill();
    return this.words[this.place++] as number;
  }

  private refill(): void {
    const { words } = this;
    let { a, b, c, d } = this;
    for (let i = 0; i < WORDS; i++) {
      const t = (((a + b) | 0) + d) | 0;
      d = (d + 1) | 0;
      a = b ^ (b >>> 9);
      b = (c + (c << 3)) | 0;
      c = (((c << 21) | (c >>> 11)) + t) | 0;
      words[i] = t;
    }
    this.a = a;
    this.b = b;
    this.c = c;
    this.d = d;
    this.place = 0;
  }
}
