import { join } from 'node:path';
import { createLakeReader, type LakeReader } from '../clients/lake-reader.ts';
import type { Config } from '../config/config.ts';

export function lakeReader({ paths, objectStore }: Config): LakeReader {
  return createLakeReader({
    extensions: join(paths.tools, 'duckdb-extensions'),
    spill: join(paths.scratch, 'duckdb'),
    endpoint: objectStore.endpoint,
    region: objectStore.region,
    accessKey: objectStore.accessKey,
    secretKey: objectStore.secretKey,
  });
}
