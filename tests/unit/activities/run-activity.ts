import { MockActivityEnvironment } from '@temporalio/testing';

/** Runs an activity with its own types: the environment's method loses them. */
export function runActivity<I, O>(
  activity: (input: I) => Promise<O>,
  input: I,
  environment = new MockActivityEnvironment(),
): Promise<O> {
  return environment.run<[I], O, typeof activity>(activity, input);
}
