import { availableParallelism, cpus, loadavg, release, totalmem } from 'node:os';

/** What a figure must be read with: another machine gives another one. */
export interface Machine {
  cpu: string;
  /** Those that this process may use. */
  cores: number;
  memory_bytes: number;
  /** Kernel and its version. */
  system: string;
  node: string;
  /** Processes that wanted a core in the last minute, before anything was measured. */
  load: number;
}

export function describeMachine(): Machine {
  return {
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores: availableParallelism(),
    memory_bytes: totalmem(),
    system: `${process.platform} ${release()} ${process.arch}`,
    node: process.version,
    load: loadavg()[0] as number,
  };
}
