/**
 * @module Signature operations, counted without running anything: the bound on what a block may cost to verify.
 * Legacy counting is consensus history and deliberately crude (every bare CHECKMULTISIG counts 20).
 */
import {StoredCoin} from '../primitives/coin-codec.js';
import type {Coin, Transaction, TxInput, TxOutput} from '../primitives/transaction.js';
import {isCoinbase} from '../primitives/transaction-codec.js';
import {WireInput, WireOutput} from '../primitives/wire-transaction.js';

const OP_PUSHDATA1 = 0x4c;
const OP_PUSHDATA4 = 0x4e;
const OP_1 = 0x51;
const OP_16 = 0x60;
const OP_CHECKSIG = 0xac;
const OP_CHECKSIGVERIFY = 0xad;
const OP_CHECKMULTISIG = 0xae;
const OP_CHECKMULTISIGVERIFY = 0xaf;
const MULTISIG_KEYS_MAX = 20;
const NO_BYTES = new Uint8Array(0);

/** @param isAccurate - with a preceding OP_1..OP_16, CHECKMULTISIG counts that many keys: P2SH and witness scripts. */
export function countSigops(script: Uint8Array, isAccurate: boolean): number {
  return countSigopsWithin(script, 0, script.length, isAccurate);
}

/** Of the script that lies in `script` from `start` to `end`. */
function countSigopsWithin(script: Uint8Array, start: number, end: number, isAccurate: boolean): number {
  let count = 0;
  let previous = 0xff;
  for (let at = start; at < end;) {
    const opcode = script[at]!;
    const next = nextOpcodeAt(script, at, end);
    // What cannot be parsed ends the count and does not void it.
    if (next < 0) break;
    if (opcode === OP_CHECKSIG || opcode === OP_CHECKSIGVERIFY) count += 1;
    else if (opcode === OP_CHECKMULTISIG || opcode === OP_CHECKMULTISIGVERIFY) {
      count += isAccurate && previous >= OP_1 && previous <= OP_16 ? previous - OP_1 + 1 : MULTISIG_KEYS_MAX;
    }
    previous = opcode;
    at = next;
  }
  return count;
}

/** In all scripts of the transaction itself, crudely. */
export function countLegacySigops(transaction: Transaction): number {
  const {inputs, outputs} = transaction;
  let count = 0;
  for (let i = 0; i < inputs.length; i++) {
    const input = inputs[i]!;
    if (!hasNoScriptSig(input)) count += countSigops(input.scriptSig, false);
  }
  for (let i = 0; i < outputs.length; i++) count += outputSigops(outputs[i]!);
  return count;
}

function outputSigops(output: TxOutput): number {
  if (output instanceof WireOutput) {
    const {data, scriptAt, scriptSize} = output;
    return countSigopsWithin(data, scriptAt, scriptAt + scriptSize, false);
  }
  return countSigops(output.scriptPubKey, false);
}

/** Every witness spend: no view is made of nothing. */
function hasNoScriptSig(input: TxInput): boolean {
  return input instanceof WireInput && input.scriptSigSize === 0;
}

/** BIP 141's cost: legacy and P2SH count `witnessScaleFactor` times, witness programs once. */
export function sigopCost(
  transaction: Transaction, spentCoins: readonly Coin[],
  rules: {readonly witnessScaleFactor: number; readonly hasSegwit: boolean},
): number {
  let scaled = countLegacySigops(transaction);
  if (isCoinbase(transaction)) return scaled * rules.witnessScaleFactor;
  let witness = 0;
  const {inputs} = transaction;
  for (let i = 0; i < spentCoins.length; i++) {
    const coin = spentCoins[i]!;
    if (coin instanceof StoredCoin && coin.isWitnessKeyHash) {
      if (rules.hasSegwit) witness += 1;
      continue;
    }
    const input = inputs[i]!;
    const {scriptPubKey} = coin;
    const redeemScript = isScriptHash(scriptPubKey) ? lastPush(input.scriptSig) : undefined;
    if (redeemScript !== undefined) scaled += countSigops(redeemScript, true);
    if (rules.hasSegwit) witness += witnessSigops(redeemScript ?? scriptPubKey, input.witness);
  }
  return scaled * rules.witnessScaleFactor + witness;
}

/** OP_HASH160, push of 20 bytes, OP_EQUAL. */
function isScriptHash(script: Uint8Array): boolean {
  return script.length === 23 && script[0] === 0xa9 && script[1] === 0x14 && script[22] === 0x87;
}

/** Version 0 only: later versions count nothing here (taproot has a budget of its own, in the interpreter). */
function witnessSigops(program: Uint8Array, witness: readonly Uint8Array[]): number {
  if (program[0] !== 0) return 0;
  if (program.length === 22 && program[1] === 20) return 1;
  const witnessScript = witness.at(-1);
  return program.length === 34 && program[1] === 32 && witnessScript !== undefined ? countSigops(witnessScript, true) : 0;
}

/** What a push-only script leaves on top, as bytes; undefined when it does anything but push. */
function lastPush(script: Uint8Array): Uint8Array | undefined {
  let data: Uint8Array = NO_BYTES;
  for (let at = 0; at < script.length;) {
    const opcode = script[at]!;
    const next = nextOpcodeAt(script, at, script.length);
    if (next < 0 || opcode > OP_16) return undefined;
    data = opcode > OP_PUSHDATA4 ? NO_BYTES : script.subarray(at + 1 + lengthFieldSize(opcode), next);
    at = next;
  }
  return data;
}

/** Where the opcode at `at` and what it pushes end; negative when the script ends before. Two calls an output: no objects. */
function nextOpcodeAt(script: Uint8Array, at: number, scriptEnd: number): number {
  const opcode = script[at]!;
  if (opcode > OP_PUSHDATA4) return at + 1;
  const width = lengthFieldSize(opcode);
  const start = at + 1 + width;
  if (start > scriptEnd) return -1;
  let length = opcode;
  if (width > 0) {
    length = 0;
    for (let i = width; i >= 1; i--) length = length * 256 + script[at + i]!;
  }
  return length > scriptEnd - start ? -1 : start + length;
}

/** OP_PUSHDATA1, 2 and 4 are followed by their data's length in that many bytes. */
function lengthFieldSize(opcode: number): number {
  return opcode < OP_PUSHDATA1 ? 0 : 1 << (opcode - OP_PUSHDATA1);
}
