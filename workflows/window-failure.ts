import { RetryState } from '@temporalio/common';
import { ActivityFailure, ApplicationFailure, TemporalFailure, TimeoutFailure } from '@temporalio/workflow';
import type { HopReport } from '../contracts/report.ts';
import { maximumAttempts } from './step-activities.ts';

export interface StepFailure {
  type: string;
  message: string;
  nonRetryable: boolean;
  attempts: number;
  /** From a step that holds what it finds against what is expected: the hops that it has seen. */
  hops: HopReport[] | undefined;
  details: unknown;
}

function attemptsOf(error: unknown, details: readonly unknown[] | undefined | null): number {
  const said = (details?.[1] as { attempt?: number | null } | undefined)?.attempt;
  if (typeof said === 'number') return said;
  // An attempt that timed out can say nothing; that it was the last one says which.
  const exhausted =
    error instanceof ActivityFailure && error.retryState === RetryState.MAXIMUM_ATTEMPTS_REACHED;
  return (exhausted ? maximumAttempts(error.activityType) : undefined) ?? 1;
}

/** What went wrong in a step, in the words of the failure table. */
export function describeFailure(error: unknown): StepFailure {
  const cause = error instanceof ActivityFailure ? error.cause : error;
  if (cause instanceof ApplicationFailure) {
    const details = cause.details?.[0];
    return {
      type: cause.type ?? 'Error',
      message: cause.message,
      nonRetryable: cause.nonRetryable ?? false,
      attempts: attemptsOf(error, cause.details),
      hops: (details as { hops?: HopReport[] } | null | undefined)?.hops,
      details,
    };
  }
  if (cause instanceof TimeoutFailure) {
    return {
      type: 'TimedOut',
      message: `no answer in time (${cause.timeoutType})`,
      nonRetryable: false,
      attempts: attemptsOf(error, undefined),
      hops: undefined,
      details: null,
    };
  }
  const message = cause instanceof Error ? cause.message : String(cause);
  const type = cause instanceof TemporalFailure ? cause.name : 'Error';
  return { type, message, nonRetryable: false, attempts: 1, hops: undefined, details: null };
}
