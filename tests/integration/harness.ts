import { randomUUID } from 'node:crypto';
import { inject } from 'vitest';
import type { Config } from '../../config/config.ts';
import { Installation } from '../installation.ts';

/** The servers that the global set-up started: Kafka with the declared topics, MinIO with the bucket, Temporal. */
export const config = (): Config => Installation.at(inject('environment')).config;

/** A name that no other test uses: tests share the servers, never a window, a key or a group. */
export const ownName = (): string => randomUUID();
