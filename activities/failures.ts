import { asyncLocalStorage } from '@temporalio/activity';
import { ApplicationFailure, CancelledFailure, TemporalFailure } from '@temporalio/common';
import { ZodError } from 'zod';
import { ClientError, isNetworkError, systemCode } from '../clients/errors.ts';
import { FAILURES, type FailureType } from '../contracts/failures.ts';

/** Temporal refuses payloads above 2 MiB; a message is read by a person long before that. Characters. */
export const MAX_MESSAGE = 2_000;
/** They are in the report once more, beside all else that it says, and what travels stays below 64 KB. Bytes. */
export const MAX_DETAILS = 48_000;

const cut = (text: string, length: number): string =>
  text.length <= length ? text : `${text.slice(0, length - 1)}…`;

/** Details travel in the history: what is too long for it is left out, and said so. */
function bounded(details: unknown): unknown {
  const bytes = Buffer.byteLength(JSON.stringify(details ?? null));
  return bytes <= MAX_DETAILS ? (details ?? null) : { left_out: `${bytes} bytes of details` };
}

/** The number of the attempt that failed: the workflow cannot learn it in another way, and the report shows it. */
const attempt = (): number | null => asyncLocalStorage.getStore()?.info.attempt ?? null;

/** Node's own errors, by code. */
const SYSTEM_CODES: Record<string, { type: FailureType; say: string }> = {
  ENOENT: { type: 'ResourceMissing', say: 'a file is not there' },
  EACCES: { type: 'AccessDenied', say: 'a file may not be opened' },
  EPERM: { type: 'AccessDenied', say: 'this is not permitted' },
  // Retried: somebody may make room, and the step has lost nothing.
  ENOSPC: { type: 'Unavailable', say: 'no space is left on the disk; free some' },
  EMFILE: { type: 'Unavailable', say: 'too many files are open' },
};

function failure(type: string, message: string, retryable: boolean, details?: unknown, delayMs?: number) {
  return ApplicationFailure.create({
    type,
    message: cut(message, MAX_MESSAGE),
    nonRetryable: !retryable,
    details: [bounded(details), { attempt: attempt() }],
    ...(delayMs === undefined ? {} : { nextRetryDelay: delayMs }),
  });
}

/** Our own configuration's error, known by its code: configuration is not imported below the composition roots. */
function isMisconfigured(error: unknown): error is Error {
  return error instanceof Error && (error as { code?: unknown }).code === 'Misconfigured';
}

/**
 * What an activity throws, as Temporal is to see it: the one table of error -> failure type and "can trying again
 * help". Cancellation and Temporal's own failures pass unchanged.
 */
export function toActivityFailure(error: unknown): unknown {
  if (error instanceof CancelledFailure || error instanceof TemporalFailure) return error;
  if (error instanceof Error && error.name === 'AbortError') return new CancelledFailure(error.message);
  if (error instanceof ClientError) {
    return failure(error.code, error.message, error.retryable, error.details, error.retryAfterMs);
  }
  if (error instanceof ZodError) {
    const first = error.issues[0];
    const where = first?.path.join('.') || 'the value';
    return failure('ContractViolation', `${where}: ${first?.message ?? 'does not keep its contract'}`, false);
  }
  if (isMisconfigured(error)) return failure('Misconfigured', error.message, false);
  const message = error instanceof Error ? error.message : String(error);
  const known = SYSTEM_CODES[systemCode(error) ?? ''];
  if (known) return failure(known.type, `${known.say}: ${message}`, FAILURES[known.type].retryable);
  if (isNetworkError(error)) return failure('Unavailable', message, true);
  // Unforeseen: worth the few attempts that the step has, under the name it came with.
  return failure(error instanceof Error ? error.name : 'Error', message, true);
}

type Activities = Record<string, (...args: never[]) => Promise<unknown>>;

/** Puts the table above around every activity of a factory. */
export function withActivityFailures<A extends Activities>(activities: A): A {
  const wrapped = Object.entries(activities).map(([name, activity]) => [
    name,
    async (...args: never[]) => {
      try {
        return await activity(...args);
      } catch (error) {
        throw toActivityFailure(error);
      }
    },
  ]);
  return Object.fromEntries(wrapped) as A;
}
