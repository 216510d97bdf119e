import type { TestProject } from 'vitest/node';
import { INTEGRATION_INSTANCE } from '../runner/isolation.ts';
import { Installation } from '../installation.ts';

/** Servers that integration tests speak to. Nothing else of the stack: what a test needs beyond, it starts itself. */
const SERVERS = ['kafka', 'minio', 'temporal', 'reprise-init'];

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const installation = await Installation.fresh(INTEGRATION_INSTANCE);
  const down = async (): Promise<void> => {
    await installation.repriseOrThrow('down');
  };
  try {
    await installation.repriseOrThrow('up', ...SERVERS);
  } catch (error) {
    await down();
    throw error;
  }
  project.provide('environment', installation.env);
  return down;
}

declare module 'vitest' {
  export interface ProvidedContext {
    /** Names the running installation: `loadConfig` of it gives addresses and keys. */
    environment: Record<string, string>;
  }
}
