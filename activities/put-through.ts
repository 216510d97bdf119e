import { ClientError } from '../clients/errors.ts';
import type { QuarantinedScope } from '../contracts/replay-plan.ts';
import type { WindowId } from '../contracts/window.ts';
import type { Judgement, Working } from './amend-ledger.ts';

/** What putting the quarantined records of a window through again comes to. */
export type PutThrough =
  | { amends: string[] }
  /** The rules of today say what its ledger says. */
  | { why: string; amended: boolean }
  | { refused: string };

export type Judge = (window: WindowId, working: Working) => Promise<Judgement>;

/**
 * Asks the rules of today, whatever the window has quarantined by now: a rule that is taken back, or a stricter one, has
 * something to say of windows without a single quarantined record.
 */
export async function putThrough(
  judge: Judge,
  window: WindowId,
  { reason_code: code }: QuarantinedScope,
  working: Working,
): Promise<PutThrough> {
  try {
    const { amendment, moved, reasons } = await judge(window, working);
    const amended = amendment !== null;
    if (moved.length === 0) return { why: 'the rules of today judge its records as they did', amended };
    if (code !== undefined && !reasons.includes(code))
      return { why: `none of its records quarantined as ${code} changes sides`, amended };
    return { amends: moved };
  } catch (error) {
    // What may pass is asked again; what does not stands in the way of this window, and need not of the others.
    if (!(error instanceof ClientError) || error.retryable) throw error;
    return { refused: error.message };
  }
}
