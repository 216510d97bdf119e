import {
  ActivityFailure,
  ApplicationFailure,
  RetryState,
  TimeoutFailure,
  TimeoutType,
} from '@temporalio/common';
import { describe, expect, it } from 'vitest';
import { maximumAttempts } from '../../../workflows/step-activities.ts';
import { describeFailure } from '../../../workflows/window-failure.ts';

const activityFailure = (activity: string, retryState: RetryState, cause: Error) =>
  new ActivityFailure('activity failed', activity, '1', retryState, 'worker', cause);

describe('describeFailure', () => {
  it('takes the attempt from what the activity said', () => {
    const cause = ApplicationFailure.create({
      type: 'Unavailable',
      message: 'no store',
      details: [null, { attempt: 3 }],
    });
    const failure = activityFailure('generateShard', RetryState.NON_RETRYABLE_FAILURE, cause);
    expect(describeFailure(failure)).toMatchObject({ type: 'Unavailable', message: 'no store', attempts: 3 });
  });

  it('knows the attempts of an activity that timed out until none was left', () => {
    const cause = new TimeoutFailure('activity timed out', undefined, TimeoutType.HEARTBEAT);
    const failure = activityFailure('ingestWindow', RetryState.MAXIMUM_ATTEMPTS_REACHED, cause);
    expect(describeFailure(failure)).toMatchObject({
      type: 'TimedOut',
      attempts: maximumAttempts('ingestWindow'),
    });
    expect(maximumAttempts('ingestWindow')).toBeGreaterThan(1);
  });
});
