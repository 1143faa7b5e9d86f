/** Builds small valid transactions and blocks for rule tests; each test then breaks one thing. */
import {concatBytes} from '../../src/protocol/bytes/compare.js';
import {merkleRoot} from '../../src/protocol/consensus/merkle.js';
import {encodeScriptNumberPush} from '../../src/protocol/consensus/script-number.js';
import {witnessCommitment, witnessCommitmentScript, witnessMerkleRoot} from '../../src/protocol/consensus/witness-commitment.js';
import type {Block, BlockHeader} from '../../src/protocol/primitives/block.js';
import {buildHeader, encodeBlock} from '../../src/protocol/primitives/block-codec.js';
import {buildTransaction, NULL_HASH, NULL_VOUT} from '../../src/protocol/primitives/transaction-codec.js';
import type {OutPoint, Transaction} from '../../src/protocol/primitives/transaction.js';

export const OP_TRUE = Uint8Array.of(0x51);
export const COIN = 100_000_000n;

/** A different hash for each number. */
export function aHash(n: number): Uint8Array {
  const hash = new Uint8Array(32).fill(0xa5);
  new DataView(hash.buffer).setUint32(0, n, true);
  return hash;
}

export function anOutpoint(n: number, vout = 0): OutPoint {
  return {txid: aHash(n), vout};
}

export interface SpendOptions {
  readonly valueSats?: bigint;
  readonly outputs?: number;
  readonly sequence?: number;
  readonly version?: number;
  readonly lockTime?: number;
  readonly witness?: readonly Uint8Array[];
  readonly scriptSig?: Uint8Array;
  readonly scriptPubKey?: Uint8Array;
}

export function aSpend(prevouts: readonly OutPoint[], options: SpendOptions = {}): Transaction {
  const {valueSats = COIN, outputs = 1, sequence = 0xffffffff, version = 2, lockTime = 0, witness = [], scriptSig = new Uint8Array(0), scriptPubKey = OP_TRUE} = options;
  return buildTransaction({
    version, lockTime,
    inputs: prevouts.map((prevout) => ({prevout, sequence, witness, scriptSig})),
    outputs: Array.from({length: outputs}, () => ({valueSats, scriptPubKey})),
  });
}

export interface CoinbaseOptions {
  readonly valueSats?: bigint;
  readonly scriptSig?: Uint8Array;
  readonly reserved?: readonly Uint8Array[];
  readonly extraOutputs?: readonly {readonly valueSats: bigint; readonly scriptPubKey: Uint8Array}[];
}

export function aCoinbase(height: number, options: CoinbaseOptions = {}): Transaction {
  return buildTransaction({
    inputs: [{
      prevout: {txid: NULL_HASH, vout: NULL_VOUT}, witness: options.reserved ?? [],
      scriptSig: options.scriptSig ?? concatBytes(encodeScriptNumberPush(height), Uint8Array.of(1, 0)),
    }],
    outputs: [{valueSats: options.valueSats ?? 50n * COIN, scriptPubKey: OP_TRUE}, ...(options.extraOutputs ?? [])],
  });
}

export function aBlock(transactions: readonly Transaction[], header: Partial<BlockHeader> = {}): Block {
  return encodeBlock(buildHeader({
    version: 0x20000000, previousHash: aHash(0), merkleRoot: merkleRoot(transactions.map((tx) => tx.txid)).root,
    timeSec: 1_700_000_000, bits: 0x207fffff, nonce: 0, ...header,
  }), transactions);
}

/** With the commitment of BIP 141, whose reserved value is zero. */
export function aSegwitBlock(height: number, transactions: readonly Transaction[]): Block {
  const reserved = new Uint8Array(32);
  const root = witnessMerkleRoot([aCoinbase(height), ...transactions]);
  const coinbase = aCoinbase(height, {
    reserved: [reserved],
    extraOutputs: [{valueSats: 0n, scriptPubKey: witnessCommitmentScript(witnessCommitment(root, reserved))}],
  });
  return aBlock([coinbase, ...transactions]);
}
