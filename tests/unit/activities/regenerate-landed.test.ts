import { Readable } from 'node:stream';
import { beforeAll, describe, expect, it } from 'vitest';
import { RecordTally } from '../../../activities/records.ts';
import { regenerateLanded } from '../../../activities/regenerate-landed.ts';
import { recordName } from '../../../activities/lost-records.ts';
import { ClientError } from '../../../clients/errors.ts';
import type { LandedShard } from '../../../contracts/steps.ts';
import type { Ledger } from '../../../contracts/ledger.ts';
import { generateShard } from '../../../generator/generate.ts';

const window = '2026-01-05T08:00Z';
const pulse = { signal: new AbortController().signal, note: () => undefined };
const request = { window, events: 300, seed: 5, shards: 1, shard: 0 } as const;

describe.each(['flat', 'diurnal'] as const)('a landed shard of a %s window', (volume_shape) => {
  let whole: string[];
  let ledger: Ledger;
  let shard: LandedShard;

  beforeAll(async () => {
    const tally = new RecordTally();
    let text = '';
    const made = await generateShard({ ...request, volume_shape }, (lines) => {
      tally.takeLines(lines);
      text += lines.toString('latin1');
    });
    ({ ledger } = made);
    whole = text.split('\n').slice(0, -1);
    shard = {
      ...{ shard: 0, key: 'landing/shard', ledger_key: 'landing/ledger' },
      ...{ records: tally.records, content_hash: tally.contentHash },
    };
  });

  /** What is said of it when these records lie there. */
  const named = (lies: readonly string[] | undefined, of = shard) =>
    regenerateLanded(
      {
        generator: { shard: generateShard },
        store: {
          getJson: async () => ledger,
          getStream: async () => {
            if (!lies) throw new ClientError('ResourceMissing', 'no such object');
            return Readable.from([Buffer.from(lies.map((line) => `${line}\n`).join(''), 'latin1')]);
          },
        },
      },
      window,
      of,
      pulse,
    );
  const id = (line: string): string => recordName(Buffer.from(line, 'latin1'));

  it('names nothing when it is whole, and ten when it is gone', async () => {
    expect(whole.length).toBeGreaterThan(50);
    expect(await named(whole)).toEqual([]);
    const gone = await named(undefined);
    expect(gone.map(({ event_id }) => event_id)).toEqual(whole.slice(0, 10).map(id));
    for (const { finding } of gone) expect(finding).toBe('missing');
  });

  it('names what was taken out, what is foreign and what came twice', async () => {
    const [first = '', second = ''] = whole;
    const foreign = '{"event_id":"foreign","event_type":"track_liked"}';
    expect(await named([...whole.slice(1), foreign, second])).toEqual([
      expect.objectContaining({ finding: 'missing', event_id: id(first) }),
      expect.objectContaining({ finding: 'extra', event_id: id(second) }),
      { finding: 'extra', type: 'track_liked', event_id: 'foreign' },
    ]);
  });

  it('names nothing when the generator did not make it', async () => {
    expect(await named(whole.slice(1), { ...shard, content_hash: '00000000000000ff' })).toEqual([]);
  });
});
