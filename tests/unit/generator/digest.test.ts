import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Random } from '../../../generator/random.ts';
import { Arena } from '../../../generator/records/arena.ts';

describe('digest', () => {
  const md5 = (bytes: Uint8Array): string => createHash('md5').update(bytes).digest('hex').slice(0, 16);

  function digests(records: readonly Uint8Array[]): string[] {
    const arena = new Arena();
    const starts = new Int32Array(records.length);
    const lengths = new Int32Array(records.length);
    for (const [place, record] of records.entries()) {
      const at = arena.open(record.length);
      arena.bytes.fill(0xff, at, at + record.length + 64);
      arena.bytes.set(record, at);
      lengths[place] = record.length;
      starts[place] = arena.close(record.length);
    }
    const found: string[] = [];
    arena.digest(starts, lengths, records.length, (place, high, low) => {
      found[place] = high.toString(16).padStart(8, '0') + low.toString(16).padStart(8, '0');
    });
    return found;
  }

  test('of every length up to three blocks is MD5', () => {
    const random = new Random('md5');
    const records = Array.from({ length: 200 }, (_, length) =>
      Uint8Array.from({ length }, () => random.below(256)),
    );
    expect(digests(records)).toEqual(records.map(md5));
  });

  test('of records of any length together is MD5', () => {
    const length = fc.oneof(fc.nat(600), fc.constantFrom(55, 56, 63, 64, 65, 119, 120), fc.nat(70_000));
    fc.assert(
      fc.property(fc.array(length, { maxLength: 30 }), fc.nat(), (lengths, stream) => {
        const random = new Random(`md5/${stream}`);
        const records = lengths.map((size) => Uint8Array.from({ length: size }, () => random.bits()));
        expect(digests(records)).toEqual(records.map(md5));
      }),
      { numRuns: 40 },
    );
  });
});
