/**
 * @module The WebAssembly module behind `sha256-lanes.ts`, assembled here instruction by instruction: SHA-256's
 * compression (FIPS 180-4, 6.2.2) over four messages at once, one in each 32-bit lane of the 128-bit vectors. JavaScript
 * has no vectors; a binary in the repository could not be read by anyone. Pure: bytes out, nothing is compiled here.
 *
 * Memory of the module, in bytes: the state of four messages (eight vectors), the round constants, and the constants
 * with the schedule of a 64-byte message's padding added in, both as one vector per round. What lies above
 * {@link LANES_FREE} is the caller's.
 */

/** Bytes as a tree: joined once at the end, because joining lists at every step took 120 ms where this takes 6. */
type Code = readonly (number | Code)[];

const STATE_AT = 0;
/** 64 vectors: K[i] in each lane. The caller writes them before the first call. */
export const LANES_CONSTANTS_AT = 128;
/** 64 vectors: K[i] + W[i] of the block that pads a 64-byte message. Written by the caller too. */
export const LANES_PADDING_AT = LANES_CONSTANTS_AT + 64 * 16;
export const LANES_FREE = LANES_PADDING_AT + 64 * 16;

// Opcodes of the WebAssembly core specification 2.0, section 5.4; a vector's is 0xfd and a LEB128 number.
const END = 0x0b;
const CALL = 0x10;
const I32 = 0x7f;
const V128 = 0x7b;
const VECTOR_LOAD = [0xfd, 0x00];
const VECTOR_STORE = [0xfd, 0x0b];
const VECTOR_CONST = [0xfd, 0x0c];
const SHUFFLE = [0xfd, 0x0d];
const AND = [0xfd, 0x4e];
const OR = [0xfd, 0x50];
const XOR = [0xfd, 0x51];
const SHIFT_LEFT = [0xfd, 0xab, 0x01];
const SHIFT_RIGHT = [0xfd, 0xad, 0x01];
const ADD = [0xfd, 0xae, 0x01];

// The functions by their index.
const RESET = 0;
const BLOCK = 1;
const PADDING = 2;
const DIGEST = 3;
const PAIR = 4;

const localGet = (index: number): Code => [0x20, index];
const localSet = (index: number): Code => [0x21, index];
const i32Const = (value: number): Code => [0x41, signedLeb(value)];
const add = (...terms: Code[]): Code => terms.map((term, i) => (i === 0 ? term : [term, ADD]));
const xor = (...terms: Code[]): Code => terms.map((term, i) => (i === 0 ? term : [term, XOR]));
const shiftLeft = (value: Code, bits: number): Code => [value, i32Const(bits), SHIFT_LEFT];
const shiftRight = (value: Code, bits: number): Code => [value, i32Const(bits), SHIFT_RIGHT];
const rotated = (value: Code, bits: number): Code => xor(shiftRight(value, bits), shiftLeft(value, 32 - bits));
const load = (address: Code, offset: number): Code => [address, VECTOR_LOAD, 4, leb(offset)];
const store = (address: Code, offset: number, value: Code): Code => [address, value, VECTOR_STORE, 4, leb(offset)];
const shuffled = (left: Code, right: Code, lanes: Code): Code => [left, right, SHUFFLE, lanes];
const everyLane = (word: number): Code => [VECTOR_CONST, [0, 1, 2, 3].map(() => [word & 255, (word >>> 8) & 255, (word >>> 16) & 255, word >>> 24])];
const MEMORY_START = i32Const(0);

/** Local indices of one function: the eight variables, the sixteen words of the schedule, and what else it needs. */
interface Locals {
  readonly variables: readonly number[];
  readonly words: readonly number[];
  readonly spare: number;
}

/** The locals after `parameterCount` parameters; four spare ones at the end serve the transpositions. */
function localsAfter(parameterCount: number): Locals {
  const from = (start: number, count: number) => Array.from({length: count}, (_, i) => parameterCount + start + i);
  return {variables: from(0, 8), words: from(8, 16), spare: parameterCount + 24};
}
const LOCAL_COUNT = 28;

/** @param initialState - H(0) of the hash, eight words. @returns a module that exports `memory`, `reset`, `block`, `digest` and `pair`. */
export function sha256LanesModule(initialState: Int32Array): Uint8Array {
  const functions: readonly {readonly type: number; readonly body: Code}[] = [
    {type: 0, body: resetBody(initialState)},
    {type: 2, body: blockBody()},
    {type: 0, body: paddingBody()},
    {type: 1, body: digestBody(initialState)},
    {type: 3, body: pairBody()},
  ];
  const types = [0, 1, 4, 2].map((count) => [0x60, leb(count), Array.from({length: count}, () => I32), 0]);
  const exported: readonly [string, number, number][] = [['memory', 2, 0], ['reset', 0, RESET], ['block', 0, BLOCK], ['digest', 0, DIGEST], ['pair', 0, PAIR]];
  return Uint8Array.from(joined([
    0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0,
    section(1, types),
    section(3, functions.map(({type}) => [type])),
    section(5, [[0, 1]]), // At least one page of 64 KiB, grown by the caller.
    section(7, exported.map(([name, kind, index]) => [counted([...name].map((letter) => letter.charCodeAt(0))), kind, index])),
    section(10, functions.map(({body}) => counted([1, LOCAL_COUNT, V128, body, END]))),
  ]));
}

/** `reset()`: four new messages. */
function resetBody(initialState: Int32Array): Code {
  return [...initialState].map((word, i) => store(MEMORY_START, STATE_AT + 16 * i, everyLane(word)));
}

/** `block(a, b, c, d)`: takes in the 64 bytes at each of the four addresses, one message each. */
function blockBody(): Code {
  const {variables, words, spare} = localsAfter(4);
  const gather = [0, 1, 2, 3].map((quarter) => {
    const rows = [0, 1, 2, 3].map((lane) => load(localGet(lane), 16 * quarter));
    return transposedInto(rows, words.slice(4 * quarter, 4 * quarter + 4), spare);
  });
  return [gather, loadState(variables), rounds(variables, words), addToState(variables)];
}

/** `padding()`: takes in the block that ends a message of 64 bytes: no schedule is left to compute. */
function paddingBody(): Code {
  const {variables} = localsAfter(0);
  const body = Array.from({length: 64}, (_, i) => round(variables, i, load(MEMORY_START, LANES_PADDING_AT + 16 * i)));
  return [loadState(variables), body, addToState(variables)];
}

/** `digest(out)`: hashes each message's state once more and writes four times 32 bytes from `out` on. */
function digestBody(initialState: Int32Array): Code {
  const {variables, words, spare} = localsAfter(1);
  const message = words.map((local, i) => {
    const word = i < 8 ? load(MEMORY_START, STATE_AT + 16 * i) : everyLane([0x80000000, 0, 0, 0, 0, 0, 0, 256][i - 8]!);
    return [word, localSet(local)];
  });
  const start = variables.map((local, i) => [everyLane(initialState[i]!), localSet(local)]);
  const sum = variables.map((local, i) => [add(localGet(local), everyLane(initialState[i]!)), localSet(local)]);
  const out = [0, 1].map((half) => [
    transposedInto(variables.slice(4 * half, 4 * half + 4).map(localGet), words.slice(0, 4), spare),
    [0, 1, 2, 3].map((lane) => store(localGet(0), 32 * lane + 16 * half, localGet(words[lane]!))),
  ]);
  return [message, start, rounds(variables, words), sum, out];
}

/** `pair(source, out)`: sha256d of four runs of 64 bytes from `source` on; `out` may lie on `source`. */
function pairBody(): Code {
  const run = (lane: number): Code => [localGet(0), i32Const(64 * lane), 0x6a];
  return [CALL, RESET, [0, 1, 2, 3].map(run), CALL, BLOCK, CALL, PADDING, localGet(1), CALL, DIGEST];
}

/** 64 rounds; from the sixteenth on each word of the schedule replaces the one of sixteen rounds before. */
function rounds(variables: readonly number[], words: readonly number[]): Code {
  const code: Code[] = [];
  for (let i = 0; i < 64; i++) {
    const word = words[i % 16]!;
    if (i >= 16) {
      const w15 = localGet(words[(i + 1) % 16]!);
      const w2 = localGet(words[(i + 14) % 16]!);
      const sigma0 = xor(rotated(w15, 7), rotated(w15, 18), shiftRight(w15, 3));
      const sigma1 = xor(rotated(w2, 17), rotated(w2, 19), shiftRight(w2, 10));
      code.push(add(localGet(word), sigma0, localGet(words[(i + 9) % 16]!), sigma1), localSet(word));
    }
    code.push(round(variables, i, add(localGet(word), load(MEMORY_START, LANES_CONSTANTS_AT + 16 * i))));
  }
  return code;
}

/** One round. The variables change roles by name: after round i the one that was `h` is `a`, so nothing is moved. */
function round(variables: readonly number[], i: number, constantAndWord: Code): Code {
  const [a, b, c, d, e, f, g, h] = [0, 1, 2, 3, 4, 5, 6, 7].map((role) => variables[(role - i + 64) % 8]!) as [number, number, number, number, number, number, number, number];
  const [A, B, C, E, F, G, H] = [a, b, c, e, f, g, h].map(localGet) as [Code, Code, Code, Code, Code, Code, Code];
  const choice = xor(G, [E, xor(F, G), AND]);
  const majority = [A, B, AND, C, A, B, OR, AND, OR];
  const sum1 = xor(rotated(E, 6), rotated(E, 11), rotated(E, 25));
  const sum0 = xor(rotated(A, 2), rotated(A, 13), rotated(A, 22));
  return [
    add(H, constantAndWord, choice, sum1), localSet(h),
    add(localGet(d), localGet(h)), localSet(d),
    add(localGet(h), sum0, majority), localSet(h),
  ];
}

const loadState = (variables: readonly number[]): Code => variables.map((local, i) => [load(MEMORY_START, STATE_AT + 16 * i), localSet(local)]);
const addToState = (variables: readonly number[]): Code =>
  variables.map((local, i) => store(MEMORY_START, STATE_AT + 16 * i, add(localGet(local), load(MEMORY_START, STATE_AT + 16 * i))));

/** Four rows of four words into four columns, and each word's bytes turned: the hash is big-endian, the vectors are not. */
function transposedInto(rows: readonly Code[], columns: readonly number[], spare: number): Code {
  const interleave = (low: boolean): Code => [0, 1].map((i) => [0, 16].map((side) => wordBytes(side + 4 * (i + (low ? 0 : 2)))));
  const half = (low: boolean): Code => [0, 16].map((side) => [0, 4].map((at) => wordBytes(side + at + (low ? 0 : 8)).toReversed()));
  const [low01, high01, low23, high23] = [0, 1, 2, 3].map((i) => spare + i) as [number, number, number, number];
  const [r0, r1, r2, r3] = rows as [Code, Code, Code, Code];
  return [
    shuffled(r0, r1, interleave(true)), localSet(low01),
    shuffled(r0, r1, interleave(false)), localSet(high01),
    shuffled(r2, r3, interleave(true)), localSet(low23),
    shuffled(r2, r3, interleave(false)), localSet(high23),
    shuffled(localGet(low01), localGet(low23), half(true)), localSet(columns[0]!),
    shuffled(localGet(low01), localGet(low23), half(false)), localSet(columns[1]!),
    shuffled(localGet(high01), localGet(high23), half(true)), localSet(columns[2]!),
    shuffled(localGet(high01), localGet(high23), half(false)), localSet(columns[3]!),
  ];
}

const wordBytes = (at: number): readonly number[] => [at, at + 1, at + 2, at + 3];
/** A vector of the specification: the size in bytes and the content. */
function counted(content: Code): Code {
  const bytes = joined(content);
  return [leb(bytes.length), bytes];
}

function joined(code: Code, into: number[] = []): number[] {
  for (const part of code) {
    if (typeof part === 'number') into.push(part);
    else joined(part, into);
  }
  return into;
}

function section(id: number, items: readonly Code[]): Code {
  return [id, counted([leb(items.length), items])];
}

function leb(value: number): Code {
  const out: number[] = [];
  for (let rest = value; ; rest >>>= 7) {
    if (rest < 128) return [out, rest];
    out.push((rest & 127) | 128);
  }
}

function signedLeb(value: number): Code {
  const out: number[] = [];
  for (let rest = value; ; rest >>= 7) {
    if (rest >= -64 && rest < 64) return [out, rest & 127];
    out.push((rest & 127) | 128);
  }
}
