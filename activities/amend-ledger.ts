import { ClientError } from '../clients/errors.ts';
import type { LakeReader } from '../clients/lake-reader.ts';
import type { ObjectStore } from '../clients/object-store.ts';
import { withScratch } from '../clients/scratch.ts';
import {
  AMENDMENT_VERSION,
  amendedLedger,
  LedgerAmendment,
  movedRecords,
  type NewestAmendment,
} from '../contracts/amendment.ts';
import { keys } from '../contracts/lake.ts';
import { Ledger, type RecordAccount } from '../contracts/ledger.ts';
import type { ReplayOrder } from '../contracts/steps.ts';
import { windowKey, type WindowId } from '../contracts/window.ts';
import { withActivityFailures } from './failures.ts';
import { judgeWindow, type Rules } from './judge-window.ts';
import { unlessMissing } from './kept-steps.ts';
import { newestTables } from './lake-versions.ts';
import { movedReasons } from './moved-reasons.ts';
import { withPulse } from './pulse.ts';
import { workflowRun } from './workflow-run.ts';

export interface AmendDeps {
  store: ObjectStore;
  lake: LakeReader;
  /** Folder for the verdicts; each attempt has its own below it. */
  scratch: string;
  rules?: Rules;
  /** Absent: whatever is loaded is taken for what is asked for. */
  loaded?: LoadedRules;
}

/** Fingerprints of the rules that this process has loaded, and of those that the checkout holds by now. */
export interface LoadedRules {
  rules: string;
  inCheckout: () => string;
}

/** Whoever asks for a judgement can end it, and hears how it goes. */
export interface Working {
  signal: AbortSignal;
  note(details: Record<string, unknown>): void;
}

/** What the rules of today say of a window, beside what its ledger says. */
export interface Judgement {
  ledger: Ledger;
  amendment: LedgerAmendment | null;
  account: RecordAccount;
  /** Empty: the rules of today say what the ledger says. */
  moved: string[];
  /** Under which reasons records were, or are now, quarantined that change sides. */
  reasons: string[];
}

/** Records are judged some hundred thousand a second; the scan of a large window begins after a minute at most. */
const SILENCE_MS = 300_000;

export async function readAmendment(
  store: Pick<ObjectStore, 'getJson'>,
  window: WindowId,
): Promise<LedgerAmendment | null> {
  const kept = await unlessMissing(store.getJson(keys.amendment(window)));
  return kept === undefined ? null : LedgerAmendment.parse(kept);
}

/** Judges every record of the window by the rules of today. Read-only. */
export async function judge(deps: AmendDeps, window: WindowId, working: Working): Promise<Judgement> {
  const { store, lake, scratch, rules } = deps;
  const amendment = await readAmendment(store, window);
  const ledger = amendedLedger(Ledger.parse(await store.getJson(keys.ledger(window))), amendment);
  const session = await lake.open(window, await newestTables(store, window), working.signal);
  try {
    const account = await withScratch(scratch, `judge-${windowKey(window)}`, (folder) =>
      judgeWindow(session, window, folder, working, rules),
    );
    if (
      account.arrived.total !== ledger.arrived.total ||
      account.arrived.content_hash !== ledger.arrived.content_hash
    )
      throw new ClientError(
        'DataQualityFailed',
        `raw does not hold what arrived in ${window} (${account.arrived.total} records, not ${ledger.arrived.total}): ` +
          'play the window again before its ledger is amended',
      );
    const reasons = await movedReasons(session, ledger, account);
    return { ledger, amendment, account, moved: movedRecords(ledger, account), reasons };
  } finally {
    session.close();
  }
}

export const judgeWith =
  (deps: AmendDeps) =>
  (window: WindowId, working: Working): Promise<Judgement> =>
    judge(deps, window, working);

/** An amendment that counts once it is kept. */
type HeldAmendment = Required<NewestAmendment>;

export function createAmendActivities(deps: AmendDeps) {
  return withActivityFailures({
    /**
     * Judges the window by the rules of today, and tells what its ledger would have to say. Idempotency key: the workflow's
     * run: a repeated attempt finds its own entry. Under `hold` nothing is written: what is told is kept by
     * `keepAmendment`, once the window holds what it says. (Workflows of earlier versions amend at once.)
     * @throws ClientError Misconfigured when this worker has loaded other rules than those that were asked for
     */
    amendLedger: (input: {
      window: WindowId;
      order: ReplayOrder;
      rules?: string;
      hold?: boolean;
    }): Promise<{ moved: string[]; amendment?: HeldAmendment }> =>
      withPulse(SILENCE_MS, async (pulse) => {
        const { window, order, hold = false } = input;
        assertRules(deps.loaded, input.rules);
        const { ledger, amendment, account, moved } = await judge(deps, window, pulse);
        const run_id = workflowRun();
        const last = amendment?.entries.at(-1);
        if (moved.length === 0) return { moved: last?.run_id === run_id ? last.moved : [] };
        const entry = { ...order, at: new Date().toISOString(), run_id, moved };
        const held = { arrived: ledger.arrived, account, entry };
        if (hold) return { moved, amendment: held };
        await keep(deps.store, window, held);
        return { moved };
      }),

    /** Amends the window's ledger. Idempotency key: the run that its entry names. */
    keepAmendment: (input: { window: WindowId; amendment: HeldAmendment }): Promise<void> =>
      keep(deps.store, input.window, input.amendment),
  });
}

async function keep(
  store: ObjectStore,
  window: WindowId,
  { arrived, account, entry }: HeldAmendment,
): Promise<void> {
  const entries = (await readAmendment(store, window))?.entries ?? [];
  if (entries.at(-1)?.run_id === entry.run_id) return;
  const amended: LedgerAmendment = {
    ...{ version: AMENDMENT_VERSION, window, arrived, account },
    entries: [...entries, entry],
  };
  await store.putJson(keys.amendment(window), amended);
}

/** @throws ClientError Misconfigured when this process has loaded other rules than it is to judge by */
export function assertRules(loaded: LoadedRules | undefined, asked: string | undefined): void {
  if (!loaded) return;
  const other = [asked, loaded.inCheckout()].find((rules) => rules !== undefined && rules !== loaded.rules);
  if (other === undefined) return;
  throw new ClientError(
    'Misconfigured',
    `the worker still judges by older rules (${loaded.rules}, not ${other}): npx reprise up starts it anew`,
  );
}
