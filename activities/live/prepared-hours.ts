import { join } from 'node:path';
import { WINDOW_MS } from '../../contracts/window.ts';
import type { HourSlices } from './hour-slices.ts';

interface UnderWay {
  startMs: number;
  hour: Promise<HourSlices>;
}

/** Makes the slices of the hour that starts there, in a folder of its own, from that instant on. */
export type FillHour = (order: {
  startMs: number;
  fromMs: number;
  folder: string;
  signal: AbortSignal;
}) => Promise<HourSlices>;

/** From this part of an hour on the next one is made: early enough, and the disk seldom holds two. */
const NEXT_FROM = 0.5;

/** The hour that is being sent, and the next one while it is being made. */
export class PreparedHours {
  readonly #fill: FillHour;
  readonly #folder: string;
  readonly #stopped = new AbortController();
  #current: HourSlices | undefined;
  #next: UnderWay | undefined;

  constructor(fill: FillHour, folder: string) {
    this.#fill = fill;
    this.#folder = folder;
  }

  async holding(positionMs: number): Promise<HourSlices> {
    const startMs = Math.floor(positionMs / WINDOW_MS) * WINDOW_MS;
    if (this.#current?.startMs !== startMs) await this.#moveTo(startMs, positionMs);
    if (positionMs - startMs >= NEXT_FROM * WINDOW_MS)
      this.#next ??= this.#begin(startMs + WINDOW_MS, startMs + WINDOW_MS);
    return this.#current as HourSlices;
  }

  async #moveTo(startMs: number, positionMs: number): Promise<void> {
    await this.#current?.remove();
    this.#current = undefined;
    const prepared = this.#next;
    this.#next = undefined;
    if (prepared?.startMs === startMs) this.#current = await prepared.hour;
    else {
      // The producer was away for so long that the hour after the one it was in has passed as well.
      if (prepared) await prepared.hour.then((hour) => hour.remove());
      this.#current = await this.#begin(startMs, positionMs).hour;
    }
  }

  /** Waits until nothing is written any more. */
  async close(): Promise<void> {
    this.#stopped.abort();
    await this.#next?.hour.catch(() => undefined);
  }

  #begin(startMs: number, fromMs: number): UnderWay {
    const folder = join(this.#folder, String(startMs));
    const hour = this.#fill({ startMs, fromMs, folder, signal: this.#stopped.signal });
    // Its failure is reported where it is waited for.
    hour.catch(() => undefined);
    return { startMs, hour };
  }
}
