import { createWriteStream } from 'node:fs';
import { rename, writeFile } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import type { ObjectStore } from '../../clients/object-store.ts';
import { liveKeys } from '../../contracts/live.ts';

/** The catalogue on the driver's disk, as the object store has it. */
export class CatalogueCopy {
  readonly #store: ObjectStore;
  readonly file: string;
  #etag: string | undefined;

  constructor(store: ObjectStore, file: string) {
    this.#store = store;
    this.file = file;
  }

  /** There is a file in any case: without a catalogue nothing is enriched. */
  async create(): Promise<void> {
    await writeFile(this.file, '');
    await this.refresh();
  }

  /** Replaces the file whole when the object is another one than before. */
  async refresh(): Promise<void> {
    const etag = await this.#store.etag(liveKeys.catalogue);
    if (etag === undefined || etag === this.#etag) return;
    const draft = `${this.file}.new`;
    await pipeline(await this.#store.getStream(liveKeys.catalogue), createWriteStream(draft));
    await rename(draft, this.file);
    this.#etag = etag;
  }
}
