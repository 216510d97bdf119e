import { STEPS } from '../../contracts/steps.ts';
import { CASES, type Cell, cellName, cellsOf, type Fault } from './cases.ts';

/** One window: at most one fault a step, in the order of the steps. */
export interface PlannedWindow {
  cells: Cell[];
  /** Airflow asks for it. */
  airflow: boolean;
}

/** A window that stands still in every step takes as long as three that do in some. */
const MOST_STOPS = 4;

/** They fail a window, by design, in a later step than the one they strike: another fault there would be blamed. */
const ALONE: ReadonlySet<Fault['kind']> = new Set(['half-written', 'rotated-key']);

const isStop = ({ fault: { fault } }: Cell): boolean => fault.kind === 'stop';

/** The cells whose name the expression finds. */
export function chooseCells(only: string | undefined): Cell[] {
  const pattern = new RegExp(only ?? '');
  return CASES.flatMap(cellsOf).filter((cell) => pattern.test(cellName(cell)));
}

/** As few windows as can meet all cells, none of them much longer than the others. */
export function planWindows(cells: readonly Cell[]): PlannedWindow[] {
  const windows: PlannedWindow[] = [];
  const isAlone = ({ fault: { fault } }: Cell): boolean => ALONE.has(fault.kind);
  for (const airflow of [false, true]) {
    const waiting = cells.filter((cell) => (cell.fault.airflow ?? false) === airflow && !isAlone(cell));
    while (waiting.length > 0) {
      const chosen: Cell[] = [];
      let stops = 0;
      for (const step of STEPS) {
        const at = waiting.findIndex((cell) => cell.step === step && (stops < MOST_STOPS || !isStop(cell)));
        if (at < 0) continue;
        const [cell] = waiting.splice(at, 1);
        if (!cell) continue;
        if (isStop(cell)) stops += 1;
        chosen.push(cell);
      }
      windows.push({ cells: chosen, airflow });
    }
  }
  return [...windows, ...cells.filter(isAlone).map((cell) => ({ cells: [cell], airflow: false }))];
}
