import { setTimeout as sleep } from 'node:timers/promises';
import { ClientError } from '../../clients/errors.ts';
import type { ObjectStore } from '../../clients/object-store.ts';
import { liveKeys, type StreamPosition, type StreamProgress } from '../../contracts/live.ts';
import type { WindowId } from '../../contracts/window.ts';

/** The object store is away: the stream goes on meanwhile, and the newest position is put once it is back. */
const AGAIN_MS = 1_000;

/** Puts down how far the stream has come, beside it. A position between two that follow each other quickly may be left out. */
export class KeptPosition {
  readonly #store: ObjectStore;
  readonly #stream: string;
  readonly #knownHours = new Set<WindowId>();
  readonly #newHours = new Map<WindowId, StreamPosition>();
  #waiting: StreamPosition | undefined;
  #writing: Promise<void> | undefined;
  #isGivenUp = false;
  last: StreamPosition | undefined;

  constructor(store: ObjectStore, stream: string) {
    this.#store = store;
    this.#stream = stream;
  }

  take({ batch, at, offsets, windows }: StreamProgress): void {
    const position = { stream: this.#stream, batch, at, offsets };
    this.last = position;
    for (const window of windows)
      if (!this.#knownHours.has(window) && !this.#newHours.has(window)) this.#newHours.set(window, position);
    this.#waiting = position;
    this.#writing ??= this.#write();
  }

  /** Waits until everything is put down. @throws ClientError Unavailable when that takes too long; it is given up then */
  async flush(limitMs: number): Promise<void> {
    const isLate = await Promise.race([this.#writing, sleep(limitMs, true, { ref: false })]);
    this.#isGivenUp = true;
    if (isLate)
      throw new ClientError('Unavailable', 'the object store did not take how far the stream has come');
  }

  async #write(): Promise<void> {
    while (this.#waiting && !this.#isGivenUp) {
      const position = this.#waiting;
      try {
        // First the hours: who sees the position beyond an hour's records must find the hour.
        for (const [window, first] of [...this.#newHours]) await this.#putHour(window, first);
        await this.#store.putJson(liveKeys.position, position);
        if (this.#waiting === position) this.#waiting = undefined;
      } catch {
        await sleep(AGAIN_MS);
      }
    }
    this.#writing = undefined;
  }

  async #putHour(window: WindowId, { batch, at }: StreamPosition): Promise<void> {
    const key = liveKeys.hour(window);
    if (!(await this.#store.exists(key)))
      await this.#store.putJson(key, { window, stream: this.#stream, first_batch: batch, at });
    this.#newHours.delete(window);
    this.#knownHours.add(window);
  }
}
