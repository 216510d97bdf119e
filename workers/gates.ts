import { closeSync, constants, existsSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { Context } from '@temporalio/activity';
import type { ActivityInterceptors } from '@temporalio/worker';
import { systemCode } from '../clients/errors.ts';

/** Opened in the meantime, it must not come into being again. */
const EXISTING = constants.O_WRONLY | constants.O_APPEND;
const LOOK_EVERY_MS = 10;
/** Whoever waits still lives: an attempt that says nothing is given to another worker. */
const BEAT_EVERY_MS = 2_000;

/** Below an installation's `run`; it is there only while somebody closes gates. */
export const GATES_FOLDER = 'gates';

/**
 * Holds an activity at its beginning for as long as a file of its type's name stands in `folder`, and leaves a line in it.
 * So a fault strikes when a step is surely running, and no clock is asked.
 */
export function waitAtGate(folder: string, context: Context): ActivityInterceptors {
  return {
    inbound: {
      async execute(input, next) {
        const { activityType, attempt } = context.info;
        const gate = join(folder, activityType);
        if (isClosed(gate, `attempt ${attempt} at process ${process.pid}\n`)) {
          const beat = setInterval(() => context.heartbeat(), BEAT_EVERY_MS);
          try {
            while (existsSync(gate)) await context.sleep(LOOK_EVERY_MS);
          } finally {
            clearInterval(beat);
          }
        }
        return next(input);
      },
    },
  };
}

function isClosed(gate: string, line: string): boolean {
  try {
    const file = openSync(gate, EXISTING);
    try {
      writeSync(file, line);
    } finally {
      closeSync(file);
    }
    return true;
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return false;
    throw error;
  }
}
