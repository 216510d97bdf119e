import { ClientError } from '../clients/errors.ts';
import { CommandFailure } from './failure.ts';

/** Which setting points a part elsewhere, by how the messages about it begin. */
const SETTINGS: readonly [RegExp, string][] = [
  [/^kafka\b/i, 'KAFKA_BROKERS'],
  [/^object store\b/i, 'S3_ENDPOINT'],
  [/^airflow\b/i, 'AIRFLOW_URL'],
  [/^temporal\b/i, 'TEMPORAL_ADDRESS'],
];

/** Runs a command's work; what a client throws becomes a line with what to do about it. */
export async function withMends<T>(work: () => Promise<T>, env: NodeJS.ProcessEnv = process.env): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof ClientError)) throw error;
    const mend = error.code === 'Unavailable' || error.code === 'TimedOut' ? mendOf(error, env) : undefined;
    throw new CommandFailure(error.message, { ...(mend ? { mend } : {}), cause: error });
  }
}

function mendOf({ message }: ClientError, env: NodeJS.ProcessEnv): string {
  const setting = SETTINGS.find(([beginning]) => beginning.test(message))?.[1];
  if (setting !== undefined && env[setting])
    return `check that ${setting} is right and that its server runs; without ${setting} the local one is used`;
  return 'npx reprise status says what runs; npx reprise up starts it';
}
