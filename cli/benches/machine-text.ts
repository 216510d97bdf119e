import type { Machine } from '../../bench/machine.ts';
import type { Spread } from '../../bench/spread.ts';
import { count } from '../window-table.ts';

/** The machine that figures belong to, and whether it had time for them. */
export function machineText({ cpu, cores, memory_bytes, system, node, load }: Machine): string {
  const words = `${cpu}, ${cores} cores, ${(memory_bytes / 2 ** 30).toFixed(0)} GiB, ${system}, Node ${node}`;
  if (load < 0.5) return words;
  return `${words}\nother programs ran beside it (load ${load.toFixed(1)}): what counts is the rate per CPU second`;
}

export const rate = (value: number): string => count(Math.round(value));
export const range = ({ min, max }: Spread): string => `${rate(min)}-${rate(max)}`;
