import type { Config } from '../../config/config.ts';
import type { PortName } from '../../config/ports.ts';
import type { Secrets } from '../../config/secrets.ts';
import type { Settings } from '../instance.ts';

/** What a server's declaration may draw on. */
export interface ServiceContext {
  config: Config;
  secrets: Secrets;
  settings: Settings;
  /** The Node that runs the workers. */
  node: string;
  /** What a person set in the environment of `reprise up`, already reduced to the names that config/ reads. */
  overrides: Record<string, string>;
}

/** One supervised process. A `job` ends with 0 and then counts as done; a `server` is restarted when it ends. */
export interface Service {
  name: string;
  kind: 'server' | 'job';
  /** Program and arguments; never through a shell, never with a secret among them: process lists are public. */
  command: readonly string[];
  cwd: string;
  /** Everything the process needs beyond PATH and HOME; a part gets its own secrets only. */
  env: Record<string, string>;
  needs: readonly string[];
  ready?: Readiness;
  ports?: readonly PortName[];
  /** It starts processes of its own that would outlive it if it were killed. */
  forks?: boolean;
  /** From the request to end until it is killed. Default 10. */
  graceSeconds?: number;
}

export type Readiness =
  | { kind: 'http'; port: number; path: string }
  | { kind: 'tcp'; port: number }
  | { kind: 'log'; text: string };
