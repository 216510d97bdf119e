import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { classify } from '../../../contracts/classify.ts';
import { WINDOW_MS } from '../../../contracts/window.ts';
import { Random } from '../../../generator/random.ts';
import { placesByArrival } from '../../../generator/records/arrival-order.ts';
import { DEFAULT_DEFECT_RATES, type DefectRates, NO_DEFECTS } from '../../../generator/records/defects.ts';
import { REASONS } from '../../../generator/records/ledger.ts';
import { fill, LIVE, openCell, parsed, START, WINDOW } from './open-cell.ts';
import { recount } from './recount.ts';

describe('defects', () => {
  test.each(REASONS)('%s gives exactly that reason', (reason) => {
    const { cell, lines, ledger } = openCell({ quota: 300, rates: { ...NO_DEFECTS, [reason]: 1 } });
    fill(cell, new Random('defects'));
    const found = lines();
    expect(found).toHaveLength(300);
    for (const line of found) {
      const result = classify(line, START + WINDOW_MS);
      if (!result.valid) expect(result).toMatchObject({ reason_code: reason });
      else {
        expect(reason).toBe('impossible_value');
        expect(['track_liked', 'playlist_created']).toContain(result.event.event_type);
      }
    }
    expect(ledger.ledger().quarantined.by_reason[reason]).toBeGreaterThan(200);
  });

  test('a duplicate is the same bytes again, and counts', () => {
    const { cell, lines, ledger } = openCell({ quota: 301, rates: { ...NO_DEFECTS, duplicate: 1 } });
    fill(cell, new Random('duplicates'));
    const times = new Map<string, number>();
    for (const line of lines()) times.set(line.toString(), (times.get(line.toString()) ?? 0) + 1);
    expect([...times.values()].sort()).toEqual([1, ...Array<number>(150).fill(2)]);
    expect(ledger.ledger()).toMatchObject({ duplicates: { total: 150 }, planted: { duplicate: 150 } });
  });

  test('what is out of order was passed by the next of its own session', () => {
    const { cell, lines, ledger } = openCell({ rates: { ...NO_DEFECTS, out_of_order: 1 } });
    for (const listener of ['l-a', 'l-b']) {
      cell.begin(LIVE);
      cell.envelope(listener, `s-${listener}`, 0, 'SE');
      for (let place = 0; place < 5; place++)
        cell.playback(START + place * 1_000, true, place, 1, 0, 0, false, 0);
    }
    const events = lines().map(parsed);
    for (const listener of ['l-a', 'l-b'])
      expect(
        events
          .filter((event) => event.listener_id === listener)
          .map((event) => Date.parse(event.occurred_at) - START),
      ).toEqual([1_000, 0, 3_000, 2_000, 4_000]);
    expect(ledger.ledger().out_of_order).toBe(4);
  });

  test('what was sent in the same millisecond passes nothing', () => {
    const { cell, lines, ledger } = openCell({ rates: { ...NO_DEFECTS, out_of_order: 1 } });
    cell.begin({ ...LIVE, lagMs: 5_000 });
    cell.envelope('l-a', 's-a', 0, 'SE');
    for (let place = 0; place < 4; place++)
      cell.playback(START + WINDOW_MS - 10 + place, true, place, 1, 0, 0, false, 0);
    expect(lines().map((line) => parsed(line).sent_at)).toEqual(Array(4).fill('2026-01-05T08:59:59.999Z'));
    expect(ledger.ledger().out_of_order).toBe(0);
  });
});

describe('cell', () => {
  const often: DefectRates = {
    ...(Object.fromEntries(Object.keys(NO_DEFECTS).map((kind) => [kind, 0.04])) as DefectRates),
    oversized: 0.002,
  };

  test('the ledger is what an independent recount finds', () => {
    const choices = fc.record({
      stream: fc.nat(),
      quota: fc.integer({ min: 0, max: 900 }),
      rates: fc.constantFrom(NO_DEFECTS, DEFAULT_DEFECT_RATES, often),
    });
    fc.assert(
      fc.property(choices, ({ stream, quota, rates }) => {
        const { cell, lines, ledger, tracks } = openCell({ quota, rates, stream: `cell/${stream}` });
        const random = new Random(`sessions/${stream}`);
        fill(cell, random, (session) =>
          session % 5 === 4 && rates.late > 0
            ? { lagMs: session, burstMs: START + random.below(WINDOW_MS - 60_000), isOffline: true }
            : { ...LIVE, lagMs: random.between(100, 3_000) },
        );
        const found = lines();
        expect(found).toHaveLength(quota);
        const { account, events } = recount(found, WINDOW);
        const told = ledger.ledger();
        expect(told).toMatchObject(account);
        const counts = {
          ...told.quarantined.by_reason,
          duplicate: told.duplicates.total,
          late: told.late,
          out_of_order: told.out_of_order,
        };
        expect(told.planted).toEqual(
          Object.fromEntries(Object.entries(counts).filter(([, count]) => count > 0)),
        );
        const mentioned = events.flatMap((event) =>
          'track_id' in event ? [Number(event.track_id.slice(2))] : [],
        );
        expect([...tracks]).toEqual([...new Set(mentioned)].sort((a, b) => a - b));
      }),
      { numRuns: 25 },
    );
  });

  test('each rate is met', () => {
    const { cell, lines, ledger } = openCell({ quota: 50_000, rates: often });
    fill(cell, new Random('rates'));
    expect(lines()).toHaveLength(50_000);
    const { planted } = ledger.ledger();
    // Some cannot be planted everywhere, or want a record after them; lateness is planted by whole sessions.
    for (const kind of [...REASONS, 'duplicate'] as const) {
      const expected = (50_000 * often[kind]) / 1.04;
      expect(planted[kind]).toBeGreaterThan(expected * 0.75);
      expect(planted[kind]).toBeLessThan(expected * 1.15 + 20);
    }
    expect(planted.out_of_order).toBeGreaterThan(1_000);
  });

  test('what it returned stays as it is when the next cell is made; the same again gives the same bytes', () => {
    const render = (stream: string): Buffer => {
      const { cell } = openCell({ quota: 500, rates: DEFAULT_DEFECT_RATES, stream });
      fill(cell, new Random(stream));
      return cell.render();
    };
    const first = render('a');
    const copy = Buffer.from(first);
    expect(render('b').equals(first)).toBe(false);
    expect(first.equals(copy)).toBe(true);
    expect(render('a').equals(first)).toBe(true);
  });

  test('two cells that are filled at once do not mix', () => {
    const alone = openCell({ quota: 50 });
    fill(alone.cell, new Random('x'));
    const expected = alone.cell.render();
    const one = openCell({ quota: 50 });
    const other = openCell({ quota: 50, stream: 'other' });
    fill(other.cell, new Random('y'));
    fill(one.cell, new Random('x'));
    expect(one.cell.render().equals(expected)).toBe(true);
    expect(other.lines().map(parsed)).toHaveLength(50);
  });

  test('arrivals are sorted, and equal ones keep their order', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(fc.nat(WINDOW_MS * 2), fc.nat(3))), (arrivals) => {
        const places = arrivals.map((_, place) => place);
        const expected = places.toSorted(
          (a, b) => (arrivals[a] as number) - (arrivals[b] as number) || a - b,
        );
        expect([...placesByArrival(Int32Array.from(arrivals), arrivals.length)]).toEqual(expected);
      }),
    );
  });
});
