/**
 * @module The exact inverse of `connect-block.ts`: which coins to take away and which to give back.
 * Works in reverse transaction order, so that a coin made and spent in the block leaves no trace.
 */
import {outpointMapKey} from '../bytes/hash-key.js';
import type {Block, BlockUndo} from '../primitives/block.js';
import {outpointOf} from '../primitives/transaction-codec.js';
import type {OutPoint} from '../primitives/transaction.js';
import {assert} from '../verdict.js';
import {isUnspendable} from './connect-block.js';
import type {CoinEntry} from './connect-block.js';

export interface BlockDisconnection {
  readonly removed: readonly OutPoint[];
  readonly restored: readonly CoinEntry[];
}

/** @throws Error if the undo record does not belong to the block: our own storage is broken then. */
export function disconnectBlock(block: Block, undo: BlockUndo): BlockDisconnection {
  assert(undo.spentByTx.length === block.transactions.length - 1, 'an undo record has a row per transaction but the coinbase');
  const removed: OutPoint[] = [];
  const restored = new Map<string, CoinEntry>();
  for (let i = block.transactions.length - 1; i >= 0; i--) {
    const transaction = block.transactions[i]!;
    const {inputs, outputs} = transaction;
    for (let vout = 0; vout < outputs.length; vout++) {
      if (isUnspendable(outputs[vout]!)) continue;
      const outpoint = outpointOf(transaction, vout);
      // Spent later in this block: it never was in the set before.
      if (!restored.delete(outpointMapKey(outpoint))) removed.push(outpoint);
    }
    if (i === 0) continue;
    const coins = undo.spentByTx[i - 1]!;
    assert(coins.length === inputs.length, 'an undo row has a coin per input');
    for (let at = inputs.length - 1; at >= 0; at--) {
      const outpoint = inputs[at]!.prevout;
      restored.set(outpointMapKey(outpoint), {outpoint, coin: coins[at]!});
    }
  }
  return {removed, restored: [...restored.values()]};
}
