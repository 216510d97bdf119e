import fc from 'fast-check';
import { withDuckDb } from '../../../clients/duckdb-file.ts';
import { expect, test } from 'vitest';
import { EVENT_TYPES } from '../../../contracts/events.ts';
import {
  READABLE_TYPES,
  readableType,
  readableTypeOf,
  readableTypeSql,
} from '../../../contracts/readable-type.ts';

const nameOf = (text: string): string | undefined => READABLE_TYPES[readableType(text)];

test.each([
  ['{"event_type":"track_liked","event_id":"x"}', 'track_liked'],
  ['{"event_id":"x", "event_type" :\t"track_liked"}', 'track_liked'],
  ['{"event_type":"track_liked', 'unreadable'],
  ['{"event_type":"track_shared"}', 'unreadable'],
  ['{"event_type":"track_shared","was":{"event_type":"track_played"}}', 'track_played'],
  ['{"event_type":"track_playedx"}', 'unreadable'],
  ['{"name":"\\"event_type\\":\\"track_played\\""}', 'unreadable'],
  ['[{"event_type":"playlist_created"}]', 'playlist_created'],
  ['', 'unreadable'],
])('the type that can be read in %j is %s', (text, type) => {
  expect(nameOf(text)).toBe(type);
  expect(READABLE_TYPES[readableTypeOf(Buffer.from(text))]).toBe(type);
});

/** Bytes that are nearly a type, and any others. */
const piece = fc.oneof(
  fc.constantFrom('"event_type"', ':', '"', ' ', '\n', '{', ',', '\\', "'", '\u00ff', '\u0000', '#', 'x22'),
  fc.constantFrom(...EVENT_TYPES.flatMap((type) => [type, `"${type}"`, `{"event_type":"${type}"`])),
  fc.string({ unit: 'binary', maxLength: 6 }),
);
const bytes = fc.array(piece, { maxLength: 12 }).map((pieces) => Buffer.from(pieces.join(''), 'latin1'));

test('bytes, text and DuckDB read the same type in whatever bytes', async () => {
  const records = fc.sample(bytes, 2_000);
  const expected = records.map((record) => nameOf(record.toString('latin1')));
  expect(new Set(expected)).toEqual(new Set(READABLE_TYPES));
  expect(records.map((record) => READABLE_TYPES[readableTypeOf(record)])).toEqual(expected);
  await withDuckDb(':memory:', async (connection) => {
    await connection.run('CREATE TABLE raw (place INTEGER, record_value BLOB)');
    const appender = await connection.createAppender('raw');
    for (const [place, record] of records.entries()) {
      appender.appendInteger(place);
      appender.appendBlob(record);
      appender.endRow();
    }
    appender.closeSync();
    const read = await connection.runAndReadAll(
      `SELECT ${readableTypeSql('record_value')} FROM raw ORDER BY place`,
    );
    expect(read.getRows().map(([type]) => type)).toEqual(expected);
  });
});
