/**
 * @module Merkle root and branches over 32-byte hashes, with the check for CVE-2012-2459: an odd level repeats its last
 * hash, so a list with a repeated tail has the same root as the honest one. Such a list is "mutated": it does not
 * condemn the header.
 */
import {sha256dPairs} from '../bytes/sha256-lanes.js';
import {sha256dInto} from '../bytes/sha256.js';
import type {Hash256} from '../primitives/transaction.js';
import {finishSteps} from '../steps.js';
import type {Steps} from '../steps.js';

const HASH_SIZE = 32;
/** Some 0.3 ms of hashing. */
const PAIRS_PER_STEP = 512;

export interface MerkleRoot {
  readonly root: Hash256;
  /** Two equal neighbours at some level. */
  readonly isMutated: boolean;
}

export function merkleRoot(leaves: readonly Hash256[]): MerkleRoot {
  return finishSteps(merkleRootInSteps(packLeaves(leaves)));
}

/** @param packed - the leaves, 32 bytes each; not changed. */
export function* merkleRootInSteps(packed: Uint8Array): Steps<MerkleRoot> {
  let count = packed.length / HASH_SIZE;
  if (count === 0) return {root: new Uint8Array(HASH_SIZE), isMutated: false};
  // One spare hash for the odd one's twin.
  const level = new Uint8Array(packed.length + HASH_SIZE);
  level.set(packed);
  let isMutated = false;
  while (count > 1) {
    isMutated ||= hasEqualPair(level, count);
    doubleOdd(level, count);
    const above = Math.ceil(count / 2);
    for (let pair = 0; pair < above; pair += PAIRS_PER_STEP) {
      foldPairs(level, pair, Math.min(above - pair, PAIRS_PER_STEP));
      yield;
    }
    count = above;
  }
  return {root: level.slice(0, HASH_SIZE), isMutated};
}

/** The hashes to join on the way from leaf `index` to the root. */
export function merkleBranch(leaves: readonly Hash256[], index: number): Hash256[] {
  const branch: Hash256[] = [];
  let count = leaves.length;
  const level = new Uint8Array((count + 1) * HASH_SIZE);
  level.set(packLeaves(leaves));
  for (let position = index; count > 1; position >>>= 1) {
    const sibling = Math.min(position ^ 1, count - 1);
    branch.push(level.slice(sibling * 32, sibling * 32 + 32));
    count = foldLevel(level, count);
  }
  return branch;
}

/** What the root is when `leaf` stands at `index` under `branch`. Stratum's branch is the one of index 0. */
export function merkleRootFromBranch(leaf: Hash256, index: number, branch: readonly Hash256[]): Hash256 {
  const pair = new Uint8Array(64);
  pair.set(leaf);
  let position = index;
  for (const sibling of branch) {
    if (position % 2 === 1) {
      pair.copyWithin(32, 0, 32);
      pair.set(sibling, 0);
    } else {
      pair.set(sibling, 32);
    }
    sha256dInto(pair, pair);
    position = Math.floor(position / 2);
  }
  return pair.slice(0, 32);
}

/** Replaces a level by the one above it, in place. @returns the new count. */
function foldLevel(level: Uint8Array, count: number): number {
  doubleOdd(level, count);
  const above = Math.ceil(count / 2);
  sha256dPairs(level, above);
  return above;
}

function doubleOdd(level: Uint8Array, count: number): void {
  if (count % 2 === 1) level.copyWithin(count * HASH_SIZE, (count - 1) * HASH_SIZE, count * HASH_SIZE);
}

/** Some pairs of a level to where they stand in the one above it: those before are folded already. */
function foldPairs(level: Uint8Array, firstPair: number, pairCount: number): void {
  const at = firstPair * 2 * HASH_SIZE;
  sha256dPairs(level.subarray(at, at + pairCount * 2 * HASH_SIZE), pairCount);
  level.copyWithin(firstPair * HASH_SIZE, at, at + pairCount * HASH_SIZE);
}

function packLeaves(leaves: readonly Hash256[]): Uint8Array {
  const packed = new Uint8Array(leaves.length * HASH_SIZE);
  for (let i = 0; i < leaves.length; i++) packed.set(leaves[i]!, i * HASH_SIZE);
  return packed;
}

function hasEqualPair(level: Uint8Array, count: number): boolean {
  for (let i = 0; i + 1 < count; i += 2) {
    const left = i * 32;
    let at = 0;
    // By index: two views a pair would take longer than the comparison, which ends at the first byte or two.
    while (at < 32 && level[left + at] === level[left + 32 + at]) at++;
    if (at === 32) return true;
  }
  return false;
}
