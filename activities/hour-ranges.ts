import type { LogRange, LogReader, LogRecord } from '../clients/kafka-log.ts';
import type { OffsetRange } from '../contracts/steps.ts';
import { HEADERS } from '../contracts/topics.ts';
import { windowBounds, type WindowId } from '../contracts/window.ts';

/** `[startMs, endMs)` */
export interface Hour {
  startMs: number;
  endMs: number;
}

export function hourOf(window: WindowId): Hour {
  const { start, end } = windowBounds(window);
  return { startMs: Date.parse(start), endMs: Date.parse(end) };
}

/** A record belongs to the hour in which it arrived, unless a window run has published it. */
export const isLive = ({ startMs, endMs }: Hour, record: LogRecord): boolean =>
  !record.has(HEADERS.window) && record.timestampMs >= startMs && record.timestampMs < endMs;

export function rangesOf(log: LogReader, window: WindowId): Promise<LogRange[]> {
  const { startMs, endMs } = hourOf(window);
  return log.rangesBetween(startMs, endMs);
}

/** Offsets travel as text, and a partition in which nothing has arrived is none of them. */
export const writtenRanges = (ranges: readonly LogRange[]): OffsetRange[] =>
  ranges
    .filter(({ first, end }) => first < end)
    .map(({ partition, first, end }) => ({ partition, first: String(first), last: String(end - 1n) }));
