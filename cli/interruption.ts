export interface Interruption {
  /** Aborted once somebody asks this command to end. */
  signal: AbortSignal;
  /** From then on a signal ends the process again. */
  release(): void;
}

/**
 * Lets a command say its last line when it is told to end. One Ctrl-C may arrive more than once: from the terminal,
 * which sends it to the whole group, and from npx or an older Node, which pass it on.
 */
export function interruption(): Interruption {
  const controller = new AbortController();
  const abort = (): void => controller.abort();
  const signals = ['SIGINT', 'SIGTERM'] as const;
  for (const name of signals) process.on(name, abort);
  return {
    signal: controller.signal,
    release: () => {
      for (const name of signals) process.removeListener(name, abort);
    },
  };
}
