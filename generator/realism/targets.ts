export interface Target {
  /** Of the row, and of its statistic in statistics.ts. */
  id: string;
  label: string;
  unit: '%' | 'points' | 'h' | 'artists' | 'tracks' | 'times';
  /** What the sources say; one number twice where they say one number. */
  low: number;
  high: number;
  /** How far from that the truth may lie, before our own sampling error; in the row's unit. */
  sourceError: number;
  /** Where `sourceError` comes from. */
  because: string;
  /** What a simpler model gives here. When the tolerance reaches that far, the row cannot pass: it could not fail. */
  rival?: { value: number; model: string };
  source: string;
}

/** In short; the references are in docs/realism.md. */
export const SOURCES = {
  theSkip: 'The Skip 2014',
  mssd: 'MSSD 2019',
  both: 'The Skip, MSSD',
  zhang: 'Zhang 2013',
  popularity: 'fit to MSSD',
  lfm: 'LFM-1b 2016',
  mpd: 'MPD 2018',
  ours: 'ours',
} as const;
