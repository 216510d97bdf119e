/** Murmur3's finaliser: every bit of the input moves every bit of the output. */
export function mix32(value: number): number {
  let h = value | 0;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

/** A uniform number of [0, 1) that belongs to `index` and `salt` for ever; nothing is drawn. */
export function unitAt(seed: number, index: number, salt: number): number {
  return mix32(mix32(seed ^ Math.imul(salt, 0x9e3779b1)) ^ Math.imul(index + 1, 0x85ebca77)) / 4294967296;
}

/** 32 bits of a text (FNV-1a, then mixed). */
export function hashText(text: string, salt = 0): number {
  let h = (0x811c9dc5 ^ salt) | 0;
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193);
  return mix32(h);
}

/**
 * sfc32: 128 bits of state, fast in plain JavaScript and the same on every machine. The text names the stream; streams
 * of different names are independent.
 */
export class Random {
  private a: number;
  private b: number;
  private c: number;
  private d = 1;

  constructor(stream: string) {
    this.a = hashText(stream, 0x243f6a88) | 0;
    this.b = hashText(stream, 0x85a308d3) | 0;
    this.c = hashText(stream, 0x13198a2e) | 0;
    for (let i = 0; i < 15; i++) this.bits();
  }

  /** Begins the stream that belongs to three numbers; cheaper than a new one by name. */
  seed(a: number, b: number, c: number): void {
    this.a = mix32(a ^ 0x243f6a88) | 0;
    this.b = mix32(b ^ this.a ^ 0x85a308d3) | 0;
    this.c = mix32(c ^ this.b ^ 0x13198a2e) | 0;
    this.d = 1;
    for (let i = 0; i < 12; i++) this.bits();
  }

  /** 32 random bits, as an unsigned number. */
  bits(): number {
    const t = (((this.a + this.b) | 0) + this.d) | 0;
    this.d = (this.d + 1) | 0;
    this.a = this.b ^ (this.b >>> 9);
    this.b = (this.c + (this.c << 3)) | 0;
    this.c = (this.c << 21) | (this.c >>> 11);
    this.c = (this.c + t) | 0;
    return t >>> 0;
  }

  /** [0, 1) */
  unit(): number {
    return this.bits() / 4294967296;
  }

  /** Whole number of [0, below). */
  below(below: number): number {
    return Math.floor(this.unit() * below);
  }

  /** Whole number of [low, high]. */
  between(low: number, high: number): number {
    return low + Math.floor(this.unit() * (high - low + 1));
  }

  chance(probability: number): boolean {
    return this.unit() < probability;
  }

  exponential(mean: number): number {
    return -mean * Math.log(1 - this.unit());
  }

  /** Log-normal with the given median; `spread` is the standard deviation of the logarithm. */
  logNormal(median: number, spread: number): number {
    const radius = Math.sqrt(-2 * Math.log(1 - this.unit()));
    return median * Math.exp(spread * radius * Math.cos(2 * Math.PI * this.unit()));
  }
}
