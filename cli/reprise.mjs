#!/usr/bin/env node
// The door before anything is installed: plain JavaScript, no packages, any Node from 16 on.
// It provides what the rest needs (a current Node, node_modules) and hands over to cli/main.ts.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import * as fs from 'node:fs';
import nodeModule from 'node:module';
import { homedir } from 'node:os';
import { basename, delimiter, dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const REPOSITORY = dirname(dirname(fileURLToPath(import.meta.url)));
const STATE = join(REPOSITORY, '.reprise');
const LOGS = join(STATE, 'logs');
const PRIVATE_NODE = join(STATE, 'tools', 'node');
const MODULES = join(REPOSITORY, 'node_modules');
const STAMP = join(MODULES, '.reprise-lock');
const MAIN = join(REPOSITORY, 'cli', 'main.ts');

class BootstrapFailure extends Error {}

// 24.3 is the first Node 24 that runs TypeScript without a warning on every start.
function isCurrent(version) {
  const [major, minor] = version.replace(/^v/, '').split('.').map(Number);
  return major > 24 || (major === 24 && minor >= 3);
}

const hashOf = (file) => createHash('sha256').update(fs.readFileSync(file)).digest('hex');
const readText = (file) => {
  try {
    return fs.readFileSync(file, 'utf8').trim();
  } catch {
    return '';
  }
};
const say = (line) => process.stderr.write(`reprise: ${line}\n`);

/** npm as [program, ...arguments]; npm's own script when it can be found, so that it runs under the given Node. */
function npmCommand(node) {
  const candidates = [process.env.npm_execpath];
  for (const folder of (process.env.PATH || '').split(delimiter)) candidates.push(join(folder, 'npm'));
  for (const candidate of candidates) {
    if (!candidate || !fs.existsSync(candidate)) continue;
    const real = fs.realpathSync(candidate);
    if (basename(real) === 'npm-cli.js') return [node, real];
    if (basename(candidate) === 'npm') return [candidate];
  }
  throw new BootstrapFailure('npm was not found; install it with Node (Debian: apt-get install npm)');
}

const saysDiskFull = (text) => /ENOSPC|no space left/i.test(text);

/** What npm writes to: the checkout, and its own cache in the person's home. */
function diskFull() {
  const free = (folder) => {
    const { bavail, bsize } = fs.statfsSync(folder);
    return bavail * bsize;
  };
  const folders = [STATE, MODULES, homedir()].filter((folder) => fs.existsSync(folder));
  // Node 16 cannot measure.
  if (!fs.statfsSync)
    return `the disk that holds ${folders.join(' or ')} is full; 8 GB are needed: free some space`;
  const [tightest] = [...folders].sort((one, other) => free(one) - free(other));
  const left = (free(tightest) / 1e9).toFixed(1);
  return (
    `the disk that holds ${tightest} is full: ${left} GB are free, an installation needs 8.0 GB\n` +
    '  mend: free some space there, or clone to another disk, then run the same command again'
  );
}

/** Runs a program into a log; one line at its start, one at its end, and one every 15 s between. */
function runLogged(title, command, options, log) {
  fs.mkdirSync(LOGS, { recursive: true });
  const started = Date.now();
  const seconds = () => `${Math.round((Date.now() - started) / 1000)} s`;
  say(`${title} (log: ${relative(process.cwd(), log) || log})`);
  const out = fs.openSync(log, 'w');
  const ticker = setInterval(() => say(`${title}: still running after ${seconds()}`), 15_000);
  return new Promise((resolve, reject) => {
    const child = spawn(command[0], command.slice(1), { ...options, stdio: ['ignore', out, out] });
    const stop = (signal) => child.kill(signal);
    process.once('SIGTERM', stop);
    const settle = (problem) => {
      clearInterval(ticker);
      process.removeListener('SIGTERM', stop);
      fs.closeSync(out);
      if (!problem) {
        say(`${title}: done in ${seconds()}`);
        resolve();
        return;
      }
      const tail = readText(log).split('\n').slice(-8).join('\n');
      if (saysDiskFull(`${problem} ${readText(log)}`))
        reject(new BootstrapFailure(`${title}: ${diskFull()}`));
      else
        reject(
          new BootstrapFailure(`${title} failed (${problem}); mend what the log says and run again\n${tail}`),
        );
    };
    child.on('error', (error) => settle(error.message));
    child.on('exit', (code, signal) => settle(code === 0 ? undefined : signal || `exit code ${code}`));
  });
}

function npmEnvironment(node) {
  const env = { ...process.env };
  // Left by the npm that may have started us: they describe that call, not this one.
  for (const name of Object.keys(env)) if (/^npm_(lifecycle|package|command)/.test(name)) delete env[name];
  env.PATH = dirname(node) + delimiter + (env.PATH || '');
  return env;
}

async function currentNode() {
  if (isCurrent(process.version)) return process.execPath;
  const source = join(REPOSITORY, 'infra', 'node');
  const lock = join(source, 'package-lock.json');
  const platform = `${process.platform}-${process.arch}`;
  const program = (home) => join(home, 'node_modules', `node-${platform}`, 'bin', 'node');
  const wanted = hashOf(lock);
  if (readText(join(PRIVATE_NODE, 'stamp')) === wanted) return program(PRIVATE_NODE);
  if (!readText(lock).includes(`node_modules/node-${platform}"`))
    throw new BootstrapFailure(
      `Node ${process.version} is too old and no private one exists for ${platform}; install Node 24`,
    );
  await exclusively(async () => {
    if (readText(join(PRIVATE_NODE, 'stamp')) === wanted) return;
    const draft = `${PRIVATE_NODE}.new`;
    fs.rmSync(draft, { recursive: true, force: true });
    fs.mkdirSync(draft, { recursive: true });
    for (const file of ['package.json', 'package-lock.json'])
      fs.copyFileSync(join(source, file), join(draft, file));
    await runLogged(
      `Node ${process.version} is older than Reprise needs: fetching a private Node 24`,
      [...npmCommand(process.execPath), 'ci', '--no-audit', '--no-fund', '--ignore-scripts'],
      { cwd: draft, env: npmEnvironment(process.execPath) },
      join(LOGS, 'node.log'),
    );
    if (!fs.existsSync(program(draft)))
      throw new BootstrapFailure(`npm did not deliver a Node for ${platform}; install Node 24 yourself`);
    fs.writeFileSync(join(draft, 'stamp'), wanted);
    fs.rmSync(PRIVATE_NODE, { recursive: true, force: true });
    fs.renameSync(draft, PRIVATE_NODE);
  });
  return program(PRIVATE_NODE);
}

/** True when what lies in node_modules is what the lock asks for, whoever installed it. */
function installedMatches(lockFile) {
  try {
    const wanted = JSON.parse(fs.readFileSync(lockFile, 'utf8')).packages;
    const found = JSON.parse(fs.readFileSync(join(MODULES, '.package-lock.json'), 'utf8')).packages;
    return Object.entries(wanted).every(
      ([path, entry]) =>
        path === '' || (found[path] ? found[path].version === entry.version : Boolean(entry.optional)),
    );
  } catch {
    return false;
  }
}

async function modules(node) {
  const lock = join(REPOSITORY, 'package-lock.json');
  const wanted = hashOf(lock);
  if (readText(STAMP) === wanted) return;
  await exclusively(async () => {
    if (readText(STAMP) === wanted) return;
    if (!installedMatches(lock))
      await runLogged(
        'installing the Node packages',
        // Not `npm ci`: it refuses a lock that does not name other platforms' optional packages, which a
        // registry mirror may not carry. This installs what the lock says as well, and leaves the lock alone.
        [...npmCommand(node), 'install', '--no-save', '--no-audit', '--no-fund'],
        { cwd: REPOSITORY, env: npmEnvironment(node) },
        join(LOGS, 'npm.log'),
      );
    // npm links no package's own commands; with this, `npx reprise` starts at once, without a package lookup.
    const link = join(MODULES, '.bin', 'reprise');
    fs.rmSync(link, { force: true });
    fs.mkdirSync(dirname(link), { recursive: true });
    fs.symlinkSync(join('..', '..', 'cli', 'reprise.mjs'), link);
    fs.writeFileSync(STAMP, wanted);
  });
}

/** Two commands started at once on a fresh clone must not both install. */
async function exclusively(work) {
  const lock = join(STATE, 'bootstrap.lock');
  fs.mkdirSync(STATE, { recursive: true });
  for (let told = false; ; ) {
    try {
      fs.writeFileSync(lock, String(process.pid), { flag: 'wx' });
      break;
    } catch (error) {
      if (error.code !== 'EEXIST') {
        // On a full disk the file is made and stays empty: the next command would wait for nobody.
        fs.rmSync(lock, { force: true });
        throw error;
      }
    }
    const holder = Number(readText(lock));
    if (holder && !isAlive(holder)) fs.rmSync(lock, { force: true });
    else if (!told) {
      say(`another command (process ${holder}) is installing; waiting for it`);
      told = true;
    }
    await new Promise((resolve) => setTimeout(resolve, 300));
  }
  try {
    await work();
  } finally {
    fs.rmSync(lock, { force: true });
  }
}

function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}

/** kafkajs computes a negative delay after a slow answer; harmless, and not for the person at the terminal. */
const UNHEARD = 'TimeoutNegativeWarning';

/** What --disable-warning does, for a process that is already running. */
function disableWarning(unheard) {
  const emit = process.emitWarning;
  process.emitWarning = (warning, ...rest) => {
    const [type] = rest;
    if (type !== unheard && type?.type !== unheard) emit.call(process, warning, ...rest);
  };
}

/** Becomes `node cli/main.ts …` as far as one can without exec: same streams, signals and exit code. */
function handOver(node) {
  const child = spawn(node, [`--disable-warning=${UNHEARD}`, MAIN, ...process.argv.slice(2)], {
    stdio: 'inherit',
  });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'])
    process.on(signal, () => {
      // A terminal has already sent its Ctrl-C to the whole foreground group.
      if (signal === 'SIGINT' && process.stdin.isTTY) return;
      child.kill(signal);
    });
  child.on('error', (error) => fail(new BootstrapFailure(`${node} did not start: ${error.message}`)));
  child.on('exit', (code, signal) => {
    if (signal) {
      process.removeAllListeners(signal);
      process.kill(process.pid, signal);
    } else process.exit(code === null ? 1 : code);
  });
}

function fail(error) {
  if (error.code === 'ENOSPC') say(diskFull());
  else if (error instanceof BootstrapFailure && !process.env.REPRISE_DEBUG) say(error.message);
  else say(error.stack || String(error));
  process.exit(1);
}

// Stripping the types of a hundred files at every start would cost more than all the rest of it.
process.env.NODE_COMPILE_CACHE = process.env.NODE_COMPILE_CACHE || join(STATE, 'compile-cache');
try {
  const node = await currentNode();
  await modules(node);
  // Every program that we start by the name `node` (npm scripts, the workers) gets the current one.
  if (node !== process.execPath) process.env.PATH = dirname(node) + delimiter + (process.env.PATH || '');
  if (node === process.execPath) {
    process.argv[1] = MAIN;
    disableWarning(UNHEARD);
    nodeModule.enableCompileCache(process.env.NODE_COMPILE_CACHE);
    await import('./main.ts');
  } else handOver(node);
} catch (error) {
  fail(error);
}
