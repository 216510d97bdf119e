import { beforeEach, describe, expect, it } from 'vitest';
import { PlantedWindow } from './planted-window.ts';

let given: PlantedWindow;
beforeEach(async () => {
  given = await PlantedWindow.of();
});

const typeOf = (offset: number): string =>
  /"event_type":"(track_played|track_skipped|track_liked|playlist_created|playlist_track_added)"/.exec(
    (given.emitted.lines[offset] as Buffer).toString('latin1'),
  )?.[1] ?? 'unreadable';

describe('a window of 400 records that balances', () => {
  it('has counts by type or reason and a hash at every hop', async () => {
    const hops = await given.reconcile();
    expect(hops.map(({ hop }) => hop)).toEqual([
      ...['landing', 'kafka', 'raw'],
      ...['events', 'quarantine', 'duplicates'],
    ]);
    for (const { observed } of hops) {
      expect(observed.total).toBeGreaterThan(10);
      const counted = Object.values(observed.by).reduce((sum, count) => sum + count, 0);
      expect(counted).toBe(observed.total);
      expect(observed.content_hash).toMatch(/^[0-9a-f]{16}$/);
    }
    expect(hops[2]?.observed.by).toMatchObject({
      track_played: expect.any(Number),
      unreadable: expect.any(Number),
    });
  });

  it('compares no types with a ledger that tells none', async () => {
    const { total, content_hash } = given.input.ledger.arrived;
    given.input = { ...given.input, ledger: { ...given.input.ledger, arrived: { total, content_hash } } };
    expect((await given.reconcile())[2]).toMatchObject({ matches: true, observed: { by: {} } });
  });
});

describe('a difference in raw', () => {
  it('is a record that was lost', async () => {
    const { offset, id } = await given.some('track_played');
    for (const table of ['raw', 'events'])
      await given.connection.run(`DELETE FROM ${table} WHERE kafka_offset = ${offset}`);
    const hops = await given.differing();
    expect(Object.keys(hops)).toEqual(['raw', 'events']);
    expect(hops.raw?.records).toEqual([{ finding: 'missing', type: 'track_played', event_id: id }]);
    expect(hops.raw?.differences.join(' ')).toContain('records of track_played');
    expect(hops.raw?.differences.at(-1)).toBe(`Missing in raw: ${id} (track_played).`);
  });

  it('is a record that came twice', async () => {
    const { id } = await given.some('track_liked');
    await given.connection.run(
      `INSERT INTO raw SELECT 't', 0, 9999, record_value FROM raw JOIN events USING (kafka_offset) WHERE event_id = '${id}'`,
    );
    const hops = await given.differing();
    expect(hops.raw?.records).toEqual([{ finding: 'extra', type: 'track_liked', event_id: id }]);
    // It stands nowhere else, and should have been set aside.
    expect(hops.raw?.differences.join(' ')).toContain(
      '1 records of raw stand neither in events nor in quarantine',
    );
    expect(Object.keys(hops)).toEqual(['raw']);
  });

  it('is a record with another byte, and one that has become another type', async () => {
    const { offset, id } = await given.some('track_played');
    const line = (given.emitted.lines[offset] as Buffer).toString('latin1');
    for (const [altered, type] of [
      [line.replace('"country":"', '"country":"x'), 'track_played'],
      [line.replace('track_played', 'track_skipped'), 'track_skipped'],
    ] as const) {
      const hex = Buffer.from(altered, 'latin1').toString('hex');
      await given.connection.run(
        `UPDATE raw SET record_value = from_hex('${hex}') WHERE kafka_offset = ${offset}`,
      );
      const { raw } = await given.differing();
      expect(raw?.records).toEqual([
        { finding: 'missing', type: 'track_played', event_id: id },
        { finding: 'extra', type, event_id: id },
      ]);
    }
  });

  it('is nothing at all, when everything should be there', async () => {
    for (const table of ['raw', 'events', 'quarantine']) await given.connection.run(`DELETE FROM ${table}`);
    await given.connection.run('UPDATE minute_counts SET events = 0');
    const hops = await given.differing();
    expect(Object.keys(hops)).toEqual(['raw', 'events', 'quarantine', 'duplicates']);
    expect(hops.raw?.records).toHaveLength(10);
  });
});

describe('a difference in events', () => {
  it('is one that was lost', async () => {
    const { id } = await given.some('track_skipped');
    await given.connection.run(`DELETE FROM events WHERE event_id = '${id}'`);
    const { events } = await given.differing();
    expect(events?.records).toEqual([{ finding: 'missing', type: 'track_skipped', event_id: id }]);
  });

  it('is one that stands twice', async () => {
    const { id } = await given.some('track_skipped');
    await given.connection.run(`INSERT INTO events SELECT * FROM events WHERE event_id = '${id}'`);
    const { events } = await given.differing();
    expect(events?.records).toEqual([{ finding: 'extra', type: 'track_skipped', event_id: id }]);
    expect(events?.differences.join(' ')).toContain(`1 event ids stand more than once in events: ${id}.`);
  });

  it('is one that has another type, or another hash', async () => {
    const { id } = await given.some('track_skipped');
    await given.connection.run(`UPDATE events SET event_type = 'track_liked' WHERE event_id = '${id}'`);
    const { events } = await given.differing();
    expect(events?.records).toEqual([
      { finding: 'missing', type: 'track_skipped', event_id: id },
      { finding: 'extra', type: 'track_liked', event_id: id },
    ]);
    await given.connection.run(
      `UPDATE events SET event_type = 'track_skipped', record_hash = 7 WHERE event_id = '${id}'`,
    );
    expect((await given.differing()).events?.records?.map(({ event_id }) => event_id)).toEqual([id, id]);
  });

  it('is one that was taken for bad', async () => {
    const { id, offset } = await given.some('track_played');
    await given.connection.run(
      `INSERT INTO quarantine SELECT 0, ${offset}, 'wrong_type', 'track_played', record_value FROM raw WHERE kafka_offset = ${offset}`,
    );
    await given.connection.run(`DELETE FROM events WHERE event_id = '${id}'`);
    const { events, quarantine } = await given.differing();
    expect(events?.records).toEqual([{ finding: 'missing', type: 'track_played', event_id: id }]);
    expect(quarantine?.records).toEqual([{ finding: 'extra', type: 'wrong_type', event_id: id }]);
  });

  it('is many: ten of them are named', async () => {
    await given.connection.run(`DELETE FROM events WHERE event_type = 'track_played'`);
    const { events } = await given.differing();
    expect(events?.records).toHaveLength(10);
    expect(new Set(events?.records?.map(({ event_id: id }) => id)).size).toBe(10);
  });
});

describe.each(['quarantine', 'duplicates'] as const)('a difference in %s', (hop) => {
  const at = async (): Promise<number> => {
    const sign = hop === 'duplicates' ? '=' : '<>';
    const found = await given.connection.runAndReadAll(
      `SELECT min(kafka_offset) FROM quarantine WHERE reason_code ${sign} 'duplicate_event'`,
    );
    return Number(found.getRows()[0]?.[0]);
  };

  it('is one that was lost, twice there, or altered', async () => {
    const offset = await at();
    await given.connection.run(`CREATE TABLE before AS SELECT * FROM quarantine`);
    for (const [change, findings] of [
      [`DELETE FROM quarantine WHERE kafka_offset = ${offset}`, ['missing']],
      [`INSERT INTO quarantine SELECT * FROM before WHERE kafka_offset = ${offset}`, ['extra']],
      [
        `UPDATE quarantine SET record_value = '{}'::BLOB WHERE kafka_offset = ${offset}`,
        ['missing', 'extra'],
      ],
    ] as const) {
      await given.connection.run(`DELETE FROM quarantine; INSERT INTO quarantine SELECT * FROM before`);
      await given.connection.run(change);
      const found = (await given.differing())[hop];
      expect(found?.records?.map(({ finding }) => finding).sort()).toEqual([...findings].sort());
      if (hop === 'duplicates')
        for (const { type } of found?.records ?? []) expect(type).toBe(typeOf(offset));
    }
  });

  it('is one that counts under another name', async () => {
    const offset = await at();
    const column = hop === 'duplicates' ? 'event_type' : 'reason_code';
    await given.connection.run(
      `UPDATE quarantine SET ${column} = 'oversized' WHERE kafka_offset = ${offset}`,
    );
    const hops = await given.differing();
    expect(Object.keys(hops)).toEqual([hop]);
    expect(hops[hop]?.records).toContainEqual(
      expect.objectContaining({ finding: 'extra', type: 'oversized' }),
    );
  });
});
