import { QUARANTINE_REASONS, type QuarantineReason } from '../contracts/quarantine.ts';
import { isReset, type ReplayRecord } from '../contracts/replay.ts';
import type { HopName, HopReport, WindowReport } from '../contracts/report.ts';
import { stepName } from './live-steps.ts';
import { allSeconds, askedFor, count, seconds, table } from './window-table.ts';

/** Also false for a report of an earlier version, which said so of windows that stopped after their reconciliation. */
export const cameThrough = ({ state, reconciled }: WindowReport): boolean =>
  state === 'completed' && reconciled;

/** The window report for a person: what was expected at each hop and what was found, what was set aside, how long it took. */
export function reportText(report: WindowReport, lastReplays: readonly ReplayRecord[] = []): string {
  const blocks = [
    summary(report),
    amended(report),
    hops(report.hops),
    byType(report.hops),
    ...report.hops.map(byKind),
    differences(report.hops),
    quarantined(report.quarantined_by_reason),
    steps(report),
    replays(lastReplays),
    links(report),
  ];
  return blocks
    .filter((block) => block.length > 0)
    .map((block) => block.join('\n'))
    .join('\n\n');
}

function summary(report: WindowReport): string[] {
  const { counts } = report;
  const took = allSeconds(report);
  return [
    `${report.window}  ${report.state}, ${verdict(report)}${took === null ? '' : `, ${seconds(took)} s`}`,
    `  asked for   ${whatWasAsked(report)}, by ${report.requested_by}`,
    `  arrived     ${counts.arrived === 0 && report.hops.length === 0 ? 'not counted yet' : arrived(counts)}`,
    `  serving     ${report.serving_version ?? 'not published'}`,
    ...(report.failure
      ? [
          `  failure     ${report.failure.step ?? 'window'}: ${report.failure.type}: ${report.failure.message}`,
        ]
      : []),
  ];
}

const whatWasAsked = ({ source, events_requested: events, volume_shape, seed }: WindowReport): string =>
  source === 'live' ? 'what had arrived by itself' : `${askedFor(events, volume_shape)}, seed ${seed}`;

/** What the ledger says otherwise than was planted, since a rule was mended. */
function amended({ amended: found }: WindowReport): string[] {
  if (!found) return [];
  const head = `the ledger was amended ${found.at.slice(0, 16)}Z by ${found.by}: ${found.why}`;
  return [head, ...found.moved.map((sentence) => `  ${sentence}`)];
}

function verdict(report: WindowReport): string {
  if (cameThrough(report)) return 'reconciled';
  if (report.hops.some((hop) => !hop.matches)) return 'DOES NOT RECONCILE';
  return report.state === 'running' ? 'not reconciled yet' : 'not reconciled';
}

const arrived = ({ arrived, valid, quarantined, duplicates }: WindowReport['counts']): string =>
  `${count(arrived)} = ${count(valid)} valid + ${count(quarantined)} quarantined + ${count(duplicates)} duplicates`;

function hops(all: readonly HopReport[]): string[] {
  if (all.length === 0) return ['no hop was reached'];
  const rows = all.map(({ hop, expected, observed, matches }) => [
    hop,
    count(expected.total),
    count(observed.total),
    hash(expected.content_hash),
    hash(observed.content_hash),
    matches ? 'yes' : 'NO',
  ]);
  return table(['hop', 'expected', 'observed', 'expected hash', 'observed hash', 'equal'], rows);
}

const hash = (value: string | null): string => value ?? '-';

const KINDS: Partial<Record<HopName, string>> = { quarantine: 'reason', serving: 'mart' };

const kindsOf = (all: readonly HopReport[]): string[] => [
  ...new Set(all.flatMap(({ expected, observed }) => Object.keys({ ...expected.by, ...observed.by }))),
];

/** The records by type, a column a hop that tells them apart: what was found, and in brackets what was expected instead. */
function byType(all: readonly HopReport[]): string[] {
  const telling = all.filter((hop) => !KINDS[hop.hop] && kindsOf([hop]).length > 0);
  const cell = ({ expected, observed }: HopReport, type: string): string => {
    const [want, have] = [expected.by[type], observed.by[type]];
    if (want === undefined && have === undefined) return '-';
    return (want ?? 0) === (have ?? 0) ? count(have ?? 0) : `${count(have ?? 0)} (${count(want ?? 0)})`;
  };
  const rows = kindsOf(telling)
    .toSorted()
    .map((type) => [type, ...telling.map((hop) => cell(hop, type))]);
  return rows.length > 0 ? table(['by type', ...telling.map(({ hop }) => hop)], rows) : [];
}

/** The hop's records by reason or by mart. */
function byKind(report: HopReport): string[] {
  const { hop, expected, observed } = report;
  const kind = KINDS[hop];
  const kinds = kindsOf([report]).toSorted();
  if (!kind || kinds.length === 0) return [];
  const rows = kinds.map((name) => [
    `  ${name}`,
    count(expected.by[name] ?? 0),
    count(observed.by[name] ?? 0),
  ]);
  return table([`${hop} by ${kind}`, 'expected', 'observed'], rows);
}

function differences(all: readonly HopReport[]): string[] {
  const found = all.flatMap((hop) => hop.differences.map((difference) => `  ${hop.hop}: ${difference}`));
  return found.length > 0 ? ['differences', ...found] : [];
}

function quarantined(byReason: Readonly<Record<string, number>>): string[] {
  const reasons = Object.entries(byReason);
  if (reasons.length === 0) return [];
  return [
    'quarantined, and why',
    ...reasons
      .toSorted(([, one], [, other]) => other - one)
      .flatMap(([reason, records]) => [
        `${count(records).padStart(10)}  ${reason}`,
        `${' '.repeat(12)}${QUARANTINE_REASONS[reason as QuarantineReason] ?? ''}`.trimEnd(),
      ]),
  ];
}

function steps(report: WindowReport): string[] {
  const rows = report.steps.map((step) => [
    stepName(step.step),
    step.state,
    seconds(step.seconds),
    String(step.attempts),
  ]);
  return table(['step', 'state', 'seconds', 'attempts'], rows);
}

/** Who played it again, why, and what came of it; the newest first. */
function replays(records: readonly ReplayRecord[]): string[] {
  if (records.length === 0) return [];
  const lines = records.flatMap((record) => [
    `  ${record.started_at.slice(0, 16)}Z  from ${stepName(record.from_step)}, by ${record.order.by}: ${record.order.why}`,
    `${' '.repeat(21)}${ending(record)}`,
    ...(record.joined ?? []).map(({ by, why }) => `${' '.repeat(21)}joined by ${by}: ${why}`),
    ...untold(record),
    ...[...record.amended, ...record.differences, ...record.remarks].map(
      (line) => `${' '.repeat(21)}${line}`,
    ),
  ]);
  return ['last replays', ...lines];
}

/** Temporal tells nobody of a reset: only a task in Airflow that still waits goes on with it. */
function untold({ order, airflow, window }: ReplayRecord): string[] {
  if (!isReset(order) || !airflow) return [];
  return [
    'Airflow shows it only if its task still waited for the window when it was reset; else',
    `npx reprise replay --window ${window} --from-step publish_serving makes both tell the same`,
  ].map((line) => `${' '.repeat(21)}${line}`);
}

function ending({ before, after, identical }: ReplayRecord): string {
  const was = before ? `${before.state} before, ` : '';
  if (!after) return `${was}not ended yet`;
  const same = { true: 'identical', false: 'NOT IDENTICAL', null: 'nothing to compare it with' }[
    `${identical}`
  ];
  return `${was}${after.state} after, ${after.reconciled ? `reconciled, ${same}` : 'not reconciled'}`;
}

function links({ links: found }: WindowReport): string[] {
  return Object.entries(found).flatMap(([name, url]) => (url ? [`${name.padEnd(10)} ${url}`] : []));
}
