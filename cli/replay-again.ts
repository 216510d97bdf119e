import type { WindowId } from '../contracts/window.ts';

/** What a replay was asked for, as far as it says how windows are played, and which of a range. */
export interface Asked {
  failed?: boolean | undefined;
  fromStep?: string | undefined;
  quarantined?: boolean | undefined;
  reasonCode?: string | undefined;
  parallel?: number | undefined;
  reason?: string | undefined;
  direct?: boolean | undefined;
  json?: boolean | undefined;
}

/**
 * The commands that play what a stopped replay has not begun: windows that it has begun go on by themselves, and are not
 * played twice. With `--failed` the range stays whole: what has failed meanwhile is played as well.
 * @param planned in the order in which they are played
 */
export function commandsToGoOn(
  asked: Asked,
  planned: readonly WindowId[],
  begun: ReadonlySet<WindowId>,
): string[] {
  const waiting = planned.filter((window) => !begun.has(window));
  const [first, last] = [planned.at(0), planned.at(-1)];
  if (waiting.length === 0 || first === undefined || last === undefined) return [];
  const ranges: [WindowId, WindowId][] = asked.failed ? [[first, last]] : rangesOf(planned, begun);
  return ranges.map(([from, to]) => ['npx reprise replay', rangeText(from, to), ...flags(asked)].join(' '));
}

/** Runs of windows that have not begun, with none between them that has. */
function rangesOf(planned: readonly WindowId[], begun: ReadonlySet<WindowId>): [WindowId, WindowId][] {
  const ranges: [WindowId, WindowId][] = [];
  let open: [WindowId, WindowId] | undefined;
  for (const window of planned) {
    if (begun.has(window)) open = undefined;
    else if (open) open[1] = window;
    else ranges.push((open = [window, window]));
  }
  return ranges;
}

const rangeText = (from: WindowId, to: WindowId): string =>
  from === to ? `--window ${from}` : `--from ${from} --to ${to}`;

function flags({
  failed,
  fromStep,
  quarantined,
  reasonCode,
  parallel,
  reason,
  direct,
  json,
}: Asked): string[] {
  return [
    ...(failed ? ['--failed'] : []),
    ...(fromStep ? [`--from-step ${fromStep}`] : []),
    ...(quarantined ? ['--quarantined'] : []),
    ...(reasonCode ? [`--reason-code ${reasonCode}`] : []),
    ...(parallel === undefined ? [] : [`--parallel ${parallel}`]),
    ...(reason === undefined ? [] : [`--reason ${quoted(reason)}`]),
    ...(direct ? ['--direct'] : []),
    ...(json ? ['--json'] : []),
  ];
}

/** For a POSIX shell. */
const quoted = (text: string): string => `'${text.replaceAll("'", String.raw`'\''`)}'`;
