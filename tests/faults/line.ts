import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/** What a line does to those who speak over it. */
export type LineState = 'open' | 'refused' | 'slow' | 'cut';

/** Enough to make a window's traffic crawl, and still let every answer through within its time limit. */
const SLOW_DELAY_MS = 150;
/** What still passes of a connection that is being cut: a few requests, and then half of one. */
const CUT_AFTER_BYTES = 20_000;

/** What somebody who speaks over the line is stopped at: half of it has gone out, and the rest waits. */
export interface Hold {
  /** Something of this shape was about to be sent. */
  reached: Promise<void>;
  /** Lets it, and whatever else, pass. */
  release(): void;
}

interface Watched extends Hold {
  matches(sent: string): boolean;
  reach(): void;
  released: Promise<void>;
}

/** A TCP line on loopback, from the workers to a server, that can be made to fail. */
export class Line {
  readonly port: number;
  readonly #target: number;
  readonly #pairs = new Set<[Socket, Socket]>();
  #server: Server | undefined;
  #state: LineState = 'open';
  /** Connections that a state other than `open` has met. */
  disturbed = 0;
  #hold: Watched | undefined;

  constructor(port: number, target: number) {
    this.port = port;
    this.#target = target;
  }

  async open(): Promise<void> {
    this.#state = 'open';
    if (this.#server) return;
    const server = createServer((near) => this.#join(near));
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(this.port, '127.0.0.1', resolve);
    });
    this.#server = server;
  }

  async become(state: LineState): Promise<void> {
    if (state === 'open') return this.open();
    this.disturbed = 0;
    this.#state = state;
    if (state !== 'refused') return;
    const server = this.#server;
    this.#server = undefined;
    this.#hangUp();
    await new Promise((resolve) => (server ? server.close(resolve) : resolve(undefined)));
  }

  async close(): Promise<void> {
    this.#hold?.release();
    await this.become('refused');
  }

  /** Stops the first connection over which the near side sends what `matches`; the others go on. */
  holdAt(matches: (sent: string) => boolean): Hold {
    const reached = Promise.withResolvers<void>();
    const released = Promise.withResolvers<void>();
    const hold: Watched = {
      matches,
      reach: reached.resolve,
      reached: reached.promise,
      released: released.promise,
      release: () => {
        if (this.#hold === hold) this.#hold = undefined;
        released.resolve();
      },
    };
    this.#hold = hold;
    return hold;
  }

  /** Half of what is held has gone out before: the worst place to stop. @returns what is left to send */
  async #waitAtHold(chunk: Buffer, to: Socket): Promise<Buffer> {
    const hold = this.#hold;
    if (!hold?.matches(chunk.toString('latin1'))) return chunk;
    this.#hold = undefined;
    const half = chunk.length >> 1;
    to.write(chunk.subarray(0, half));
    hold.reach();
    await hold.released;
    return chunk.subarray(half);
  }

  #hangUp(): void {
    for (const [near, far] of this.#pairs) {
      this.disturbed += 1;
      near.resetAndDestroy();
      far.destroy();
    }
  }

  #join(near: Socket): void {
    const far = connect(this.#target, '127.0.0.1');
    const pair: [Socket, Socket] = [near, far];
    this.#pairs.add(pair);
    let passed = 0;
    /** False when the connection ends here. */
    const isPassing = async (chunk: Buffer, to: Socket): Promise<boolean> => {
      if (this.#state === 'slow') {
        this.disturbed += 1;
        await sleep(SLOW_DELAY_MS);
      }
      if (this.#state !== 'cut') return true;
      passed += chunk.length;
      if (passed <= CUT_AFTER_BYTES) return true;
      this.disturbed += 1;
      // Half of what came last goes out: the worst place to end.
      to.write(chunk.subarray(0, chunk.length >> 1));
      return false;
    };
    const carry = async (from: Socket, to: Socket): Promise<void> => {
      for await (const sent of from as AsyncIterable<Buffer>) {
        const chunk = from === near ? await this.#waitAtHold(sent, to) : sent;
        if (!(await isPassing(chunk, to))) throw new Error('cut');
        if (!to.write(chunk)) await once(to, 'drain');
      }
      to.end();
    };
    void Promise.all([carry(near, far), carry(far, near)])
      .catch(() => {
        // The peer sees a connection that broke, and not one that was closed.
        near.resetAndDestroy();
        far.destroy();
      })
      .finally(() => this.#pairs.delete(pair));
    // What breaks one ends its loop; without a listener it would end the process.
    for (const socket of pair) socket.on('error', () => undefined);
  }
}
