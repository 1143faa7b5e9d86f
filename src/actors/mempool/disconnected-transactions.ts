/**
 * @module Transactions of blocks that a reorg took off, waiting to go back into the pool: oldest first, so that parents
 * come before their children, and bounded.
 */
import type {Block} from '../../protocol/primitives/block.js';
import type {Transaction} from '../../protocol/primitives/transaction.js';

/** As in Core: more than this is a reorg of many full blocks, and their transactions have other holders. */
export const DISCONNECTED_BYTES_MAX = 20_000_000;

export class DisconnectedTransactions {
  /** One list a block, newest block first, as a reorg takes them off. */
  readonly #blocks: {readonly transactions: readonly Transaction[]; readonly bytes: number}[] = [];
  #bytes = 0;

  /** @returns how many transactions were let go to stay within the bound. */
  add(block: Block): number {
    this.#push(block.transactions.slice(1));
    let droppedCount = 0;
    // The newest go first: what is older never depends on them.
    while (this.#bytes > DISCONNECTED_BYTES_MAX && this.#blocks.length > 0) {
      const newest = this.#blocks.shift()!;
      this.#bytes -= newest.bytes;
      droppedCount += newest.transactions.length;
    }
    return droppedCount;
  }

  /** What was taken and could not be offered yet: the next to be taken. */
  putBack(transactions: readonly Transaction[]): void {
    this.#push(transactions);
  }

  /** All of them, oldest block first, and the room is empty again. */
  take(): Transaction[] {
    const oldestFirst = this.#blocks.reverse().flatMap(({transactions}) => transactions);
    this.#blocks.length = 0;
    this.#bytes = 0;
    return oldestFirst;
  }

  /** The coinbase counts no byte: only what is kept does, so that dropping it gives all of it back. */
  #push(transactions: readonly Transaction[]): void {
    const bytes = transactions.reduce((sum, transaction) => sum + transaction.bytes.length, 0);
    this.#blocks.push({transactions, bytes});
    this.#bytes += bytes;
  }
}
