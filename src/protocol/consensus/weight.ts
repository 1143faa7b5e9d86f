/** @module Weight (BIP 141) with the chain's own witness factor, and virtual size for fee rates. */
import type {Block} from '../primitives/block.js';
import type {Transaction} from '../primitives/transaction.js';

/** factor 4: 3 × stripped + total. */
export function weightWu(sized: Pick<Transaction | Block, 'strippedSize' | 'bytes'>, witnessScaleFactor: number): number {
  return (witnessScaleFactor - 1) * sized.strippedSize + sized.bytes.length;
}

/** Rounded up. */
export function virtualSize(weight: number, witnessScaleFactor: number): number {
  return Math.ceil(weight / witnessScaleFactor);
}
