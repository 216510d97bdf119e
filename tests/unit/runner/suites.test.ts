import { describe, expect, test } from 'vitest';
import { chooseSuites, SUITES, UnknownSuite } from '../../runner/suites.ts';

const named = (names?: string[]): string[] => chooseSuites(names).map(({ name }) => name);

describe('the suites that run', () => {
  test('are all but those on demand, when none is named', () => {
    expect(named()).toEqual(SUITES.map(({ name }) => name).filter((name) => name !== 'live'));
  });

  test('a group stands for its suites, but for those on demand', () => {
    expect(named(['servers'])).toEqual(['parity', 'integration', 'e2e', 'faults']);
    expect(named(['live'])).toEqual(['live']);
    expect(named(['live', 'unit'])).toContain('live');
  });

  test('one that is not there is refused', () => {
    expect(() => chooseSuites(['lif'])).toThrow(UnknownSuite);
  });
});
