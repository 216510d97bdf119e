import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Config } from '../../config/config.ts';
import { ServingPointer } from '../../contracts/report.ts';
import { type MartRows, readMarts } from '../parity/marts.ts';
import type { Mart } from '../../clients/warehouse.ts';

const ASK_EVERY_MS = 25;

export const martsText = (marts: Record<Mart, MartRows>): string => JSON.stringify(marts);

/** A reader of the dashboard's data while windows run. */
export class ServingWatch {
  readonly #config: Config;
  readonly faults: string[] = [];
  /** Every state of the marts that readers were shown, in order, without repetitions. */
  readonly shown: string[] = [];
  #stopped = false;
  #running: Promise<void> | undefined;

  constructor(config: Config) {
    this.#config = config;
  }

  start(): void {
    this.#running = this.#watch();
  }

  async #watch(): Promise<void> {
    let seen: string | undefined;
    while (!this.#stopped) {
      const version = this.#version();
      if (version !== undefined && version !== seen) {
        seen = version;
        try {
          const text = martsText(await readMarts(this.#config));
          if (text !== this.shown.at(-1)) this.shown.push(text);
        } catch (error) {
          this.faults.push(`a reader of serving could not open ${version}: ${String(error)}`);
        }
      }
      await sleep(ASK_EVERY_MS);
    }
  }

  #version(): string | undefined {
    const pointer = join(this.#config.paths.serving, 'current.json');
    if (!existsSync(pointer)) return undefined;
    try {
      const { version, file } = ServingPointer.parse(JSON.parse(readFileSync(pointer, 'utf8')));
      if (!existsSync(join(this.#config.paths.serving, file)))
        this.faults.push(`serving points to ${file}, which is not there`);
      return version;
    } catch (error) {
      this.faults.push(`a reader of serving found half a pointer: ${String(error)}`);
      return undefined;
    }
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#running;
  }
}
