/**
 * @module When a transaction may enter a block: absolute lock times (BIP 113 compares with median time past) and
 * relative ones (BIP 68). OP_CHECKLOCKTIMEVERIFY and OP_CHECKSEQUENCEVERIFY are in the interpreter.
 */
import type {Transaction} from '../primitives/transaction.js';
import {SEQUENCE_FINAL} from '../primitives/transaction-codec.js';

/** Lock times below are heights, from here on seconds since the epoch. */
export const LOCK_TIME_THRESHOLD = 500_000_000;
export const MEDIAN_TIME_BLOCKS = 11;

// JavaScript's `&` is signed: all tests of sequence bits compare with zero only.
const SEQUENCE_DISABLE_FLAG = 1 << 31;
const SEQUENCE_TYPE_FLAG = 1 << 22;
const SEQUENCE_MASK = 0xffff;
/** Relative times count in units of 512 seconds. */
const SEQUENCE_GRANULARITY_BITS = 9;

/** @param timesSec - of the last up to 11 blocks, in any order, at least one. The upper one of an even number. */
export function medianTimePast(timesSec: readonly number[]): number {
  const sorted = [...timesSec].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)]!;
}

/** @param cutoff - height of the block, and the time that its lock times compare with (BIP 113: parent's MTP). */
export function isFinalTransaction(
  transaction: Pick<Transaction, 'lockTime' | 'inputs'>, cutoff: {readonly height: number; readonly timeSec: number},
): boolean {
  const {lockTime} = transaction;
  if (lockTime === 0) return true;
  if (lockTime < (lockTime < LOCK_TIME_THRESHOLD ? cutoff.height : cutoff.timeSec)) return true;
  return transaction.inputs.every((input) => input.sequence === SEQUENCE_FINAL);
}

/** The LAST height and time at which the transaction is still locked; −1 means never. */
export interface SequenceLocks {
  readonly height: number;
  readonly timeSec: number;
}

/** Without one the coins' heights and times need not be known. */
export function hasRelativeLock({version, inputs}: Pick<Transaction, 'version' | 'inputs'>): boolean {
  // Unsigned: a "negative" version is a large one, and binds.
  return version >>> 0 >= 2 && inputs.some(({sequence}) => (sequence & SEQUENCE_DISABLE_FLAG) === 0);
}

/**
 * @param coinHeights - height of each spent coin; for one still in the mempool, of the block to come.
 * @param medianTimePastAt - median time past of the block at a height, on the branch that the block extends.
 */
export function sequenceLocks(
  transaction: Pick<Transaction, 'version' | 'inputs'>, coinHeights: readonly number[],
  medianTimePastAt: (height: number) => number,
): SequenceLocks {
  let height = -1;
  let timeSec = -1;
  if (!hasRelativeLock(transaction)) return {height, timeSec};
  for (let i = 0; i < transaction.inputs.length; i++) {
    const {sequence} = transaction.inputs[i]!;
    if ((sequence & SEQUENCE_DISABLE_FLAG) !== 0) continue;
    const coinHeight = coinHeights[i]!;
    const units = sequence & SEQUENCE_MASK;
    if ((sequence & SEQUENCE_TYPE_FLAG) !== 0) {
      // Measured from the block BEFORE the coin's, whose median time was fixed when the coin was made.
      const coinTimeSec = medianTimePastAt(Math.max(coinHeight - 1, 0));
      timeSec = Math.max(timeSec, coinTimeSec + units * 2 ** SEQUENCE_GRANULARITY_BITS - 1);
    } else {
      height = Math.max(height, coinHeight + units - 1);
    }
  }
  return {height, timeSec};
}

/** @param block - height of the block to contain it, and median time past of that block's parent. */
export function areSequenceLocksMet(
  locks: SequenceLocks, block: {readonly height: number; readonly parentMedianTimeSec: number},
): boolean {
  return locks.height < block.height && locks.timeSec < block.parentMedianTimeSec;
}
