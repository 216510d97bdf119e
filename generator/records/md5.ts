import {
  type Code,
  constant,
  get,
  INTEGER,
  LANES,
  load,
  loadInteger,
  repeatWhile,
  set,
  shuffle,
  store,
  tee,
  type WasmFunction,
} from './wasm.ts';

/*
 * MD5 (RFC 1321) of eight records at once: two groups of four, a lane of a vector each. One record alone leaves the
 * processor waiting, as every step needs the one before; see docs/decisions/0017.
 */

/** Records that are digested together. */
export const MD5_LANES = 8;

const GROUP = 4;
const GROUPS = MD5_LANES / GROUP;
const BLOCK_BYTES = 64;
const STEPS = 64;

/** What the function finds and leaves in the memory; all of it lies below MD5_MEMORY_BYTES. */
const CONSTANTS_AT = 0;
const WORDS_AT = CONSTANTS_AT + STEPS * 16;
/** The address of each record. */
export const MD5_ADDRESSES_AT = WORDS_AT + GROUPS * 16 * 16;
/** The blocks of each record, padding included. */
export const MD5_BLOCKS_AT = MD5_ADDRESSES_AT + MD5_LANES * 4;
const DIGESTS_AT = MD5_BLOCKS_AT + MD5_LANES * 4;
export const MD5_MEMORY_BYTES = DIGESTS_AT + GROUPS * 32;

/** Where the first four bytes of a lane's digest are; the next four are 16 bytes after them. */
export const md5DigestAt = (lane: number): number => DIGESTS_AT + (lane >> 2) * 32 + (lane & 3) * 4;

const INITIAL = [0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476];
const SHIFTS = [
  [7, 12, 17, 22],
  [5, 9, 14, 20],
  [4, 11, 16, 23],
  [6, 10, 15, 21],
] as const;
/** Which word of the block a step takes: factor and offset, by round. */
const WORD_ORDER = [
  [1, 0],
  [5, 1],
  [3, 5],
  [7, 0],
] as const;

/** Parameter: the most blocks that a record of the eight has. */
const MOST_BLOCKS = 0;
const BLOCK = 1;
const address = (lane: number): number => 2 + lane;
const FIRST_VECTOR = 2 + MD5_LANES;
const state = (group: number, word: number): number => FIRST_VECTOR + group * 8 + word;
const before = (group: number, word: number): number => FIRST_VECTOR + group * 8 + 4 + word;
const scratch = (place: number): number => FIRST_VECTOR + GROUPS * 8 + place;
const SCRATCHES = 4;

const range = (length: number): number[] => Array.from({ length }, (_, place) => place);

/** Four words of four records become four vectors of one word each. */
function transposed(group: number, quarter: number): Code {
  const row = (lane: number): Code => [...get(address(group * GROUP + lane)), ...load(quarter * 16)];
  const pairs = [
    [row(0), row(1), shuffle(0, 4, 1, 5)],
    [row(0), row(1), shuffle(2, 6, 3, 7)],
    [row(2), row(3), shuffle(0, 4, 1, 5)],
    [row(2), row(3), shuffle(2, 6, 3, 7)],
  ].flatMap((pair, place) => [...pair.flat(), ...set(scratch(place))]);
  const words = range(4).flatMap((word) => [
    ...constant(0),
    ...get(scratch(word >> 1)),
    ...get(scratch(2 + (word >> 1))),
    ...(word % 2 === 0 ? shuffle(0, 1, 4, 5) : shuffle(2, 3, 6, 7)),
    ...store(WORDS_AT + group * 256 + (quarter * 4 + word) * 16),
  ]);
  return [...pairs, ...words];
}

/** The fourth round's `c ^ (b | ~d)` is `~(c ^ (d & ~b))`, and adding ~x is subtracting x + 1: see `stepConstant`. */
function mixed(round: number, b: Code, c: Code, d: Code): Code {
  if (round === 0) return [...c, ...d, ...b, ...LANES.select, ...LANES.add];
  if (round === 1) return [...b, ...c, ...d, ...LANES.select, ...LANES.add];
  if (round === 2) return [...b, ...c, ...LANES.xor, ...d, ...LANES.xor, ...LANES.add];
  return [...c, ...d, ...b, ...LANES.andNot, ...LANES.xor, ...LANES.subtract];
}

function stepConstant(step: number): number {
  return Math.floor(Math.abs(Math.sin(step + 1)) * 2 ** 32) - (step >= 48 ? 1 : 0);
}

function stepOf(group: number, step: number): Code {
  const round = step >> 4;
  const [factor, offset] = WORD_ORDER[round] as readonly [number, number];
  const word = (factor * step + offset) % 16;
  const shift = SHIFTS[round]?.[step % 4] as number;
  const [a, b, c, d] = range(4).map((place) => state(group, (place - step) & 3)) as [
    number,
    number,
    number,
    number,
  ];
  return [
    ...get(a),
    ...constant(0),
    ...load(WORDS_AT + group * 256 + word * 16),
    ...constant(0),
    ...load(CONSTANTS_AT + step * 16),
    ...LANES.add,
    ...LANES.add,
    ...mixed(round, get(b), get(c), get(d)),
    ...tee(a),
    ...constant(shift),
    ...LANES.shiftLeft,
    ...get(a),
    ...constant(32 - shift),
    ...LANES.shiftRight,
    ...LANES.or,
    ...get(b),
    ...LANES.add,
    ...set(a),
  ];
}

/** A record that has no such block keeps its state. */
function added(group: number): Code {
  const isThere = scratch(0);
  return [
    ...constant(0),
    ...load(MD5_BLOCKS_AT + group * 16),
    ...get(BLOCK),
    ...LANES.splat,
    ...LANES.isAbove,
    ...set(isThere),
    ...range(4).flatMap((word) => [
      ...get(state(group, word)),
      ...get(isThere),
      ...LANES.and,
      ...get(before(group, word)),
      ...LANES.add,
      ...set(state(group, word)),
    ]),
  ];
}

function digestBody(): Code {
  const groups = range(GROUPS);
  const words = range(4);
  return [
    ...range(MD5_LANES).flatMap((lane) => [
      ...constant(0),
      ...loadInteger(MD5_ADDRESSES_AT + lane * 4),
      ...set(address(lane)),
    ]),
    ...groups.flatMap((group) =>
      words.flatMap((word) => [
        ...constant((INITIAL[word] as number) | 0),
        ...LANES.splat,
        ...set(state(group, word)),
      ]),
    ),
    ...repeatWhile([
      ...groups.flatMap((group) => words.flatMap((quarter) => transposed(group, quarter))),
      ...groups.flatMap((group) =>
        words.flatMap((word) => [...get(state(group, word)), ...set(before(group, word))]),
      ),
      ...range(STEPS).flatMap((step) => groups.flatMap((group) => stepOf(group, step))),
      ...groups.flatMap(added),
      ...range(MD5_LANES).flatMap((lane) => [
        ...get(address(lane)),
        ...constant(BLOCK_BYTES),
        ...INTEGER.add,
        ...set(address(lane)),
      ]),
      ...get(BLOCK),
      ...constant(1),
      ...INTEGER.add,
      ...tee(BLOCK),
      ...get(MOST_BLOCKS),
      ...INTEGER.isBelow,
    ]),
    ...groups.flatMap((group) =>
      [0, 1].flatMap((word) => [
        ...constant(0),
        ...get(state(group, word)),
        ...store(DIGESTS_AT + group * 32 + word * 16),
      ]),
    ),
  ];
}

/** `md5(mostBlocks)`: digests of the padded records at MD5_ADDRESSES_AT, each of as many blocks as MD5_BLOCKS_AT says. */
export const md5Function = (): WasmFunction => ({
  name: 'md5',
  parameters: 1,
  integers: 1 + MD5_LANES,
  vectors: GROUPS * 8 + SCRATCHES,
  body: digestBody(),
});

/** Writes what the function needs to find into a fresh memory. */
export function prepareMd5(memory: Int32Array): void {
  for (let step = 0; step < STEPS; step++)
    memory.fill(stepConstant(step), CONSTANTS_AT / 4 + step * 4, CONSTANTS_AT / 4 + step * 4 + 4);
}
