/**
 * @module The last decoded blocks, bounded by bytes: a new block is asked for many times in its first minute
 * (indexer, explorer, RPC, a reorg), and decoding hashes every transaction again.
 */
import {hashKey} from '../../protocol/bytes/hash-key.js';
import type {Block} from '../../protocol/primitives/block.js';
import type {Hash256} from '../../protocol/primitives/transaction.js';

/** A decoded block takes some three times its bytes. Chosen by guess: eight full blocks of 4 MB. */
export const BLOCK_CACHE_BYTES_MAX = 32 * 1024 * 1024;

export class BlockCache {
  readonly #bytesMax: number;
  /** Oldest use first: a `Map` keeps insertion order. */
  readonly #blocks = new Map<string, Block>();
  #bytes = 0;

  constructor(bytesMax: number = BLOCK_CACHE_BYTES_MAX) {
    this.#bytesMax = bytesMax;
  }

  get(hash: Hash256): Block | undefined {
    const key = hashKey(hash);
    const block = this.#blocks.get(key);
    if (block === undefined) return undefined;
    this.#blocks.delete(key);
    this.#blocks.set(key, block);
    return block;
  }

  add(block: Block): void {
    const key = hashKey(block.header.hash);
    if (this.#blocks.has(key) || block.bytes.length > this.#bytesMax) return;
    this.#blocks.set(key, block);
    this.#bytes += block.bytes.length;
    for (const [oldest, {bytes}] of this.#blocks) {
      if (this.#bytes <= this.#bytesMax) return;
      this.#blocks.delete(oldest);
      this.#bytes -= bytes.length;
    }
  }

  get count(): number {
    return this.#blocks.size;
  }
}
