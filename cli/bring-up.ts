import { join } from 'node:path';
import { missingSteps, provision } from '../infra/provision/provision.ts';
import { NotReady, Stack } from '../infra/stack.ts';
import { diagnose } from '../infra/doctor/doctor.ts';
import { CommandFailure } from './failure.ts';
import { lastLines } from './log-file.ts';
import { provisionProgress, shortPath } from './progress.ts';
import { startupTable } from './startup-table.ts';

/** Half a minute on a quiet machine; two minutes were seen on two cores with thirty busy programs. */
const START_LIMIT_MS = 600_000;

const say = (line: string): boolean => process.stderr.write(`${line}\n`);

/**
 * Everything that has to happen before a window can run: check the machine, install what is missing, start what does
 * not run, wait until all of it answers. Quick when there is nothing to do.
 * @throws CommandFailure
 */
export async function bringUp(options: { only?: readonly string[] } = {}): Promise<Stack> {
  const stack = Stack.open(process.env, options.only);
  const { paths } = stack.config;
  const running = await stack.status();
  if (running === undefined) {
    say('checking this machine');
    const missing = (await diagnose(stack)).filter((finding) => finding.state === 'missing');
    for (const finding of missing) say(`  ✗ ${finding.message}\n    mend: ${finding.mend ?? ''}`);
    if (missing.length > 0)
      throw new CommandFailure(
        missing.length === 1 ? 'this machine lacks something' : `this machine lacks ${missing.length} things`,
        { mend: 'mend what is named above, then run the same command again' },
      );
  }
  if (running !== undefined && missingSteps(paths).length > 0) {
    say('tools have changed: stopping what uses the old ones');
    await stack.includeRunning();
    await stack.stop();
  }
  const installed = await provision({ paths, observer: provisionProgress() });
  if (installed.length > 0) say(`installed ${installed.length} parts`);

  const result = await stack.start();
  if (result === 'restarted')
    say('settings have changed, a part had failed or is new: everything is started anew');
  else if (result === 'started') say(`starting ${stack.services.map(({ name }) => name).join(', ')}`);
  const table = startupTable();
  try {
    await stack.waitUntilReady({ timeoutMs: START_LIMIT_MS, onStatus: table.update });
  } catch (error) {
    if (!(error instanceof NotReady)) throw error;
    const log = error.service ? join(paths.logs, `${error.service}.log`) : undefined;
    const last = log ? lastLines(log, 20).filter((line) => line.trim() !== '') : [];
    const tail = last.slice(-6).map((line) => `\n  | ${line}`);
    throw new CommandFailure(`${error.message}${tail.join('')}`, {
      mend: `${log ? `read ${shortPath(log)}; ` : ''}what did start still runs: \`npx reprise down\` stops it`,
      cause: error,
    });
  } finally {
    table.close();
  }
  return stack;
}
