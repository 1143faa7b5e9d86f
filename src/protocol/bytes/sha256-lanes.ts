/**
 * @module sha256d of many messages at once, four in the lanes of the processor's vectors: a block's transactions, the
 * pairs of a merkle level. {@link sha256d} stays the one for a single message, and is what runs where the engine has no
 * WebAssembly vectors. One user at a time per thread, as `sha256.ts`.
 *
 * The module of WebAssembly is made at the first use (10 ms, see {@link prepareLanes}); its memory grows to the largest source seen, up to
 * {@link LANES_SOURCE_MAX} bytes, and stays.
 */
import {LANES_CONSTANTS_AT, LANES_FREE, LANES_PADDING_AT, sha256LanesModule} from './sha256-lanes-module.js';
import {INITIAL_STATE, PAIR_PADDING_SCHEDULE, ROUND_CONSTANTS, sha256dPair, sha256dRange} from './sha256.js';

/** The part of the JavaScript API of WebAssembly that is used here: our compiler settings know no browser's globals. */
interface WebAssemblyApi {
  validate(bytes: Uint8Array): boolean;
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object) => {readonly exports: unknown};
}

interface LanesExports {
  readonly memory: {readonly buffer: ArrayBuffer; grow(pages: number): number};
  /** Four new messages. */
  reset(): void;
  /** The next 64 bytes of each, by address. */
  block(a: number, b: number, c: number, d: number): void;
  /** Second hash, and 4 times 32 bytes to `out`. */
  digest(out: number): void;
  /** sha256d of the four runs of 64 bytes from `source` on. */
  pair(source: number, out: number): void;
}

const PAGE = 65_536;
const LANE_COUNT = 4;
/** Each lane's last one or two blocks, with the padding. */
const TAIL_SIZE = 128;
const DIGESTS_AT = LANES_FREE;
const TAILS_AT = DIGESTS_AT + LANE_COUNT * 32;
const SOURCE_AT = TAILS_AT + LANE_COUNT * TAIL_SIZE;
/** Larger sources are hashed one by one: a block has at most 4 MB, and the memory is never given back. */
export const LANES_SOURCE_MAX = 8_000_000;

/** `undefined` before the first use, `null` where the engine has no vectors. */
let lanes: Lanes | null | undefined;

class Lanes {
  readonly #exports: LanesExports;
  #bytes: Uint8Array;
  #words: DataView;

  constructor(exports: LanesExports) {
    this.#exports = exports;
    this.#bytes = new Uint8Array(exports.memory.buffer);
    this.#words = new DataView(exports.memory.buffer);
    for (let i = 0; i < 64; i++) {
      const constant = ROUND_CONSTANTS[i]!;
      for (let lane = 0; lane < LANE_COUNT; lane++) {
        this.#words.setInt32(LANES_CONSTANTS_AT + 16 * i + 4 * lane, constant, true);
        this.#words.setInt32(LANES_PADDING_AT + 16 * i + 4 * lane, (constant + PAIR_PADDING_SCHEDULE[i]!) | 0, true);
      }
    }
  }

  /** Sixty-four bytes behind the source are readable, so that the copy of a tail may run over its end. */
  load(source: Uint8Array): void {
    const missing = SOURCE_AT + source.length + 64 - this.#bytes.length;
    if (missing > 0) {
      this.#exports.memory.grow(Math.ceil(missing / PAGE));
      this.#bytes = new Uint8Array(this.#exports.memory.buffer);
      this.#words = new DataView(this.#exports.memory.buffer);
    }
    this.#bytes.set(source, SOURCE_AT);
  }

  /** Of the loaded source: pairs `0..4 * groups` into the first halves of themselves, one after the other. */
  hashPairs(groups: number, level: Uint8Array): void {
    for (let group = 0; group < groups; group++) this.#exports.pair(SOURCE_AT + 256 * group, SOURCE_AT + 128 * group);
    level.set(this.#bytes.subarray(SOURCE_AT, SOURCE_AT + 128 * groups));
  }

  /** Hashes the four messages of `group`, each of `blocks` blocks with its padding, and writes `out[32 * index]`. */
  hashGroup(group: readonly number[], blocks: number, {offsets, lengths, out}: Messages): void {
    const [a, b, c, d] = group as [number, number, number, number];
    const fullA = this.#padTail(0, offsets[a]!, lengths[a]!, blocks);
    const fullB = this.#padTail(1, offsets[b]!, lengths[b]!, blocks);
    const fullC = this.#padTail(2, offsets[c]!, lengths[c]!, blocks);
    const fullD = this.#padTail(3, offsets[d]!, lengths[d]!, blocks);
    this.#exports.reset();
    for (let i = 0; i < blocks; i++) {
      this.#exports.block(
        blockAt(i, fullA, offsets[a]!, 0), blockAt(i, fullB, offsets[b]!, 1),
        blockAt(i, fullC, offsets[c]!, 2), blockAt(i, fullD, offsets[d]!, 3),
      );
    }
    this.#exports.digest(DIGESTS_AT);
    for (let lane = 0; lane < LANE_COUNT; lane++) {
      const from = DIGESTS_AT + 32 * lane;
      const to = 32 * group[lane]!;
      for (let i = 0; i < 32; i++) out[to + i] = this.#bytes[from + i]!;
    }
  }

  /** FIPS 180-4, 5.1.1: a one bit, zeros, and the length in bits, big-endian. @returns the number of blocks before the tail. */
  #padTail(lane: number, offset: number, length: number, blocks: number): number {
    const full = length >>> 6;
    const rest = length & 63;
    const at = TAILS_AT + TAIL_SIZE * lane;
    const end = at + 64 * (blocks - full);
    const source = SOURCE_AT + offset + 64 * full;
    this.#bytes.copyWithin(at, source, source + rest);
    this.#bytes[at + rest] = 0x80;
    this.#bytes.fill(0, at + rest + 1, end - 8);
    this.#words.setUint32(end - 8, Math.floor(length / 0x20000000));
    this.#words.setUint32(end - 4, length << 3);
    return full;
  }
}

interface Messages {
  readonly offsets: Uint32Array;
  readonly lengths: Uint32Array;
  readonly out: Uint8Array;
}

/** Where block `i` of a message lies: in the source, or in the lane's tail. */
function blockAt(i: number, full: number, offset: number, lane: number): number {
  return i < full ? SOURCE_AT + offset + 64 * i : TAILS_AT + TAIL_SIZE * lane + 64 * (i - full);
}

/**
 * sha256d of every range of `source`: message i is `lengths[i]` bytes from `offsets[i]` on; ranges may overlap.
 * @returns 32 bytes a message, in their order.
 */
export function sha256dMany(source: Uint8Array, offsets: Uint32Array, lengths: Uint32Array): Uint8Array {
  const count = offsets.length;
  const out = new Uint8Array(32 * count);
  const vectors = count < LANE_COUNT || source.length > LANES_SOURCE_MAX ? null : theLanes();
  if (vectors === null) {
    for (let i = 0; i < count; i++) out.set(sha256dRange(source, offsets[i]!, offsets[i]! + lengths[i]!), 32 * i);
    return out;
  }
  vectors.load(source);
  const messages = {offsets, lengths, out};
  // Four of the same number of blocks go together; of most blocks' transactions nearly all find three others.
  const waiting = new Map<number, number[]>();
  for (let i = 0; i < count; i++) {
    const blocks = (lengths[i]! + 9 + 63) >>> 6;
    let group = waiting.get(blocks);
    if (group === undefined) waiting.set(blocks, group = []);
    if (group.push(i) === LANE_COUNT) {
      vectors.hashGroup(group, blocks, messages);
      group.length = 0;
    }
  }
  for (const [blocks, group] of waiting) {
    if (group.length === 0) continue;
    while (group.length < LANE_COUNT) group.push(group[0]!);
    vectors.hashGroup(group, blocks, messages);
  }
  return out;
}

/** A step of a merkle tree in place: the sha256d of pair i, 64 bytes at `64 * i`, is written at `32 * i`. */
export function sha256dPairs(level: Uint8Array, pairCount: number): void {
  const groups = level.length > LANES_SOURCE_MAX ? 0 : Math.floor(pairCount / LANE_COUNT);
  const vectors = groups === 0 ? null : theLanes();
  if (vectors !== null) {
    vectors.load(level.subarray(0, 256 * groups));
    vectors.hashPairs(groups, level);
  }
  for (let i = vectors === null ? 0 : LANE_COUNT * groups; i < pairCount; i++) sha256dPair(level, 64 * i, 32 * i);
}

/** Compiles and checks the module before a block needs it. @returns whether many messages are hashed in lanes here. */
export function prepareLanes(): boolean {
  return theLanes() !== null;
}

function theLanes(): Lanes | null {
  if (lanes === undefined) {
    const compiled = compile();
    lanes = compiled !== null && agrees(compiled) ? compiled : null;
  }
  return lanes;
}

function compile(): Lanes | null {
  const api = (globalThis as {readonly WebAssembly?: WebAssemblyApi}).WebAssembly;
  const bytes = sha256LanesModule(INITIAL_STATE);
  if (api === undefined || !api.validate(bytes)) return null;
  return new Lanes(new api.Instance(new api.Module(bytes)).exports as LanesExports);
}

/** A wrong hash would be a chain split: one group is compared before any is trusted. */
function agrees(candidate: Lanes): boolean {
  const inLanes = Uint8Array.from({length: 64 * LANE_COUNT}, (_, i) => (i * 89 + 1) & 255);
  const oneByOne = inLanes.slice();
  candidate.load(inLanes);
  candidate.hashPairs(1, inLanes);
  for (let i = 0; i < LANE_COUNT; i++) sha256dPair(oneByOne, 64 * i, 32 * i);
  return oneByOne.every((byte, i) => byte === inLanes[i]);
}
