import { FAILURES, type FailureType } from '../contracts/failures.ts';

interface ClientErrorOptions {
  cause?: unknown;
  /** Overrides what the table of failures says of the code. */
  retryable?: boolean;
  /** Serialisable facts for whoever handles the failure; never a secret. */
  details?: unknown;
  /** How long to leave the other side alone before trying again. */
  retryAfterMs?: number;
}

/** What every client throws: a stable code, one sentence, and whether trying again can help. */
export class ClientError extends Error {
  override name = 'ClientError';
  readonly code: FailureType;
  readonly retryable: boolean;
  readonly details: unknown;
  readonly retryAfterMs: number | undefined;

  constructor(code: FailureType, message: string, options: ClientErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.retryable = options.retryable ?? FAILURES[code].retryable;
    this.details = options.details;
    this.retryAfterMs = options.retryAfterMs;
  }
}

const NETWORK_CODES = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ECONNABORTED',
  'EPIPE',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
  'ETIMEDOUT',
]);

/** The `code` of a Node system error, or of what caused it; undefined when it has none. */
export function systemCode(error: unknown): string | undefined {
  for (let at: unknown = error, depth = 0; at instanceof Error && depth < 5; at = at.cause, depth += 1) {
    const { code } = at as { code?: unknown };
    if (typeof code === 'string') return code;
    // Node tries every address of a name and wraps the refusals.
    if (at instanceof AggregateError) return systemCode(at.errors[0]);
  }
  return undefined;
}

export function isNetworkError(error: unknown): boolean {
  const code = systemCode(error);
  return code !== undefined && NETWORK_CODES.has(code);
}
