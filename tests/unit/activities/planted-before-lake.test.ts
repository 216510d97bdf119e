import { beforeEach, describe, expect, it } from 'vitest';
import { PlantedWindow } from './planted-window.ts';

let given: PlantedWindow;
beforeEach(async () => {
  given = await PlantedWindow.of();
});

describe('a difference in the landing area', () => {
  const altered = (change: (text: string) => string): Buffer =>
    Buffer.from(change((given.landing as Buffer).toString('latin1')), 'latin1');

  it('is an object that was removed: some of its records are named by what raw holds', async () => {
    given.landing = undefined;
    const hops = await given.differing();
    expect(Object.keys(hops)).toEqual(['landing']);
    const [first, ...others] = hops.landing?.differences ?? [];
    expect(first).toBe('landing holds 0 records, the ledger expects 400: 400 are missing.');
    expect(others.join(' ')).toContain('landing holds 0 records of track_played');
    expect(hops.landing?.records).toHaveLength(10);
    for (const record of hops.landing?.records ?? []) expect(record.finding).toBe('missing');
  });

  it('is a record that was taken out, one that was doubled, and one of another type', async () => {
    const { id, offset } = await given.some('track_played');
    const line = `${(given.emitted.lines[offset] as Buffer).toString('latin1')}\n`;
    const whole = given.landing;
    const named = (finding: string, type = 'track_played') => ({ finding, type, event_id: id });
    for (const [change, records] of [
      [(text: string) => text.replace(line, ''), [named('missing')]],
      [(text: string) => text + line, [named('extra')]],
      [
        (text: string) => text.replace(line, line.replace('track_played', 'track_skipped')),
        [named('missing'), named('extra', 'track_skipped')],
      ],
    ] as const) {
      given.landing = whole;
      given.landing = altered(change);
      const hops = await given.differing();
      expect(Object.keys(hops)).toEqual(['landing']);
      expect(hops.landing?.records).toEqual(records);
    }
  });

  it('is told apart from one in raw', async () => {
    const [landed, arrived] = [await given.some('track_played'), await given.some('track_skipped')];
    const line = `${(given.emitted.lines[landed.offset] as Buffer).toString('latin1')}\n`;
    given.landing = altered((text) => text.replace(line, ''));
    for (const table of ['raw', 'events'])
      await given.connection.run(`DELETE FROM ${table} WHERE kafka_offset = ${arrived.offset}`);
    const { landing, raw } = await given.differing();
    expect(landing?.records).toEqual([{ finding: 'missing', type: 'track_played', event_id: landed.id }]);
    expect(raw?.records).toEqual([{ finding: 'missing', type: 'track_skipped', event_id: arrived.id }]);
  });
});

describe('a difference before the lake', () => {
  it('is what was written otherwise than it lies there', async () => {
    given.input = { ...given.input, landed: { ...given.input.landed, total: 399 } };
    expect((await given.differing()).landing?.differences).toEqual([
      expect.stringMatching(/^399 records \(.*\) were written to the landing area, 400 \(.*\) lie there\.$/),
    ]);
  });

  it('is what was published under another type', async () => {
    const by_type = { ...given.input.landed.by_type, track_liked: 0 };
    given.input = {
      ...given.input,
      receipts: given.input.receipts.map((receipt) => ({ ...receipt, by_type })),
    };
    expect(Object.keys(await given.differing())).toEqual(['kafka']);
  });

  it('is a window of nothing that was asked to be something', async () => {
    given = await PlantedWindow.of(0);
    await given.reconcile();
    given.input = { ...given.input, ledger: { ...given.input.ledger, events_requested: 400 } };
    expect((await given.differing()).landing?.differences).toEqual([
      '400 records an hour were asked for, and the ledger knows of none.',
    ]);
  });

  it('is told even when nobody can say any more which records it is', async () => {
    await given.connection.run('DELETE FROM raw');
    given.landing = undefined;
    const { landing, raw } = await given.differing();
    expect([landing?.records, raw?.records]).toEqual([undefined, undefined]);
  });
});
