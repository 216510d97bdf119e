import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { readRecords, RecordTally } from '../../../activities/records.ts';
import { formatContentHash } from '../../../contracts/content-hash.ts';

async function collect(chunks: Buffer[]): Promise<string[]> {
  const records: string[] = [];
  for await (const some of readRecords(Readable.from(chunks))) {
    records.push(...some.map((record) => record.toString('latin1')));
  }
  return records;
}

/** The contract's formula, written down a second time and slowly. */
function contentHash(records: string[]): string {
  const sum = records.reduce(
    (total, record) => total + createHash('md5').update(record, 'latin1').digest().readBigUInt64BE(0),
    0n,
  );
  return formatContentHash(sum);
}

describe('readRecords', () => {
  const text = Buffer.from('{"a":1}\n\n\xff\xfe broken\nlast', 'latin1');
  const expected = ['{"a":1}', '', '\xff\xfe broken', 'last'];

  it.each([1, 2, 3, 7, 100])('finds the same records in chunks of %i bytes', async (size) => {
    const chunks: Buffer[] = [];
    for (let at = 0; at < text.length; at += size) chunks.push(text.subarray(at, at + size));
    expect(await collect(chunks)).toEqual(expected);
  });

  it('finds no record after the last newline', async () => {
    expect(await collect([Buffer.from('a\nb\n')])).toEqual(['a', 'b']);
  });
});

describe('RecordTally', () => {
  it('keeps the content hash of the contract, whatever the order', () => {
    const records = Array.from({ length: 3_000 }, (_, index) => `{"n":${index}}`);
    const forwards = new RecordTally();
    for (const record of records) forwards.take(Buffer.from(record));
    const backwards = new RecordTally();
    backwards.takeLines(Buffer.from(`${records.toReversed().join('\n')}\n`));
    expect(forwards.contentHash).toBe(contentHash(records));
    expect(backwards.contentHash).toBe(forwards.contentHash);
    expect(backwards).toMatchObject({ records: 3_000, bytes: records.join('').length });
  });

  it('shows a record that stands twice', () => {
    const tally = new RecordTally();
    tally.take(Buffer.from('a'));
    tally.take(Buffer.from('a'));
    expect(tally.contentHash).not.toBe('0000000000000000');
    expect(tally.contentHash).toBe(contentHash(['a', 'a']));
  });
});
