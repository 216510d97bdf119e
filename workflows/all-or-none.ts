import { CancellationScope } from '@temporalio/workflow';

/** Runs `work` on all items side by side; the first failure cancels the others and waits until they have ended. */
export async function allOrNone<I, T>(items: readonly I[], work: (item: I) => Promise<T>): Promise<T[]> {
  const scope = new CancellationScope();
  return scope.run(async () => {
    const running = items.map(work);
    try {
      return await Promise.all(running);
    } catch (error) {
      scope.cancel();
      await Promise.allSettled(running);
      throw error;
    }
  });
}
