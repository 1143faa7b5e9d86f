/**
 * @module BIP 141's commitment of a block to its witnesses: 36 bytes in an output of the coinbase.
 */
import {sha256d} from '../bytes/sha256.js';
import {concatBytes} from '../bytes/compare.js';
import type {Hash256, Transaction} from '../primitives/transaction.js';
import {packHashes} from '../primitives/transaction-codec.js';
import {finishSteps} from '../steps.js';
import type {Steps} from '../steps.js';
import {merkleRootInSteps} from './merkle.js';

// OP_RETURN, a push of 36 bytes, and the four bytes that BIP 141 chose.
const COMMITMENT_PREFIX = Uint8Array.of(0x6a, 0x24, 0xaa, 0x21, 0xa9, 0xed);
const COMMITMENT_SCRIPT_SIZE_MIN = 38;

/** @returns the 32 bytes committed to, by the LAST output that has the form; bytes after them are allowed. */
export function findWitnessCommitment(coinbase: Pick<Transaction, 'outputs'>): Hash256 | undefined {
  for (let i = coinbase.outputs.length - 1; i >= 0; i--) {
    const script = coinbase.outputs[i]!.scriptPubKey;
    if (script.length >= COMMITMENT_SCRIPT_SIZE_MIN && COMMITMENT_PREFIX.every((byte, at) => script[at] === byte)) {
      return script.subarray(6, 38);
    }
  }
  return undefined;
}

/** Merkle root over wtxids. The coinbase's own counts as zero, because it holds the commitment. */
export function witnessMerkleRoot(transactions: readonly Transaction[]): Hash256 {
  return finishSteps(witnessMerkleRootInSteps(transactions));
}

export function* witnessMerkleRootInSteps(transactions: readonly Transaction[]): Steps<Hash256> {
  const packed = packHashes(transactions, 'wtxid').fill(0, 0, 32);
  return (yield* merkleRootInSteps(packed)).root;
}

export function witnessCommitment(root: Hash256, reservedValue: Uint8Array): Hash256 {
  return sha256d(concatBytes(root, reservedValue));
}

export function witnessCommitmentScript(commitment: Hash256): Uint8Array {
  return concatBytes(COMMITMENT_PREFIX, commitment);
}
