/**
 * @module What a transaction will weigh before it is signed. An upper bound that is met but for the length of the
 * signatures: 72 bytes are counted for each, low S and a small r make it 71 or less. Source: BIP 141, BIP 144.
 */
import {varintSize} from '../bytes/byte-writer.js';
import type {Sats} from '../primitives/transaction.js';
import {classifyScript} from '../script/classify-script.js';

/** Outpoint, script length, sequence. */
const INPUT_BASE_SIZE = 36 + 1 + 4;
/** DER signature with its type, and the compressed key, each with a length. */
const SIGNATURE_SIZE = 1 + 72;
const KEY_SIZE = 1 + 33;
/** Version, lock time. */
const FRAME_SIZE = 8;
const VALUE_SIZE = 8;

export interface SpendShape {
  /** Scripts of the coins that are spent. */
  readonly inputScripts: readonly Uint8Array[];
  readonly outputScripts: readonly Uint8Array[];
}

interface InputSize {
  readonly strippedSize: number;
  readonly witnessSize: number;
}

/** @returns undefined for outputs that this wallet could not sign for. */
export function inputSize(scriptPubKey: Uint8Array): InputSize | undefined {
  switch (classifyScript(scriptPubKey).type) {
    case 'witness_v0_keyhash': return {strippedSize: INPUT_BASE_SIZE, witnessSize: 1 + SIGNATURE_SIZE + KEY_SIZE};
    // Key path, default hash type: 64 bytes (BIP 341).
    case 'witness_v1_taproot': return {strippedSize: INPUT_BASE_SIZE, witnessSize: 1 + 1 + 64};
    case 'pubkeyhash': return {strippedSize: INPUT_BASE_SIZE + SIGNATURE_SIZE + KEY_SIZE, witnessSize: 1};
    // Taken as P2SH-P2WPKH: the script is a push of 22 bytes.
    case 'scripthash': return {strippedSize: INPUT_BASE_SIZE + 23, witnessSize: 1 + SIGNATURE_SIZE + KEY_SIZE};
    default: return undefined;
  }
}

export function spendWeightWu({inputScripts, outputScripts}: SpendShape, witnessScaleFactor: number): number {
  let stripped = FRAME_SIZE + varintSize(inputScripts.length) + varintSize(outputScripts.length);
  for (const script of outputScripts) stripped += outputSize(script);
  // 2: marker and flag of the witness form.
  return inputScripts.reduce((sum, script) => sum + inputWeightWu(script, witnessScaleFactor), stripped * witnessScaleFactor + 2);
}

export function inputWeightWu(scriptPubKey: Uint8Array, witnessScaleFactor: number): number {
  // What has no known form is counted as the heaviest known: a fee too high by some bytes, never one too low to relay.
  const size = inputSize(scriptPubKey) ?? {strippedSize: INPUT_BASE_SIZE + SIGNATURE_SIZE + KEY_SIZE, witnessSize: 1 + SIGNATURE_SIZE + KEY_SIZE};
  return size.strippedSize * witnessScaleFactor + size.witnessSize;
}

export function outputSize(scriptPubKey: Uint8Array): number {
  return VALUE_SIZE + varintSize(scriptPubKey.length) + scriptPubKey.length;
}

/** Rounded up, as policy counts. */
export function spendVsize(shape: SpendShape, witnessScaleFactor: number): number {
  return Math.ceil(spendWeightWu(shape, witnessScaleFactor) / witnessScaleFactor);
}

/** @param feeRateSatsPerKvb - rounded up: a fee one satoshi short is not relayed. */
export function feeAtRate(vsize: number, feeRateSatsPerKvb: Sats): Sats {
  return (BigInt(vsize) * feeRateSatsPerKvb + 999n) / 1000n;
}
