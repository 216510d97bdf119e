import { z } from 'zod';

const Component = z.object({ status: z.string().nullable() });
const Health = z.object({
  metadatabase: Component,
  scheduler: Component,
  triggerer: Component,
  dag_processor: Component,
});

/** The parts of Airflow that do not report themselves healthy; they answer only through its API server. */
export async function unhealthyAirflowParts(url: string): Promise<string[]> {
  try {
    const response = await fetch(`${url}/api/v2/monitor/health`, { signal: AbortSignal.timeout(5_000) });
    const health = Health.parse(await response.json());
    return Object.entries(health)
      .filter(([, part]) => part.status !== 'healthy')
      .map(([name]) => `airflow ${name.replace('_', ' ')}`);
  } catch {
    return ['airflow'];
  }
}
