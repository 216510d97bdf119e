import { posix } from 'node:path';
import { z } from 'zod';
import { ClientError } from '../clients/errors.ts';
import type { ObjectStore } from '../clients/object-store.ts';
import { stepResult } from '../contracts/kept-steps.ts';
import { LakeVersions, type TableVersion } from '../contracts/steps.ts';
import type { WindowId } from '../contracts/window.ts';
import { isExpired, readKeptSteps } from './kept-steps.ts';

type Store = Pick<ObjectStore, 'bucket' | 'getJson' | 'list' | 'exists'>;

/**
 * The newest snapshots of the window that are known, whichever step left them; once the lake has let go of those, what the
 * tables hold today. The caller finds out whether that still is what arrived.
 * @throws ClientError ResourceMissing, with what to do first
 */
export async function newestTables(store: Store, window: WindowId): Promise<LakeVersions> {
  const { compact, ingest } = await readKeptSteps(store, window);
  const newest =
    compact && ingest && compact.completed_at > ingest.completed_at ? compact : (ingest ?? compact);
  if (!newest)
    throw new ClientError(
      'ResourceMissing',
      `nothing says which snapshots of the lake hold ${window}; play it again from ingest first`,
    );
  const { tables } =
    newest.step === 'compact' ? stepResult('compact', newest.result) : stepResult('ingest', newest.result);
  if (!(await isExpired(store, Object.values(tables)))) return tables;
  const current: Record<string, TableVersion | undefined> = {};
  for (const [table, version] of Object.entries(tables))
    current[table] = await currentVersion(store, version);
  const found = LakeVersions.safeParse(current);
  if (found.success && !(await isExpired(store, Object.values(found.data)))) return found.data;
  throw new ClientError(
    'ResourceMissing',
    `the lake has let go of the snapshots of ${window} that are known; play it again from ${newest.step} first`,
  );
}

/** Of a table's metadata file, what names its newest snapshot. */
const Metadata = z.object({
  'current-snapshot-id': z.number(),
  snapshots: z.array(z.object({ 'snapshot-id': z.number(), 'manifest-list': z.string() })),
});

/** The newest commit to the table, by the numbers with which its metadata files begin. */
async function currentVersion(
  store: Store,
  { metadata_location: known }: TableVersion,
): Promise<TableVersion | undefined> {
  const prefix = `s3://${store.bucket}/`;
  const files = await store.list(`${posix.dirname(known.replace(prefix, ''))}/`);
  const numbered = files.flatMap((key) => {
    const number = /^(\d+)-.*\.metadata\.json$/.exec(posix.basename(key))?.[1];
    return number === undefined ? [] : [{ key, number: Number(number) }];
  });
  const [newest] = numbered.toSorted((one, other) => other.number - one.number);
  if (!newest) return undefined;
  const metadata = Metadata.safeParse(await store.getJson(newest.key));
  if (!metadata.success) return undefined;
  const { 'current-snapshot-id': current, snapshots } = metadata.data;
  const list = snapshots.findLast((one) => one['snapshot-id'] === current)?.['manifest-list'] ?? '';
  // The newest stands last. By the name of its list: a snapshot's id is longer than a number of JavaScript is exact.
  const id = /\/snap-(\d+)-/.exec(list)?.[1];
  return id === undefined ? undefined : { metadata_location: `${prefix}${newest.key}`, snapshot_id: id };
}
