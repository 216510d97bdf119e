import { ClientError } from './errors.ts';

/**
 * Marts are written, then audited by the tests of the same build, then published. A build that is running, was cut off or
 * failed leaves marts that nobody has vouched for, whichever window it was for.
 * @throws ClientError
 */
export function assertAudited(row: Record<string, unknown> | undefined): void {
  if (row === undefined) {
    throw new ClientError('ResourceMissing', 'the marts have not been built yet; run the build step first');
  }
  const { state, window_start: window } = row;
  if (state === 'audited') return;
  if (state === 'failed') {
    throw new ClientError(
      'DataQualityFailed',
      `the marts failed their tests when they were last built, for ${window}; build that window again before publishing`,
    );
  }
  throw new ClientError(
    'Unavailable',
    `the marts are being built for ${window}; they can be published afterwards`,
  );
}
