/**
 * @module The digest that signatures of outputs before segwit sign. Source: Bitcoin's original algorithm, with the
 * constant 1 for SIGHASH_SINGLE beyond the outputs, which is consensus though it was a mistake.
 */
import {ByteWriter} from '../bytes/byte-writer.js';
import {sha256d} from '../bytes/sha256.js';
import type {Transaction} from '../primitives/transaction.js';
import {withoutCodeSeparators} from './find-and-delete.js';
import {isAnyoneCanPay, legacyOutputType, SIGHASH} from './sighash-type.js';

export interface SighashRequest {
  readonly inputIndex: number;
  /** The script from its last executed OP_CODESEPARATOR on; legacy: the signature already cut out. */
  readonly scriptCode: Uint8Array;
  /** Signed 32 bit in the digest though one byte in the signature. */
  readonly hashType: number;
}

const NO_SCRIPT = new Uint8Array(0);
const BLANK_VALUE = -1n;

export function legacySighash(transaction: Transaction, request: SighashRequest): Uint8Array {
  const {inputIndex, hashType} = request;
  const outputType = legacyOutputType(hashType);
  if (outputType === SIGHASH.SINGLE && inputIndex >= transaction.outputs.length) return numberOne();
  const writer = new ByteWriter(transaction.strippedSize + request.scriptCode.length + 16);
  writer.u32(transaction.version);
  writeInputs(writer, transaction, request);
  writeOutputs(writer, transaction, request);
  return sha256d(writer.u32(transaction.lockTime).u32(hashType).finish());
}

function writeInputs(writer: ByteWriter, transaction: Transaction, request: SighashRequest): void {
  const {inputIndex, hashType} = request;
  const script = withoutCodeSeparators(request.scriptCode);
  const signed = transaction.inputs[inputIndex]!;
  const isOutputTypeAll = legacyOutputType(hashType) !== SIGHASH.SINGLE && legacyOutputType(hashType) !== SIGHASH.NONE;
  if (isAnyoneCanPay(hashType)) {
    writer.varint(1).bytes(signed.prevout.txid).u32(signed.prevout.vout).varBytes(script).u32(signed.sequence);
    return;
  }
  writer.varint(transaction.inputs.length);
  for (const [index, input] of transaction.inputs.entries()) {
    writer.bytes(input.prevout.txid).u32(input.prevout.vout);
    // With NONE and SINGLE the others may still change their sequence.
    if (index === inputIndex) writer.varBytes(script).u32(input.sequence);
    else writer.varBytes(NO_SCRIPT).u32(isOutputTypeAll ? input.sequence : 0);
  }
}

function writeOutputs(writer: ByteWriter, transaction: Transaction, request: SighashRequest): void {
  const outputType = legacyOutputType(request.hashType);
  if (outputType === SIGHASH.NONE) {
    writer.varint(0);
    return;
  }
  const isSingle = outputType === SIGHASH.SINGLE;
  const count = isSingle ? request.inputIndex + 1 : transaction.outputs.length;
  writer.varint(count);
  for (let i = 0; i < count; i++) {
    const output = transaction.outputs[i]!;
    if (isSingle && i !== request.inputIndex) writer.u64(BLANK_VALUE).varBytes(NO_SCRIPT);
    else writer.u64(output.valueSats).varBytes(output.scriptPubKey);
  }
}

/** A 256-bit integer 1, little-endian. */
function numberOne(): Uint8Array {
  const one = new Uint8Array(32);
  one[0] = 1;
  return one;
}
