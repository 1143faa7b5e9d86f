/**
 * @module An outpoint that is read where it lies: 36 bytes of a larger buffer, txid in internal order and the output index
 * little-endian. It makes no view before somebody asks for the txid: map keys and table keys come from the bytes in place
 * (`hash-key.ts`), and a block of 2,000 spends needs nothing else.
 */
import type {OutPoint} from '../primitives/transaction.js';

const TXID_SIZE = 32;

export class WireOutPoint implements OutPoint {
  readonly data: Uint8Array;
  /** Where the 36 bytes begin. */
  readonly at: number;

  /** @param data - must not change as long as the outpoint is in use. */
  constructor(data: Uint8Array, at: number) {
    this.data = data;
    this.at = at;
  }

  get txid(): Uint8Array {
    return this.data.subarray(this.at, this.at + TXID_SIZE);
  }

  get vout(): number {
    const {data} = this;
    const at = this.at + TXID_SIZE;
    return (data[at]! | (data[at + 1]! << 8) | (data[at + 2]! << 16) | (data[at + 3]! << 24)) >>> 0;
  }
}
