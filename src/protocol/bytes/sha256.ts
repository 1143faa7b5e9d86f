/**
 * @module SHA-256 (FIPS 180-4) and its double, tuned for Bitcoin's short inputs: headers, merkle nodes, transactions.
 *
 * The state is two Int32Arrays of this module, reused by every call, so a hash allocates nothing but its result;
 * the functions are synchronous, hence one user at a time per thread. @noble/hashes is the reference in the tests.
 * The figures are in `docs` with the bench; from about 150 bytes up `node:crypto` is faster, but the core has no Node.
 */

// The first 32 bits of the fractional parts of the cube roots of the first 64 primes (FIPS 180-4, 4.2.2).
export const ROUND_CONSTANTS: Int32Array = fractionalRoots(64, 1 / 3);
// The same of the square roots of the first eight (5.3.3).
export const INITIAL_STATE: Int32Array = fractionalRoots(8, 1 / 2);

const schedule = new Int32Array(64);
/** The second block of every 64-byte message: padding alone, so its 64 words never change. */
export const PAIR_PADDING_SCHEDULE: Int32Array = pairPaddingSchedule();
const state = new Int32Array(8);
const block = new Uint8Array(64);

/** The compression state after the first 64 bytes of a message: what stays equal while a nonce is searched. */
export type Sha256Midstate = Int32Array;

export function sha256(message: Uint8Array): Uint8Array {
  hashToState(message, 0, message.length);
  const digest = new Uint8Array(32);
  writeState(digest, 0);
  return digest;
}

export function sha256d(message: Uint8Array): Uint8Array {
  const digest = new Uint8Array(32);
  sha256dInto(message, digest);
  return digest;
}

/** As {@link sha256d}, into the first 32 bytes of `out`; `message` and `out` may overlap. */
export function sha256dInto(message: Uint8Array, out: Uint8Array): void {
  hashToState(message, 0, message.length);
  hashStateAgain();
  writeState(out, 0);
}

/** sha256d of `bytes[start..end)`: a view made only to be hashed costs 0.1 us, a sixth of a short hash. */
export function sha256dRange(bytes: Uint8Array, start: number, end: number): Uint8Array {
  hashToState(bytes, start, end);
  hashStateAgain();
  const digest = new Uint8Array(32);
  writeState(digest, 0);
  return digest;
}

/**
 * One step of a merkle tree in place: sha256d of the 64 bytes at `pairAt`, written at `outAt`; they may overlap.
 * 750 ns against 920 by way of {@link sha256dInto}.
 */
export function sha256dPair(level: Uint8Array, pairAt: number, outAt: number): void {
  for (let i = 0; i < 8; i++) state[i] = INITIAL_STATE[i]!;
  loadWords(level, pairAt);
  compress();
  runRounds(PAIR_PADDING_SCHEDULE);
  hashStateAgain();
  writeState(level, outAt);
}

/** @param first64 - exactly the first 64 bytes of the message. */
export function sha256Midstate(first64: Uint8Array): Sha256Midstate {
  state.set(INITIAL_STATE);
  loadWords(first64, 0);
  compress();
  return state.slice();
}

/**
 * sha256d of an 80-byte header whose first 64 bytes gave `midstate`.
 * @param tail16 - bytes 64 to 79: end of the merkle root, time, bits, nonce.
 */
export function sha256dHeaderTail(midstate: Sha256Midstate, tail16: Uint8Array, out: Uint8Array): void {
  for (let i = 0; i < 8; i++) state[i] = midstate[i]!;
  for (let i = 0; i < 4; i++) {
    const at = 4 * i;
    schedule[i] = (tail16[at]! << 24) | (tail16[at + 1]! << 16) | (tail16[at + 2]! << 8) | tail16[at + 3]!;
  }
  compressHeaderTail();
  writeState(out, 0);
}

/** What the headers over one merkle root have in common: the state after 64 bytes, the root's last word, and the bits. */
export interface HeaderHead {
  readonly midstate: Sha256Midstate;
  /** As SHA-256 reads it: big-endian. */
  readonly rootTail: number;
  readonly bits: number;
}

/** {@link sha256dHeaderTail} from numbers, without the bytes in between. */
export function sha256dHeader({midstate, rootTail, bits}: HeaderHead, timeSec: number, nonce: number): Uint8Array {
  for (let i = 0; i < 8; i++) state[i] = midstate[i]!;
  schedule[0] = rootTail;
  schedule[1] = swapped(timeSec);
  schedule[2] = swapped(bits);
  schedule[3] = swapped(nonce);
  compressHeaderTail();
  const digest = new Uint8Array(32);
  writeState(digest, 0);
  return digest;
}

/** The second block of an 80-byte message, whose four words of text stand in the schedule; and the second hash. */
function compressHeaderTail(): void {
  schedule[4] = 0x80000000 | 0;
  for (let i = 5; i < 15; i++) schedule[i] = 0;
  schedule[15] = 640;
  compress();
  hashStateAgain();
}

function swapped(word: number): number {
  return (word << 24) | ((word & 0xff00) << 8) | ((word >>> 8) & 0xff00) | (word >>> 24);
}

function hashToState(message: Uint8Array, start: number, end: number): void {
  const length = end - start;
  for (let i = 0; i < 8; i++) state[i] = INITIAL_STATE[i]!;
  let at = start;
  for (; at + 64 <= end; at += 64) {
    loadWords(message, at);
    compress();
  }
  const rest = end - at;
  for (let i = 0; i < rest; i++) block[i] = message[at + i]!;
  block[rest] = 0x80;
  for (let i = rest + 1; i < 64; i++) block[i] = 0;
  loadWords(block, 0);
  if (rest >= 56) {
    compress();
    for (let i = 0; i < 14; i++) schedule[i] = 0;
  }
  schedule[14] = Math.floor(length / 0x20000000);
  schedule[15] = length << 3;
  compress();
}

/** Replaces the state by the hash of its 32 bytes. */
function hashStateAgain(): void {
  for (let i = 0; i < 8; i++) schedule[i] = state[i]!;
  schedule[8] = 0x80000000 | 0;
  for (let i = 9; i < 15; i++) schedule[i] = 0;
  schedule[15] = 256;
  for (let i = 0; i < 8; i++) state[i] = INITIAL_STATE[i]!;
  compress();
}

function loadWords(bytes: Uint8Array, offset: number): void {
  for (let i = 0, at = offset; i < 16; i++, at += 4) {
    schedule[i] = (bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!;
  }
}

function writeState(out: Uint8Array, outAt: number): void {
  for (let i = 0, at = outAt; i < 8; i++, at += 4) {
    const word = state[i]!;
    out[at] = word >>> 24;
    out[at + 1] = word >>> 16;
    out[at + 2] = word >>> 8;
    out[at + 3] = word;
  }
}

/** One compression of `schedule[0..15]` into `state`. */
function compress(): void {
  expand(schedule);
  runRounds(schedule);
}

/** Words 16 to 63 of a schedule from its first 16. */
function expand(w: Int32Array): void {
  for (let i = 16; i < 64; i++) {
    const w15 = w[i - 15]!;
    const w2 = w[i - 2]!;
    const sigma0 = ((w15 >>> 7) | (w15 << 25)) ^ ((w15 >>> 18) | (w15 << 14)) ^ (w15 >>> 3);
    const sigma1 = ((w2 >>> 17) | (w2 << 15)) ^ ((w2 >>> 19) | (w2 << 13)) ^ (w2 >>> 10);
    w[i] = (((w[i - 16]! + sigma0) | 0) + ((w[i - 7]! + sigma1) | 0)) | 0;
  }
}

/**
 * The 64 rounds, four a turn, so that the eight variables change roles by name and not by moves; the rotations are
 * written out because the engine stops inlining before it has met all of them; `| 0` after each pair of additions keeps
 * to 32-bit registers. With `expand` 240 ns where one round a turn takes 285 (Node 20.20, EPYC).
 */
function runRounds(w: Int32Array): void {
  const k = ROUND_CONSTANTS;
  let a = state[0]!, b = state[1]!, c = state[2]!, d = state[3]!;
  let e = state[4]!, f = state[5]!, g = state[6]!, h = state[7]!;
  for (let i = 0; i < 64; i += 4) {
    const t0 = (((h + k[i]!) | 0) + ((w[i]! + (g ^ (e & (f ^ g)))) | 0) + (((e >>> 6) | (e << 26)) ^ ((e >>> 11) | (e << 21)) ^ ((e >>> 25) | (e << 7)))) | 0;
    const e0 = (d + t0) | 0;
    const a0 = (t0 + (((a >>> 2) | (a << 30)) ^ ((a >>> 13) | (a << 19)) ^ ((a >>> 22) | (a << 10))) + ((a & b) | (c & (a | b)))) | 0;
    const t1 = (((g + k[i + 1]!) | 0) + ((w[i + 1]! + (f ^ (e0 & (e ^ f)))) | 0) + (((e0 >>> 6) | (e0 << 26)) ^ ((e0 >>> 11) | (e0 << 21)) ^ ((e0 >>> 25) | (e0 << 7)))) | 0;
    const e1 = (c + t1) | 0;
    const a1 = (t1 + (((a0 >>> 2) | (a0 << 30)) ^ ((a0 >>> 13) | (a0 << 19)) ^ ((a0 >>> 22) | (a0 << 10))) + ((a0 & a) | (b & (a0 | a)))) | 0;
    const t2 = (((f + k[i + 2]!) | 0) + ((w[i + 2]! + (e ^ (e1 & (e0 ^ e)))) | 0) + (((e1 >>> 6) | (e1 << 26)) ^ ((e1 >>> 11) | (e1 << 21)) ^ ((e1 >>> 25) | (e1 << 7)))) | 0;
    const e2 = (b + t2) | 0;
    const a2 = (t2 + (((a1 >>> 2) | (a1 << 30)) ^ ((a1 >>> 13) | (a1 << 19)) ^ ((a1 >>> 22) | (a1 << 10))) + ((a1 & a0) | (a & (a1 | a0)))) | 0;
    const t3 = (((e + k[i + 3]!) | 0) + ((w[i + 3]! + (e0 ^ (e2 & (e1 ^ e0)))) | 0) + (((e2 >>> 6) | (e2 << 26)) ^ ((e2 >>> 11) | (e2 << 21)) ^ ((e2 >>> 25) | (e2 << 7)))) | 0;
    const e3 = (a + t3) | 0;
    d = a0;
    c = a1;
    b = a2;
    a = (t3 + (((a2 >>> 2) | (a2 << 30)) ^ ((a2 >>> 13) | (a2 << 19)) ^ ((a2 >>> 22) | (a2 << 10))) + ((a2 & a1) | (a0 & (a2 | a1)))) | 0;
    h = e0;
    g = e1;
    f = e2;
    e = e3;
  }
  state[0] = state[0]! + a;
  state[1] = state[1]! + b;
  state[2] = state[2]! + c;
  state[3] = state[3]! + d;
  state[4] = state[4]! + e;
  state[5] = state[5]! + f;
  state[6] = state[6]! + g;
  state[7] = state[7]! + h;
}

function pairPaddingSchedule(): Int32Array {
  const words = new Int32Array(64);
  words[0] = 0x80000000 | 0;
  words[15] = 512;
  expand(words);
  return words;
}

/** Doubles carry 53 bits and these roots need 3 or 5 before the 32: exact enough; the tests compare with noble. */
function fractionalRoots(count: number, power: number): Int32Array {
  const words = new Int32Array(count);
  for (let candidate = 2, found = 0; found < count; candidate++) {
    let isPrime = true;
    for (let divisor = 2; divisor * divisor <= candidate; divisor++) if (candidate % divisor === 0) isPrime = false;
    if (!isPrime) continue;
    const root = candidate ** power;
    words[found++] = Math.floor((root - Math.floor(root)) * 0x100000000);
  }
  return words;
}
