/**
 * @module The merkle path of a block's first transaction, flat: what a miner needs to make a root from its own coinbase.
 * Built from txids, never from wtxids (BIP 145). All hashes in internal order.
 */
import {concatBytes} from '../bytes/compare.js';
import {sha256dInto} from '../bytes/sha256.js';
import {merkleBranch as branchOf} from '../consensus/merkle.js';
import {NULL_HASH} from '../primitives/transaction-codec.js';
import type {Hash256} from '../primitives/transaction.js';

const HASH_SIZE = 32;

/**
 * The siblings on the way from position 0 to the root, deepest first, 32 bytes each, concatenated.
 * @param txids - of all transactions but the coinbase, in block order.
 */
export function merkleBranch(txids: readonly Hash256[]): Uint8Array {
  // The path of position 0 never holds the hash at position 0: any value does for the coinbase.
  return concatBytes(...branchOf([NULL_HASH, ...txids], 0));
}

/** Folds the coinbase's txid up the branch. */
export function merkleRootOfBranch(coinbaseTxid: Hash256, branch: Uint8Array): Hash256 {
  const pair = new Uint8Array(2 * HASH_SIZE);
  pair.set(coinbaseTxid);
  for (let at = 0; at < branch.length; at += HASH_SIZE) {
    pair.set(branch.subarray(at, at + HASH_SIZE), HASH_SIZE);
    sha256dInto(pair, pair);
  }
  return pair.slice(0, HASH_SIZE);
}
