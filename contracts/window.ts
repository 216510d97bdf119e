import { z } from 'zod';

/** Length of a window, in milliseconds. Airflow's timetable and the lake's partitions both rely on the hour. */
export const WINDOW_MS = 3_600_000;

/** Canonical name of a window: its start, UTC, to the minute: `2026-01-05T08:00Z`. */
export const WindowId = z
  .string()
  .regex(/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}Z$/, 'a window is named by its start in UTC, like 2026-01-05T08:00Z')
  // 30 February is no NaN: it rolls over into March.
  .refine(
    (id) => !Number.isNaN(Date.parse(id)) && new Date(id).toISOString().startsWith(id.slice(0, 16)),
    'no such date',
  )
  .refine(
    (id) => Date.parse(id) % WINDOW_MS === 0,
    'a window starts on the full hour, like 2026-01-05T08:00Z',
  );
export type WindowId = z.infer<typeof WindowId>;

/** Half-open interval `[start, end)` in which events arrive. */
export interface WindowBounds {
  /** ISO 8601, UTC. */
  start: string;
  end: string;
}

/** @throws ZodError when `startMs` is not on a full hour. */
export function windowIdAt(startMs: number): WindowId {
  return WindowId.parse(`${new Date(startMs).toISOString().slice(0, 16)}Z`);
}

/** The window that holds the instant `atMs`. */
export function windowIdHolding(atMs: number): WindowId {
  return windowIdAt(Math.floor(atMs / WINDOW_MS) * WINDOW_MS);
}

export function windowStartMs(id: WindowId): number {
  return Date.parse(id);
}

export function windowBounds(id: WindowId): WindowBounds {
  const start = windowStartMs(id);
  return { start: new Date(start).toISOString(), end: new Date(start + WINDOW_MS).toISOString() };
}

/** `count` windows, one after another, the first of them `first`. */
export function consecutiveWindows(first: WindowId, count: number): WindowId[] {
  return Array.from({ length: count }, (_, index) => windowIdAt(windowStartMs(first) + index * WINDOW_MS));
}

/** The window's name in object keys and file names, where a colon is a nuisance: `2026-01-05T08-00Z`. */
export function windowKey(id: WindowId): string {
  return id.replace(':', '-');
}

/** The id of the Temporal workflow that runs the window: one at a time, whoever asks. */
export function windowWorkflowId(id: WindowId): string {
  return `window/${id}`;
}
