import { describe, expect, it } from 'vitest';
import { connectWindowWorkflows } from '../../cli/window-workflows.ts';
import { windowWorkflowId } from '../../contracts/window.ts';
import { fakeSteps } from './fake-steps.ts';
import { input, temporalServer } from './harness.ts';

const { withWorkers, address } = temporalServer();

/** What the command line finds when it wants a window that runs already. */
async function whileItRuns<T>(
  begun: object,
  work: (workflows: Awaited<ReturnType<typeof connectWindowWorkflows>>) => Promise<T>,
): Promise<T> {
  return withWorkers(
    fakeSteps(),
    async (client) => {
      const workflows = await connectWindowWorkflows({ address: address(), namespace: 'default' });
      const handle = client.workflow.getHandle(windowWorkflowId(input.window));
      try {
        // Nobody serves its first step: it runs until somebody ends it.
        await workflows.begin({ ...input, ...begun }, {});
        return await work(workflows);
      } finally {
        await handle.terminate();
        await workflows.close();
      }
    },
    { capabilities: [] },
  );
}

describe('a window that runs already, from the command line', () => {
  it('is joined when it does all that is asked for', async () => {
    await whileItRuns({}, async (workflows) => {
      const before = await workflows.latest(input.window);
      await workflows.start(input);
      await workflows.start({ ...input, from_step: 'load' });
      expect(await workflows.latest(input.window)).toEqual(before);
    });
  });

  it('is refused when it begins later, or is another one', async () => {
    await whileItRuns({ from_step: 'load' }, async (workflows) => {
      await expect(workflows.start(input)).rejects.toThrow(`${input.window} is running from load on only`);
      await expect(workflows.start({ ...input, seed: 2 })).rejects.toThrow('is running with other settings');
      await workflows.start({ ...input, from_step: 'build' });
    });
  });
});
