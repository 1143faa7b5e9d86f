/**
 * @module Merkle root and branches over 32-byte hashes, with the check for CVE-2012-2459: an odd level repeats its last
 * hash, so a list with a repeated tail has the same root as the honest one. Such a list is "mutated": it does not
 * condemn the header.
 */
import {sha256dPairs} from '../bytes/sha256-lanes.js';
import {sha256dInto} from '../bytes/sha256.js';
import type {Hash256} from '../primitives/transaction.js';

export interface MerkleRoot {
  readonly root: Hash256;
  /** Two equal neighbours at some level. */
  readonly isMutated: boolean;
}

export function merkleRoot(leaves: readonly Hash256[]): MerkleRoot {
  if (leaves.length === 0) return {root: new Uint8Array(32), isMutated: false};
  let count = leaves.length;
  // One spare hash for the odd one's twin.
  const level = new Uint8Array((count + 1) * 32);
  for (let i = 0; i < count; i++) level.set(leaves[i]!, i * 32);
  let isMutated = false;
  while (count > 1) {
    isMutated ||= hasEqualPair(level, count);
    count = foldLevel(level, count);
  }
  return {root: level.slice(0, 32), isMutated};
}

/** The hashes to join on the way from leaf `index` to the root. */
export function merkleBranch(leaves: readonly Hash256[], index: number): Hash256[] {
  const branch: Hash256[] = [];
  let count = leaves.length;
  const level = new Uint8Array((count + 1) * 32);
  for (let i = 0; i < count; i++) level.set(leaves[i]!, i * 32);
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
  if (count % 2 === 1) level.copyWithin(count * 32, (count - 1) * 32, count * 32);
  const above = Math.ceil(count / 2);
  sha256dPairs(level, above);
  return above;
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
