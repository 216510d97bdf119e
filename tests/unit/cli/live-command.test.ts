import { Command } from 'commander';
import { describe, expect, test } from 'vitest';
import { register } from '../../../cli/commands/live.ts';

function live(...args: string[]): Promise<unknown> {
  const program = new Command().exitOverride().configureOutput({ writeErr: () => undefined });
  register(program);
  return program.parseAsync(args, { from: 'user' });
}

describe('what cannot be started', () => {
  test.each([
    [['--rate', 'x'], 'a number above 0 to 50000 is wanted'],
    [['--rate', '0'], 'a number above 0 to 50000 is wanted'],
    [['--rate', ''], 'a number above 0 to 50000 is wanted'],
    [['--speed', '0.5'], 'a number from 1 to 1440 is wanted'],
    [['--trigger', '50'], 'a whole number from 100 to 60000 is wanted'],
    [['--max-batch', '7.5'], 'a whole number from 100 to 500000 is wanted'],
  ])('%j is refused, with what would be right', async (args, said) => {
    await expect(live('start', ...args)).rejects.toThrow(said);
  });

  test('is more of an hour than can be generated; what would do is named', async () => {
    await expect(live('start', '--rate', '20000')).rejects.toMatchObject({
      message: '--rate 20000 at --speed 1 is more than 50000000 records a simulated hour',
      mend: 'at most --rate 13888, or a higher --speed',
    });
  });
});
