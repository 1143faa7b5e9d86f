/**
 * @module Judges one share, once it is hashed. The block test comes first: no rule of bookkeeping may lose a block.
 * Then stale, duplicate, difficulty, and last what only our own rules forbid. Integers decide; see `difficulty.ts`.
 */
import type {Hash256} from '../primitives/transaction.js';
import {STRATUM_ERROR} from './response.js';
import type {StratumErrorCode} from './response.js';

export type ShareRejectReason = 'stale' | 'duplicate' | 'low-difficulty' | 'bad-version-bits' | 'bad-ntime';

export interface ShareFacts {
  /** sha256d of the header, internal order. */
  readonly hash: Hash256;
  /** Of the job that the share names. */
  readonly networkTarget: bigint;
  /** In force for that job in this session: what was announced before it was sent, or an easier one announced since. */
  readonly shareTarget: bigint;
  /** The job's tip was left longer ago than the grace. */
  readonly isStale: boolean;
  /** A share of this job with this hash counts already. By hash and never by text: hex has two cases. */
  readonly isCounted: boolean;
  readonly hasGrantedVersion: boolean;
  readonly hasTimeInRange: boolean;
}

export interface ShareJudgement {
  /** Goes to the chain whatever `rejection` says. */
  readonly isBlock: boolean;
  readonly rejection: ShareRejectReason | undefined;
}

export function judgeShare(facts: ShareFacts): ShareJudgement {
  return {isBlock: meetsTarget(facts.hash, wordsOfTarget(facts.networkTarget, latestNetwork)), rejection: rejectionOf(facts)};
}

export function stratumErrorOf(reason: ShareRejectReason): {readonly code: StratumErrorCode; readonly text: string} {
  switch (reason) {
    case 'stale': return {code: STRATUM_ERROR.jobNotFound, text: 'Stale share: the chain has a newer block'};
    case 'duplicate': return {code: STRATUM_ERROR.duplicate, text: 'Duplicate share'};
    case 'low-difficulty': return {code: STRATUM_ERROR.lowDifficulty, text: 'Low difficulty share'};
    case 'bad-version-bits': return {code: STRATUM_ERROR.other, text: 'Version bits outside the granted mask'};
    case 'bad-ntime': return {code: STRATUM_ERROR.other, text: 'ntime out of range'};
  }
}

function rejectionOf(facts: ShareFacts): ShareRejectReason | undefined {
  if (facts.isStale) return 'stale';
  if (facts.isCounted) return 'duplicate';
  if (!meetsTarget(facts.hash, wordsOfTarget(facts.shareTarget, latestShare))) return 'low-difficulty';
  if (!facts.hasGrantedVersion) return 'bad-version-bits';
  return facts.hasTimeInRange ? undefined : 'bad-ntime';
}

/**
 * Whether the hash, as an integer, is at most the target: word by word from the top, and the first that differs decides.
 * The hash as one integer would be 16 bigints of garbage, more than all else in a judgement.
 */
function meetsTarget(hash: Hash256, words: Uint32Array): boolean {
  for (let i = 7; i >= 0; i--) {
    const at = 4 * i;
    const word = (hash[at]! | (hash[at + 1]! << 8) | (hash[at + 2]! << 16) | (hash[at + 3]! << 24)) >>> 0;
    if (word !== words[i]) return word < words[i]!;
  }
  return true;
}

/** The network's target and those of the difficulty scale: few, and a stranger among them must not grow the table. */
const TARGETS_MAX = 512;
const knownWords = new Map<bigint, Uint32Array>();

/** What was asked for last: one network target for all, and few share targets. A table of bigints takes 0.1 us to ask. */
interface LatestTarget {
  target: bigint;
  words: Uint32Array;
}
const latestNetwork: LatestTarget = {target: 0n, words: new Uint32Array(8)};
const latestShare: LatestTarget = {target: 0n, words: new Uint32Array(8)};

function wordsOfTarget(target: bigint, latest: LatestTarget): Uint32Array {
  if (target !== latest.target) {
    latest.words = findWords(target);
    latest.target = target;
  }
  return latest.words;
}

/** Least significant first. */
function findWords(target: bigint): Uint32Array {
  const known = knownWords.get(target);
  if (known !== undefined) return known;
  const words = new Uint32Array(8);
  // A target beyond 256 bits is met by every hash, a negative one by none but zero, which no hash is.
  const bounded = target >> 256n > 0n ? (1n << 256n) - 1n : target < 0n ? 0n : target;
  for (let i = 0; i < 8; i++) words[i] = Number((bounded >> BigInt(32 * i)) & 0xffffffffn);
  if (knownWords.size >= TARGETS_MAX) knownWords.clear();
  knownWords.set(target, words);
  return words;
}
