import { InvalidArgumentError, Option } from 'commander';

/** Whole numbers, at least 1 each, with commas between them. */
export function listOption(
  flags: string,
  description: string,
  one: (value: string) => number,
  usual: readonly number[],
): Option {
  const parse = (value: string): number[] =>
    value.split(',').map((part) => {
      const number = one(part.trim());
      if (number === 0) throw new InvalidArgumentError('at least 1 is wanted');
      return number;
    });
  return new Option(flags, description).argParser(parse).default(usual, usual.join(','));
}
