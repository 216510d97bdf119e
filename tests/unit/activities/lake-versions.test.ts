import { beforeEach, describe, expect, test } from 'vitest';
import { newestTables } from '../../../activities/lake-versions.ts';
import { keys } from '../../../contracts/lake.ts';
import { LAKE_TABLES, type LakeVersions } from '../../../contracts/steps.ts';
import { memoryStore } from '../../workflow/memory-store.ts';

const window = '2026-01-05T08:00Z';
const request = { window, events: 10, seed: 1, shards: 1, volume_shape: 'flat' };
/** Longer than a number of JavaScript is exact. */
const [OLD, NEW] = ['3821550127947089009', '3821550127947089011'];
const set = { total: 0, content_hash: '00000000000000ff' };

describe('the snapshots in which a window is looked for', () => {
  let store: ReturnType<typeof memoryStore>;
  const metadata = (table: string, number: string): string =>
    `lake/${table}/metadata/${number}-x.metadata.json`;
  const list = (table: string, id: string): string => `lake/${table}/metadata/snap-${id}-1-y.avro`;
  const at = (number: string, snapshot_id: string): LakeVersions =>
    Object.fromEntries(
      LAKE_TABLES.map((table) => [
        table,
        { metadata_location: `s3://bucket/${metadata(table, number)}`, snapshot_id },
      ]),
    ) as LakeVersions;

  /** As Iceberg writes it: ids as bare numbers. */
  function commit(number: string, ids: readonly string[]): void {
    for (const table of LAKE_TABLES) {
      const snapshots = ids.map(
        (id) => `{"snapshot-id": ${id}, "manifest-list": "s3://bucket/${list(table, id)}"}`,
      );
      store.objects.set(
        metadata(table, number),
        `{"current-snapshot-id": ${ids.at(-1)}, "snapshots": [${snapshots.join(', ')}]}`,
      );
      for (const id of ids) store.objects.set(list(table, id), '""');
    }
  }

  beforeEach(async () => {
    store = memoryStore();
    commit('00009', [OLD]);
    const account = {
      ...{ arrived: set, valid: { ...set, by_type: {} }, quarantined: { ...set, by_reason: {} } },
      duplicates: set,
    };
    await store.putJson(keys.keptStep(window, 'ingest'), {
      ...{ version: 1, step: 'ingest', request, workflow: { workflow_id: 'w', run_id: 'r' } },
      ...{ completed_at: '2026-02-01T00:00:00.000Z', result: { account, tables: at('00009', OLD) } },
    });
  });

  const letGoOf = (id: string): void => LAKE_TABLES.forEach((table) => store.objects.delete(list(table, id)));

  test('are those that its last run has left', async () => {
    commit('00010', [OLD, NEW]);
    expect(await newestTables(store, window)).toEqual(at('00009', OLD));
  });

  test('are the newest of the tables once the lake has let go of those', async () => {
    commit('00010', [OLD, NEW]);
    letGoOf(OLD);
    expect(await newestTables(store, window)).toEqual(at('00010', NEW));
  });

  test('are nowhere when no commit stands', async () => {
    letGoOf(OLD);
    await expect(newestTables(store, window)).rejects.toThrow('play it again from ingest first');
    store.objects.delete(keys.keptStep(window, 'ingest'));
    await expect(newestTables(store, window)).rejects.toThrow('nothing says which snapshots');
  });
});
