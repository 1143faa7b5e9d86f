/**
 * @module One real search for a share: a header, how far its nonces are tried, and the hash that must be met. Bounded
 * slices, so that the sockets of the thread are served in between. Pure but for the random numbers it is given.
 */
import {bytesToHex} from '../protocol/bytes/hex.js';
import {hashToInteger} from '../protocol/bytes/compare.js';
import {sha256Midstate, sha256dHeaderTail} from '../protocol/bytes/sha256.js';
import {compactToTarget} from '../protocol/consensus/pow/compact.js';
import {DIFFICULTY_ONE_TARGET} from '../protocol/consensus/pow/work.js';
import {HASHES_PER_DIFFICULTY_ONE} from '../protocol/stratum/difficulty.js';
import {headerOf, type NotifiedWork} from '../protocol/stratum/notified-work.js';

/** What the search is for: `below` the target, or `above` it for a share that must be refused as too easy. */
export interface SearchGoal {
  readonly side: 'below' | 'above';
  readonly target: bigint;
}

export interface FoundShare {
  readonly nonce: number;
  /** The hash meets the network's target: the pool has a block. Its name in the next job's previous hash. */
  readonly blockHashHex: string | undefined;
}

export interface SearchFields {
  readonly work: NotifiedWork;
  readonly extranonce1: Uint8Array;
  readonly extranonce2: Uint8Array;
  readonly version: number;
  readonly timeText: string;
}

const MAX_TARGET = (1n << 256n) - 1n;

export class ShareSearch {
  readonly work: NotifiedWork;
  readonly extranonce2Hex: string;
  readonly timeText: string;
  /** Rolled bits as they are submitted; undefined when nothing is rolled. */
  versionBitsText: string | undefined;
  readonly #midstate: Int32Array;
  readonly #tail: Uint8Array;
  readonly #hash = new Uint8Array(32);
  readonly #networkTarget: bigint;
  #nextNonce: number;

  constructor(fields: SearchFields, firstNonce: number) {
    this.work = fields.work;
    this.extranonce2Hex = bytesToHex(fields.extranonce2);
    this.timeText = fields.timeText;
    const header = headerOf({...fields.work, version: fields.version, timeText: fields.timeText}, fields.extranonce1, fields.extranonce2);
    this.#midstate = sha256Midstate(header.subarray(0, 64));
    this.#tail = header.slice(64);
    this.#networkTarget = compactToTarget(fields.work.bits) ?? 0n;
    this.#nextNonce = firstNonce >>> 0;
  }

  /** Tries at most `countMax` nonces. @returns the share, or undefined when the slice has none; `tried` says what it cost. */
  slice(goal: SearchGoal, countMax: number): {readonly found: FoundShare | undefined; readonly tried: number} {
    const hash = this.#hash;
    const targetTopWord = Number((goal.target >> 224n) & 0xffffffffn);
    for (let tried = 1; tried <= countMax; tried += 1) {
      const nonce = this.#nextNonce;
      this.#nextNonce = (nonce + 1) >>> 0;
      this.#tail[12] = nonce;
      this.#tail[13] = nonce >>> 8;
      this.#tail[14] = nonce >>> 16;
      this.#tail[15] = nonce >>> 24;
      sha256dHeaderTail(this.#midstate, this.#tail, hash);
      const topWord = (hash[28]! | (hash[29]! << 8) | (hash[30]! << 16) | (hash[31]! << 24)) >>> 0;
      // The top word decides nearly always, without making a bigint.
      const isBelow = topWord < targetTopWord || (topWord === targetTopWord && hashToInteger(hash) <= goal.target);
      if (isBelow !== (goal.side === 'below')) continue;
      const isBlock = isBelow && hashToInteger(hash) <= this.#networkTarget;
      return {found: {nonce, blockHashHex: isBlock ? bytesToHex(hash) : undefined}, tried};
    }
    return {found: undefined, tried: countMax};
  }
}

/** Of a difficulty as a pool announced it: floor(difficulty-1 target / difficulty), exact for every double. */
export function targetOfDifficulty(difficulty: number): bigint | undefined {
  if (!(difficulty > 0) || !Number.isFinite(difficulty)) return undefined;
  const scaled = BigInt(Math.round(difficulty * 2 ** 64));
  if (scaled === 0n) return MAX_TARGET;
  const target = (DIFFICULTY_ONE_TARGET << 64n) / scaled;
  return target > MAX_TARGET ? MAX_TARGET : target;
}

/** Expected hashes until one meets the difficulty; at least one. */
export function hashesPerShare(difficulty: number): number {
  return Math.max(1, difficulty * HASHES_PER_DIFFICULTY_ONE);
}

/** Hashes a second of this thread, timed for some milliseconds. */
export function timeHashing(nowMs: () => number, forMs: number): number {
  const search = new ShareSearch({
    work: {jobId: '', previousHash: new Uint8Array(32), coinbase1: new Uint8Array(60), coinbase2: new Uint8Array(60), branch: new Uint8Array(0), version: 4, bits: 0x03000001, timeText: '00000000', cleanJobs: true},
    extranonce1: new Uint8Array(4), extranonce2: new Uint8Array(4), version: 4, timeText: '00000000',
  }, 0);
  // Compiled first: the first thousand hashes run ten times slower.
  search.slice({side: 'below', target: 0n}, 4_000);
  const startedMs = nowMs();
  let hashes = 0;
  while (nowMs() - startedMs < forMs) hashes += search.slice({side: 'below', target: 0n}, 1_000).tried;
  return (hashes * 1_000) / Math.max(1, nowMs() - startedMs);
}
