/**
 * @module The thread pool as actors see it: two capabilities, each with an in-thread twin that passes the same tests.
 * Refusals are values: a full queue is an answer, not an exception. Types only; nothing here runs.
 */
import type {SignatureCheck} from '../protocol/script/signature-check.js';
import type {ShareToHash} from '../protocol/stratum/share.js';
import type {ShareHashMemo} from '../protocol/stratum/share-hash.js';

export type {ShareJob, ShareToHash} from '../protocol/stratum/share.js';

/** Why the pool did not do the work. */
export type PoolRefusal = {readonly ok: false; readonly code: 'pool-queue-full' | 'pool-expired' | 'pool-stopped' | 'pool-failed'};

export type SignatureOutcome = {readonly ok: true; /** One per check, in order. */ readonly valid: readonly boolean[]} | PoolRefusal;

export interface SignatureVerifier {
  /** Checks in batches; known answers come from the signature cache. `deadlineMs` is on the clock that the pool was made with. */
  verify(checks: readonly SignatureCheck[], options?: {readonly deadlineMs?: number}): Promise<SignatureOutcome>;
}

export type ShareHashOutcome =
  | {readonly ok: true; /** sha256d of the header, 32 bytes, internal order. */ readonly hash: Uint8Array; /** The 80 bytes that were hashed. */ readonly header: Uint8Array}
  | PoolRefusal;

export interface ShareHasher {
  hash(share: ShareToHash, options?: {readonly deadlineMs?: number}): Promise<ShareHashOutcome>;
  /**
   * The same hash on this turn, where that is the better way; undefined for a share that the threads should have.
   * @param memo - of the share's job and session, kept by the caller.
   */
  readonly hashNow?: (share: ShareToHash, memo: ShareHashMemo) => Uint8Array | undefined;
}

/** What the inspector, the metrics and the start-up log show of one pool. */
export interface PoolReport {
  readonly kernel: 'verifySignatures' | 'hashShares';
  readonly backends: readonly string[];
  readonly threads: number;
  readonly queued: number;
  readonly queueCapacity: number;
  readonly itemsDone: number;
  /** Of these, done on the event loop's own thread, without a batch. */
  readonly itemsOnLoop?: number;
  readonly batchesDone: number;
  readonly refused: number;
  readonly lastBatchSize: number;
  /** Why the last batch had its size, in words. */
  readonly lastBatchReason: string;
  readonly itemCostUs: number;
}
