/**
 * @module Judges one share, once it is hashed. The block test comes first: no rule of bookkeeping may lose a block.
 * Then stale, duplicate, difficulty, and last what only our own rules forbid. Integers decide; see `difficulty.ts`.
 */
import {hashToInteger} from '../bytes/compare.js';
import {hashKey} from '../bytes/hash-key.js';
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
  /** By {@link hashKey}: hashes of this job's shares that count already. By hash and never by text: hex has two cases. */
  readonly counted: ReadonlySet<string>;
  readonly hasGrantedVersion: boolean;
  readonly hasTimeInRange: boolean;
}

export interface ShareJudgement {
  /** Goes to the chain whatever `rejection` says. */
  readonly isBlock: boolean;
  readonly rejection: ShareRejectReason | undefined;
}

export function judgeShare(facts: ShareFacts): ShareJudgement {
  const value = hashToInteger(facts.hash);
  return {isBlock: value <= facts.networkTarget, rejection: rejectionOf(facts, value)};
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

function rejectionOf(facts: ShareFacts, value: bigint): ShareRejectReason | undefined {
  if (facts.isStale) return 'stale';
  if (facts.counted.has(hashKey(facts.hash))) return 'duplicate';
  if (value > facts.shareTarget) return 'low-difficulty';
  if (!facts.hasGrantedVersion) return 'bad-version-bits';
  return facts.hasTimeInRange ? undefined : 'bad-ntime';
}
