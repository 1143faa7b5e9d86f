/**
 * @module What a share is on its way: the fields that are hashed, and what is credited once it was judged. Types only,
 * the same for the session, the threads and the accounting.
 */
import type {Hash256} from '../primitives/transaction.js';

/** What all shares of one job have in common; sent to each worker once and cached there by `jobKey`. */
export interface ShareJob {
  /** Unique per job for the life of the process. */
  readonly jobKey: number;
  /** Coinbase without witness, before and after the extranonces. */
  readonly coinbase1: Uint8Array;
  readonly coinbase2: Uint8Array;
  /** Merkle branch, each 32 bytes, internal order, concatenated. */
  readonly branch: Uint8Array;
  /** 32 bytes, internal order. */
  readonly previousHash: Hash256;
  readonly bits: number;
}

/** One share to hash. All values are already decoded and range-checked. */
export interface ShareToHash {
  readonly job: ShareJob;
  readonly extranonce1: Uint8Array;
  readonly extranonce2: Uint8Array;
  /** With the rolled bits applied. */
  readonly version: number;
  readonly timeSec: number;
  readonly nonce: number;
}

/** One accepted share, to be made durable. The accounting gives it its number, which orders all shares. */
export interface AcceptedShare {
  /** Payout address text as decoded and normalised. */
  readonly account: string;
  /** What follows the dot; empty when nothing does. */
  readonly minerName: string;
  /** Announced difficulty of the job that the share names, as its 256-bit target: the work credited. */
  readonly target: bigint;
  readonly height: number;
  readonly hash: Hash256;
  readonly isBlock: boolean;
  readonly sessionId: number;
  readonly userAgent: string;
}
