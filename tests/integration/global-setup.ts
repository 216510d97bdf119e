import type { TestProject } from 'vitest/node';
import { INTEGRATION_INSTANCE } from '../runner/isolation.ts';
import { Stack } from '../stack.ts';

/** Servers that integration tests speak to. Nothing else of the stack: what a test needs beyond, it starts itself. */
const SERVERS = 'kafka,minio,temporal,init';

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const stack = await Stack.fresh(INTEGRATION_INSTANCE);
  const down = async (): Promise<void> => {
    await stack.repriseOrThrow('down');
  };
  try {
    await stack.repriseOrThrow('up', '--only', SERVERS);
  } catch (error) {
    await down();
    throw error;
  }
  project.provide('environment', stack.env);
  return down;
}

declare module 'vitest' {
  export interface ProvidedContext {
    /** Names the running installation: `loadConfig` of it gives addresses and keys. */
    environment: Record<string, string>;
  }
}
