import { setTimeout as sleep } from 'node:timers/promises';
import type { StepName } from '../../contracts/steps.ts';
import type { WindowId } from '../../contracts/window.ts';
import { type Cell, type Disk, type Fault, type Victim } from './cases.ts';
import type { Grounds } from './grounds.ts';
import { SnapshotIds } from './lake-watch.ts';
import { halveLanded } from './landing.ts';
import { sendPoison } from './poison.ts';
import { isProgram, signal, untilGone, victimPid } from './processes.ts';
import type { Sight, Watch } from './watch.ts';

/** Longer than the heartbeat's limit of thirty seconds, by which Temporal gives up an attempt. */
const STOP_MS = 45_000;
/** A step that waits for nothing else has failed an attempt by then. */
const FULL_LIMIT_MS = 120_000;
/** How long a line stays as it is: long enough to fail an attempt, shorter than all attempts together. */
const LINE_MS = 12_000;

export interface Struck {
  /** The fault met the step while it ran; else it came too late and says nothing. */
  hit: boolean;
  note?: string;
}

interface Scene {
  grounds: Grounds;
  watch: Watch;
  window: WindowId;
  /** The execution that is being disturbed. */
  runId: string;
  cell: Cell;
  /** The victim's process as it was before the step: asking the supervisor takes longer than some steps. */
  pid?: number | undefined;
}

export const isRunningStep = (sight: Sight, runId: string, step: StepName): boolean =>
  sight.runId === runId && sight.activities.some((one) => one.step === step && one.started);

const hasFailedAttempt = (sight: Sight, step: StepName): boolean =>
  sight.activities.some((one) => one.step === step && one.attempt > 1);

/** The step is over, or the window. */
export const isBehind = (sight: Sight, runId: string, step: StepName): boolean =>
  sight.runId !== runId ||
  sight.state !== 'running' ||
  sight.activities.some((one) => one.step !== undefined && one.step !== step);

/** Strikes; the step has been seen running. Whatever it changes of the surroundings is as before when it returns. */
export async function strike(scene: Scene): Promise<Struck> {
  const { fault } = scene.cell.fault;
  switch (fault.kind) {
    case 'kill':
    case 'stop':
      return fault.kind === 'kill' ? kill(scene, fault.victim) : stop(scene, fault.victim);
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
      return { hit: true };
  }
}

async function isStill(scene: Scene): Promise<boolean> {
  const { watch, window, runId, cell } = scene;
  const sight = await watch.look(window);
  return sight !== undefined && isRunningStep(sight, runId, cell.step);
}

/** Holds the victim where it is, so that looking and killing are one. Undefined: it is not there, or the step is over. */
async function hold(scene: Scene, victim: Victim): Promise<number | undefined> {
  const { watch, window, runId, cell, grounds } = scene;
  const { step } = cell;
  // A program starts some time after its step, and a second attempt starts it again.
  for (let { pid: known } = scene; ; known = undefined) {
    const pid = known ?? (await victimPid(grounds, victim, window));
    if (pid !== undefined) {
      const before = cell.fault.moment === 'between two tables' ? await afterFirstTable(scene) : true;
      if (!before) return undefined;
      // Whoever stops the server of the workflows cannot ask it any more.
      if (victim === 'temporal' && !(await isStill(scene))) return undefined;
      if (signal(pid, 'SIGSTOP')) {
        if (victim === 'temporal' || (await isStill(scene))) return pid;
        signal(pid, 'SIGCONT');
        return undefined;
      }
    }
    const sight = await watch.look(window);
    if (sight && isBehind(sight, runId, step)) return undefined;
    if (!isProgram(victim)) return undefined;
    await sleep(20);
  }
}

/** Waits for the job's first commit of a table. False when the step ended before. */
async function afterFirstTable({ grounds, watch, window, runId, cell }: Scene): Promise<boolean> {
  const snapshots = new SnapshotIds(grounds.direct);
  const before = await snapshots.now();
  for (let look = 0; ; look += 1) {
    const now = await snapshots.now();
    if ([...now].some(([table, id]) => before.get(table) !== id)) return true;
    if (look % 20 === 19) {
      const sight = await watch.look(window);
      if (sight && isBehind(sight, runId, cell.step)) return false;
    }
    await sleep(10);
  }
}

async function kill(scene: Scene, victim: Victim): Promise<Struck> {
  const pid = await hold(scene, victim);
  if (pid === undefined) return { hit: false };
  signal(pid, 'SIGKILL');
  await untilGone(pid);
  return { hit: true };
}

async function stop(scene: Scene, victim: Victim): Promise<Struck> {
  const pid = await hold(scene, victim);
  if (pid === undefined) return { hit: false };
  const since = performance.now();
  try {
    await whileRunning(scene, STOP_MS);
  } finally {
    signal(pid, 'SIGCONT');
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
  const hit = await isStill(scene);
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
  return fault.state === 'refused' ? { hit } : { hit, note: `${line.disturbed} times` };
}

async function fillDisk(scene: Scene, disk: Disk): Promise<Struck> {
  const { disks } = scene.grounds;
  if (!disks.has(disk)) return { hit: false, note: 'no disk of its own could be mounted here' };
  disks.fill(disk);
  const hit = await isStill(scene);
  try {
    await whileRunning(scene, FULL_LIMIT_MS, (sight) => hasFailedAttempt(sight, scene.cell.step));
  } finally {
    disks.free(disk);
  }
  return { hit };
}

async function poison(scene: Scene): Promise<Struck> {
  const over = new AbortController();
  const sending = sendPoison(scene.grounds.direct, scene.window, over.signal);
  try {
    await whileRunning(scene, FULL_LIMIT_MS);
  } finally {
    over.abort();
  }
  const sent = await sending;
  return { hit: sent > 0, note: `${sent} foreign records` };
}

async function halfWrite(scene: Scene): Promise<Struck> {
  const pid = await victimPid(scene.grounds, 'worker-publish', scene.window);
  if (pid === undefined) return { hit: false };
  // Held while the object is halved; it finds it when it publishes.
  for (;;) {
    signal(pid, 'SIGSTOP');
    try {
      if (!(await isStill(scene))) return { hit: false };
      if (await halveLanded(scene.grounds.direct, scene.window)) return { hit: true };
    } finally {
      signal(pid, 'SIGCONT');
    }
    await sleep(20);
  }
}
