import type { Readable } from 'node:stream';
import type { Client } from 'minio';

/** 8 MiB, the size of a part: what is held in memory while a stream of unknown length goes out. */
const PART_BYTES = 8 * 1024 * 1024;

/** The stream in buffers of the size of a part; only the last may be smaller. */
async function* parts(stream: Readable): AsyncGenerator<Buffer> {
  let gathered: Buffer[] = [];
  let size = 0;
  for await (const chunk of stream) {
    const bytes = typeof chunk === 'string' ? Buffer.from(chunk) : (chunk as Buffer);
    gathered.push(bytes);
    size += bytes.length;
    if (size < PART_BYTES) continue;
    const whole = Buffer.concat(gathered);
    let from = 0;
    for (; whole.length - from >= PART_BYTES; from += PART_BYTES)
      yield whole.subarray(from, from + PART_BYTES);
    gathered = [whole.subarray(from)];
    size = whole.length - from;
  }
  yield Buffer.concat(gathered);
}

/**
 * Writes a stream of unknown length as one object: readers see all of it or nothing of it.
 *
 * Not with the SDK's own upload of streams: it never ends when the stream fails, refuses an empty one, and goes on with
 * any unfinished upload of the same object, so that two attempts at once would mix their parts.
 */
export async function uploadStream(
  client: Client,
  bucket: string,
  key: string,
  stream: Readable,
  contentType: string,
): Promise<void> {
  const headers = { 'Content-Type': contentType };
  const iterator = parts(stream);
  const first = await iterator.next();
  const firstPart = first.done ? Buffer.alloc(0) : first.value;
  if (firstPart.length < PART_BYTES) {
    await client.putObject(bucket, key, firstPart, firstPart.length, headers);
    return;
  }
  const uploadID = await client.initiateNewMultipartUpload(bucket, key, headers);
  try {
    const done: { part: number; etag: string }[] = [];
    const send = async (part: Buffer): Promise<void> => {
      const partNumber = done.length + 1;
      const place = { bucketName: bucket, objectName: key, uploadID, partNumber };
      const { etag } = await client.uploadPart(
        { ...place, headers: { 'Content-Length': String(part.length) } },
        part,
      );
      done.push({ part: partNumber, etag });
    };
    await send(firstPart);
    for await (const part of iterator) if (part.length > 0) await send(part);
    await client.completeMultipartUpload(bucket, key, uploadID, done);
  } catch (error) {
    // What is not aborted is kept, and paid for, until the store's own clean-up.
    await client.abortMultipartUpload(bucket, key, uploadID).catch(() => undefined);
    throw error;
  }
}
