import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { systemGo } from '../provision/go-toolchain.ts';
import { findPython, pythonVersion } from '../provision/python.ts';
import { versionAtLeast } from '../provision/version.ts';
import type { Finding } from './doctor.ts';

/** How each program is installed, by what installs programs on this kind of machine. */
const INSTALL = {
  python: {
    apt: 'apt-get install python3 python3-venv',
    dnf: 'dnf install python3.12',
    brew: 'brew install python@3.12',
  },
  java: {
    apt: 'apt-get install openjdk-17-jre-headless',
    dnf: 'dnf install java-21-openjdk-headless',
    brew: 'brew install openjdk@21',
  },
  mvn: { apt: 'apt-get install maven', dnf: 'dnf install maven', brew: 'brew install maven' },
  bash: { apt: 'apt-get install bash', dnf: 'dnf install bash', brew: 'brew install bash' },
} as const;

type Tool = keyof typeof INSTALL;

function installCommand(tool: Tool): string {
  if (process.platform === 'darwin') return INSTALL[tool].brew;
  const command = existsSync('/usr/bin/dnf') ? INSTALL[tool].dnf : INSTALL[tool].apt;
  return process.getuid?.() === 0 ? command : `sudo ${command}`;
}

function found(check: string, message: string): Finding {
  return { check, state: 'ok', message };
}

function missing(tool: Tool, message: string): Finding {
  return { check: tool, state: 'missing', message, mend: installCommand(tool) };
}

/** 3.11 is what the locks are resolved from; each environment is made with the venv module. */
export async function checkPython(): Promise<Finding> {
  const program = await findPython(['3.11', '3.12', '3.13']);
  const version = program && (await pythonVersion(program));
  return version
    ? found('python', `Python ${version} (${program})`)
    : missing('python', 'Python 3.11, 3.12 or 3.13 with its venv module was not found');
}

export async function checkJava(): Promise<Finding> {
  // Spark's launcher goes by JAVA_HOME, and so does the PATH that the servers are given.
  const { JAVA_HOME } = process.env;
  const program = JAVA_HOME ? join(JAVA_HOME, 'bin', 'java') : 'java';
  const version = await ask(program, ['-version'], /version "([\d._]+)/);
  if (version === undefined) return missing('java', 'Java was not found; Kafka and Spark need 17 or newer');
  if (!versionAtLeast(version, [17]))
    return missing('java', `Java ${version} is too old; Kafka and Spark need 17 or newer`);
  return found('java', `Java ${version}`);
}

export async function checkMaven(): Promise<Finding> {
  const version = await ask('mvn', ['--version'], /Apache Maven ([\d.]+)/);
  if (version === undefined)
    return missing('mvn', "Maven (mvn) was not found; it fetches Kafka's and Spark's jars");
  return found('mvn', `Maven ${version}`);
}

/** Never missing: without one that suits, provisioning fetches its own. */
export async function checkGo(): Promise<Finding> {
  const go = await systemGo();
  if (go?.suits) return found('go', `Go ${go.version}`);
  return found('go', `${go ? `Go ${go.version} is too old` : 'no Go here'}: a private one is fetched`);
}

/** The supervisor runs its probes with it. */
export async function checkBash(): Promise<Finding> {
  const version = await ask('bash', ['--version'], /version ([\d.]+)/);
  return version === undefined ? missing('bash', 'bash was not found') : found('bash', `bash ${version}`);
}

/** Some print their version on standard error. */
async function ask(program: string, args: readonly string[], pattern: RegExp): Promise<string | undefined> {
  const { all, failed } = await execa(program, args, { reject: false, all: true, timeout: 20_000 });
  return failed ? undefined : pattern.exec(all ?? '')?.[1];
}
