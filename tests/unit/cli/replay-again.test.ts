import { expect, test } from 'vitest';
import { commandsToGoOn } from '../../../cli/replay-again.ts';

const at = (hour: number): string => `2026-01-05T0${hour}:00Z`;
const planned = [1, 2, 3, 4].map(at);

test('what has begun is not played twice', () => {
  const asked = { fromStep: 'load', parallel: 2, reason: "it's late", direct: true };
  expect(commandsToGoOn(asked, planned, new Set([at(1), at(2)]))).toEqual([
    String.raw`npx reprise replay --from ${at(3)} --to ${at(4)} --from-step load --parallel 2 --reason 'it'\''s late' --direct`,
  ]);
});

test('windows that wait for one that runs are named one by one', () => {
  expect(
    commandsToGoOn({ quarantined: true, reasonCode: 'invalid_value' }, planned, new Set([at(2)])),
  ).toEqual([
    `npx reprise replay --window ${at(1)} --quarantined --reason-code invalid_value`,
    `npx reprise replay --from ${at(3)} --to ${at(4)} --quarantined --reason-code invalid_value`,
  ]);
});

test('of those that failed the range stays whole', () => {
  expect(commandsToGoOn({ failed: true }, planned, new Set([at(1)]))).toEqual([
    `npx reprise replay --from ${at(1)} --to ${at(4)} --failed`,
  ]);
});

test('nothing is left when all have begun', () => {
  expect(commandsToGoOn({ failed: true }, planned, new Set(planned))).toEqual([]);
});
