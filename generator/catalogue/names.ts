import { unitAt } from '../random.ts';
import { drawWords, type Words } from './words.ts';

/** Chooses by a name's own number: what is chosen first does not move what is chosen next. */
class Choice {
  private readonly key: number;
  private readonly index: number;
  private drawn = 0;

  constructor(key: number, index: number) {
    this.key = key;
    this.index = index;
  }

  unit(): number {
    return unitAt(this.key, this.index, ++this.drawn);
  }

  of<T>(options: readonly T[]): T {
    return options[Math.floor(this.unit() * options.length)] as T;
  }

  upTo(most: number): number {
    return 1 + Math.floor(this.unit() * most);
  }
}

type Pattern = (words: Words, choice: Choice) => string;

/** One that stands twice is twice as likely. */
const TITLES: readonly Pattern[] = [
  (w, c) => c.of(w.nouns),
  (w, c) => c.of(w.nouns),
  (w, c) => c.of(w.plurals),
  (w, c) => c.of(w.adjectives),
  (w, c) => c.of(w.verbs),
  (w, c) => c.of(w.adverbs),
  (w, c) => c.of(w.firstNames),
  (w, c) => c.of(w.cities),
  (w, c) => `${c.of(w.adjectives)} ${c.of(w.nouns)}`,
  (w, c) => `${c.of(w.adjectives)} ${c.of(w.nouns)}`,
  (w, c) => `${c.of(w.adjectives)} ${c.of(w.nouns)}`,
  (w, c) => `${c.of(w.adjectives)} ${c.of(w.plurals)}`,
  (w, c) => `${c.of(w.colours)} ${c.of(w.nouns)}`,
  (w, c) => `The ${c.of(w.nouns)}`,
  (w, c) => `${c.of(w.verbs)} Me`,
  (w, c) => `${c.of(w.verbs)} the ${c.of(w.nouns)}`,
  (w, c) => `${c.of(w.verbs)} ${c.of(w.adverbs)}`,
  (w, c) => `Don't ${c.of(w.verbs)}`,
  (w, c) => `${c.of(w.nouns)} & ${c.of(w.nouns)}`,
  (w, c) => `${c.of(w.nouns)} of the ${c.of(w.nouns)}`,
  (w, c) => `${c.of(w.plurals)} in ${c.of(w.cities)}`,
  (w, c) => `${c.of(w.cities)} ${c.of(['Nights', 'Blues', 'Calling', 'Skyline', 'Rain', 'Sunrise'])}`,
  (w, c) => `${c.of(['No More', 'All My', 'Too Many', 'Only', 'Without', 'Hello,'])} ${c.of(w.plurals)}`,
  (w, c) => `${c.of(w.firstNames)}'s ${c.of(w.nouns)}`,
];

const CLASSICAL_TITLES: readonly Pattern[] = [
  (_, c) =>
    `${c.of(['Nocturne', 'Sonata', 'Étude', 'Prelude', 'Impromptu', 'Waltz', 'Fugue'])} No. ${c.upTo(24)} in ${c.of(
      ['C', 'D', 'E-flat', 'F', 'G', 'A', 'B-flat'],
    )} ${c.of(['Major', 'Minor'])}`,
  (w, c) =>
    `${c.of(['Symphony', 'Concerto', 'Suite', 'String Quartet'])} No. ${c.upTo(9)} “${c.of(w.nouns)}”: ${c.of(
      ['I. Allegro', 'II. Andante', 'III. Scherzo', 'IV. Finale'],
    )}`,
];

const ARTISTS: readonly Pattern[] = [
  (w, c) => `${c.of(w.firstNames)} ${c.of(w.lastNames)}`,
  (w, c) => `${c.of(w.firstNames)} ${c.of(w.lastNames)}`,
  (w, c) => `${c.of(w.firstNames)} ${c.of(w.lastNames)}`,
  (w, c) => `${c.of(w.firstNames)} ${c.of(w.lastNames)}`,
  (w, c) => `${c.of(w.firstNames)} ${c.of(w.nouns)}`,
  (w, c) => `The ${c.of(w.adjectives)} ${c.of(w.plurals)}`,
  (w, c) => `The ${c.of(w.plurals)}`,
  (w, c) => `${c.of(w.adjectives)} ${c.of(w.plurals)}`,
  (w, c) => `${c.of(w.adjectives)} ${c.of(w.nouns)}`,
  (w, c) => `${c.of(w.nouns)} ${c.of(w.plurals)}`,
  (w, c) => `${c.of(w.colours)} ${c.of(w.nouns)}`,
  (w, c) => `${c.of(w.firstNames)} & the ${c.of(w.plurals)}`,
  (w, c) => `${c.of(['DJ', 'MC', 'Lil', 'Big', 'Young', 'Lady'])} ${c.of(w.nouns)}`,
];

const MOODS = [
  ...[
    'chill',
    'happy',
    'sad',
    'mellow',
    'dreamy',
    'cosy',
    'moody',
    'soft',
    'slow',
    'upbeat',
    'feel-good',
    'lazy',
  ],
  ...['late night', 'calm', 'loud', 'golden', 'nostalgic', 'romantic', 'angry', 'hopeful', 'quiet', 'sunny'],
];
const OCCASIONS = [
  ...[
    'mornings',
    'nights',
    'drive',
    'run',
    'focus',
    'party',
    'dinner',
    'coffee',
    'workout',
    'walk',
    'commute',
  ],
  ...['study', 'reading', 'cooking', 'cleaning', 'work', 'weekend', 'train ride', 'road trip', 'sunday'],
];
const SEASONS = ['spring', 'summer', 'autumn', 'winter', 'holiday', 'christmas', 'beach', 'festival'];

const PLAYLISTS: readonly Pattern[] = [
  (_, c) => `${c.of(MOODS)} ${c.of(OCCASIONS)}`,
  (_, c) => `${c.of(MOODS)} ${c.of(OCCASIONS)}`,
  (_, c) => `${c.of(MOODS)} ${c.of(SEASONS)}`,
  (_, c) => `${c.of(SEASONS)} ${c.of(['mix', 'favourites', 'on repeat', 'mood', 'hits', 'songs', 'nights'])}`,
  (w, c) => `${c.of(w.months)} ${c.of(['mix', 'favourites', 'on repeat', 'mood'])}`,
  (_, c) =>
    `${c.of(['🔥', '🌙', '☀️', '💔', '🌊', '✨', '🎧', '🍂', '❄️', '💃', '🚗'])} ${c.of(MOODS)} ${c.of(['vibes', 'hours', 'songs'])}`,
  (w, c) => `${c.of(w.firstNames)}'s ${c.of(['mix', 'songs', 'list', 'party', 'birthday', 'wedding'])}`,
  (_, c) =>
    `songs for ${c.of(['the gym', 'the road', 'rainy days', 'the beach', 'cooking', 'falling asleep', 'work'])}`,
  (_, c) => c.of(['gym', 'sleep', 'road trip', 'study', 'chill', 'bangers', 'throwback', 'in the shower']),
];

/** Genres in which artists often meet. */
const HAS_GUESTS = new Set(['hip-hop', 'latin', 'afrobeats']);

const PLAYLIST_NAMES = 400;
const SALT = {
  artist: 0x1b873593,
  title: 0x38b34ae5,
  album: 0x561ccd1b,
  playlist: 0x0bcaa747,
  suffix: 0x239b961b,
};

/** The names of a catalogue, each composed of the same words by its own number. */
export class Names {
  private readonly key: number;
  private readonly words: Words;

  constructor(seed: number, key: number) {
    this.key = key;
    this.words = drawWords(seed);
  }

  artist(artist: number, genre: string): string {
    return this.made(ARTISTS, SALT.artist, artist, genre);
  }

  /** @param guest an artist who may be featured */
  title(track: number, genre: string, guest: string): string {
    return this.bareTitle(track, genre) + this.suffix(track, genre, guest);
  }

  bareTitle(track: number, genre: string): string {
    return this.made(genre === 'classical' ? CLASSICAL_TITLES : TITLES, SALT.title, track, genre);
  }

  album(album: number): string {
    return this.made(TITLES, SALT.album, album);
  }

  /** Each quoted as JSON: its UTF-8 bytes, one a character. */
  playlists(): string[] {
    return Array.from({ length: PLAYLIST_NAMES }, (_, index) =>
      Buffer.from(JSON.stringify(this.made(PLAYLISTS, SALT.playlist, index)), 'utf8').toString('latin1'),
    );
  }

  private made(patterns: readonly Pattern[], salt: number, index: number, genre = ''): string {
    const choice = new Choice(this.key ^ salt, index);
    const people = this.words.namesOf[genre];
    return choice.of(patterns)(people ? { ...this.words, ...people } : this.words, choice);
  }

  private suffix(track: number, genre: string, guest: string): string {
    if (genre === 'classical') return '';
    const choice = new Choice(this.key ^ SALT.suffix, track);
    const unit = choice.unit();
    if (unit < (HAS_GUESTS.has(genre) ? 0.2 : 0.05)) return ` (feat. ${guest})`;
    if (unit > 0.98) return ' (Live)';
    if (unit > 0.965) return ' - Acoustic';
    if (unit > 0.95) return genre === 'electronic' ? ' (Extended Mix)' : ' - Remix';
    return unit > 0.94 ? `, Pt. ${choice.upTo(3)}` : '';
  }
}
