import { join } from 'node:path';
import { DuckDBBlobValue, type DuckDBConnection, DuckDBInstance, type DuckDBValue } from '@duckdb/node-api';
import type { LakeTable, LakeVersions } from '../contracts/steps.ts';
import { windowBounds, type WindowId } from '../contracts/window.ts';
import { ClientError } from './errors.ts';

export interface LakeReaderSettings {
  /** Folder of httpfs, avro and iceberg as `.duckdb_extension` files. */
  extensions: string;
  /** Where a query that outgrows its memory goes on. */
  spill: string;
  endpoint: string;
  region: string;
  accessKey: string;
  secretKey: string;
}

/** A reader that shares nothing with the writer but the table format: another engine, and no catalogue. */
export interface LakeReader {
  /** Opens a session in which every lake table, at the given version and cut to the window, is a view of its name. */
  open(window: WindowId, tables: LakeVersions, signal: AbortSignal): Promise<LakeSession>;
}

/** Blobs as Buffers; everything else as DuckDB gives it (integers of 64 bits as bigint). */
export type LakeRow = Record<string, Exclude<DuckDBValue, DuckDBBlobValue> | Buffer>;

export interface LakeSession {
  rows(sql: string): Promise<LakeRow[]>;
  /** Row by row, in bounded memory. */
  stream(sql: string): AsyncIterable<LakeRow[]>;
  /** For a client that writes what it reads: another database can be attached to the same session. */
  connection: DuckDBConnection;
  close(): void;
}

/** A window's scan is streamed: this is for joins and groups, and bounds what a worker takes. */
const MEMORY_LIMIT = '1GB';

/** The content hash of the blobs in `expression`, as contracts/content-hash.ts defines it: a number below 2^64. */
export function hashSumSql(expression: string): string {
  return `(coalesce(sum(('0x' || substr(md5(coalesce(${expression}, ''::BLOB)), 1, 16))::UBIGINT), 0) % 18446744073709551616::HUGEINT)::UBIGINT`;
}

const quoted = (text: string): string => `'${text.replaceAll("'", "''")}'`;

export function lakeError(doing: string, error: unknown): ClientError {
  if (error instanceof ClientError) return error;
  const message = error instanceof Error ? error.message : String(error);
  const first = message.split('\n')[0] ?? message;
  const say = `lake: ${doing}: ${first}`;
  if (/HTTP.*\b(403|401)\b|Access ?Denied|Forbidden/i.test(message)) {
    return new ClientError('AccessDenied', say, { cause: error });
  }
  if (/\b404\b|NoSuchKey|No such file|does not exist/i.test(message)) {
    return new ClientError('ResourceMissing', say, { cause: error });
  }
  if (/Could not (connect|establish)|Connection|timed? ?out|HTTP.*\b5\d\d\b|IO Error/i.test(message)) {
    return new ClientError('Unavailable', say, { cause: error });
  }
  if (/Out of Memory/i.test(message)) return new ClientError('Unavailable', say, { cause: error });
  return new ClientError('Misconfigured', say, { cause: error });
}

export function createLakeReader(settings: LakeReaderSettings): LakeReader {
  return {
    async open(window, tables, signal) {
      signal.throwIfAborted();
      try {
        const instance = await DuckDBInstance.create(':memory:', {
          threads: '2',
          memory_limit: MEMORY_LIMIT,
          temp_directory: settings.spill,
          autoinstall_known_extensions: 'false',
          autoload_known_extensions: 'false',
        });
        const connection = await instance.connect();
        const interrupt = (): void => connection.interrupt();
        signal.addEventListener('abort', interrupt, { once: true });
        await prepare(connection, settings, window, tables);
        return sessionOn(connection, signal, () => {
          signal.removeEventListener('abort', interrupt);
          connection.closeSync();
          instance.closeSync();
        });
      } catch (error) {
        signal.throwIfAborted();
        throw lakeError('open', error);
      }
    },
  };
}

async function prepare(
  connection: DuckDBConnection,
  settings: LakeReaderSettings,
  window: WindowId,
  tables: LakeVersions,
): Promise<void> {
  const endpoint = new URL(settings.endpoint);
  // iceberg reads its manifests through avro, which must be there first.
  for (const extension of ['httpfs', 'avro', 'iceberg']) {
    await connection.run(`LOAD ${quoted(join(settings.extensions, `${extension}.duckdb_extension`))}`);
  }
  await connection.run("SET TimeZone = 'UTC'");
  await connection.run(`CREATE SECRET lake (TYPE s3, PROVIDER config, KEY_ID ${quoted(settings.accessKey)},
    SECRET ${quoted(settings.secretKey)}, REGION ${quoted(settings.region)}, ENDPOINT ${quoted(endpoint.host)},
    USE_SSL ${endpoint.protocol === 'https:'}, URL_STYLE 'path')`);
  const { start } = windowBounds(window);
  for (const [table, version] of Object.entries(tables) as [LakeTable, LakeVersions[LakeTable]][]) {
    await connection.run(`CREATE VIEW ${table} AS
      SELECT * FROM iceberg_scan(${quoted(version.metadata_location)}, snapshot_from_id = ${BigInt(version.snapshot_id)})
      WHERE window_start = TIMESTAMPTZ ${quoted(start)}`);
  }
}

function rowObject(names: readonly string[], values: readonly DuckDBValue[]): LakeRow {
  const plain = values.map((value) =>
    value instanceof DuckDBBlobValue
      ? Buffer.from(value.bytes.buffer, value.bytes.byteOffset, value.bytes.byteLength)
      : value,
  );
  return Object.fromEntries(plain.map((value, at) => [names[at] ?? '', value])) as LakeRow;
}

/** A session on views that stand already. */
export function sessionOn(connection: DuckDBConnection, signal: AbortSignal, close: () => void): LakeSession {
  const guarded = async <T>(work: () => Promise<T>): Promise<T> => {
    try {
      signal.throwIfAborted();
      return await work();
    } catch (error) {
      signal.throwIfAborted();
      throw lakeError('read', error);
    }
  };
  return {
    connection,
    close,
    rows: (sql) =>
      guarded(async () => {
        const result = await connection.runAndReadAll(sql);
        return result.getRows().map((row) => rowObject(result.columnNames(), row));
      }),
    async *stream(sql) {
      const result = await guarded(() => connection.stream(sql));
      const names = result.columnNames();
      for (;;) {
        const chunk = await guarded(() => result.fetchChunk());
        if (!chunk || chunk.rowCount === 0) return;
        yield chunk.getRows().map((row) => rowObject(names, row));
      }
    },
  };
}
