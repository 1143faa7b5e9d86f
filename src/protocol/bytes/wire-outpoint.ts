/**
 * @module An outpoint whose txid is read where it lies: in a transaction's bytes, or among the hashes of a block. It makes no
 * view before somebody asks for the txid: map keys and table keys come from the bytes in place (`hash-key.ts`), and a block
 * of 2,000 spends needs nothing else.
 */
import type {OutPoint} from '../primitives/transaction.js';

const TXID_SIZE = 32;

export class WireOutPoint implements OutPoint {
  readonly vout: number;
  readonly data: Uint8Array;
  /** Where the 32 bytes of the txid begin. */
  readonly at: number;

  /** @param data - must not change as long as the outpoint is in use. */
  constructor(data: Uint8Array, at: number, vout: number) {
    this.vout = vout;
    this.data = data;
    this.at = at;
  }

  get txid(): Uint8Array {
    return this.data.subarray(this.at, this.at + TXID_SIZE);
  }
}
