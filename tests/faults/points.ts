import type { StepName } from '../../contracts/steps.ts';
import { DEAD_LETTERS_TOPIC } from '../../contracts/topics.ts';
import { type WindowId, windowKey } from '../../contracts/window.ts';
import type { Cell, Victim } from './cases.ts';
import { isProgram } from './processes.ts';

/** What a step sends to a server in the middle of its work. */
export interface Point {
  line: 'kafka' | 'minio';
  matches(sent: string): boolean;
}

/** Of a transaction that is larger by far, so that it is neither empty nor whole. */
const HALF_SENT_BYTES = 50_000;
/** A request with letters in it; one that only names their topic is a fraction of it. */
const LETTERS_BYTES = 1_000;

const request = (pattern: RegExp): Point => ({ line: 'minio', matches: (sent) => pattern.test(sent) });

const SENDS_LETTERS: Point = {
  line: 'kafka',
  matches: (sent) => sent.length > LETTERS_BYTES && sent.includes(DEAD_LETTERS_TOPIC),
};

function sendingRecords(): Point {
  let bytes = 0;
  return { line: 'kafka', matches: (sent) => (bytes += sent.length) > HALF_SENT_BYTES };
}

const OF_TABLE = /^(GET|HEAD|PUT|POST) \/\S*?\/(raw|events|quarantine|minute_counts)\/(\S*)/;

/** The first request for another table after one was committed: a list of manifests, then the table's new metadata. */
function secondTable(): Point {
  let listed: string | undefined;
  let committed: string | undefined;
  const matches = (sent: string): boolean => {
    const [, method, table, rest = ''] = OF_TABLE.exec(sent) ?? [];
    if (method === 'PUT' && rest.startsWith('metadata/snap-')) listed ??= table;
    if (method === 'PUT' && rest.includes('.metadata.json') && table === listed) committed ??= table;
    return committed !== undefined && table !== undefined && table !== committed;
  };
  return { line: 'minio', matches };
}

const WRITES_FILES = /^PUT \S+\.parquet/;
const READS_FILES = /^(GET|HEAD) \S+\.parquet/;
const ANY_FILES = /^(GET|PUT) \S+\.parquet/;

function middleOf(step: StepName, window: WindowId, victim: Victim): Point | undefined {
  const folder = `window(=|%3D)${windowKey(window)}`;
  const shard = String.raw`\S*landing/${folder}/shard-\d+\.ndjson`;
  switch (step) {
    case 'generate':
      return request(new RegExp(`^PUT ${shard}`));
    case 'publish':
      return victim === 'minio' ? request(new RegExp(`^GET ${shard}`)) : sendingRecords();
    case 'ingest':
      // Of the job's own clients; others speak to the broker too.
      if (victim === 'kafka') return { line: 'kafka', matches: (sent) => sent.includes('spark-kafka-') };
      if (victim === 'worker-publish') return SENDS_LETTERS;
      return request(WRITES_FILES);
    case 'compact':
      return request(ANY_FILES);
    case 'reconcile':
    case 'load':
      return request(READS_FILES);
    case 'build':
    case 'publish_serving':
      // What the step leaves of itself when it is over.
      return victim === 'minio'
        ? request(new RegExp(String.raw`^PUT \S*state/${folder}/${step}\.json`))
        : undefined;
  }
}

/** Where a step is met in the middle of its work; undefined when it is met at its beginning. */
export function pointOf({ fault, step }: Cell, window: WindowId): Point | undefined {
  if (fault.moment === 'between two tables') return secondTable();
  if (fault.fault.kind === 'poison') return sendingRecords();
  if (fault.fault.kind !== 'kill' && fault.fault.kind !== 'stop') return undefined;
  const { victim } = fault.fault;
  return isProgram(victim) ? undefined : middleOf(step, window, victim);
}
