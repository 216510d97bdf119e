import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { HeardListeners } from '../../../cli/heard-listeners.ts';
import { REPOSITORY } from '../../../config/paths.ts';
import { WINDOW_MS, windowStartMs } from '../../../contracts/window.ts';
import { generateShard } from '../../../generator/generate.ts';

const WINDOW = '2026-01-05T08:00Z';
const END = windowStartMs(WINDOW) + WINDOW_MS;

const example = (name: string): Record<string, unknown> =>
  JSON.parse(
    readFileSync(join(REPOSITORY, 'contracts/examples/track_played', `${name}.pass.json`), 'utf8'),
  ) as Record<string, unknown>;

test('what a bad record says of its listener is not believed', async () => {
  const heard = new HeardListeners();
  const request = { window: WINDOW, events: 50, seed: 1, shards: 1, shard: 0 };
  await generateShard(request, (lines) => heard.take(lines, END));
  const known = [...heard.lines(1)];
  expect(known.length).toBeGreaterThan(1);

  const played = example('whole-track');
  const bad = [
    { ...played, occurred_at: '2026-10-13T08:15:30.125Z', sent_at: '2026-10-13T08:15:31.002Z' },
    { ...played, ms_played: -1 },
    { ...played, listener_id: 7 },
  ].map((record) => JSON.stringify(record));
  heard.take(Buffer.from(['{"listener_id":"l-3f9', 'null', '', ...bad, ''].join('\n')), END);
  expect([...heard.lines(1)]).toEqual(known);
});

test('a listener whom nobody has made is an error, and names him', () => {
  const heard = new HeardListeners();
  heard.take(Buffer.from(`${JSON.stringify(example('whole-track'))}\n`), END);
  expect(() => [...heard.lines(1)]).toThrow('l-3f9a0c71d2e4');
});
