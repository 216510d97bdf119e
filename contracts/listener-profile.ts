import { z } from 'zod';
import { Device } from './events.ts';

export const Plan = z.enum(['free', 'premium']);
export const AgeBand = z.enum(['13-17', '18-24', '25-34', '35-44', '45-54', '55+']);

/**
 * What the generator knows of a listener and no event says, as an NDJSON line of `listeners.ndjson`. For judging what it
 * generated; nothing downstream may know it.
 */
export const ListenerProfile = z.object({
  listener_id: z.string().describe('Pseudonym, as events name it.'),
  country: z.string().describe('ISO 3166-1 alpha-2 code.'),
  plan: Plan,
  age_band: AgeBand.describe('Years of age.'),
  habit: z.string().describe('Group of listeners that listens at the same hours.'),
  main_device: Device.describe('Device of most sessions.'),
  genres: z.array(z.string()).min(1).describe('Taste, the favourite first.'),
});
export type ListenerProfile = z.infer<typeof ListenerProfile>;
