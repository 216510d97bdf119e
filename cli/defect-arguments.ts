import { DEFAULT_DEFECT_RATES, type DefectRates, NO_DEFECTS } from '../generator/records/defects.ts';
import { CommandFailure } from './failure.ts';

const KINDS = Object.keys(DEFAULT_DEFECT_RATES) as (keyof DefectRates)[];

/** Planted defects as they are without any option, for a help text. */
export const DEFECT_HELP = `about how much of a planted defect, as a share of the records from 0 to 1 (late: of the sessions, which are then heard offline); may be repeated. Kinds and what they are without it: ${KINDS.map(
  (kind) => `${kind}=${DEFAULT_DEFECT_RATES[kind]}`,
).join(', ')}`;

/**
 * @param asked `kind=rate`, the last of a kind counts
 * @param planted false: those that are not asked for are off
 * @throws CommandFailure
 */
export function defectRates(asked: readonly string[], planted: boolean): DefectRates {
  const rates = { ...(planted ? DEFAULT_DEFECT_RATES : NO_DEFECTS) };
  for (const one of asked) {
    const [kind = '', text = ''] = one.split('=', 2);
    const known = KINDS.find((name) => name === kind);
    if (!known)
      throw new CommandFailure(`--defect ${one}: there is no defect of that kind`, {
        mend: `name one of ${KINDS.join(', ')}, like --defect duplicate=0.02`,
      });
    const rate = /^(\d+(\.\d+)?|\.\d+)$/.test(text) ? Number(text) : Number.NaN;
    if (!(rate <= 1))
      throw new CommandFailure(`--defect ${one}: the rate must be a share from 0 to 1`, {
        mend: `--defect ${known}=${DEFAULT_DEFECT_RATES[known]}`,
      });
    rates[known] = rate;
  }
  const broken = KINDS.reduce((sum, kind) => (kind === 'late' ? sum : sum + rates[kind]), 0);
  if (broken > 1)
    throw new CommandFailure(`the defects together make ${broken.toFixed(3)} of the records, more than all`, {
      mend: 'lower some rates; a record has one defect at most, late ones aside',
    });
  return rates;
}
