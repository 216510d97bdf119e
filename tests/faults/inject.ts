import { setTimeout as sleep } from 'node:timers/promises';
import type { StepName } from '../../contracts/steps.ts';
import type { WindowId } from '../../contracts/window.ts';
import { type Cell, type Disk, type Fault, type Victim } from './cases.ts';
import type { Gates } from './gates.ts';
import type { Grounds } from './grounds.ts';
import { halveLanded } from './landing.ts';
import type { Hold } from './line.ts';
import { pointOf } from './points.ts';
import { sendPoison } from './poison.ts';
import { isProgram, signal, untilGone, victimPid } from './processes.ts';
import { Stuck, type Sight, type Watch } from './watch.ts';

/** Longer than the heartbeat's limit of thirty seconds, by which Temporal gives up an attempt. */
export const STOP_MS = 35_000;
/** A step that waits for nothing else has failed an attempt by then. */
const FULL_LIMIT_MS = 120_000;
/** How long a line stays as it is: long enough to fail an attempt, shorter than all attempts together. */
const LINE_MS = 12_000;
/** A step that is let go comes to its middle within this, or hangs: a session of Spark takes a minute on a busy machine. */
const POINT_LIMIT_MS = 300_000;

export interface Struck {
  /** The fault met the step while it ran; else it came too late and says nothing. */
  hit: boolean;
  note?: string;
}

/** A step that waits at its gate for the fault. */
export interface Scene {
  grounds: Grounds;
  gates: Gates;
  watch: Watch;
  window: WindowId;
  /** The execution that is being disturbed. */
  runId: string;
  cell: Cell;
}

const hasFailedAttempt = (sight: Sight, step: StepName): boolean =>
  sight.activities.some((one) => one.step === step && one.attempt > 1);

/** The step is over, or the window. */
const isBehind = (sight: Sight, runId: string, step: StepName): boolean =>
  sight.runId !== runId ||
  sight.state !== 'running' ||
  sight.activities.some((one) => one.step !== undefined && one.step !== step);

/** Strikes, and lets the step go on. Whatever it changes of the surroundings is as before when it returns. */
export async function strike(scene: Scene): Promise<Struck> {
  const { fault } = scene.cell.fault;
  switch (fault.kind) {
    case 'kill':
    case 'stop':
      return signalVictim(scene, fault.kind, fault.victim);
    case 'line':
      return disturbLine(scene, fault);
    case 'full':
      return fillDisk(scene, fault.disk);
    case 'poison':
      return poison(scene);
    case 'half-written':
      return halfWrite(scene);
    case 'rotated-key':
      await scene.grounds.rotateKey();
      letGo(scene);
      return { hit: true };
  }
}

const letGo = ({ gates, cell }: Scene): void => gates.open(cell.step);

async function isOver({ watch, window, runId, cell }: Scene): Promise<boolean> {
  const sight = await watch.look(window);
  return sight !== undefined && isBehind(sight, runId, cell.step);
}

/** Until `found` says something, or the step is over: then undefined. @throws Stuck when neither happens */
async function untilFound<T>(scene: Scene, found: () => Promise<T | undefined>): Promise<T | undefined> {
  const deadline = performance.now() + POINT_LIMIT_MS;
  for (;;) {
    const value = await found();
    if (value !== undefined) return value;
    if (await isOver(scene)) return undefined;
    if (performance.now() > deadline)
      throw new Stuck(`${scene.cell.step} of ${scene.window} neither ends nor comes to where it is struck`);
    await sleep(20);
  }
}

/** The step has been let go as far as its point, if it has one. Undefined when it never came there. */
async function toItsPoint(scene: Scene): Promise<Hold | 'at its gate' | undefined> {
  const point = pointOf(scene.cell, scene.window);
  if (!point) return 'at its gate';
  const { kafkaLine, minioLine } = scene.grounds;
  const hold = (point.line === 'kafka' ? kafkaLine : minioLine).holdAt(point.matches);
  let isReached = false;
  void hold.reached.then(() => (isReached = true));
  letGo(scene);
  const reached = await untilFound(scene, () => Promise.resolve(isReached ? hold : undefined));
  if (!reached) hold.release();
  return reached;
}

/** The victim's process, with the step where it is to be struck. */
async function aim(scene: Scene, victim: Victim): Promise<{ pid: number; goOn(): void } | undefined> {
  const { grounds, window } = scene;
  // Asking a supervisor takes longer than some steps: the step still waits.
  const service = isProgram(victim) ? undefined : await victimPid(grounds, victim, window);
  const held = await toItsPoint(scene);
  if (held === undefined) return undefined;
  const goOn = (): void => (held === 'at its gate' ? letGo(scene) : held.release());
  if (service !== undefined) return { pid: service, goOn };
  // The step starts the program itself.
  letGo(scene);
  const pid = await untilFound(scene, () => victimPid(grounds, victim, window));
  return pid === undefined ? undefined : { pid, goOn };
}

async function signalVictim(scene: Scene, kind: 'kill' | 'stop', victim: Victim): Promise<Struck> {
  const aimed = await aim(scene, victim);
  if (!aimed || !signal(aimed.pid, kind === 'kill' ? 'SIGKILL' : 'SIGSTOP')) {
    aimed?.goOn();
    return { hit: false, note: 'the step did not come to where it was to be struck' };
  }
  if (kind === 'kill') {
    await untilGone(aimed.pid);
    aimed.goOn();
    return { hit: true };
  }
  const since = performance.now();
  try {
    aimed.goOn();
    // Also when the step is over before: whoever stands still is missed by others too.
    await sleep(STOP_MS);
  } finally {
    signal(aimed.pid, 'SIGCONT');
  }
  return { hit: true, note: `stopped for ${Math.round((performance.now() - since) / 1000)} s` };
}

/** Until the step is over, but no longer than `limitMs`; `enough` may end it before. */
async function whileRunning(
  { watch, window, runId, cell }: Scene,
  limitMs: number,
  enough: (sight: Sight) => boolean = () => false,
): Promise<void> {
  const until = performance.now() + limitMs;
  while (performance.now() < until) {
    const sight = await watch.look(window);
    if (sight && (isBehind(sight, runId, cell.step) || enough(sight))) return;
    await sleep(50);
  }
}

async function disturbLine(scene: Scene, fault: Extract<Fault, { kind: 'line' }>): Promise<Struck> {
  const { grounds, cell } = scene;
  const line = fault.to === 'kafka' ? grounds.kafkaLine : grounds.minioLine;
  await line.become(fault.state);
  letGo(scene);
  try {
    // A slow line is for the whole step; the others fail an attempt and let the next one through.
    await whileRunning(
      scene,
      fault.state === 'slow' ? FULL_LIMIT_MS : LINE_MS,
      (sight) => fault.state !== 'slow' && hasFailedAttempt(sight, cell.step),
    );
  } finally {
    await line.open();
  }
  return fault.state === 'refused'
    ? { hit: true }
    : { hit: line.disturbed > 0, note: `${line.disturbed} times` };
}

async function fillDisk(scene: Scene, disk: Disk): Promise<Struck> {
  const { disks } = scene.grounds;
  if (!disks.has(disk)) {
    letGo(scene);
    return { hit: false, note: 'no disk of its own could be mounted here' };
  }
  disks.fill(disk);
  letGo(scene);
  try {
    await whileRunning(scene, FULL_LIMIT_MS, (sight) => hasFailedAttempt(sight, scene.cell.step));
  } finally {
    disks.free(disk);
  }
  return { hit: true };
}

/** One shard is held in the middle of its records while the others pass: what is sent then lies between the window's own. */
async function poison(scene: Scene): Promise<Struck> {
  const held = await toItsPoint(scene);
  if (held === undefined || held === 'at its gate')
    return { hit: false, note: 'the step did not come to where it was to be struck' };
  try {
    await untilFound(scene, async () => {
      const left = await shardsToPublish(scene);
      return left === 1 ? left : undefined;
    });
    return { hit: true, note: `${await sendPoison(scene.grounds.direct, scene.window)} foreign records` };
  } finally {
    held.release();
  }
}

async function shardsToPublish({ watch, window, cell }: Scene): Promise<number | undefined> {
  const sight = await watch.look(window);
  return sight?.activities.filter(({ step }) => step === cell.step).length;
}

/** What has landed is halved before anybody reads it. */
async function halfWrite(scene: Scene): Promise<Struck> {
  const { gates, grounds, window } = scene;
  gates.close('publish');
  letGo(scene);
  const reached = await untilFound(scene, () => Promise.resolve(gates.isReached('publish') || undefined));
  if (reached) await halveLanded(grounds.direct, window);
  gates.open('publish');
  return { hit: reached ?? false };
}
