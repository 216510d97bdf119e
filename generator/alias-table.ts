/** Walker's alias method: one draw of a weighted choice costs the same however many choices there are. */
export class AliasTable {
  readonly size: number;
  private readonly threshold: Float64Array;
  private readonly other: Int32Array;

  constructor(weights: ArrayLike<number>) {
    const n = weights.length;
    this.size = n;
    this.threshold = new Float64Array(n).fill(1);
    this.other = new Int32Array(n);
    let total = 0;
    for (let i = 0; i < n; i++) total += weights[i] as number;
    const scaled = Float64Array.from({ length: n }, (_, i) => ((weights[i] as number) * n) / total);
    const small: number[] = [];
    const large: number[] = [];
    for (let i = 0; i < n; i++) ((scaled[i] as number) < 1 ? small : large).push(i);
    while (small.length > 0 && large.length > 0) {
      const less = small.pop() as number;
      const more = large[large.length - 1] as number;
      this.threshold[less] = scaled[less] as number;
      this.other[less] = more;
      const left = (scaled[more] as number) - (1 - (scaled[less] as number));
      scaled[more] = left;
      if (left < 1) small.push(large.pop() as number);
    }
  }

  /** The choice that `unit` of [0, 1) falls on: its whole part picks the column, its fraction the side. */
  at(unit: number): number {
    const column = Math.floor(unit * this.size);
    const rest = unit * this.size - column;
    return rest < (this.threshold[column] as number) ? column : (this.other[column] as number);
  }
}
