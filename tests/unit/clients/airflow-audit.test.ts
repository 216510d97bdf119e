import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type AirflowAudit, createAirflowAudit } from '../../../clients/airflow-audit.ts';

const BEFORE = '2026-03-01T00:00:00.000Z';
const RUN = 'scheduled__1';

interface Entry {
  event: string;
  owner: string;
  run_id?: string | null;
  dag_id?: string | null;
  extra?: object | string;
}

let entries: Entry[];
let asked: URL | undefined;
let server: Server;
let audit: AirflowAudit;

/** Airflow as far as its audit log goes: what is asked for, the newest first. */
beforeEach(async () => {
  entries = [];
  server = createServer((request, response) => {
    const url = new URL(request.url ?? '', 'http://airflow');
    if (url.pathname === '/auth/token') {
      response.end(JSON.stringify({ access_token: 'token' }));
      return;
    }
    asked = url;
    const events = url.searchParams.getAll('included_events');
    const found = entries
      .filter(({ event }) => events.includes(event))
      .map(({ extra = { dry_run: false }, run_id = null, dag_id = 'listening_window', ...entry }) => ({
        ...entry,
        ...{ run_id, dag_id, when: BEFORE, event_log_id: 1 },
        extra: typeof extra === 'string' ? extra : JSON.stringify(extra),
      }));
    response.end(JSON.stringify({ event_logs: found, total_entries: found.length }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  audit = createAirflowAudit({ url, user: 'u', password: 'p', credentialsFile: 'f' });
});
afterEach(() => new Promise((resolve) => server.close(resolve)));

const clear = (changes: Partial<Entry> = {}): Entry => ({
  ...{ event: 'post_clear_task_instances', owner: 'ada', run_id: RUN },
  ...changes,
});

describe('who has cleared a task', () => {
  const who = () => audit.whoCleared(RUN, BEFORE);

  test('is whoever has cleared its run last, before the window began', async () => {
    entries = [clear({ event: 'clear_dag_run' }), clear({ owner: 'earlier' })];
    expect(await who()).toBe('ada');
    expect(asked?.pathname).toBe('/api/v2/eventLogs');
    expect(Object.fromEntries(asked?.searchParams ?? [])).toMatchObject({
      before: BEFORE,
      order_by: '-when',
    });
  });

  test('is not who has cleared another run, or another DAG, or only looked', async () => {
    entries = [
      clear({ owner: 'other run', run_id: 'scheduled__2' }),
      clear({ owner: 'other dag', dag_id: 'something' }),
      clear({ owner: 'looked', extra: { dry_run: true } }),
      clear({ owner: 'looked too', event: 'clear_dag_runs', run_id: null, extra: {} }),
      clear(),
    ];
    expect(await who()).toBe('ada');
    entries.pop();
    expect(await who()).toBeUndefined();
  });

  test('is found among those who have cleared several runs at once', async () => {
    const extra = { dry_run: false, dag_runs: [{ dag_run_id: 'scheduled__0' }, { dag_run_id: RUN }] };
    entries = [clear({ event: 'clear_dag_runs', dag_id: '~', run_id: null, extra })];
    expect(await who()).toBe('ada');
  });

  test.each([
    ['by dates', { run_id: null }],
    ['with the runs before it', { run_id: 'scheduled__9', extra: { dry_run: false, include_past: true } }],
    ['from the command line of Airflow', { event: 'cli_task_clear', run_id: null, extra: '{}' }],
    ['with an entry that nobody can read', { run_id: 'scheduled__9', extra: '{"dry_run":' }],
  ] as [string, Partial<Entry>][])(
    'is not known for certain when somebody has cleared %s',
    async (how, later) => {
      entries = [clear({ owner: 'grace', ...later }), clear()];
      expect(await who()).toBe(how.startsWith('with an entry') ? 'ada' : undefined);
    },
  );
});

describe('who has begun a backfill', () => {
  const backfill = (owner: string, from_date: string, to_date: string): Entry => ({
    ...{ event: 'create_backfill', owner, extra: { from_date, to_date } },
  });

  test('is whoever has begun the last one over the window', async () => {
    entries = [
      backfill('later days', '2026-01-06T00:00:00Z', '2026-01-07T00:00:00Z'),
      backfill('ada', '2026-01-05T00:00:00Z', '2026-01-05T08:00:00Z'),
      backfill('earlier', '2026-01-01T00:00:00Z', '2026-02-01T00:00:00Z'),
    ];
    expect(await audit.whoBackfilled('2026-01-05T08:00Z', BEFORE)).toBe('ada');
    expect(await audit.whoBackfilled('2026-01-05T09:00Z', BEFORE)).toBe('earlier');
    expect(await audit.whoBackfilled('2026-03-05T09:00Z', BEFORE)).toBeUndefined();
  });
});
