import { ClientError } from '../clients/errors.ts';
import { isStepResult, type KeptSteps, stepResult, stepsFrom } from '../contracts/kept-steps.ts';
import type { StepChange } from '../contracts/replay-plan.ts';
import type { WindowReport } from '../contracts/report.ts';
import type { StepName, WindowRequest } from '../contracts/steps.ts';

/** What is known of a window that is to be played again. */
export interface Known {
  report: WindowReport;
  kept: KeptSteps;
  request: WindowRequest;
  from: StepName;
  /** The quarantined records are put through again: what changes sides is told already. */
  isAmended: boolean;
  /** Fingerprints of the code of today, by step; a step without one only hands on what it is given. */
  code: Partial<Record<StepName, string>>;
  /** Why the topic does not hold what the receipts name; undefined: it does, or nothing says what it should hold. */
  goneOffsets: () => Promise<string | undefined>;
  /** What the rules of today judge otherwise than the ledger of the window. */
  moved: () => Promise<string[]>;
}

/** What each step that would run makes otherwise than it stands, by what was kept, and by what stands there now. */
export async function whatChanges(known: Known): Promise<StepChange[]> {
  const changes: StepChange[] = [];
  const read = { ...known, kept: readable(known.kept) };
  for (const step of stepsFrom(known.from))
    for (const what of await TELLING[step](read)) changes.push({ step, what });
  return changes;
}

/** What an earlier version has kept otherwise than this one reads it tells nothing. */
function readable(kept: KeptSteps): KeptSteps {
  const steps = Object.keys(kept) as StepName[];
  return Object.fromEntries(
    steps.filter((step) => isStepResult(step, kept[step]?.result)).map((step) => [step, kept[step]]),
  );
}

/** Undefined: nothing is known of an earlier run of it. */
function sameCode({ kept, code }: Known, step: StepName): boolean | undefined {
  const before = kept[step];
  return before && before.code !== undefined && before.code === code[step];
}

const since = ({ kept }: Known, step: StepName): string => kept[step]?.completed_at.slice(0, 16) ?? '';

/** What has changed of the code, with what may come of it. */
function changedCode(known: Known, step: StepName, what: string, comes: string): string[] {
  if (sameCode(known, step) !== false) return [];
  return known.kept[step]?.code === undefined
    ? [`nothing says by which code it ran before: ${comes}`]
    : [`${what} changed since it ran (${since(known, step)}Z): ${comes}`];
}

const isLive = ({ report }: Known): boolean => report.source === 'live';

const records = (count: number): string => `${count} record${count === 1 ? '' : 's'}`;

const TELLING: Record<StepName, (known: Known) => string[] | Promise<string[]>> = {
  generate(known) {
    const kept = known.kept.generate;
    if (isLive(known)) return ['nothing is generated: what the topic holds of the hour is counted again'];
    if (!kept) return ['no shards are known; they are written'];
    const changed = changedCode(known, 'generate', 'the generator has', 'the records may be other ones');
    const { landed } = stepResult('generate', kept.result);
    return changed.length > 0 ? changed : [`the same ${records(landed.total)} are written again`];
  },
  async publish(known) {
    if (isLive(known)) return ['nothing is sent: the hour is a range of the topic'];
    if (!known.kept.publish) return ['nothing says that they were sent; those without a receipt are sent'];
    const gone = await known.goneOffsets();
    if (gone !== undefined) return [`the records are sent once more: ${gone}`];
    return ['nothing is sent as long as the records are the same: the topic still holds them'];
  },
  async ingest(known) {
    if (!known.kept.ingest) return ['the lake takes in what was published; nothing is known to stand there'];
    const { valid, quarantined, duplicates } = stepResult('ingest', known.kept.ingest.result).account;
    const held = `${valid.total} valid, ${quarantined.total} quarantined, ${duplicates.total} duplicates`;
    if (known.isAmended) return [`${held} give way to what the amended ledger says`];
    const changed = changedCode(
      known,
      'ingest',
      'the rules or the transforms have',
      'what they make of its records is judged',
    );
    if (changed.length === 0) return [`${held} are replaced by the same`];
    const moved = await known.moved();
    if (moved.length === 0) return [...changed, `the rules of today judge its records as before: ${held}`];
    return [
      ...changed,
      ...moved,
      'it will not reconcile until its ledger is amended: --quarantined does that',
    ];
  },
  reconcile: () => [],
  compact: () => ['its files are rewritten, its rows are the same'],
  load(known) {
    const changed = changedCode(
      known,
      'load',
      'the schema of the warehouse has',
      'its columns may be other ones',
    );
    const stands = known.kept.load && stepResult('load', known.kept.load.result).rows.events;
    if (stands === undefined) return ['nothing says that the warehouse holds it; its events are loaded'];
    return [`${stands} events in the warehouse are replaced`, ...changed];
  },
  build(known) {
    const changed = changedCode(known, 'build', 'the dbt project has', 'the marts may be other ones');
    const days = known.kept.load ? stepResult('load', known.kept.load.result).affected_dates : undefined;
    if (!days)
      return ['the days of its events are built, those that late events belong to among them', ...changed];
    const earlier = days.filter((day) => day < known.request.window.slice(0, 10));
    const built = `${days.length} day${days.length === 1 ? ' is' : 's are'} built again: ${days.join(', ')}`;
    const reopened = earlier.length > 0 ? [`late events re-open ${earlier.join(', ')}`] : [];
    return [built, ...reopened, ...changed];
  },
  publish_serving({ report }) {
    const { serving_version: version } = report;
    return [
      version ? `snapshot ${version} of this window gives way to a new one` : 'a first snapshot is published',
    ];
  },
};

/** What cannot be judged is said so, and does not end the plan. */
export async function movedOrWhyNot(judged: () => Promise<{ moved: string[] }>): Promise<string[]> {
  try {
    return (await judged()).moved;
  } catch (error) {
    if (!(error instanceof ClientError) || error.retryable) throw error;
    return [`its records cannot be judged beforehand: ${error.message}`];
  }
}
