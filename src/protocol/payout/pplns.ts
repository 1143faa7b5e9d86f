/**
 * @module Pay per last N shares, by work: whose work counts for a block. Rosenfeld, "Analysis of Bitcoin Pooled Mining
 * Reward Systems" (arXiv 1112.4980), section 3.3, with a window measured in work and not in a number of shares.
 *
 * The window ends with the block's own share, which counts, and reaches back over `windowWork`. The share in which it
 * begins counts with the part that lies inside. A window that is not yet full holds all the work there is: the split is
 * in proportion to it, so a young pool keeps nothing back. Shares after the block's never count, whatever their time:
 * the caller gives the shares by their number in the log.
 */
import {workOfTarget} from '../consensus/pow/work.js';
import {assert} from '../verdict.js';
import {PPM} from './split-reward.js';
import type {WorkOfAccount} from './split-reward.js';

export interface PplnsWindow {
  /** Work by account, in the order of first appearance. */
  readonly work: readonly WorkOfAccount[];
  /** Sum of the above; at most the window. */
  readonly totalWork: bigint;
}

/**
 * @param shares - newest first, beginning with the block's own share. Read only as far as the window reaches. Entries
 *   may be sums of several shares where all of them lie inside the window.
 * @param windowWork - expected hashes; more than zero.
 */
export function pplnsWindow(shares: Iterable<WorkOfAccount>, windowWork: bigint): PplnsWindow {
  assert(windowWork > 0n, 'a window holds some work');
  const workByAccount = new Map<string, bigint>();
  let left = windowWork;
  for (const {account, work} of shares) {
    const counted = work < left ? work : left;
    workByAccount.set(account, (workByAccount.get(account) ?? 0n) + counted);
    left -= counted;
    if (left === 0n) break;
  }
  const work = [...workByAccount].map(([account, own]) => ({account, work: own}));
  return {work, totalWork: windowWork - left};
}

/**
 * Window of `factorPpm` millionths of the work that one block is expected to take at this target.
 *
 * @param networkTarget - 256-bit target of the block.
 * @param factorPpm - 2,000,000 is a window of two blocks' work.
 */
export function windowWorkOf(networkTarget: bigint, factorPpm: number): bigint {
  const windowWork = (workOfTarget(networkTarget) * BigInt(factorPpm)) / BigInt(PPM);
  return windowWork > 0n ? windowWork : 1n;
}
