/**
 * @module One Stratum job: an immutable view of a template with a coinbase that is unique to it.
 * All sessions share it by reference; what differs per session is the extranonce1 and, when the coinbase pays the miner
 * itself, the second coinbase half.
 */
import type {BlockTemplate} from '../mining/block-template.js';

export interface StratumJob {
  /** As sent on the wire: lower-case hex, unique for the life of the process. */
  readonly jobId: string;
  /** The same as a number; key of the worker threads' caches. */
  readonly jobKey: number;
  readonly template: BlockTemplate;
  /** Coinbase without witness, up to the extranonces. */
  readonly coinbase1: Uint8Array;
  /** Coinbase after the extranonces. */
  readonly coinbase2: Uint8Array;
  /** Merkle branch, each step 32 bytes in internal order, concatenated. */
  readonly branch: Uint8Array;
  readonly createdAtMs: number;
  /** Set when miners must drop older jobs: the tip changed. */
  readonly cleanJobs: boolean;
}
