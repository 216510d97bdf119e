import { expect, test } from 'vitest';
import { interruption } from '../../../cli/interruption.ts';

test('a Ctrl-C that arrives twice is taken twice, until the command is done', () => {
  const before = process.listenerCount('SIGINT');
  const interrupt = interruption();
  expect(interrupt.signal.aborted).toBe(false);
  process.emit('SIGINT');
  expect(interrupt.signal.aborted).toBe(true);
  // Without a listener the second one would end the process at once.
  expect(process.listenerCount('SIGINT')).toBe(before + 1);
  process.emit('SIGINT');
  interrupt.release();
  expect(process.listenerCount('SIGINT')).toBe(before);
});
