import { expect, test } from 'vitest';
import { cellNamed } from '../../faults/cases.ts';
import { pointOf } from '../../faults/points.ts';

const WINDOW = '2026-01-05T08:00Z';
const pointIn = (name: string) => pointOf(cellNamed(name), WINDOW);

test('a shard that lands is met while it is sent, and no other window’s', () => {
  const point = pointIn('kill worker-publish in generate');
  const put = (window: string): string =>
    `PUT /reprise/landing/window%3D${window}/shard-0000.ndjson HTTP/1.1\r\nhost: a\r\n`;
  expect(point?.line).toBe('minio');
  expect(point?.matches(put('2026-01-05T07-00Z'))).toBe(false);
  expect(point?.matches(put('2026-01-05T08-00Z'))).toBe(true);
});

test('a shard that is published is met when some of its records are sent', () => {
  const point = pointIn('stop kafka in publish');
  expect(point?.matches('x'.repeat(30_000))).toBe(false);
  expect(point?.matches('x'.repeat(30_000))).toBe(true);
});

test('a job is met between the commit of its first table and anything of the second', () => {
  const point = pointIn('kill spark-driver between two tables in ingest');
  const sent = [
    'GET /reprise/lake/listening/events/metadata/00001-a.metadata.json HTTP/1.1',
    'PUT /reprise/lake/listening/raw/data/window_start=a/00000-1.parquet HTTP/1.1',
    'PUT /reprise/lake/listening/raw/metadata/snap-1-1-a.avro HTTP/1.1',
    'PUT /reprise/lake/listening/raw/metadata/00002-a.metadata.json HTTP/1.1',
    'GET /reprise/lake/listening/raw/metadata/00002-a.metadata.json HTTP/1.1',
    'PUT /reprise/lake/listening/events/data/window_start=a/00000-2.parquet HTTP/1.1',
  ];
  expect(sent.map((one) => point?.matches(one))).toEqual([false, false, false, false, false, true]);
});

test('dead letters are met while they are sent, and not when their topic is asked for', () => {
  const point = pointIn('stop worker-publish in ingest');
  expect(point?.line).toBe('kafka');
  expect(point?.matches('reprise.dead-letters.v1')).toBe(false);
  expect(point?.matches(`reprise.dead-letters.v1${'x'.repeat(2_000)}`)).toBe(true);
});

test('a store that a step does not speak to is met by what is kept of the step', () => {
  const point = pointIn('stop minio in build');
  const put = (step: string): string =>
    `PUT /reprise/state/window%3D2026-01-05T08-00Z/${step}.json HTTP/1.1\r\n`;
  expect(point?.matches(put('load'))).toBe(false);
  expect(point?.matches(put('build'))).toBe(true);
});

test('a step that speaks to neither server is met at its beginning, as is one whose lines or disks fail', () => {
  expect(pointIn('kill worker-warehouse in build')).toBeUndefined();
  expect(pointIn('cut minio in generate')).toBeUndefined();
  expect(pointIn('kill dbt in build')).toBeUndefined();
});
