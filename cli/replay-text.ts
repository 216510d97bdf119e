import type { PlannedWindow } from '../contracts/replay-plan.ts';
import { requestText, stepsBefore, stepsFrom } from '../contracts/kept-steps.ts';
import type { ReplayRecord, WindowOutcome } from '../contracts/replay.ts';
import type { HopName } from '../contracts/report.ts';
import type { StepName } from '../contracts/steps.ts';
import { stepName } from './live-steps.ts';
import { seconds, table } from './window-table.ts';

/** The plan for a person: which windows, which steps, why, and what would change. */
export function planText(plans: readonly PlannedWindow[], parallel: number): string {
  const played = plans.filter(({ plays, refused }) => plays && refused === null);
  const idle = plans.filter(({ plays }) => !plays);
  const blocks = [
    [
      `${played.length} of ${windows(plans.length)} would be played again, ${side(parallel)}; nothing was started`,
    ],
    ...played.map(windowPlan),
    refusedText(plans),
    idle.length > 0 ? ['left as they are', ...idle.map(({ window, why }) => `  ${window}  ${why}`)] : [],
  ];
  return `${blocks
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join('\n'))
    .join('\n\n')}\n`;
}

/** Windows that cannot be played as they are asked for: the others are. */
export const isRefused = ({ plays, refused }: PlannedWindow): boolean => plays && refused !== null;

function refusedText(plans: readonly PlannedWindow[]): string[] {
  const refused = plans.filter(isRefused);
  return refused.length > 0
    ? ['cannot be played', ...refused.map(({ window, refused: why }) => `  ${window}  ${why}`)]
    : [];
}

const windows = (count: number): string => `${count} window${count === 1 ? '' : 's'}`;
const side = (parallel: number): string =>
  parallel === 1 ? 'one at a time' : `at most ${parallel} at a time`;

function windowPlan(plan: PlannedWindow): string[] {
  const { window, state, why, request, from_step, because, amends, days, changes = [] } = plan;
  if (!from_step || !request) return [];
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
    ...changes.map(
      ({ step, what }, at) => `  ${at === 0 ? 'changes ' : '        '}    ${stepName(step)}: ${what}`,
    ),
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
export function playedText(all: readonly PlayedWindow[], plans: readonly PlannedWindow[] = []): string {
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
    refusedText(plans),
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
