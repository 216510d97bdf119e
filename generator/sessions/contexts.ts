import { Context } from '../../contracts/events.ts';
import { AliasTable } from '../alias-table.ts';

/** Places in the contract's list of contexts. */
export const CONTEXT = {
  own_collection: Context.options.indexOf('own_collection'),
  catalogue: Context.options.indexOf('catalogue'),
  editorial: Context.options.indexOf('editorial'),
  radio: Context.options.indexOf('radio'),
  personalised: Context.options.indexOf('personalised'),
  charts: Context.options.indexOf('charts'),
} as const;

/** A value for each context, in the order of the contract's list. */
export function byContext(values: Record<Context, number>): readonly number[] {
  return Context.options.map((name) => values[name]);
}

/**
 * Share of the sessions' beginnings and changes, per cent. Where more is skipped more is played, too: so the shares of the
 * playbacks become those of MSSD, 40.2, 22.8, 21.2, 12.6, 1.8 and 1.5 %.
 */
const SHARES = new AliasTable(
  byContext({
    own_collection: 47.5,
    catalogue: 24.4,
    editorial: 20.2,
    radio: 4.8,
    personalised: 1.2,
    charts: 1.9,
  }),
);

/**
 * How often a listener thinks of another context after a playback. A thought may fall on the context that is already
 * there: so the shares stay as they are, and 4.1 % of the transitions change it (MSSD).
 */
export const SWITCH_CHANCE = 0.0545;

export function drawContext(unit: number): number {
  return SHARES.at(unit);
}

/** Chance of shuffle, by context: 30.9 % of all playbacks (MSSD), most where the order is nobody's work. */
const SHUFFLE = byContext({
  own_collection: 0.5,
  catalogue: 0.17,
  editorial: 0.28,
  radio: 0,
  personalised: 0.3,
  charts: 0.3,
});

export function drawShuffle(context: number, unit: number): boolean {
  return unit < (SHUFFLE[context] as number);
}

/** What the player goes on with by itself when the music that was chosen is over. */
const AUTOPLAY = new AliasTable(
  byContext({ own_collection: 0, catalogue: 20, editorial: 25, radio: 50, personalised: 5, charts: 0 }),
);

export function drawAutoplay(unit: number): number {
  return AUTOPLAY.at(unit);
}

/** What has been kept on the device. */
const OFFLINE = new AliasTable(
  byContext({ own_collection: 75, catalogue: 8, editorial: 16, radio: 0, personalised: 1, charts: 0 }),
);

export function drawOfflineContext(unit: number): number {
  return OFFLINE.at(unit);
}
