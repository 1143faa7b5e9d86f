/**
 * @module The next block without its coinbase: what a miner may build on. Plain data, never changed; holders share it.
 * Built from a mempool selection, or read from a foreign node's getblocktemplate (BIP 22, 23, 145).
 */
import type {Hash256, Sats} from '../primitives/transaction.js';

export interface TemplateTransaction {
  /** Full serialisation, with witness. */
  readonly bytes: Uint8Array;
  readonly txid: Hash256;
  readonly wtxid: Hash256;
  readonly feeSats: Sats;
  readonly weightWu: number;
  readonly sigopCost: number;
}

export interface BlockTemplate {
  readonly height: number;
  readonly previousHash: Hash256;
  /** Signed 32 bit. */
  readonly version: number;
  /** Compact target. */
  readonly bits: number;
  /** The same target as a 256-bit integer. */
  readonly target: bigint;
  /** Seconds since the Unix epoch: the node's time when the template was made, at least `minTimeSec`. */
  readonly curTimeSec: number;
  /** Median time past + 1: the least header time. */
  readonly minTimeSec: number;
  /** Subsidy and fees. */
  readonly coinbaseValueSats: Sats;
  /** Topological order, coinbase left out. */
  readonly transactions: readonly TemplateTransaction[];
  /** scriptPubKey of the witness commitment output (BIP 141), for a reserved value of 32 zero bytes. */
  readonly witnessCommitment: Uint8Array;
  /** BIP 22: names this template; changes with the tip and with the mempool. */
  readonly longpollId: string;
  readonly weightLimitWu: number;
  readonly sigopLimit: number;
  readonly sizeLimit: number;
}
