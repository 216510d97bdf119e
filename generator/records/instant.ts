import { DECIMAL_PAIRS } from './digits.ts';

const DAY_MS = 86_400_000;
const ZERO = 0x30;

/** Writes the digits of instants into `2026-01-05T08:15:30.125Z`. The date is worked out once a day. */
export class InstantWriter {
  private dayStart = Number.NaN;
  /** `2026`, `-01-` and `05`, as little-endian numbers. */
  private year = 0;
  private month = 0;
  private day = 0;

  /** @param ms whole milliseconds since 1970 */
  write(view: DataView, at: number, ms: number): void {
    let rest = ms - this.dayStart;
    if (!(rest >= 0 && rest < DAY_MS)) rest = this.moveTo(ms);
    view.setInt32(at, this.year, true);
    view.setInt32(at + 4, this.month, true);
    view.setUint16(at + 8, this.day, true);
    rest |= 0;
    const hours = (rest / 3_600_000) | 0;
    rest -= hours * 3_600_000;
    const minutes = (rest / 60_000) | 0;
    rest -= minutes * 60_000;
    const seconds = (rest / 1_000) | 0;
    rest -= seconds * 1_000;
    const hundredths = (rest / 10) | 0;
    view.setUint16(at + 11, DECIMAL_PAIRS[hours] as number, true);
    view.setUint16(at + 14, DECIMAL_PAIRS[minutes] as number, true);
    view.setUint16(at + 17, DECIMAL_PAIRS[seconds] as number, true);
    view.setUint16(at + 20, DECIMAL_PAIRS[hundredths] as number, true);
    view.setUint8(at + 22, ZERO + rest - hundredths * 10);
  }

  private moveTo(ms: number): number {
    this.dayStart = Math.floor(ms / DAY_MS) * DAY_MS;
    const date = Buffer.from(new Date(this.dayStart).toISOString(), 'latin1');
    this.year = date.readInt32LE(0);
    this.month = date.readInt32LE(4);
    this.day = date.readUInt16LE(8);
    return ms - this.dayStart;
  }
}
