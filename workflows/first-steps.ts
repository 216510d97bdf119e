import type { StepResults } from '../contracts/kept-steps.ts';

/** What a step leaves, and the most attempts that one of its activities took. */
export interface Done<T> {
  value: T;
  attempts: number;
}

/** The steps that bring a window's records into the lake: they differ by where the records come from. */
export interface FirstSteps {
  generate(): Promise<Done<StepResults['generate']>>;
  publish(generated: StepResults['generate']): Promise<Done<StepResults['publish']>>;
  ingest(
    generated: StepResults['generate'],
    receipts: StepResults['publish'],
  ): Promise<Done<StepResults['ingest']>>;
}

type Attempted = { attempt?: number };

export const most = (results: readonly Attempted[]): number =>
  Math.max(1, ...results.map((result) => result.attempt ?? 1));

export async function single<T>(work: Promise<T>): Promise<Done<T>> {
  const value = await work;
  return { value, attempts: most([value as Attempted]) };
}
