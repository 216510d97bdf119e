import { Command, CommanderError } from 'commander';
import { describeFailure } from './failure.ts';

/** What a command's file exports: it receives its command, already named and described, and adds the rest. */
interface CommandModule {
  register(command: Command): void;
}

interface Entry {
  summary: string;
  load(): Promise<CommandModule>;
}

/** Only the command that is called is loaded, so that `status` does not pay for what `demo` imports. */
const COMMANDS: Record<string, Entry> = {
  demo: { summary: 'bring everything up and run three windows', load: () => import('./commands/demo.ts') },
  up: { summary: 'provision what is missing and start every server', load: () => import('./commands/up.ts') },
  down: { summary: 'stop everything this instance started', load: () => import('./commands/down.ts') },
  status: { summary: 'say what runs, and where', load: () => import('./commands/status.ts') },
  doctor: { summary: 'check this machine', load: () => import('./commands/doctor.ts') },
  logs: { summary: "show a server's log", load: () => import('./commands/logs.ts') },
  open: { summary: 'open a web page of the stack', load: () => import('./commands/open.ts') },
  run: { summary: 'run windows', load: () => import('./commands/run.ts') },
  replay: { summary: 'play windows again, whole or from a step', load: () => import('./commands/replay.ts') },
  report: { summary: "show a window's counts at every hop", load: () => import('./commands/report.ts') },
  live: { summary: 'start, watch and stop the resident stream', load: () => import('./commands/live.ts') },
  generate: { summary: 'write synthetic events to files', load: () => import('./commands/generate.ts') },
  bench: { summary: 'measure speed and memory', load: () => import('./commands/bench.ts') },
  realism: {
    summary: 'compare what is generated with published figures',
    load: () => import('./commands/realism.ts'),
  },
  contracts: {
    summary: 'write the schemas generated from the contracts, or check them',
    load: () => import('./commands/contracts.ts'),
  },
  init: { summary: 'create topics and the bucket', load: () => import('./commands/init.ts') },
  provision: { summary: 'install tools without starting', load: () => import('./commands/provision.ts') },
  test: { summary: 'run every test on servers of its own', load: () => import('./commands/test.ts') },
  faults: {
    summary: 'put faults into running windows, and write down what survived',
    load: () => import('./commands/faults.ts'),
  },
};

async function main(argv: string[]): Promise<void> {
  const program = new Command('reprise')
    .description(
      'Music-stream analytics written as workflows: every window reconciled, every replay identical.',
    )
    .showHelpAfterError('(--help lists what is understood)')
    .exitOverride();
  const called = argv.find((argument) => !argument.startsWith('-'));
  for (const [name, entry] of Object.entries(COMMANDS)) {
    const command = program.command(name).description(entry.summary).exitOverride();
    if (name === called) (await entry.load()).register(command);
  }
  await program.parseAsync(argv, { from: 'user' });
}

// A reader that has seen enough (`… | head`) is not a failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit(process.exitCode ?? 0);
});

try {
  await main(process.argv.slice(2));
} catch (error) {
  // Commander has already printed its own message, and --help is not a failure.
  if (error instanceof CommanderError) process.exitCode = error.exitCode;
  else {
    process.stderr.write(`${describeFailure(error, Boolean(process.env.REPRISE_DEBUG))}\n`);
    process.exitCode = (error as { exitCode?: number }).exitCode || 1;
  }
}
