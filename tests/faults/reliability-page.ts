import { type StepName, STEPS } from '../../contracts/steps.ts';
import { CASES, cellsOf } from './cases.ts';
import { STOP_MS } from './inject.ts';
import { dotsText, stopsText } from './reliability-notes.ts';
import { type CellResult, hasSurvived, type Results } from './results.ts';

const MARK: Record<CellResult['outcome'], string> = {
  'by itself': '',
  'by one replay': ' ↻',
  'by more replays': ' ✖',
  stuck: ' ✖',
  lost: ' ✖',
};

const HEADINGS: Record<StepName, string> = {
  generate: 'generate',
  publish: 'publish',
  ingest: 'ingest',
  reconcile: 'reconcile',
  compact: 'compact',
  load: 'load',
  build: 'build',
  publish_serving: 'serving',
};

/** The page of figures: only what a run has left in its results. */
export function reliabilityPage(results: Results): string {
  const { machine, volume, undisturbed, cells } = results;
  const survived = cells.filter(hasSurvived);
  const alone = cells.filter(({ outcome }) => outcome === 'by itself');
  const planned = CASES.flatMap(cellsOf).length;
  const recoveries = alone.map(({ recovery_seconds: seconds }) => seconds).toSorted((a, b) => a - b);
  const quantile = (share: number): number =>
    recoveries[Math.min(recoveries.length - 1, Math.floor(recoveries.length * share))] ?? 0;
  const dates = cells.map(({ at }) => at.slice(0, 10)).toSorted();
  return `# What survives what

Faults are put into running windows of a real installation: real broker, object store, Temporal server, Spark and
dbt, under Airflow where its own parts are struck; each under the supervisor that runs them every day. A step waits at its
beginning until its fault is prepared, and is then let go. A process is killed or stopped when the step has come to its middle:
half of a request to the store or the broker has gone out over a line that holds the rest (\`build\` and \`serving\`, which speak to
neither, are met at their beginning). No clock decides.${seenText(cells)} A window meets up to one fault a step, and readers watch all the while. This page is written by \`npm run test:faults\` from
[its raw results](reliability/results.json).

**${survived.length} of ${cells.length} injected faults survived**: ${alone.length} without help, ${survived.length - alone.length} by running the window once more.
Survived means: the set of event ids out is the set in, none of them twice, and every content hash is that of the ledger.
${cells.length < planned ? `${planned - cells.length} of the ${planned} cells of the table have not been run yet, or came too late for their step (–).\n` : ''}
Half of those that needed no help had recovered ${quantile(0.5)} s after the fault, nine of ten after ${quantile(0.9)} s.

## The table

Seconds that the fault has added to its step (the step's own seconds less those of an undisturbed one, measured on another load: single seconds are no exact figures), attempts in brackets
when there was more than one. ↻: the window failed and one replay brought it through; then up to the end of that step in the
replay. ✖: it hung, a replay failed too, or something was lost, doubled or shown half. A dot: the fault has no meaning there
([why](#where-there-is-a-dot)).

${table(cells)}

The last undisturbed window took ${undisturbed.seconds.toFixed(0)} s: ${STEPS.map((step) => `${step} ${(undisturbed.steps[step] ?? 0).toFixed(1)}`).join(', ')}.

## How long a part stands still

${stopsText(STOP_MS / 1000)}

## What is asserted for every window

- **In**: the bytes of \`reprise generate\` with the same arguments, and the seeded ledger; the two are held against each other
  first.
- **A reader after**: the committed records of the topic and the rows of \`raw\` are exactly those records; the ids in
  \`events\` and in the warehouse's partition are exactly those of the valid ones, each once; the report is reconciled at every
  hop, with the ledger's hashes.
- **A reader during**: one of the topic (\`read_committed\`, from the first fault to the last) has seen exactly the same records;
  one of the lake has opened every commit of \`events\` and found the window whole or absent; one of the serving snapshots has
  followed the pointer and was never shown two states of the marts for one window, nor a pointer without a file.
- **At the end**: the marts of all windows of a run equal, row by row, those of the same windows undisturbed: loaded in reverse
  order into a warehouse of their own and built at once. ${martsText(results)}

${replays(cells)}## Read it with

${machine.cpu}, ${machine.cores} cores, ${(machine.memory_bytes / 2 ** 30).toFixed(0)} GiB, ${machine.system}; ${Object.entries(
    results.versions,
  )
    .map(([name, version]) => `${name} ${version}`)
    .join(', ')}. Windows of ${volume.events.toLocaleString('en')} events in ${volume.shards} shards, seed
${volume.seed}. Run ${dates[0] === dates.at(-1) ? `on ${dates[0]}` : `from ${dates[0]} to ${dates.at(-1)}`} at ${commitsText(cells)}. Other work ran on the machine at the same
time, so seconds are upper bounds.

A worker that dies costs the thirty seconds after which Temporal misses its heartbeat; everything else is the time that the
server needs to start again, and the pause between two attempts.

## Reproduce it

\`\`\`sh
npm run test:faults                          # all of it: one to two hours on two quiet cores
npm run test:faults -- --list                # the faults by name
npm run test:faults -- --only "kill kafka"   # those whose name this expression finds; their figures are replaced
npm run test:faults -- --missing --minutes 30   # half an hour more of what the table does not tell yet
\`\`\`

Filling a disk needs root and loop devices; without them those cases are left out and said so. A subset, one fault of its own in
each step of one window, is the suite \`faults\` of \`npm test\`.

## Where there is a dot

${dotsText()}

## Left out

- The resident stream: none runs in a window. That a batch which is cut off between its table commits and its checkpoint commit, or
  after any of its tables, loses and doubles nothing is held by \`spark/tests/test_stream.py\` against a real broker and real tables; there the batch
  is ended by an exception and not by a signal. Its counterpart here is the driver killed between the commits of two tables.
- Loss of power: a killed process leaves what it wrote in the system's cache.
`;
}

function table(cells: readonly CellResult[]): string {
  const byName = new Map(cells.map((cell) => [`${cell.fault} ${cell.step}`, cell]));
  const lines = CASES.map((one) => {
    const columns = STEPS.map((step) => {
      if (!one.steps.includes(step)) return '·';
      const cell = byName.get(`${one.name} ${step}`);
      return cell ? figure(cell) : '–';
    });
    const own = cells.filter(({ fault }) => fault === one.name);
    const survived = own.filter(hasSurvived).length;
    return `| ${one.name} | ${columns.join(' | ')} | ${survived}/${own.length} |`;
  });
  return [
    `| fault | ${STEPS.map((step) => HEADINGS[step]).join(' | ')} | survived |`,
    `| --- |${' ---: |'.repeat(STEPS.length + 1)}`,
    ...lines,
  ].join('\n');
}

function figure({ recovery_seconds: seconds, attempts, outcome }: CellResult): string {
  if (outcome === 'stuck') return '✖';
  const tried = attempts > 1 ? ` (${attempts})` : '';
  return `${seconds.toFixed(seconds < 10 ? 1 : 0)}${tried}${MARK[outcome]}`;
}

function seenText(cells: readonly CellResult[]): string {
  const seen = cells.filter(({ met }) => met === undefined).length;
  return seen === 0
    ? ''
    : ` (${seen} of the figures below are older: there a step was struck as soon as it was seen.)`;
}

function commitsText(cells: readonly CellResult[]): string {
  const commits = [...new Set(cells.toSorted((a, b) => (a.at < b.at ? -1 : 1)).map(({ commit }) => commit))];
  const named = commits.length > 2 ? [commits[0], commits.at(-1)] : commits;
  return commits.length === 1
    ? `commit ${commits[0]}`
    : `${commits.length} commits, ${named.join(' to ')} (each cell names its own)`;
}

function replays(cells: readonly CellResult[]): string {
  const failed = cells.filter(({ outcome }) => outcome !== 'by itself');
  if (failed.length === 0) return '';
  const lines = failed.map(
    ({ fault, step, outcome, failure, note }) =>
      `- ${fault}, in ${step}, ${outcome}: ${failure ?? note ?? 'see the results'}`,
  );
  return `## What did not come through by itself, and why\n\n${lines.join('\n')}\n\n`;
}

function martsText({ marts }: Results): string {
  const equal = marts.filter(({ differences }) => differences.length === 0);
  const windows = equal.reduce((sum, one) => sum + one.windows, 0);
  return `So far in ${equal.length} of ${marts.length} runs, ${windows} windows.`;
}
