import { z } from 'zod';
import { windowBounds, type WindowId } from '../contracts/window.ts';
import { LISTENING_WINDOW_DAG } from './airflow.ts';
import { airflowRequests, type AirflowSettings } from './airflow-requests.ts';

/** What Airflow's audit log knows of people. */
export interface AirflowAudit {
  /**
   * Who has cleared a task of the run last, before an instant (ISO 8601); undefined: it does not say for certain.
   * @throws ClientError
   */
  whoCleared(runId: string, before: string): Promise<string | undefined>;
  /** Who has begun the last backfill over the window. */
  whoBackfilled(window: WindowId, before: string): Promise<string | undefined>;
}

const Entry = z.object({
  event: z.string(),
  dag_id: z.string().nullable(),
  run_id: z.string().nullable(),
  owner: z.string().nullable(),
  extra: z.string().nullable(),
});
type Entry = z.infer<typeof Entry>;
const Entries = z.object({ event_logs: z.array(Entry) });

/** What is noted of a clear or a backfill beside the run that it names. */
const Extra = z.object({
  dry_run: z.boolean().optional(),
  include_past: z.boolean().optional(),
  include_future: z.boolean().optional(),
  dag_runs: z.array(z.object({ dag_run_id: z.string() })).optional(),
  from_date: z.string().optional(),
  to_date: z.string().optional(),
});
type Extra = z.infer<typeof Extra>;

/** Of one run, of some, of tasks; the last is Airflow's own command line. */
const CLEARS = ['clear_dag_run', 'clear_dag_runs', 'post_clear_task_instances', 'cli_task_clear'];
const BACKFILLS = ['create_backfill'];
/** Those of other runs stand between. */
const MOST = 100;

/** @throws ClientError */
export function createAirflowAudit(settings: AirflowSettings): AirflowAudit {
  const { request } = airflowRequests(settings);

  async function newestFirst(events: readonly string[], before: string): Promise<Entry[]> {
    const query = new URLSearchParams({ before, order_by: '-when', limit: String(MOST) });
    for (const event of events) query.append('included_events', event);
    const found = Entries.parse(await request('GET', `/api/v2/eventLogs?${query.toString()}`)).event_logs;
    // A clear of several DAGs is noted under none of them.
    return found.filter(({ dag_id: dag }) => dag === null || dag === '~' || dag === LISTENING_WINDOW_DAG);
  }

  return {
    async whoCleared(runId, before) {
      for (const entry of await newestFirst(CLEARS, before)) {
        const hit = hits(entry, extraOf(entry), runId);
        // One that may have been it is no answer, nor is one before it.
        if (hit !== 'no') return hit === 'yes' ? (entry.owner ?? undefined) : undefined;
      }
      return undefined;
    },
    async whoBackfilled(window, before) {
      const at = Date.parse(windowBounds(window).start);
      const found = (await newestFirst(BACKFILLS, before)).find((entry) => {
        const { from_date: from = '', to_date: to = '' } = extraOf(entry);
        return Date.parse(from) <= at && at <= Date.parse(to);
      });
      return found?.owner ?? undefined;
    },
  };
}

function extraOf({ extra }: Entry): Extra {
  try {
    return Extra.safeParse(JSON.parse(extra ?? '')).data ?? {};
  } catch {
    return {};
  }
}

/** Whether an entry is about the run: of one that goes by dates, or on to other runs, the log does not say so. */
function hits(entry: Entry, extra: Extra, runId: string): 'yes' | 'no' | 'perhaps' {
  if (entry.event === 'cli_task_clear') return 'perhaps';
  // A look at what would be cleared; without a word it is one.
  if (extra.dry_run !== false) return 'no';
  const named = extra.dag_runs?.map(({ dag_run_id: id }) => id) ?? (entry.run_id ? [entry.run_id] : []);
  if (named.includes(runId)) return 'yes';
  return named.length === 0 || extra.include_past || extra.include_future ? 'perhaps' : 'no';
}
