import { type StepName, STEPS } from '../../contracts/steps.ts';
import { CASES, type Cell, cellName, cellsOf, type Fault } from './cases.ts';

/** One window: at most one fault a step, in the order of the steps. */
export interface PlannedWindow {
  cells: Cell[];
  /** Airflow asks for it. */
  airflow: boolean;
}

/** The steps that need the victim, or whatever is at fault; in the others it dies beside a window that does not notice. */
const NEEDED_IN: Partial<Record<string, readonly StepName[]>> = {
  'worker-publish': ['generate', 'publish', 'ingest'],
  'worker-spark': ['ingest', 'compact'],
  'worker-warehouse': ['load', 'build', 'publish_serving'],
  kafka: ['publish', 'ingest'],
  minio: ['generate', 'publish', 'ingest', 'reconcile', 'compact', 'load'],
  'airflow-scheduler': [],
  'airflow-triggerer': [],
};

/** They fail a window, by design, in a later step than the one they strike: another fault there would be blamed. */
const ALONE: ReadonlySet<Fault['kind']> = new Set(['half-written', 'rotated-key']);

const victimOf = (fault: Fault): string | undefined => ('victim' in fault ? fault.victim : undefined);

const isNeeded = ({ fault, step }: Cell): boolean =>
  NEEDED_IN[victimOf(fault.fault) ?? '']?.includes(step) ?? true;

/** The cells whose name the expression finds. */
export function chooseCells(only: string | undefined): Cell[] {
  const pattern = new RegExp(only ?? '');
  return CASES.flatMap(cellsOf).filter((cell) => pattern.test(cellName(cell)));
}

/**
 * As few windows as can meet all cells. What tells most comes first, so that a run that is ended early has told it.
 */
export function planWindows(cells: readonly Cell[]): PlannedWindow[] {
  const windows: PlannedWindow[] = [];
  const isAlone = ({ fault: { fault } }: Cell): boolean => ALONE.has(fault.kind);
  for (const airflow of [false, true]) {
    const ofKind = cells.filter((cell) => (cell.fault.airflow ?? false) === airflow && !isAlone(cell));
    const waiting = [...ofKind.filter(isNeeded), ...ofKind.filter((cell) => !isNeeded(cell))];
    while (waiting.length > 0) {
      const chosen: Cell[] = [];
      for (const step of STEPS) {
        const at = waiting.findIndex((cell) => cell.step === step);
        if (at >= 0) chosen.push(...waiting.splice(at, 1));
      }
      windows.push({ cells: chosen, airflow });
    }
  }
  return [...windows, ...cells.filter(isAlone).map((cell) => ({ cells: [cell], airflow: false }))];
}
