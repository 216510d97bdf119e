import { type Readable } from 'node:stream';
import { Client } from 'minio';
import { ClientError, isNetworkError, systemCode } from './errors.ts';
import { uploadStream } from './object-upload.ts';

export interface ObjectStoreSettings {
  endpoint: string;
  region: string;
  accessKey: string;
  secretKey: string;
  bucket: string;
}

export interface ObjectStore {
  bucket: string;
  /** Creates the bucket unless it is there. */
  ensureBucket(): Promise<'created' | 'present'>;
  /** Replaces the object whole: readers see the old one or the new one, also when the stream fails half-way. */
  putStream(key: string, stream: Readable, contentType?: string): Promise<void>;
  getStream(key: string): Promise<Readable>;
  putJson(key: string, value: unknown): Promise<void>;
  getJson(key: string): Promise<unknown>;
  exists(key: string): Promise<boolean>;
  /** Differs once the object has been replaced by another one; undefined when it is not there. */
  etag(key: string): Promise<string | undefined>;
  list(prefix: string): Promise<string[]>;
  remove(keys: readonly string[]): Promise<void>;
}

const MISSING = new Set(['NoSuchKey', 'NoSuchBucket', 'NotFound']);
const DENIED = new Set(['AccessDenied', 'InvalidAccessKeyId', 'SignatureDoesNotMatch', 'Forbidden']);

export function objectStoreError(doing: string, error: unknown): ClientError {
  if (error instanceof ClientError) return error;
  const code = systemCode(error) ?? '';
  const message = error instanceof Error ? error.message : String(error);
  const say = (what: string): string => `object store: ${doing}: ${what}`;
  if (MISSING.has(code)) return new ClientError('ResourceMissing', say('it is not there'), { cause: error });
  if (DENIED.has(code)) {
    return new ClientError(
      'AccessDenied',
      say(`access is denied (${code}); check the access key and its secret`),
      {
        cause: error,
      },
    );
  }
  if (code === 'SlowDown' || code === 'TooManyRequests') {
    return new ClientError('RateLimited', say('asked to slow down'), { cause: error, retryAfterMs: 5_000 });
  }
  if (isNetworkError(error)) {
    return new ClientError('Unavailable', say(`cannot be reached (${code})`), { cause: error });
  }
  return new ClientError('Unavailable', say(message || code || 'failed'), { cause: error });
}

async function named<T>(doing: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw objectStoreError(doing, error);
  }
}

async function readAll(stream: Readable): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

export function createObjectStore(settings: ObjectStoreSettings): ObjectStore {
  const { bucket } = settings;
  const endpoint = new URL(settings.endpoint);
  const useSSL = endpoint.protocol === 'https:';
  const client = new Client({
    endPoint: endpoint.hostname,
    port: endpoint.port ? Number(endpoint.port) : useSSL ? 443 : 80,
    useSSL,
    region: settings.region,
    accessKey: settings.accessKey,
    secretKey: settings.secretKey,
  });

  const etag = (key: string): Promise<string | undefined> =>
    named(`look for ${key}`, async () => {
      try {
        return (await client.statObject(bucket, key)).etag;
      } catch (error) {
        if (MISSING.has(systemCode(error) ?? '')) return undefined;
        throw error;
      }
    });

  return {
    bucket,
    ensureBucket: () =>
      named(`create the bucket ${bucket}`, async () => {
        if (await client.bucketExists(bucket)) return 'present';
        try {
          await client.makeBucket(bucket, settings.region);
          return 'created';
        } catch (error) {
          // Somebody else created it in between.
          if (systemCode(error) === 'BucketAlreadyOwnedByYou') return 'present';
          throw error;
        }
      }),
    putStream: (key, stream, contentType = 'application/x-ndjson') =>
      named(`write ${key}`, () => uploadStream(client, bucket, key, stream, contentType)),
    getStream: (key) => named(`read ${key}`, () => client.getObject(bucket, key)),
    putJson: (key, value) =>
      named(`write ${key}`, async () => {
        const body = Buffer.from(`${JSON.stringify(value, null, 2)}\n`);
        await client.putObject(bucket, key, body, body.length, { 'Content-Type': 'application/json' });
      }),
    getJson: (key) =>
      named(`read ${key}`, async () => {
        const body = await readAll(await client.getObject(bucket, key));
        return JSON.parse(body.toString('utf8')) as unknown;
      }),
    exists: async (key) => (await etag(key)) !== undefined,
    etag,
    list: (prefix) =>
      named(`list ${prefix}`, async () => {
        const found: string[] = [];
        for await (const item of client.listObjectsV2(bucket, prefix, true)) {
          if (typeof item.name === 'string') found.push(item.name);
        }
        return found;
      }),
    remove: (keys) =>
      named('remove objects', async () => {
        if (keys.length > 0) await client.removeObjects(bucket, [...keys]);
      }),
  };
}
