/**
 * @module Headers and blocks: 80 bytes and a list of transactions. Codec in `block-codec.ts`.
 */
import type {Coin, Hash256, Transaction} from './transaction.js';

export interface BlockHeader {
  /** Signed 32 bit, as in Bitcoin. */
  readonly version: number;
  readonly previousHash: Hash256;
  readonly merkleRoot: Hash256;
  /** Seconds since the Unix epoch, unsigned 32 bit. */
  readonly timeSec: number;
  /** Compact target, unsigned 32 bit. */
  readonly bits: number;
  readonly nonce: number;
  /** sha256d of the 80 bytes, internal order. */
  readonly hash: Hash256;
}

export interface Block {
  readonly header: BlockHeader;
  readonly transactions: readonly Transaction[];
  /** Full serialisation. */
  readonly bytes: Uint8Array;
  /** Size without witnesses, in bytes. */
  readonly strippedSize: number;
}

/**
 * What a block's connection removed: for each transaction but the coinbase, the spent coins in input order.
 * Enough to disconnect the block (in reverse transaction order).
 */
export interface BlockUndo {
  readonly spentByTx: readonly (readonly Coin[])[];
}
