import { hash } from 'node:crypto';
import { Readable } from 'node:stream';
import { ClientError } from '../../clients/errors.ts';
import type { ObjectStore } from '../../clients/object-store.ts';

/** An object store in memory, its objects as text. */
export function memoryStore(): ObjectStore & { objects: Map<string, string> } {
  const objects = new Map<string, string>();
  const read = (key: string): string => {
    const text = objects.get(key);
    if (text === undefined) throw new ClientError('ResourceMissing', `${key} is not there`);
    return text;
  };
  return {
    objects,
    bucket: 'bucket',
    ensureBucket: async () => 'present',
    putStream: async (key, stream) => {
      let text = '';
      for await (const part of stream) text += String(part);
      objects.set(key, text);
    },
    getStream: async (key) => Readable.from([Buffer.from(read(key))]),
    putJson: async (key, value) => void objects.set(key, JSON.stringify(value)),
    getJson: async (key) => JSON.parse(read(key)) as unknown,
    exists: async (key) => objects.has(key),
    etag: async (key) => (objects.has(key) ? hash('md5', read(key)) : undefined),
    list: async (prefix) => [...objects.keys()].filter((key) => key.startsWith(prefix)).sort(),
    remove: async (keys) => {
      for (const key of keys) objects.delete(key);
    },
  };
}
