/**
 * @module Transactions to bytes and back (BIP 144), and the two hashes that name them.
 * Decides only whether bytes ARE a transaction; the rules it must keep are in `consensus/check-transaction.ts`.
 */
import {DecodeError, decodeWith} from '../bytes/byte-reader.js';
import type {ByteReader} from '../bytes/byte-reader.js';
import {ByteWriter, varintSize} from '../bytes/byte-writer.js';
import {sha256dMany} from '../bytes/sha256-lanes.js';
import {sha256d} from '../bytes/sha256.js';
import type {Verdict} from '../verdict.js';
import type {Hash256, OutPoint, Sats, Transaction, TxInput, TxOutput} from './transaction.js';
import {TRANSACTION_HASHES_SIZE, WireInput, WireTransaction} from './wire-transaction.js';

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

/** What any transaction says, as plain objects that can be spread and changed. */
export function transactionParts({version, inputs, outputs, lockTime}: TransactionParts): TransactionParts {
  return {
    version, lockTime,
    inputs: inputs.map(({prevout, scriptSig, sequence, witness}) => ({prevout: {txid: prevout.txid, vout: prevout.vout}, scriptSig, sequence, witness})),
    outputs: outputs.map(({valueSats, scriptPubKey}) => ({valueSats, scriptPubKey})),
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
  return transaction.inputs.length === 1 && isNullInput(transaction.inputs[0]!);
}

/** Whether the input spends nothing: it has the null outpoint. */
export function isNullInput(input: TxInput): boolean {
  return (!(input instanceof WireInput) || input.vout === NULL_VOUT) && isNullOutpoint(input.prevout);
}

export function isNullOutpoint(outpoint: OutPoint): boolean {
  return outpoint.vout === NULL_VOUT && outpoint.txid.every((byte) => byte === 0);
}

/** All txids, or all wtxids, one behind the other. */
export function packHashes(transactions: readonly Transaction[], which: 'txid' | 'wtxid'): Uint8Array {
  const packed = new Uint8Array(32 * transactions.length);
  for (let i = 0; i < transactions.length; i++) {
    const transaction = transactions[i]!;
    if (transaction instanceof WireTransaction) transaction.copyHash(which, packed, 32 * i);
    else packed.set(transaction[which], 32 * i);
  }
  return packed;
}

/** The name of one of its outputs. */
export function outpointOf(transaction: Transaction, vout: number): OutPoint {
  return transaction instanceof WireTransaction ? transaction.outpoint(vout) : {txid: transaction.txid, vout};
}

/** In memory of its own, where it was decoded out of something larger: for those who keep one transaction for long. */
export function detachedTransaction(transaction: Transaction): Transaction {
  return transaction instanceof WireTransaction ? transaction.detached() : transaction;
}

/** The bytes without witness: what the txid hashes and what counts `witnessScaleFactor` times. */
export function strippedBytes(transaction: Transaction): Uint8Array {
  return transaction.hasWitness ? serializeTransaction(transaction, {withWitness: false}) : transaction.bytes;
}

/** Bounds of one call of {@link readTransactions}: some 0.2 ms of hashing, unless a single transaction is larger. */
const BATCH_COUNT_MAX = 128;
const BATCH_BYTES_MAX = 32_768;
/** Larger ones go by four, which are hashed together, as long as that is some 2 ms. */
const BATCH_LANES = 4;
const LANES_BYTES_MAX = 262_144;

/**
 * Reads one transaction where `reader` stands.
 * @throws DecodeError
 */
export function readTransaction(reader: ByteReader): Transaction {
  return readTransactions(reader, 1)[0]!;
}

/**
 * Reads the next transactions of a block, at least one and at most `countMax`, and hashes them together. Fewer come back
 * when they are large or many, so that a caller can let others have a turn in between.
 * @throws DecodeError
 */
export function readTransactions(reader: ByteReader, countMax: number): Transaction[] {
  const start = reader.position;
  const batch: WireTransaction[] = [];
  const batchCount = Math.min(countMax, BATCH_COUNT_MAX);
  let bytesMax: number;
  do {
    batch.push(scanTransaction(reader));
    bytesMax = batch.length % BATCH_LANES === 0 ? BATCH_BYTES_MAX : LANES_BYTES_MAX;
  } while (batch.length < batchCount && reader.position - start < bytesMax);
  hashTransactions(batch, reader.data);
  return batch;
}

/**
 * Finds where the parts lie. An empty input list announces the witness form, as in Core: so a transaction without inputs
 * but with outputs has no encoding.
 */
function scanTransaction(reader: ByteReader): WireTransaction {
  const start = reader.position;
  reader.skip(4);
  let inputCount = reader.count(INPUT_SIZE_MIN);
  let flags = 0;
  if (inputCount === 0) {
    flags = reader.u8();
    if (flags > 1) throw new DecodeError(`unknown transaction flags ${flags}`);
    if (flags === 1) inputCount = reader.count(INPUT_SIZE_MIN);
  }
  for (let i = 0; i < inputCount; i++) {
    reader.skip(36);
    reader.skip(reader.varint());
    reader.skip(4);
  }
  // Flag byte 0 after an empty input list IS the empty output list.
  const isEmpty = inputCount === 0 && flags === 0;
  const outputsAt = isEmpty ? reader.position - 1 : reader.position;
  const outputCount = isEmpty ? 0 : reader.count(OUTPUT_SIZE_MIN);
  for (let i = 0; i < outputCount; i++) {
    reader.skip(8);
    reader.skip(reader.varint());
  }
  const bodyEnd = reader.position;
  if (flags === 1 && !skipWitnesses(reader, inputCount)) throw new DecodeError('witness form without a witness');
  reader.skip(4);
  return new WireTransaction({data: reader.data, start, end: reader.position, outputsAt, bodyEnd, hasWitness: flags === 1});
}

/** @returns whether any input has one. */
function skipWitnesses(reader: ByteReader, inputCount: number): boolean {
  let hasWitness = false;
  for (let i = 0; i < inputCount; i++) {
    const itemCount = reader.count(1);
    hasWitness ||= itemCount > 0;
    for (let item = 0; item < itemCount; item++) reader.skip(reader.varint());
  }
  return hasWitness;
}

/** All wtxids in one go, then all txids that differ from them: four messages share the processor's vectors. */
function hashTransactions(batch: readonly WireTransaction[], data: Uint8Array): void {
  const batchStart = batch[0]!.start;
  const offsets = new Uint32Array(batch.length);
  const lengths = new Uint32Array(batch.length);
  for (let i = 0; i < batch.length; i++) {
    const {start, end} = batch[i]!;
    offsets[i] = start - batchStart;
    lengths[i] = end - start;
  }
  const wtxids = sha256dMany(data.subarray(batchStart, batch.at(-1)!.end), offsets, lengths);
  const txids = batch.some(({hasWitness}) => hasWitness) ? hashStripped(batch) : wtxids;
  const hashes = new Uint8Array(batch.length * TRANSACTION_HASHES_SIZE);
  for (let i = 0; i < batch.length; i++) {
    const at = i * TRANSACTION_HASHES_SIZE;
    for (let byte = 0; byte < 32; byte++) {
      hashes[at + byte] = txids[32 * i + byte]!;
      hashes[at + 32 + byte] = wtxids[32 * i + byte]!;
    }
    batch[i]!.adoptHashes(hashes, at);
  }
}

function hashStripped(batch: readonly WireTransaction[]): Uint8Array {
  const offsets = new Uint32Array(batch.length);
  const lengths = new Uint32Array(batch.length);
  let size = 0;
  for (let i = 0; i < batch.length; i++) {
    offsets[i] = size;
    lengths[i] = batch[i]!.strippedSize;
    size += lengths[i]!;
  }
  const stripped = new Uint8Array(size);
  for (let i = 0; i < batch.length; i++) batch[i]!.writeStripped(stripped, offsets[i]!);
  return sha256dMany(stripped, offsets, lengths);
}

/** Size of the transactions' count plus their bytes: what a block of them adds to its 80-byte header. */
export function transactionListSize(sizes: readonly number[]): number {
  return sizes.reduce((total, size) => total + size, varintSize(sizes.length));
}
