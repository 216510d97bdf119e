import { ClientError } from '../clients/errors.ts';
import { CommandFailure } from './failure.ts';

/** Runs a command's work; what a client throws becomes a line with what to do about it. */
export async function withMends<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof ClientError)) throw error;
    const mend =
      error.code === 'Unavailable' || error.code === 'TimedOut'
        ? 'npx reprise status says what runs; npx reprise up starts it'
        : undefined;
    throw new CommandFailure(error.message, { ...(mend ? { mend } : {}), cause: error });
  }
}
