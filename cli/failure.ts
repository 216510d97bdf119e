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
  const mend = mendOf(error);
  if (mend !== undefined) lines.push(`  mend: ${mend}`);
  if (debug && error instanceof Error) lines.push(error.stack ?? '');
  else if (mend === undefined && !isSettled(error))
    lines.push('  (REPRISE_DEBUG=1 shows where this came from)');
  return lines.join('\n');
}

/** Errors from below the command line may carry their mend as well. */
function mendOf(error: unknown): string | undefined {
  const mend = error instanceof Error && 'mend' in error ? error.mend : undefined;
  return typeof mend === 'string' ? mend : undefined;
}

/** The messages of wrong settings and of our clients already say all there is to say. */
function isSettled(error: unknown): boolean {
  return error instanceof Error && ['CommandFailure', 'ConfigError', 'ClientError'].includes(error.name);
}
