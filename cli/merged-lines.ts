import { open } from 'node:fs/promises';

/** What is written at once. */
const PART_LENGTH = 1 << 18;

/** Numbers are written with leading zeros: one that has outgrown them comes later. */
function isBefore(one: string, other: string): boolean {
  return one.length === other.length ? one < other : one.length < other.length;
}

/** The name with which a line of ours begins, as in `{"track_id":"t-0000001",…`. */
function nameIn(line: string, field: string): string | undefined {
  const start = `{"${field}":"`;
  if (!line.startsWith(start)) return undefined;
  const end = line.indexOf('"', start.length);
  return end < 0 ? undefined : line.slice(start.length, end);
}

/** Lines that are none of ours are left out: nobody could tell whether they are to be replaced. */
async function* namedLinesOf(file: string, field: string): AsyncGenerator<{ name: string; line: string }> {
  const handle = await open(file).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (!handle) return;
  try {
    for await (const line of handle.readLines()) {
      const name = nameIn(line, field);
      if (name !== undefined) yield { name, line };
    }
  } finally {
    await handle.close();
  }
}

/**
 * The NDJSON lines of a file and new ones, both ordered by name, as one; of two lines with one name, the new one. The file
 * is read as it goes, a line at a time.
 * @param chunks some whole lines each
 */
export async function* mergedLines(
  file: string,
  chunks: Iterable<string>,
  field: string,
): AsyncGenerator<string> {
  const standing = namedLinesOf(file, field);
  let part = '';
  try {
    let kept = await standing.next();
    for (const chunk of chunks) {
      for (const line of chunk.trimEnd().split('\n')) {
        const name = nameIn(line, field) as string;
        while (!kept.done && !isBefore(name, kept.value.name)) {
          if (kept.value.name !== name) part += `${kept.value.line}\n`;
          kept = await standing.next();
        }
        part += `${line}\n`;
        if (part.length < PART_LENGTH) continue;
        yield part;
        part = '';
      }
    }
    for (; !kept.done; kept = await standing.next()) {
      part += `${kept.value.line}\n`;
      if (part.length < PART_LENGTH) continue;
      yield part;
      part = '';
    }
    if (part !== '') yield part;
  } finally {
    await standing.return(undefined);
  }
}
