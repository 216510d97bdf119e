/** The stable failure types: what Temporal, Airflow and the report show, and whether trying again can help. */
export const FAILURES = {
  InvalidInput: { retryable: false },
  ContractViolation: { retryable: false },
  AccessDenied: { retryable: false },
  ResourceMissing: { retryable: false },
  Misconfigured: { retryable: false },
  DataQualityFailed: { retryable: false },
  RateLimited: { retryable: true },
  Unavailable: { retryable: true },
  TimedOut: { retryable: true },
  /** Retried or not by the exit of the process: the thrower decides. */
  SubprocessFailed: { retryable: true },
} as const;

export type FailureType = keyof typeof FAILURES;
