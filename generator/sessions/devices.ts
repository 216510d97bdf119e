import { Device } from '../../contracts/events.ts';
import { AliasTable } from '../alias-table.ts';

/** Where the music goes on when it is handed over, by where it sounded: a car takes it from a mobile, and gives it back to one. */
const HANDED_OVER: Record<Device, Partial<Record<Device, number>>> = {
  mobile: { speaker: 40, desktop: 20, car: 20, tv: 12, web: 8 },
  desktop: { mobile: 60, speaker: 30, tv: 10 },
  web: { mobile: 60, speaker: 25, tv: 15 },
  speaker: { mobile: 70, tv: 15, desktop: 15 },
  tv: { mobile: 60, speaker: 40 },
  car: { mobile: 100 },
};

const TABLES = Device.options.map(
  (from) => new AliasTable(Device.options.map((to) => HANDED_OVER[from][to] ?? 0)),
);

/** @param device place in the contract's list, as is the answer */
export function drawOtherDevice(device: number, unit: number): number {
  return (TABLES[device] as AliasTable).at(unit);
}
