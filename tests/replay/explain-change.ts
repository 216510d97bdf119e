/** The one command that writes the fingerprints anew. */
const WRITE = 'npx vitest run --project workflows tests/replay/fingerprints.test.ts --update';

const ADVICE = `A window that is running replays its history under the new code: with other commands than before it stops at
"Nondeterminism error" until code is deployed that agrees with it.`;

const GATE = `Put the change behind patched('<its name>'), with the old way for windows that are under way
(docs/processes/change-a-workflow.md).`;

const GATED = `A patch marker is new or gone. When every changed command is behind it, and the histories of
tests/replay/histories still replay, this is how it should be.`;

const LIMITS_ONLY =
  'Only limits or names of what activities are told changed: running windows go on either way.';

/** The lines of a longest common subsequence are kept, the others marked: `-` only before, `+` only after. */
export function difference(before: readonly string[], after: readonly string[]): string[] {
  const width = after.length + 1;
  const longest = new Uint32Array((before.length + 1) * width);
  const at = (left: number, right: number): number => longest[left * width + right] ?? 0;
  for (let left = before.length - 1; left >= 0; left -= 1) {
    for (let right = after.length - 1; right >= 0; right -= 1) {
      longest[left * width + right] =
        before[left] === after[right]
          ? at(left + 1, right + 1) + 1
          : Math.max(at(left + 1, right), at(left, right + 1));
    }
  }
  const lines: string[] = [];
  let [left, right] = [0, 0];
  while (left < before.length || right < after.length) {
    if (left < before.length && right < after.length && before[left] === after[right]) {
      lines.push(`  ${before[left]}`);
      left += 1;
      right += 1;
    } else if (
      right >= after.length ||
      (left < before.length && at(left + 1, right) >= at(left, right + 1))
    ) {
      lines.push(`- ${before[left]}`);
      left += 1;
    } else {
      lines.push(`+ ${after[right]}`);
      right += 1;
    }
  }
  return lines;
}

/** Changed lines with two on either side, the rest left out. */
function shortened(lines: readonly string[]): string[] {
  const near = (index: number): boolean =>
    lines.slice(Math.max(0, index - 2), index + 3).some((line) => !line.startsWith('  '));
  return lines.flatMap((line, index) => (near(index) ? [line] : near(index - 1) ? ['  ...'] : []));
}

/** A line without what does not matter to a replay: the names that an activity is told. */
const kindOf = (line: string): string => line.replace(/\(.*\)/, '()');
const sequenceOf = (text: string): string =>
  text
    .replace(/^# limits of [^]*/m, '')
    .split('\n')
    .map(kindOf)
    .join('\n');

/** What to tell somebody whose edit has changed the commands of a workflow. */
export function explainChange(workflow: string, before: string, after: string): string {
  const lines = difference(before.split('\n'), after.split('\n'));
  const patches = lines.some((line) => /^[-+] patch /.test(line));
  const harmless = sequenceOf(before) === sequenceOf(after);
  const advice = before === '' || harmless ? [] : [ADVICE, patches ? GATED : GATE];
  return [
    before === ''
      ? `No commands of ${workflow} are written down yet.`
      : `The commands of ${workflow} changed:`,
    shortened(lines).join('\n'),
    ...(harmless ? [LIMITS_ONLY] : advice),
    `Then write them down anew and commit the file:\n  ${WRITE}`,
  ].join('\n\n');
}
