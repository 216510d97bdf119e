import type { PlannedWindow } from '../contracts/replay-plan.ts';
import { requestText, stepsBefore, stepsFrom } from '../contracts/kept-steps.ts';
import type { ReplayRecord, WindowOutcome } from '../contracts/replay.ts';
import type { HopName } from '../contracts/report.ts';
import { type StepName, STEPS } from '../contracts/steps.ts';
import { stepName } from './live-steps.ts';
import { seconds, table } from './window-table.ts';

/** What a step replaces when it runs again. */
const EFFECTS: Record<StepName, string> = {
  generate: 'the shards in the landing area are written again',
  publish: 'nothing is sent while the receipts stand; else the records once more',
  ingest: "the window's partition of raw, events, quarantine and minute_counts is replaced",
  reconcile: 'nothing: it only reads',
  compact: 'the files of the partition are rewritten, its rows are the same',
  load: "the window's rows in the warehouse are replaced",
  build: 'the marts of the days that the window touches are built again',
  publish_serving: 'a new serving snapshot takes the place of the one that is shown',
};

/** The plan for a person: which windows, which steps, why, and what would change. */
export function planText(plans: readonly PlannedWindow[], parallel: number): string {
  const played = plans.filter(({ plays }) => plays);
  const idle = plans.filter(({ plays }) => !plays);
  const steps = new Set(played.flatMap(({ from_step: from }) => (from ? stepsFrom(from) : [])));
  const blocks = [
    [
      `${played.length} of ${windows(plans.length)} would be played again, ${side(parallel)}; nothing was started`,
    ],
    ...played.map(windowPlan),
    idle.length > 0 ? ['left as they are', ...idle.map(({ window, why }) => `  ${window}  ${why}`)] : [],
    steps.size > 0
      ? [
          'what the steps change',
          ...STEPS.filter((step) => steps.has(step)).map(
            (step) => `  ${stepName(step).padEnd(16)} ${EFFECTS[step]}`,
          ),
        ]
      : [],
  ];
  return `${blocks
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join('\n'))
    .join('\n\n')}\n`;
}

const windows = (count: number): string => `${count} window${count === 1 ? '' : 's'}`;
const side = (parallel: number): string =>
  parallel === 1 ? 'one at a time' : `at most ${parallel} at a time`;

function windowPlan(plan: PlannedWindow): string[] {
  const { window, state, why, request, from_step, because, refused, amends, days } = plan;
  if (refused !== null || !from_step || !request)
    return [`${window}  ${state}`, `  cannot be played: ${refused}`];
  const kept = stepsBefore(from_step);
  const names = (steps: readonly StepName[]): string => steps.map(stepName).join(', ');
  return [
    `${window}  ${state}: ${why}`,
    `  request     ${requestText(request)}`,
    ...(kept.length > 0 ? [`  kept        ${names(kept)}`] : []),
    `  run         ${names(stepsFrom(from_step))}`,
    `  because     ${because}`,
    ...amends.map((sentence, at) => `  ${at === 0 ? 'ledger  ' : '        '}    ${sentence}`),
    ...(days.length > 0 ? [`  days        ${days.join(', ')}`] : []),
  ];
}

/** A window that was played again, and what is known of it. */
export interface PlayedWindow {
  window: string;
  /** Undefined when its run was refused before it began. */
  record: ReplayRecord | undefined;
  reconciled: boolean;
  why: string | undefined;
  notes: readonly string[];
}

/** Hops whose hashes say whether the window is the same. */
const SHOWN: readonly string[] = ['events', 'quarantine', 'duplicates', 'warehouse', 'marts'];

/** One table of what came of each, its hashes before and after, and a line on what did not come through. */
export function playedText(all: readonly PlayedWindow[]): string {
  const outcomes = all.map(({ window, record, reconciled }) => [
    window,
    record ? stepName(record.from_step) : '-',
    standing(record?.before),
    standing(record?.after),
    seconds(took(record)),
    reconciled ? 'yes' : 'NO',
    identical(record),
  ]);
  const hashes = all.flatMap(({ window, record }) =>
    SHOWN.flatMap((hop) => {
      const [was, is] = [hashAt(record?.before, hop), hashAt(record?.after, hop)];
      return was || is
        ? [[`${window} ${hop}`, was ?? '-', is ?? '-', was && is ? (was === is ? '=' : 'DIFFERS') : '']]
        : [];
    }),
  );
  const blocks = [
    table(['window', 'from', 'was', 'is', 'seconds', 'reconciled', 'identical'], outcomes),
    hashes.length > 0 ? table(['content hash', 'before', 'after', ''], hashes) : [],
    ...all.map(remarksOn),
  ];
  return `\n${blocks
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join('\n'))
    .join('\n\n')}\n`;
}

function remarksOn({ window, record, reconciled, why, notes }: PlayedWindow): string[] {
  const lines = [
    ...(reconciled ? [] : [why ?? 'it has not reconciled', `npx reprise report ${window}`]),
    ...(record?.begun_earlier ? [record.begun_earlier] : []),
    ...(record?.amended ?? []).map((sentence) => `the ledger was amended: ${sentence}`),
    ...(record?.differences ?? []),
    ...(record?.remarks ?? []).map((remark) => `other windows ran in between: ${remark}`),
    ...notes,
  ];
  return lines.length > 0 ? [window, ...lines.map((line) => `  ${line}`)] : [];
}

const standing = (outcome: WindowOutcome | null | undefined): string => {
  if (!outcome) return '-';
  return outcome.state === 'completed' && outcome.reconciled ? 'reconciled' : outcome.state;
};

const hashAt = (outcome: WindowOutcome | null | undefined, hop: string): string | undefined =>
  outcome?.holds[hop as HopName]?.content_hash ?? undefined;

export function identical(record: ReplayRecord | undefined): string {
  if (record?.identical === true) return 'yes';
  return record?.identical === false ? 'NO' : '-';
}

function took(record: ReplayRecord | undefined): number | null {
  return record?.ended_at ? (Date.parse(record.ended_at) - Date.parse(record.started_at)) / 1000 : null;
}
