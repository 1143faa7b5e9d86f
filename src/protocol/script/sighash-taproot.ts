/** @module The digest that taproot signatures sign: BIP 341 for the key path, with BIP 342's extension for scripts. */
import {ByteWriter} from '../bytes/byte-writer.js';
import {sha256} from '../bytes/sha256.js';
import {isAnyoneCanPay, isTaprootHashType, SIGHASH} from './sighash-type.js';
import {tapSighashHash} from './tagged-hash.js';
import {serializeOutput} from './transaction-digests.js';
import type {TransactionDigests} from './transaction-digests.js';

export interface TaprootSighashRequest {
  readonly inputIndex: number;
  readonly hashType: number;
  /** sha256 of the annex with its length before it; undefined without one. */
  readonly annexHash?: Uint8Array | undefined;
  /** Present in script path spends only. */
  readonly tapscript?: TapscriptPosition | undefined;
}

export interface TapscriptPosition {
  readonly leafHash: Uint8Array;
  /** Index in operations, not bytes, of the last executed OP_CODESEPARATOR; ffffffff before the first. */
  readonly codeSeparatorIndex: number;
}

export const NO_CODE_SEPARATOR = 0xffffffff;

const EPOCH = 0;
const KEY_VERSION = 0;
const SIZE_MAX = 1 + 2 + 8 + 5 * 32 + 36 + 8 + 4 + 32 + 32 + 37;

/** @returns undefined where BIP 341 makes the signature invalid: an unknown hash type, SINGLE without its output. */
export function taprootSighash(digests: TransactionDigests, request: TaprootSighashRequest): Uint8Array | undefined {
  const {transaction} = digests;
  const {inputIndex, hashType, annexHash, tapscript} = request;
  if (!isTaprootHashType(hashType)) return undefined;
  const outputType = hashType === SIGHASH.DEFAULT ? SIGHASH.ALL : hashType & 3;
  const singleOutput = transaction.outputs[inputIndex];
  if (outputType === SIGHASH.SINGLE && singleOutput === undefined) return undefined;
  const writer = new ByteWriter(SIZE_MAX).u8(EPOCH).u8(hashType).u32(transaction.version).u32(transaction.lockTime);
  if (!isAnyoneCanPay(hashType)) {
    writer.bytes(digests.prevouts).bytes(digests.amounts).bytes(digests.scriptPubKeys).bytes(digests.sequences);
  }
  if (outputType === SIGHASH.ALL) writer.bytes(digests.outputs);
  writer.u8((tapscript === undefined ? 0 : 2) + (annexHash === undefined ? 0 : 1));
  writeInput(writer, digests, request);
  if (annexHash !== undefined) writer.bytes(annexHash);
  if (outputType === SIGHASH.SINGLE) writer.bytes(sha256(serializeOutput(singleOutput!)));
  if (tapscript !== undefined) writer.bytes(tapscript.leafHash).u8(KEY_VERSION).u32(tapscript.codeSeparatorIndex);
  return tapSighashHash(writer.finish());
}

function writeInput(writer: ByteWriter, digests: TransactionDigests, request: TaprootSighashRequest): void {
  if (!isAnyoneCanPay(request.hashType)) {
    writer.u32(request.inputIndex);
    return;
  }
  const input = digests.transaction.inputs[request.inputIndex]!;
  const spent = digests.spentOutputs[request.inputIndex]!;
  writer.bytes(input.prevout.txid).u32(input.prevout.vout);
  writer.u64(spent.valueSats).varBytes(spent.scriptPubKey).u32(input.sequence);
}
