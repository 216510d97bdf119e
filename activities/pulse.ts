import { Context } from '@temporalio/activity';

/** How often a running activity says that it lives. Well below every heartbeat timeout; a cancellation arrives by it. */
const BEAT_MS = 2_000;

export interface Pulse {
  signal: AbortSignal;
  attempt: number;
  /** Notes progress; it goes out with the next beat. Each call is a sign of life. */
  note(details: Record<string, unknown>): void;
  stop(): void;
}

/**
 * Heartbeats by a timer, so that they go out while a stream or a subprocess is silent, but only as long as there has
 * been a sign of life within `silenceMs`: what hangs stops beating, and Temporal starts it again elsewhere.
 */
export function startPulse(silenceMs: number): Pulse {
  const context = Context.current();
  let details: Record<string, unknown> = {};
  let lastSign = performance.now();
  const beat = (): void => {
    if (performance.now() - lastSign <= silenceMs) context.heartbeat(details);
  };
  beat();
  const timer = setInterval(beat, BEAT_MS);
  return {
    signal: context.cancellationSignal,
    attempt: context.info.attempt,
    note(progress) {
      lastSign = performance.now();
      details = progress;
    },
    stop: () => clearInterval(timer),
  };
}

/** Runs `work` under a pulse and stops it whatever happens. */
export async function withPulse<T>(silenceMs: number, work: (pulse: Pulse) => Promise<T>): Promise<T> {
  const pulse = startPulse(silenceMs);
  try {
    return await work(pulse);
  } finally {
    pulse.stop();
  }
}
