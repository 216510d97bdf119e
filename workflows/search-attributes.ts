import { defineSearchAttributeKey } from '@temporalio/common';
import { upsertSearchAttributes } from '@temporalio/workflow';
import type { ListeningWindowInput } from '../contracts/steps.ts';
import { windowStartMs } from '../contracts/window.ts';
import type { WindowProgressLog } from './window-progress.ts';

const WINDOW = defineSearchAttributeKey('RepriseWindow', 'DATETIME');
const STATE = defineSearchAttributeKey('RepriseState', 'KEYWORD');
const STEP = defineSearchAttributeKey('RepriseStep', 'KEYWORD');
const SOURCE_KEY = defineSearchAttributeKey('RepriseSource', 'KEYWORD');
const ARRIVED = defineSearchAttributeKey('RepriseArrived', 'INT');
const VALID = defineSearchAttributeKey('RepriseValid', 'INT');
const QUARANTINED = defineSearchAttributeKey('RepriseQuarantined', 'INT');
const DUPLICATES = defineSearchAttributeKey('RepriseDuplicates', 'DOUBLE');

/** Makes the window findable in Temporal's UI by what it is and how far it is: `RepriseState = "failed"`. */
export function showInSearch(input: ListeningWindowInput, progress: WindowProgressLog): void {
  const counts = progress.counts();
  upsertSearchAttributes([
    { key: WINDOW, value: new Date(windowStartMs(input.window)) },
    { key: STATE, value: progress.state },
    { key: STEP, value: progress.step },
    { key: SOURCE_KEY, value: progress.source },
    { key: ARRIVED, value: counts.arrived },
    { key: VALID, value: counts.valid },
    { key: QUARANTINED, value: counts.quarantined },
    { key: DUPLICATES, value: counts.duplicates },
  ]);
}
