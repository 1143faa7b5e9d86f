/**
 * @module Blocks whose parent is not here yet. They may be honest (two blocks that overtook each other) or spam, so they
 * must carry the work they claim before they come here, and the room is bounded: the oldest goes first.
 */
import {hashKey} from '../../protocol/bytes/hash-key.js';
import type {Block} from '../../protocol/primitives/block.js';
import type {Hash256} from '../../protocol/primitives/transaction.js';

/** Both chosen by guess; the log code `chain-orphan-kept` tells how often the room is used. */
export const ORPHAN_COUNT_MAX = 64;
export const ORPHAN_BYTES_MAX = 16 * 1024 * 1024;

export class OrphanBlocks {
  readonly #byHash = new Map<string, Block>();
  #bytes = 0;

  has(hash: Hash256): boolean {
    return this.#byHash.has(hashKey(hash));
  }

  add(block: Block): void {
    const key = hashKey(block.header.hash);
    if (this.#byHash.has(key) || block.bytes.length > ORPHAN_BYTES_MAX) return;
    this.#byHash.set(key, block);
    this.#bytes += block.bytes.length;
    for (const oldest of this.#byHash.keys()) {
      if (this.#byHash.size <= ORPHAN_COUNT_MAX && this.#bytes <= ORPHAN_BYTES_MAX) return;
      this.#remove(oldest);
    }
  }

  /** Removes and returns the blocks that name `parent` as theirs, oldest first. */
  takeChildrenOf(parent: Hash256): Block[] {
    const wanted = hashKey(parent);
    const children = [...this.#byHash.values()].filter((block) => hashKey(block.header.previousHash) === wanted);
    for (const child of children) this.#remove(hashKey(child.header.hash));
    return children;
  }

  get count(): number {
    return this.#byHash.size;
  }

  #remove(key: string): void {
    this.#bytes -= this.#byHash.get(key)?.bytes.length ?? 0;
    this.#byHash.delete(key);
  }
}
