import { type Device, ReasonEnd } from '../../contracts/events.ts';
import type { AgeBand, Listener } from '../listeners/traits.ts';
import type { Random } from '../random.ts';
import { byContext } from './contexts.ts';

/*
 * Whether a playback is skipped is a sum of small effects, each with a mean of zero over the playbacks, on top of a
 * chance by the place in the session. A sum and not a product of odds: so that each published marginal can be read off
 * its own table, and the same listeners produce all of them. The figures are those of the sources in
 * docs/realism.md, moved by what the simulation adds by itself: who skips much plays more tracks in the same time.
 */

/** By place in the session, from the first; MSSD: 37.7, 47.6, 50.5, 53.0, 53.2 and 51 to 55 %. */
const BY_POSITION = [0.376, 0.473, 0.5, 0.525, 0.524] as const;
const LATER = 0.52;

const BY_CONTEXT = byContext({
  own_collection: 0.029,
  catalogue: -0.06,
  editorial: -0.009,
  radio: 0.037,
  personalised: -0.065,
  charts: 0.038,
});

/** Premium listeners skip 2 points less than free ones, who make a fifth of the playbacks: MSSD. */
const PREMIUM = 0;
const FREE = 0.021;

/** Mobile is skipped about ten points more than the desktop, where the music plays beside something else: The Skip. */
const BY_DEVICE: Record<Device, number> = {
  mobile: 0.035,
  desktop: -0.065,
  web: -0.055,
  speaker: -0.07,
  tv: -0.05,
  car: 0.02,
};

/** Teenagers skip most, and those in the middle of life least: The Skip. */
const BY_AGE: Record<AgeBand, number> = {
  '13-17': 0.05,
  '18-24': 0.015,
  '25-34': -0.005,
  '35-44': -0.025,
  '45-54': -0.025,
  '55+': -0.015,
};

/** By local hour: on the way to work and back more, at night and in working hours less (The Skip). */
const BY_HOUR = Array.from({ length: 24 }, (_, hour) => {
  if (hour < 5) return -0.02;
  if (hour < 10) return 0.012;
  if (hour < 16) return -0.006;
  return hour < 20 ? 0.012 : 0.001;
});

/** What a listener knows well is heard out a little more often than what is new to him. */
const FAMILIAR = -0.035;

/** Of the skips, how many come within 5 and within 30 seconds: 24 and 35 % of all playbacks (The Skip). */
const WITHIN_5_S = 0.466;
const WITHIN_30_S = 0.68;
/** What is one's own is recognised at once, what others chose is given a chance; the mean over the playbacks is zero. */
const QUICKER = byContext({
  own_collection: 0.03,
  catalogue: 0,
  editorial: -0.03,
  radio: -0.045,
  personalised: -0.03,
  charts: 0.01,
});
/** Quick and patient listeners, and early places, where one still looks for the right thing. */
const QUICKNESS_OF_LISTENER = 0.12;
const QUICKER_AT_FIRST = 0.03;

/** Heard out, but ended by a button in its last tenth. */
const ENDED_IN_OUTRO = 0.21;
const OUTRO = 0.1;
/** Of those, to hear it again. */
const AGAIN = 0.27;

/** Of the skips, back to the track before or to the beginning of this one. */
const BACK = 0.121;

const SEEK = 0.012;

const R = {
  trackdone: ReasonEnd.options.indexOf('trackdone'),
  fwdbtn: ReasonEnd.options.indexOf('fwdbtn'),
  backbtn: ReasonEnd.options.indexOf('backbtn'),
  clickrow: ReasonEnd.options.indexOf('clickrow'),
  endplay: ReasonEnd.options.indexOf('endplay'),
  logout: ReasonEnd.options.indexOf('logout'),
  remote: ReasonEnd.options.indexOf('remote'),
} as const;
export const REASON_END = R;

const LEAST_CHANCE = 0.01;

/** What is the same for all playbacks of a session on one device: its part of the chance of a skip. */
export function skipOfSession(listener: Listener, device: Device): number {
  return (
    (listener.isPremium ? PREMIUM : FREE) + BY_AGE[listener.ageBand] + BY_DEVICE[device] + listener.skipBias
  );
}

/** How a playback goes. One object is used again and again: there are millions. */
export class Outcome {
  msPlayed = 0;
  /** Heard to the end or into its last tenth. */
  isWhole = false;
  reasonEnd: number = R.trackdone;

  /**
   * @param position of the track in its session, from 0
   * @param ofSession from `skipOfSession`
   * @param leadsTo the reason for which it ends when the listener does not want to hear what would come next
   */
  draw(
    random: Random,
    durationMs: number,
    position: number,
    context: number,
    localHour: number,
    ofSession: number,
    quickness: number,
    ofTrack: number,
    isFamiliar: boolean,
    leadsTo: number | undefined,
  ): void {
    const chance =
      (position < BY_POSITION.length ? (BY_POSITION[position] as number) : LATER) +
      (BY_CONTEXT[context] as number) +
      (BY_HOUR[localHour] as number) +
      (isFamiliar ? FAMILIAR : -FAMILIAR) +
      ofSession +
      ofTrack;
    this.isWhole = random.unit() >= Math.min(Math.max(chance, LEAST_CHANCE), 1 - LEAST_CHANCE);
    if (this.isWhole) this.hearOut(random, durationMs, leadsTo);
    else {
      const early = QUICKNESS_OF_LISTENER * (quickness - 0.5) + (QUICKER[context] as number);
      this.skip(random, durationMs, position === 0 ? early + QUICKER_AT_FIRST : early, leadsTo);
    }
  }

  private hearOut(random: Random, durationMs: number, leadsTo: number | undefined): void {
    const unit = random.unit();
    if (leadsTo === R.remote || (leadsTo === undefined && unit < ENDED_IN_OUTRO)) {
      const within = unit / ENDED_IN_OUTRO;
      this.reasonEnd = leadsTo ?? (within < AGAIN ? R.backbtn : R.fwdbtn);
      this.msPlayed = durationMs - 1 - Math.floor(random.unit() * (OUTRO * durationMs - 2));
      return;
    }
    this.reasonEnd = R.trackdone;
    const seek = random.unit();
    // Who jumps ahead to the best part hears the end, but not all of it.
    this.msPlayed = seek < SEEK ? Math.floor(durationMs * (0.3 + 0.6 * (seek / SEEK))) : durationMs;
  }

  private skip(random: Random, durationMs: number, early: number, leadsTo: number | undefined): void {
    const unit = random.unit();
    const within = random.unit();
    const five = WITHIN_5_S + early;
    // Nobody skips before the ear has heard anything; most who do so at once need a second or two.
    if (unit < five) this.msPlayed = 300 + Math.floor(within * Math.sqrt(within) * 4_699);
    else if (unit < WITHIN_30_S + early * 0.5)
      this.msPlayed = 5_000 + Math.floor(within * Math.sqrt(within) * 24_999);
    else this.msPlayed = 30_000 + Math.floor(within * ((1 - OUTRO) * durationMs - 30_001));
    const reason = random.unit();
    this.reasonEnd = leadsTo ?? (reason < BACK ? R.backbtn : R.fwdbtn);
  }

  /** The session ends with this playback: no button leads on from it. */
  endSession(unit: number): void {
    if (this.reasonEnd === R.trackdone) return;
    this.reasonEnd = unit < 0.7 ? R.endplay : unit < 0.9 ? R.logout : R.remote;
  }
}
