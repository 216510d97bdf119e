import type { Faker } from '@faker-js/faker';
import { faker } from '@faker-js/faker/locale/en';
import { faker as nigerian } from '@faker-js/faker/locale/en_NG';
import { faker as spanish } from '@faker-js/faker/locale/es';
import { hashText } from '../random.ts';
import { UNSUNG_WORDS } from './unsung-words.ts';

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
  /** Names of other parts of the world, by genre. */
  namesOf: Readonly<Record<string, { firstNames: readonly string[]; lastNames: readonly string[] }>>;
  months: readonly string[];
}

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

function plural(noun: string): string {
  if (/(?:s|x|z|ch|sh)$/.test(noun)) return noun.endsWith('s') && !noun.endsWith('ss') ? noun : `${noun}es`;
  return /[^aeiou]y$/.test(noun) ? `${noun.slice(0, -1)}ies` : `${noun}s`;
}

/** The first use of each, made of words with a capital, until there are enough of them. */
function pool(size: number, draw: () => string): string[] {
  const found = new Set<string>();
  for (let tries = 0; tries < 4 * size && found.size < size; tries++) {
    const word = draw();
    if (!UNSUNG_WORDS.has(word)) found.add(capital(word));
  }
  return [...found];
}

function peopleOf(faker: Faker): { firstNames: string[]; lastNames: string[] } {
  return {
    firstNames: pool(300, () => faker.person.firstName()),
    lastNames: pool(250, () => faker.person.lastName()),
  };
}

/** Faker is asked some five thousand times, once for a catalogue: it is too slow to name half a million tracks. */
export function drawWords(seed: number): Words {
  // Faker's instances are shared by the process: seeded here, used at once, never awaited in between.
  for (const own of [faker, nigerian, spanish]) own.seed(hashText(`faker/${seed}`));
  // Of `faker.location.city()` nearly all are made up: nobody sings of Fort Kenyattachester.
  const cities = faker.definitions.location.city_name;
  const nouns = pool(600, () => faker.word.noun());
  return {
    nouns,
    plurals: nouns.map(plural),
    adjectives: pool(500, () => faker.word.adjective()),
    verbs: pool(300, () => faker.word.verb()),
    adverbs: pool(120, () => faker.word.adverb()),
    colours: pool(20, () => faker.color.human()),
    cities: pool(150, () => faker.helpers.arrayElement(cities)),
    ...peopleOf(faker),
    namesOf: { latin: peopleOf(spanish), afrobeats: peopleOf(nigerian) },
    months: pool(12, () => faker.date.month()),
  };
}
