import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { type Config, loadConfig } from '../config/config.ts';
import { pathsFor, REPOSITORY } from '../config/paths.ts';
import { findPortBase, isolatedEnvironment } from './runner/isolation.ts';

/** Outcome of a `reprise` command. */
export interface CommandResult {
  exitCode: number;
  stdout: string;
  stderr: string;
  seconds: number;
}

/** An installation of the tests' own: its data, its ports, driven through the command line as a person drives it. */
export class Installation {
  readonly env: Record<string, string>;

  private constructor(env: Record<string, string>) {
    this.env = env;
  }

  /** On a free block of ports, with what an earlier run left behind removed. */
  static async fresh(instance: string, settings: Record<string, string> = {}): Promise<Installation> {
    if (instance === 'demo') throw new Error('tests never touch the instance "demo"');
    const base = await findPortBase();
    const installation = new Installation({
      ...isolatedEnvironment(process.env, base),
      ...settings,
      REPRISE_INSTANCE: instance,
    });
    const down = await installation.reprise('down');
    if (down.exitCode !== 0) throw new Error(`reprise down: ${down.stderr}`);
    rmSync(pathsFor(instance).instance, { recursive: true, force: true });
    return installation;
  }

  /** The same installation under other settings; `up` brings it to them. */
  with(settings: Record<string, string>): Installation {
    return new Installation({ ...this.env, ...settings });
  }

  /** The installation that `env` names, as it is. */
  static at(env: Record<string, string>): Installation {
    return new Installation(env);
  }

  get config(): Config {
    return loadConfig(this.env);
  }

  /** Never rejects for a command that ends badly: that may be what the test is about. */
  async reprise(...args: string[]): Promise<CommandResult> {
    const started = performance.now();
    const result = await execa(process.execPath, [join(REPOSITORY, 'cli', 'reprise.mjs'), ...args], {
      cwd: REPOSITORY,
      env: this.env,
      extendEnv: false,
      reject: false,
      stdin: 'ignore',
    });
    return {
      exitCode: result.exitCode ?? 128,
      stdout: result.stdout,
      stderr: result.stderr,
      seconds: (performance.now() - started) / 1000,
    };
  }

  /** @throws Error with what the command said, when it does not end with 0 */
  async repriseOrThrow(...args: string[]): Promise<string> {
    const { exitCode, stdout, stderr } = await this.reprise(...args);
    if (exitCode !== 0)
      throw new Error(
        `reprise ${args.join(' ')} ended with ${exitCode}\n${stderr.slice(-4000)}\n${stdout.slice(-2000)}`,
      );
    return stdout;
  }
}
