/**
 * @module A transaction as the ledger sees it: decoded once, hashed once, never changed.
 * The wire form and its decoder are in `transaction-codec.ts`. Source: Bitcoin's serialisation, BIP 141, BIP 144.
 */

/** 32 bytes in internal (wire) order. Display order is the reverse and exists only as hex text. */
export type Hash256 = Uint8Array;
/** Integer satoshis. Sums of hostile values overflow 2^53, so bigint everywhere. */
export type Sats = bigint;

export interface OutPoint {
  readonly txid: Hash256;
  /** Output index; 0xffffffff in a coinbase input. */
  readonly vout: number;
}

export interface TxInput {
  readonly prevout: OutPoint;
  readonly scriptSig: Uint8Array;
  /** Unsigned 32 bit. */
  readonly sequence: number;
  /** Empty when the input has no witness. */
  readonly witness: readonly Uint8Array[];
}

export interface TxOutput {
  readonly valueSats: Sats;
  readonly scriptPubKey: Uint8Array;
}

/**
 * Built by hand it is plain data; decoded it reads its own bytes in place (`wire-transaction.ts`). So take fields by name,
 * never by object spread, and take no two reads of a byte field for the same object. Byte fields may be views of the block
 * that the transaction came in.
 */
export interface Transaction {
  /** Unsigned 32 bit: BIP 68 compares it so. */
  readonly version: number;
  readonly inputs: readonly TxInput[];
  readonly outputs: readonly TxOutput[];
  readonly lockTime: number;
  readonly txid: Hash256;
  /** Equal to `txid` (same bytes) when there is no witness. */
  readonly wtxid: Hash256;
  readonly hasWitness: boolean;
  /** Full serialisation, with witness where there is one. */
  readonly bytes: Uint8Array;
  /** Size without witness; with `bytes.length` it gives the weight (BIP 141). */
  readonly strippedSize: number;
}

/** An unspent output and what spending it depends on. */
export interface Coin {
  readonly valueSats: Sats;
  readonly scriptPubKey: Uint8Array;
  readonly height: number;
  readonly isCoinbase: boolean;
}
