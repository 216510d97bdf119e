import { defineConfig } from 'vitest/config';

const project = (name: string, include: string[], extra: object = {}) => ({
  test: {
    name,
    include,
    environment: 'node',
    exclude: ['**/node_modules/**', 'tests/quality/fixtures/**'],
    ...extra,
  },
});

/** Whole programs are started and waited for: one file at a time, and minutes instead of seconds. */
const withServers = { fileParallelism: false, testTimeout: 300_000, hookTimeout: 600_000 };

export default defineConfig({
  test: {
    projects: [
      project('quality', ['tests/quality/**/*.test.ts'], { testTimeout: 60_000 }),
      project('unit', ['tests/unit/**/*.test.ts']),
      project('realism', ['tests/realism/**/*.test.ts']),
      project('workflows', ['tests/workflow/**/*.test.ts', 'tests/replay/**/*.test.ts'], {
        testTimeout: 60_000,
        hookTimeout: 120_000,
      }),
      project('integration', ['tests/integration/**/*.test.ts'], {
        ...withServers,
        globalSetup: 'tests/integration/global-setup.ts',
      }),
      project('parity', ['tests/parity/**/*.test.ts'], withServers),
      project('e2e', ['tests/e2e/**/*.test.ts'], withServers),
      project('live', ['tests/live/**/*.test.ts'], withServers),
      project('faults', ['tests/faults/**/*.test.ts'], withServers),
    ],
  },
});
