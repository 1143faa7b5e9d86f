/**
 * @module Transactions to bytes and back (BIP 144), and the two hashes that name them.
 * Decides only whether bytes ARE a transaction; the rules it must keep are in `consensus/check-transaction.ts`.
 */
import {DecodeError, decodeWith} from '../bytes/byte-reader.js';
import type {ByteReader} from '../bytes/byte-reader.js';
import {ByteWriter, varintSize} from '../bytes/byte-writer.js';
import {sha256d, sha256dRange} from '../bytes/sha256.js';
import type {Verdict} from '../verdict.js';
import type {Hash256, OutPoint, Sats, Transaction, TxInput, TxOutput} from './transaction.js';

/** What a transaction says, before it is serialised and hashed. */
export interface TransactionParts {
  readonly version: number;
  readonly inputs: readonly TxInput[];
  readonly outputs: readonly TxOutput[];
  readonly lockTime: number;
}

/** As {@link TransactionParts}, with what usually goes without saying left out. */
export interface TransactionDraft {
  /** Default 2, so that relative lock times work (BIP 68). */
  readonly version?: number;
  readonly inputs: readonly {
    readonly prevout: OutPoint;
    readonly scriptSig?: Uint8Array;
    /** Default ffffffff: final. */
    readonly sequence?: number;
    readonly witness?: readonly Uint8Array[];
  }[];
  readonly outputs: readonly {readonly valueSats: Sats; readonly scriptPubKey: Uint8Array}[];
  readonly lockTime?: number;
}

export const SEQUENCE_FINAL = 0xffffffff;
/** Output index of the null outpoint that marks a coinbase input. */
export const NULL_VOUT = 0xffffffff;
export const NULL_HASH: Hash256 = new Uint8Array(32);

const NO_BYTES = new Uint8Array(0);
const NO_WITNESS: readonly Uint8Array[] = [];
// Outpoint 36, script length 1, sequence 4.
const INPUT_SIZE_MIN = 41;
// Value 8, script length 1.
const OUTPUT_SIZE_MIN = 9;

export function decodeTransaction(bytes: Uint8Array): Verdict<Transaction, 'tx-decode-failed'> {
  return decodeWith(bytes, 'tx-decode-failed', readTransaction);
}

/** Serialises and hashes. Inverse of {@link decodeTransaction} wherever there is at least one input. */
export function encodeTransaction(parts: TransactionParts): Transaction {
  const stripped = serializeTransaction(parts, {withWitness: false});
  const txid = sha256d(stripped);
  const hasWitness = parts.inputs.some((input) => input.witness.length > 0);
  const bytes = hasWitness ? serializeTransaction(parts, {withWitness: true}) : stripped;
  return {
    version: parts.version >>> 0, inputs: parts.inputs, outputs: parts.outputs, lockTime: parts.lockTime,
    txid, wtxid: hasWitness ? sha256d(bytes) : txid, hasWitness, bytes, strippedSize: stripped.length,
  };
}

export function buildTransaction(draft: TransactionDraft): Transaction {
  return encodeTransaction({
    version: draft.version ?? 2,
    inputs: draft.inputs.map((input) => ({
      prevout: input.prevout,
      scriptSig: input.scriptSig ?? NO_BYTES,
      sequence: input.sequence ?? SEQUENCE_FINAL,
      witness: input.witness ?? NO_WITNESS,
    })),
    outputs: draft.outputs,
    lockTime: draft.lockTime ?? 0,
  });
}

export function serializeTransaction(parts: TransactionParts, options: {readonly withWitness: boolean}): Uint8Array {
  const writer = new ByteWriter();
  writer.u32(parts.version);
  if (options.withWitness) writer.u8(0).u8(1);
  writer.varint(parts.inputs.length);
  for (const input of parts.inputs) {
    writer.bytes(input.prevout.txid).u32(input.prevout.vout).varBytes(input.scriptSig).u32(input.sequence);
  }
  writer.varint(parts.outputs.length);
  for (const output of parts.outputs) writer.u64(output.valueSats).varBytes(output.scriptPubKey);
  if (options.withWitness) {
    for (const input of parts.inputs) {
      writer.varint(input.witness.length);
      for (const item of input.witness) writer.varBytes(item);
    }
  }
  return writer.u32(parts.lockTime).finish();
}

/** One input with the null outpoint. */
export function isCoinbase(transaction: Pick<Transaction, 'inputs'>): boolean {
  return transaction.inputs.length === 1 && isNullOutpoint(transaction.inputs[0]!.prevout);
}

export function isNullOutpoint(outpoint: OutPoint): boolean {
  return outpoint.vout === NULL_VOUT && outpoint.txid.every((byte) => byte === 0);
}

/** The bytes without witness: what the txid hashes and what counts `witnessScaleFactor` times. */
export function strippedBytes(transaction: Transaction): Uint8Array {
  return transaction.hasWitness ? serializeTransaction(transaction, {withWitness: false}) : transaction.bytes;
}

/**
 * Reads one transaction where `reader` stands. An empty input list announces the witness form, as in Core: so a
 * transaction without inputs but with outputs has no encoding.
 * @throws DecodeError
 */
export function readTransaction(reader: ByteReader): Transaction {
  const start = reader.position;
  const version = reader.u32();
  let inputCount = reader.count(INPUT_SIZE_MIN);
  let flags = 0;
  if (inputCount === 0) {
    flags = reader.u8();
    if (flags > 1) throw new DecodeError(`unknown transaction flags ${flags}`);
    if (flags === 1) inputCount = reader.count(INPUT_SIZE_MIN);
  }
  const bodyStart = flags === 1 ? start + 6 : start + 4;
  const inputs: UnfinishedInput[] = [];
  for (let i = 0; i < inputCount; i++) inputs.push(readInput(reader));
  // Flag byte 0 after an empty input list IS the empty output list.
  const outputCount = inputCount === 0 && flags === 0 ? 0 : reader.count(OUTPUT_SIZE_MIN);
  const outputs: TxOutput[] = [];
  for (let i = 0; i < outputCount; i++) outputs.push({valueSats: reader.i64(), scriptPubKey: reader.varBytes()});
  const bodyEnd = reader.position;
  let hasWitness = false;
  if (flags === 1) {
    for (const input of inputs) {
      input.witness = readWitness(reader);
      hasWitness ||= input.witness.length > 0;
    }
  }
  if (flags === 1 && !hasWitness) throw new DecodeError('witness form without a witness');
  const lockTime = reader.u32();
  const bytes = reader.data.subarray(start, reader.position);
  if (!hasWitness) {
    const txid = sha256dRange(reader.data, start, reader.position);
    return {version, inputs, outputs, lockTime, txid, wtxid: txid, hasWitness, bytes, strippedSize: bytes.length};
  }
  return {
    version, inputs, outputs, lockTime,
    txid: hashStripped(bytes, bodyStart - start, bodyEnd - start), wtxid: sha256dRange(reader.data, start, reader.position),
    hasWitness, bytes, strippedSize: 4 + bodyEnd - bodyStart + 4,
  };
}

/** Reused by every call: nothing of it outlives the hash. */
let strippedScratch = new Uint8Array(1024);

/** The txid of a transaction in witness form: version, body and lock time without what lies between them. */
function hashStripped(bytes: Uint8Array, bodyStart: number, bodyEnd: number): Hash256 {
  const size = 4 + bodyEnd - bodyStart + 4;
  if (strippedScratch.length < size) strippedScratch = new Uint8Array(2 * size);
  strippedScratch.set(bytes.subarray(bodyStart, bodyEnd), 4);
  const lockTimeAt = bytes.length - 4;
  for (let i = 0; i < 4; i++) {
    strippedScratch[i] = bytes[i]!;
    strippedScratch[size - 4 + i] = bytes[lockTimeAt + i]!;
  }
  return sha256dRange(strippedScratch, 0, size);
}

/** Size of the transactions' count plus their bytes: what a block of them adds to its 80-byte header. */
export function transactionListSize(sizes: readonly number[]): number {
  return sizes.reduce((total, size) => total + size, varintSize(sizes.length));
}

/** Witnesses follow all outputs, so they are filled in later. */
type UnfinishedInput = Omit<TxInput, 'witness'> & {witness: readonly Uint8Array[]};

function readInput(reader: ByteReader): UnfinishedInput {
  const txid = reader.bytes(32);
  const vout = reader.u32();
  const scriptSig = reader.varBytes();
  return {prevout: {txid, vout}, scriptSig, sequence: reader.u32(), witness: NO_WITNESS};
}

function readWitness(reader: ByteReader): readonly Uint8Array[] {
  const count = reader.count(1);
  if (count === 0) return NO_WITNESS;
  const items: Uint8Array[] = [];
  for (let i = 0; i < count; i++) items.push(reader.varBytes());
  return items;
}
