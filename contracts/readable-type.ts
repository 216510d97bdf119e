import { EVENT_TYPES } from './events.ts';

/** Of a record in which no type can be read. */
export const UNREADABLE = 'unreadable';

/** Every readable type; a record's is told by its place here. */
export const READABLE_TYPES: readonly string[] = [...EVENT_TYPES, UNREADABLE];

/** JSON's white space. */
const GAP = '[ \\t\\n\\r]*';
const NAMED = new RegExp(`"event_type"${GAP}:${GAP}"(${EVENT_TYPES.join('|')})"`);

const textOf = (type: string): string => `{"event_type":"${type}"`;
const STARTS = EVENT_TYPES.map((type) => new TextEncoder().encode(textOf(type)));
/** Only plain characters matter, and those are the same in every such encoding. */
const oneCharacterAByte = new TextDecoder('latin1');

/**
 * The event type that a record of any bytes seems to be of, told without judging it: the first text `"event_type":"<name>"`
 * in which the name is one that has a contract (white space around the colon allowed), wherever it stands; else
 * `unreadable`. Whether the record keeps its contract is another question: bytes cut off after their type still have one.
 *
 * @param text one character a byte (latin1)
 * @returns the place in READABLE_TYPES
 */
export function readableType(text: string): number {
  const name = NAMED.exec(text)?.[1];
  return name === undefined ? EVENT_TYPES.length : (EVENT_TYPES as string[]).indexOf(name);
}

function startsWith(record: Uint8Array, start: Uint8Array): boolean {
  // From behind, where the types differ.
  for (let at = start.length - 1; at >= 0; at--) if (record[at] !== start[at]) return false;
  return true;
}

/** The same of the bytes themselves: nearly every record begins with its type, and no text is made of it. */
export function readableTypeOf(record: Uint8Array): number {
  for (let type = 0; type < STARTS.length; type++)
    if (startsWith(record, STARTS[type] as Uint8Array)) return type;
  return readableType(oneCharacterAByte.decode(record));
}

/**
 * The same in DuckDB, as the type's name. A blob compares byte by byte; written as text, all in it but plain characters
 * stands as `\xNN`, quotes and backslashes too, so that the pattern cannot match half a byte.
 */
export function readableTypeSql(blob: string): string {
  const branches = EVENT_TYPES.map((type) => {
    const start = textOf(type);
    // What follows the closing quote is open; the next byte value ends the range.
    const next = `${start.slice(0, -1)}#`;
    return `WHEN ${blob} >= '${start}'::BLOB AND ${blob} < '${next}'::BLOB THEN '${type}'`;
  });
  const gap = '(?: |\\\\x09|\\\\x0A|\\\\x0D)*';
  const quote = '\\\\x22';
  const pattern = `${quote}event_type${quote}${gap}:${gap}${quote}(${EVENT_TYPES.join('|')})${quote}`;
  return `CASE ${branches.join(' ')}
    ELSE coalesce(nullif(regexp_extract(CAST(${blob} AS VARCHAR), '${pattern}', 1), ''), '${UNREADABLE}') END`;
}
