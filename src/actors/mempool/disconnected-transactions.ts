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
  readonly #blocks: (readonly Transaction[])[] = [];
  #bytes = 0;

  /** @returns how many transactions were let go to stay within the bound. */
  add(block: Block): number {
    this.#blocks.push(block.transactions.slice(1));
    this.#bytes += block.bytes.length;
    let droppedCount = 0;
    // The newest go first: what is older never depends on them.
    while (this.#bytes > DISCONNECTED_BYTES_MAX && this.#blocks.length > 0) {
      const newest = this.#blocks.shift()!;
      for (const {bytes} of newest) this.#bytes -= bytes.length;
      droppedCount += newest.length;
    }
    return droppedCount;
  }

  get isEmpty(): boolean {
    return this.#blocks.length === 0;
  }

  /** All of them, oldest block first, and the room is empty again. */
  take(): Transaction[] {
    const oldestFirst = this.#blocks.reverse().flat();
    this.#blocks.length = 0;
    this.#bytes = 0;
    return oldestFirst;
  }
}
