import type { Paths } from './paths.ts';

/** What a child process may know of our environment: enough to find programs and a place for temporary files. */
const INHERITED = [
  'PATH',
  'HOME',
  'LANG',
  'LC_ALL',
  'TMPDIR',
  'JAVA_HOME',
  'SSL_CERT_FILE',
  'REQUESTS_CA_BUNDLE',
];

/** The environment of a child process, before what it needs itself. */
export function inheritedEnvironment(
  paths: Paths,
  env: NodeJS.ProcessEnv = process.env,
): Record<string, string> {
  const inherited = INHERITED.flatMap((name) => {
    const value = env[name];
    return value ? [[name, value]] : [];
  });
  // By this mark `reprise down` finds what a crashed worker has left behind.
  return { ...Object.fromEntries(inherited), REPRISE_INSTANCE_DIR: paths.instance };
}
