import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

interface Policy {
  startToClose: number;
  heartbeat: number | undefined;
  /** Seconds from the first failure until the last attempt begins, the attempts themselves not counted. */
  patience: number;
}

const seconds = (text: string): number => Number(text.slice(0, -1)) * (text.endsWith('m') ? 60 : 1);

/** The policies that the workflows give to Temporal, as they are written down with their commands. */
function policies(): Record<string, Policy> {
  const folder = join(import.meta.dirname, '../../replay/fingerprints');
  const lines = ['listeningWindow.txt', 'replayPlan.txt'].flatMap((file) =>
    readFileSync(join(folder, file), 'utf8').split('\n'),
  );
  return Object.fromEntries(
    lines
      .filter((line) => line.includes('start to close'))
      .map((line) => {
        const said = (what: string): string | undefined =>
          new RegExp(`${what} ([\\d.]+[sm]?)`).exec(line)?.[1];
        const [attempts, first, times, most] = [
          Number(said('attempts')),
          seconds(said('first after') ?? ''),
          Number(said('times')),
          seconds(said('at most') ?? ''),
        ];
        const pauses = Array.from({ length: attempts - 1 }, (_, pause) =>
          Math.min(first * times ** pause, most),
        );
        const heartbeat = said('heartbeat');
        return [
          line.split(':')[0] ?? '',
          {
            startToClose: seconds(said('start to close') ?? ''),
            heartbeat: heartbeat === undefined ? undefined : seconds(heartbeat),
            patience: pauses.reduce((sum, pause) => sum + pause, 0),
          },
        ];
      }),
  );
}

/** What an activity has to outlast, and for how many seconds that was seen to last. */
const OUTLASTS: Record<string, number> = {
  // The object store, started anew.
  ...{ generateShard: 20, finishGeneration: 20, reconcileWindow: 10, planReplay: 20, amendLedger: 10 },
  // A store that has been gone for as long as any step bears with it: what is kept and told must not be lost by it.
  ...{ recordReport: 60, recordReplay: 60, recallSteps: 60, keepStep: 60, keepAmendment: 60 },
  // A broker, until its transaction coordinator answers again.
  ...{ publishShard: 60, forwardDeadLetters: 60 },
  // A broker that restarts.
  ...{ findSource: 60, countHour: 60, vouchForHour: 60 },
  // A stream that somebody has to start again; each attempt waits for it besides.
  awaitStream: 600,
  // The same, with a session of Spark that takes ten seconds and more before it looks for one.
  ...{ ingestWindow: 20, closeWindow: 20, compactWindow: 20 },
  // A lost connection, a quota.
  ...{ loadWindow: 10, findGone: 10, buildWindow: 10 },
  // The build of another window.
  publishServing: 300,
};

describe('the policy of every activity', () => {
  const all = policies();

  it('outlasts what it is there for', () => {
    expect(Object.keys(all).sort()).toEqual(Object.keys(OUTLASTS).sort());
    const impatient = Object.entries(all).filter(([name, { patience }]) => patience < (OUTLASTS[name] ?? 0));
    expect(impatient).toEqual([]);
  });

  it('hears of a lost worker by ten beats that it misses, or ends before that would be known', () => {
    const BEAT = 2;
    const quick = Object.entries(all).filter(([, { heartbeat }]) => heartbeat === undefined);
    for (const [name, { startToClose, heartbeat }] of Object.entries(all)) {
      if (heartbeat === undefined) continue;
      expect([name, heartbeat >= 10 * BEAT && heartbeat * 4 < startToClose]).toEqual([name, true]);
    }
    // Some small objects of up to four days of windows take longer than one of them.
    expect(quick.filter(([, { startToClose }]) => startToClose > 30).map(([name]) => name)).toEqual([
      'planReplay',
    ]);
  });

  it('gives up within the quarter of an hour after which a person would look', () => {
    const endless = Object.entries(all).filter(([, { patience }]) => patience > 900);
    expect(endless).toEqual([]);
  });
});
