/*
 * As much of WebAssembly's binary format as two functions need. Code is a list of bytes; `WebAssembly` itself is declared
 * here because Node's types leave it to those of browsers.
 */

interface Memory {
  readonly buffer: ArrayBuffer;
  grow(pages: number): number;
}

declare const WebAssembly: {
  Module: new (bytes: Uint8Array) => object;
  Instance: new (module: object, imports: object) => { exports: Record<string, unknown> };
  Memory: new (limits: { initial: number }) => Memory;
};

export type Code = number[];

/** A WebAssembly function: it takes whole numbers, returns nothing and works on the memory. */
export interface WasmFunction {
  name: string;
  parameters: number;
  /** Beyond the parameters. */
  integers: number;
  vectors: number;
  body: Code;
}

export const PAGE_BYTES = 65_536;
const I32 = 0x7f;
const V128 = 0x7b;

function unsigned(value: number): Code {
  const low = value & 0x7f;
  return value > 0x7f ? [low | 0x80, ...unsigned(value >>> 7)] : [low];
}

function signed(value: number): Code {
  const low = value & 0x7f;
  const rest = value >> 7;
  return (rest === 0 && (low & 0x40) === 0) || (rest === -1 && (low & 0x40) !== 0)
    ? [low]
    : [low | 0x80, ...signed(rest)];
}

export const constant = (value: number): Code => [0x41, ...signed(value)];
export const get = (local: number): Code => [0x20, ...unsigned(local)];
export const set = (local: number): Code => [0x21, ...unsigned(local)];
export const tee = (local: number): Code => [0x22, ...unsigned(local)];

const vector = (operation: number): Code => [0xfd, ...unsigned(operation)];

/** The address is taken from the stack; `offset` is added to it. */
export const loadInteger = (offset: number): Code => [0x28, 2, ...unsigned(offset)];
export const load = (offset: number): Code => [...vector(0x00), 0, ...unsigned(offset)];
export const store = (offset: number): Code => [...vector(0x0b), 0, ...unsigned(offset)];

/** Operations on integers. */
export const INTEGER = { add: [0x6a], subtract: [0x6b], isBelow: [0x48], isAbove: [0x4a] } as const;

/** Operations on four integers of 32 bits. */
export const LANES = {
  splat: vector(0x11),
  isAbove: vector(0x3b),
  andNot: vector(0x4f),
  and: vector(0x4e),
  or: vector(0x50),
  xor: vector(0x51),
  /** Of three on the stack: the bits of the first where the third is 1, else of the second. */
  select: vector(0x52),
  shiftLeft: vector(0xab),
  shiftRight: vector(0xad),
  add: vector(0xae),
  subtract: vector(0xb1),
} as const;

/** Four lanes out of eight: 0 to 3 are the first vector on the stack, 4 to 7 the second. */
export const shuffle = (...lanes: readonly number[]): Code => [
  ...vector(0x0d),
  ...lanes.flatMap((lane) => [lane * 4, lane * 4 + 1, lane * 4 + 2, lane * 4 + 3]),
];

/** Runs the body, which leaves an integer, again for as long as that is not zero. */
export const repeatWhile = (body: Code): Code => [0x03, 0x40, ...body, 0x0d, 0, 0x0b];

const list = (items: readonly Code[]): Code => [...unsigned(items.length), ...items.flat()];
const sized = (content: Code): Code => [...unsigned(content.length), ...content];
const text = (value: string): Code => sized([...Buffer.from(value, 'utf8')]);

function moduleBytes(functions: readonly WasmFunction[]): Uint8Array {
  const section = (id: number, items: readonly Code[]): Code => [id, ...sized(list(items))];
  return Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(
      1,
      functions.map(({ parameters }) => [
        0x60,
        ...unsigned(parameters),
        ...Array<number>(parameters).fill(I32),
        0,
      ]),
    ),
    ...section(2, [[...text('host'), ...text('memory'), 0x02, 0x00, 1]]),
    ...section(
      3,
      functions.map((_, place) => unsigned(place)),
    ),
    ...section(
      7,
      functions.map(({ name }, place) => [...text(name), 0x00, ...unsigned(place)]),
    ),
    ...section(
      10,
      functions.map(({ integers, vectors, body }) =>
        sized([
          ...list([
            [...unsigned(integers), I32],
            [...unsigned(vectors), V128],
          ]),
          ...body,
          0x0b,
        ]),
      ),
    ),
  ]);
}

/** The functions over a memory of their own, each instance with another. */
export function wasmModule(
  functions: readonly WasmFunction[],
): (pages: number) => { memory: Memory; exports: Record<string, unknown> } {
  const module = new WebAssembly.Module(moduleBytes(functions));
  return (pages) => {
    const memory = new WebAssembly.Memory({ initial: pages });
    return { memory, exports: new WebAssembly.Instance(module, { host: { memory } }).exports };
  };
}
