import { Context, Device, ReasonStart } from '../../../../contracts/events.ts';
import { windowStartMs } from '../../../../contracts/window.ts';
import { hashText, Random } from '../../../../generator/random.ts';
import type { World } from '../../../../generator/realism/run.ts';
import { like, ndjson, playback } from './records.ts';

const TRACK_MS = 210_000;
const AGES = ['13-17', '18-24', '25-34', '35-44', '45-54', '55+'];
const TRACKS = 20_000;
const SESSION = 10;

/** Plain Zipf over a small catalogue: the inverse of the cumulative share, near enough. */
const zipf = (random: Random): number => Math.floor((TRACKS + 1) ** random.unit()) - 1;

const pick = <T>(options: readonly T[], random: Random): T => options[random.below(options.length)] as T;

/** What a tutorial makes of it: every field drawn alike, every playback for itself. Half of them are skipped, though. */
export const NAIVE_WORLD: World = {
  window: async (window, write) => {
    const random = new Random(`naive/${window}`);
    const startMs = windowStartMs(window);
    for (let session = 0; session < 30; session++) {
      const envelope = {
        listener_id: `l-${random.below(2_000)}`,
        session_id: `s-${window.replace(/\W/g, '')}-${session}`,
        device: pick(Device.options, random),
      };
      const begin = random.unit() * 60 - 35;
      const events = [];
      for (let place = 0; place < SESSION; place++) {
        const isSkipped = random.chance(0.517);
        const at = new Date(startMs + (begin + place * 3.5) * 60_000).toISOString();
        const track = `t-${zipf(random)}`;
        const fields = {
          ...{ ...envelope, occurred_at: at, sent_at: at, track_id: track },
          event_type: isSkipped ? 'track_skipped' : 'track_played',
          ms_played: isSkipped ? random.below(TRACK_MS) : TRACK_MS,
          reason_start: pick(ReasonStart.options, random),
          shuffle: random.chance(0.5),
          context: pick(Context.options, random),
        };
        events.push(playback(0, fields as Parameters<typeof playback>[1]));
        if (random.chance(0.02))
          events.push({ ...like(0, track, envelope.session_id), ...envelope, occurred_at: at, sent_at: at });
      }
      await write(ndjson(events));
    }
  },
  listener: (listenerId) => ({
    plan: hashText(listenerId, 1) % 5 === 0 ? 'free' : 'premium',
    age_band: AGES[hashText(listenerId, 2) % AGES.length] as string,
    habit: 'any',
  }),
  clock: (_country, atMs) => ({
    minute: (atMs % 86_400_000) / 60_000,
    isWeekend: (Math.floor(atMs / 86_400_000) + 3) % 7 >= 5,
  }),
  tracks: { artistOf: (track) => track >> 3, durationMs: () => TRACK_MS },
  play: (index, fromMs, toMs, sink) => {
    const random = new Random(`naive history/${index}/${fromMs}`);
    sink.envelope(`l-${index}`, 's', 0, 'SE');
    for (let atMs = fromMs; atMs < toMs; atMs += TRACK_MS * 20)
      if (!sink.playback(atMs, true, zipf(random), TRACK_MS, 0, 0, false, 0)) return;
    const playlist = `p-${fromMs}`;
    sink.playlistCreated(toMs, playlist, '"p"');
    for (let place = 0; place < SESSION; place++) sink.playlistTrackAdded(toMs, playlist, place, place);
  },
};
