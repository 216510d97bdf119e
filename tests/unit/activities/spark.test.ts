import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { keepReceipt } from '../../../activities/receipts.ts';
import { createSparkActivities, type SparkDeps } from '../../../activities/spark.ts';
import { ClientError } from '../../../clients/errors.ts';
import type { ObjectStore } from '../../../clients/object-store.ts';
import type { SparkJob } from '../../../clients/spark-submit.ts';
import { compareHop } from '../../../contracts/hops.ts';
import { EMPTY_ACCOUNT } from '../../../contracts/ledger.ts';
import { IngestSpec } from '../../../contracts/steps.ts';
import { runActivity } from './run-activity.ts';

const window = '2026-01-05T08:00Z';
const version = { metadata_location: 's3://b/m.json', snapshot_id: '1' };
const tables = { raw: version, events: version, quarantine: version, minute_counts: version };

let scratch: string;
beforeEach(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'spark-activities-'));
});
afterEach(() => rm(scratch, { recursive: true, force: true }));

const receipt = {
  ...{ window, shard: 0, topic: 'events', ranges: [{ partition: 3, first: '0', last: '9' }] },
  ...{ records: 10, bytes: 100, content_hash: '00000000000000ab' },
};
const activities = (run: (job: SparkJob) => Promise<void>, explain?: SparkDeps['explain']) =>
  createSparkActivities({
    ...(explain ? { explain } : {}),
    store: {
      getStream: async () => Readable.from(['{"track_id":"t-1"}\n']),
      getJson: async () => receipt,
    } as unknown as ObjectStore,
    submit: { run },
    lake: {
      catalog: { name: 'lake', uri: 'jdbc:sqlite:/catalog.db', warehouse: 's3://b/lake' },
      s3_endpoint: 'http://127.0.0.1:9000',
      namespace: 'listening',
    },
    brokers: ['127.0.0.1:9092', '127.0.0.1:9093'],
    scratch,
  });
const input = { window, receipts: [], catalogue_key: 'catalogue' };

describe('ingestWindow', () => {
  it('tells the job what to read, gives back its report, and cleans up', async () => {
    let spec: IngestSpec | undefined;
    let catalogue = '';
    const { ingestWindow } = activities(async (job) => {
      spec = IngestSpec.parse(JSON.parse(await readFile(job.specFile, 'utf8')));
      catalogue = await readFile(spec.catalogue_file ?? '', 'utf8');
      const report = { window, account: EMPTY_ACCOUNT, minute_rows: 0, tables, seconds: { session: 8 } };
      await writeFile(spec.report_file, JSON.stringify(report));
    });
    const digests = [
      await keepReceipt({ putJson: async () => undefined } as unknown as ObjectStore, receipt),
    ];
    const given = { ...input, receipts: { digests } };
    expect(await runActivity(ingestWindow, given)).toMatchObject({ tables, attempt: 1 });
    expect(spec).toMatchObject({
      window_start: '2026-01-05T08:00:00.000Z',
      window_end: '2026-01-05T09:00:00.000Z',
      kafka: { brokers: '127.0.0.1:9092,127.0.0.1:9093' },
      receipts: [receipt],
    });
    expect(catalogue).toBe('{"track_id":"t-1"}\n');
    expect(await readdir(scratch)).toEqual([]);
  });

  it('cleans up after a job that failed, and says how', async () => {
    let folder = '';
    const { ingestWindow } = activities(async (job) => {
      folder = job.localDir;
      throw new ClientError('SubprocessFailed', 'spark ingest was ended by SIGKILL');
    });
    await expect(runActivity(ingestWindow, input)).rejects.toMatchObject({ type: 'SubprocessFailed' });
    expect(folder).not.toBe('');
    expect(existsSync(folder)).toBe(false);
  });

  describe('that does not find what the receipts name', () => {
    const fails = async (): Promise<never> => {
      throw new ClientError('DataQualityFailed', 'Kafka no longer holds the offsets', {
        details: { exit_code: 65 },
      });
    };
    const of = (total: number) => ({ total, content_hash: null, by: { track_played: total } });
    const records = [{ finding: 'missing' as const, type: 'track_played', event_id: 'a' }];

    it('says at which hop, of which type and which of them', async () => {
      const hop = compareHop('kafka', of(10), of(9), { records });
      const { ingestWindow } = activities(fails, async () => hop);
      await expect(runActivity(ingestWindow, input)).rejects.toMatchObject({
        ...{ type: 'DataQualityFailed', nonRetryable: true },
        message: expect.stringContaining('Missing in kafka: a (track_played).') as unknown,
        details: [{ exit_code: 65, hops: [hop] }, { attempt: 1 }],
      });
    });

    it('says so also when nobody can say more', async () => {
      for (const explain of [
        undefined,
        async () => undefined,
        async () => compareHop('kafka', of(10), of(10)),
        async () => Promise.reject(new ClientError('Unavailable', 'no broker')),
      ]) {
        const { ingestWindow } = activities(fails, explain);
        await expect(runActivity(ingestWindow, input)).rejects.toMatchObject({
          ...{ type: 'DataQualityFailed', message: 'Kafka no longer holds the offsets' },
          details: [{ exit_code: 65 }, { attempt: 1 }],
        });
      }
    });
  });

  it('does not take a report that breaks its contract', async () => {
    const { ingestWindow } = activities(async (job) => {
      const spec = JSON.parse(await readFile(job.specFile, 'utf8')) as IngestSpec;
      await writeFile(spec.report_file, JSON.stringify({ window, tables: {} }));
    });
    await expect(runActivity(ingestWindow, input)).rejects.toMatchObject({
      type: 'ContractViolation',
      nonRetryable: true,
    });
  });
});
