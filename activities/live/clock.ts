import type { SimulatedClock } from '../../contracts/live.ts';

export const simulatedAt = (clock: SimulatedClock, realMs: number): number =>
  clock.simulated_start_ms + (realMs - clock.real_start_ms) * clock.speed;

export const realAt = (clock: SimulatedClock, simulatedMs: number): number =>
  clock.real_start_ms + (simulatedMs - clock.simulated_start_ms) / clock.speed;
