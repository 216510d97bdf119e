import { Context } from '@temporalio/activity';

/** Key of the workflow run: attempts that share it are attempts at the same work on the same input. */
export function workflowRun(): string {
  const { info } = Context.current();
  return info.workflowExecution?.runId ?? info.activityId;
}
