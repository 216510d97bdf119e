import { randomUUID } from 'node:crypto';
import { inject } from 'vitest';
import type { Config } from '../../config/config.ts';
import { type WindowId, windowIdAt } from '../../contracts/window.ts';
import { Stack } from '../stack.ts';

/** The servers that the global set-up started: Kafka with the declared topics, MinIO with the bucket, Temporal. */
export const stack = (): Stack => Stack.at(inject('environment'));

export const config = (): Config => stack().config;

let windows = 0;

/** A window that no other test uses: tests share the servers, never a window. */
export function ownWindow(): WindowId {
  windows += 1;
  const block = Number.parseInt(randomUUID().slice(0, 4), 16);
  return windowIdAt(Date.UTC(2001, 0, 1) + (block * 100 + windows) * 3_600_000);
}
