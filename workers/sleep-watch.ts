/** How often it looks at the clock. */
const LOOK_EVERY_MS = 1_000;

/**
 * Calls `awoken` when this process has not run for longer than `limitMs`: it was stopped, its machine was suspended, or
 * starved of a core. @returns how to end the watch
 */
export function watchForSleep(
  limitMs: number,
  awoken: (sleptMs: number) => void,
  lookEveryMs: number = LOOK_EVERY_MS,
): () => void {
  let last = performance.now();
  const timer = setInterval(() => {
    const now = performance.now();
    const slept = now - last - lookEveryMs;
    last = now;
    if (slept > limitMs) awoken(slept);
  }, lookEveryMs);
  // It is no reason to stay alive.
  timer.unref();
  return () => clearInterval(timer);
}
