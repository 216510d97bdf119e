import { faker } from '@faker-js/faker/locale/en';
import { hashText } from '../random.ts';

/** Words of which every name of the catalogue is made. */
export interface Words {
  nouns: readonly string[];
  plurals: readonly string[];
  adjectives: readonly string[];
  verbs: readonly string[];
  adverbs: readonly string[];
  colours: readonly string[];
  cities: readonly string[];
  firstNames: readonly string[];
  lastNames: readonly string[];
  months: readonly string[];
  emoji: readonly string[];
}

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

function plural(noun: string): string {
  if (/(?:s|x|z|ch|sh)$/.test(noun)) return noun.endsWith('s') && !noun.endsWith('ss') ? noun : `${noun}es`;
  return /[^aeiou]y$/.test(noun) ? `${noun.slice(0, -1)}ies` : `${noun}s`;
}

/** Faker is asked some three thousand times, once for a catalogue: it is too slow to name half a million tracks. */
export function drawWords(seed: number): Words {
  // Faker's instance is shared by the process: seeded here, used at once, never awaited in between.
  faker.seed(hashText(`faker/${seed}`));
  const pool = (draw: () => string, size: number): string[] =>
    faker.helpers.uniqueArray(() => capital(draw()), size);
  const nouns = pool(() => faker.word.noun(), 600);
  return {
    nouns,
    plurals: nouns.map(plural),
    adjectives: pool(() => faker.word.adjective(), 500),
    verbs: pool(() => faker.word.verb(), 300),
    adverbs: pool(() => faker.word.adverb(), 120),
    colours: pool(() => faker.color.human(), 20),
    cities: pool(() => faker.location.city(), 150),
    firstNames: pool(() => faker.person.firstName(), 400),
    lastNames: pool(() => faker.person.lastName(), 350),
    months: pool(() => faker.date.month(), 12),
    emoji: pool(() => faker.internet.emoji(), 40),
  };
}
