import { ClientError } from './errors.ts';

/** How the last build of a window ended, as dbt itself wrote it down. */
export interface MartState {
  /** ISO 8601: start of the window. */
  window_start: string;
  state: string;
}

const NAMED = 5;

/**
 * Marts are written, then audited by the tests of the same build, then published. A build that is running, was cut off or
 * failed leaves days that nobody has vouched for; a later build tests its own days only.
 * @throws ClientError naming the windows to build again
 */
export function assertAudited(states: readonly MartState[]): void {
  if (states.length === 0) {
    throw new ClientError('ResourceMissing', 'the marts have not been built yet; run the build step first');
  }
  const failed = states.filter(({ state }) => state === 'failed');
  if (failed.length > 0) {
    throw new ClientError(
      'DataQualityFailed',
      `the marts failed their tests when they were built for ${named(failed)}; mend and run that first`,
    );
  }
  const open = states.filter(({ state }) => state !== 'audited');
  if (open.length > 0) {
    throw new ClientError(
      'Unavailable',
      `the marts are being built for ${named(open)}, or that build was cut off: then run it again`,
    );
  }
}

function named(states: readonly MartState[]): string {
  const windows = states.map(({ window_start: start }) => start).sort();
  const rest = windows.length > NAMED ? ` and ${windows.length - NAMED} more` : '';
  return `${windows.slice(0, NAMED).join(', ')}${rest}`;
}
