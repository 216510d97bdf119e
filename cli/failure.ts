/**
 * A failure whose reader is the person at the terminal: what happened, and what to do about it.
 * The command ends with `exitCode` and these lines, never with a stack trace.
 */
export class CommandFailure extends Error {
  override name = 'CommandFailure';
  readonly mend: string | undefined;
  readonly exitCode: number;

  constructor(message: string, options: { mend?: string; exitCode?: number; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.mend = options.mend;
    this.exitCode = options.exitCode ?? 1;
  }
}

/** The lines for a person; with `debug`, also where it came from. */
export function describeFailure(error: unknown, debug: boolean): string {
  const lines = [`reprise: ${error instanceof Error ? error.message : String(error)}`];
  if (error instanceof CommandFailure && error.mend) lines.push(`  mend: ${error.mend}`);
  if (debug && error instanceof Error) lines.push(error.stack ?? '');
  else if (!(error instanceof CommandFailure) && !isSettled(error))
    lines.push('  (REPRISE_DEBUG=1 shows where this came from)');
  return lines.join('\n');
}

/** Errors of our own configuration and provisioning already say all there is to say. */
function isSettled(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'Misconfigured';
}
