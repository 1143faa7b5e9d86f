/**
 * @module The 80 bytes that a miner hashed, rebuilt from what it submitted. The worker threads do the same in batches;
 * this is the plain form, for tests, tools and the demo miner.
 */
import {concatBytes} from '../bytes/compare.js';
import {sha256d} from '../bytes/sha256.js';
import {merkleRootOfBranch} from '../mining/merkle-branch.js';
import {encodeHeader} from '../primitives/block-codec.js';
import type {Hash256} from '../primitives/transaction.js';
import type {ShareJob, ShareToHash} from './share.js';

/** Without the key that only caches need. */
export type ShareWork = Omit<ShareToHash, 'job'> & {readonly job: Omit<ShareJob, 'jobKey'>};

export function shareCoinbaseTxid(work: Pick<ShareWork, 'job' | 'extranonce1' | 'extranonce2'>): Hash256 {
  return sha256d(concatBytes(work.job.coinbase1, work.extranonce1, work.extranonce2, work.job.coinbase2));
}

export function shareHeader(work: ShareWork): Uint8Array {
  return encodeHeader({
    version: work.version,
    previousHash: work.job.previousHash,
    merkleRoot: merkleRootOfBranch(shareCoinbaseTxid(work), work.job.branch),
    timeSec: work.timeSec,
    bits: work.job.bits,
    nonce: work.nonce,
  });
}
