// The layers of docs/architecture.md as rules. Each is proven by one deliberately bad file of the same name in
// tests/quality/fixtures/layers; a rule without one, or one that does not fire, fails `npm test`.

const npm = ['npm', 'npm-dev', 'npm-optional', 'npm-peer', 'npm-no-pkg', 'npm-unknown'];
const package_ = (names) => `node_modules/(${names})/`;

/** @type {import('dependency-cruiser').IConfiguration} */
export default {
  forbidden: [
    {
      name: 'contracts-import-only-zod',
      comment: 'Contracts are read by every part; what they import, every part imports.',
      severity: 'error',
      from: { path: '^contracts/' },
      to: { pathNot: ['^contracts/', package_('zod')] },
    },
    {
      name: 'generator-is-pure',
      comment:
        'The same seed gives the same bytes: no I/O, no clock, no configuration. Hashing is arithmetic.',
      severity: 'error',
      from: { path: '^generator/' },
      to: { pathNot: ['^generator/', '^contracts/', package_('zod|@faker-js/faker'), '^(node:)?crypto$'] },
    },
    {
      name: 'clients-know-only-contracts',
      comment: 'A client adapts one system; it does not know who calls it or where settings come from.',
      severity: 'error',
      from: { path: '^clients/' },
      to: {
        path: '^[^/]+/',
        pathNot: ['^clients/', '^contracts/', 'node_modules/'],
        dependencyTypesNot: ['core'],
      },
    },
    {
      name: 'clients-do-not-know-temporal',
      comment: 'What Temporal retries is decided in one place, activities/failures.ts.',
      severity: 'error',
      from: { path: '^clients/' },
      to: { path: package_('@temporalio/[^/]+') },
    },
    {
      name: 'activities-know-only-lower-layers',
      comment: 'An activity gets everything that differs between machines through its factory.',
      severity: 'error',
      from: { path: '^activities/' },
      to: {
        path: '^[^/]+/',
        pathNot: ['^activities/', '^contracts/', '^generator/', '^clients/', 'node_modules/'],
        dependencyTypesNot: ['core'],
      },
    },
    {
      name: 'activities-import-no-server-sdk',
      comment: 'Vendor SDKs stay behind a client; types of a client are enough for an activity.',
      severity: 'error',
      from: { path: '^activities/' },
      to: { path: package_('kafkajs|minio|@google-cloud/[^/]+|@duckdb/[^/]+|google-auth-library') },
    },
    {
      name: 'workflows-are-deterministic',
      comment:
        'Workflow code is replayed: only the SDK for workflows, contracts, and the types of activities.',
      severity: 'error',
      from: { path: '^workflows/' },
      to: {
        pathNot: [
          '^workflows/',
          '^contracts/',
          '^activities/',
          package_('@temporalio/workflow|@temporalio/common'),
        ],
      },
    },
    {
      name: 'workflows-import-activity-types-only',
      comment: 'A value imported from an activity would drag its I/O into the workflow bundle.',
      severity: 'error',
      from: { path: '^workflows/' },
      to: { path: '^activities/', dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'only-roots-read-config',
      comment: 'Settings are read where the program is put together and passed on from there.',
      severity: 'error',
      from: { path: '^(contracts|generator|clients|activities|workflows)/' },
      to: { path: '^config/' },
    },
    {
      name: 'nothing-imports-roots',
      comment: 'Composition roots are programs; what two of them share belongs below them.',
      severity: 'error',
      from: { path: '^(contracts|config|generator|clients|activities|workflows)/' },
      to: { path: '^(workers|cli|infra|bench|tests)/' },
    },
    {
      name: 'benches-know-no-other-root',
      comment: 'A bench measures what the programs use; through a program it would measure that one as well.',
      severity: 'error',
      from: { path: '^bench/' },
      to: { path: '^(workers|cli|infra|tests)/' },
    },
    {
      name: 'no-cycles',
      comment: 'Two files that need each other are one file, or need a third.',
      severity: 'error',
      from: { pathNot: 'node_modules' },
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    {
      name: 'no-unresolvable',
      comment: 'An import that leads nowhere fails only when that line is reached.',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
    {
      name: 'production-code-declares-its-packages',
      comment: 'A development package is not there where only production packages are installed.',
      severity: 'error',
      from: { path: '^(contracts|config|generator|clients|activities|workflows|workers|bench)/' },
      to: { dependencyTypes: npm.filter((kind) => kind !== 'npm' && kind !== 'npm-optional') },
    },
  ],
  options: {
    parser: 'swc',
    tsPreCompilationDeps: true,
    doNotFollow: { path: 'node_modules' },
    exclude: { path: ['^[.]reprise/', '^tests/quality/fixtures/'] },
    moduleSystems: ['es6', 'cjs'],
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default', 'types'],
    },
    cache: false,
  },
};
