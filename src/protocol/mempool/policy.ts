/**
 * @module Standardness: what this node relays and mines by choice, beyond what consensus asks. Codes are Core's.
 * Kept small on purpose; whether scripts are standard is the interpreter's business.
 */
import type {Sats, Transaction} from '../primitives/transaction.js';
import {isCoinbase} from '../primitives/transaction-codec.js';
import {isUnspendable} from '../script/classify-script.js';
import {reject} from '../verdict.js';
import type {Verdict} from '../verdict.js';

export type PolicyRejectCode =
  | 'coinbase' | 'version' | 'tx-size' | 'tx-size-small' | 'scriptsig-size' | 'multi-op-return' | 'dust'
  | 'bad-txns-too-many-sigops';

export const TX_VERSION_MAX = 2;
export const TX_WEIGHT_MAX_WU = 400_000;
/** 64 bytes without witness can pose as an inner merkle node; nothing useful is smaller. */
export const TX_STRIPPED_SIZE_MIN = 65;
export const TX_SIGOP_COST_MAX = 16_000;
/** Fifteen signatures of a P2SH multisig fit. */
const SCRIPT_SIG_SIZE_MAX = 1650;
const DUST_RELAY_SATS_PER_KVB = 3000n;
/** Bytes that spending costs: an input with signature and key, the witness discounted by four where there is one. */
const SPEND_SIZE_LEGACY = 148;
const SPEND_SIZE_WITNESS = 67;
/** Each unit of sigop cost counts as this many bytes when that is more than the transaction weighs. */
const BYTES_PER_SIGOP = 20;

export function checkStandard(
  transaction: Transaction, measured: {readonly weightWu: number; readonly sigopCost: number},
): Verdict<undefined, PolicyRejectCode> {
  if (isCoinbase(transaction)) return reject('coinbase');
  if (transaction.version < 1 || transaction.version > TX_VERSION_MAX) return reject('version', `${transaction.version}`);
  if (measured.weightWu > TX_WEIGHT_MAX_WU) return reject('tx-size', `weight ${measured.weightWu}`);
  if (transaction.strippedSize < TX_STRIPPED_SIZE_MIN) return reject('tx-size-small', `${transaction.strippedSize} bytes`);
  if (transaction.inputs.some((input) => input.scriptSig.length > SCRIPT_SIG_SIZE_MAX)) return reject('scriptsig-size');
  let dataOutputs = 0;
  for (const {valueSats, scriptPubKey} of transaction.outputs) {
    if (scriptPubKey[0] === 0x6a) dataOutputs += 1;
    else if (valueSats < dustThreshold(scriptPubKey)) return reject('dust', `${valueSats} < ${dustThreshold(scriptPubKey)}`);
  }
  if (dataOutputs > 1) return reject('multi-op-return');
  if (measured.sigopCost > TX_SIGOP_COST_MAX) return reject('bad-txns-too-many-sigops', `${measured.sigopCost}`);
  return {ok: true};
}

/** The least value that costs less than a third of itself to spend, as relay policy counts it. */
export function dustThreshold(scriptPubKey: Uint8Array): Sats {
  if (isUnspendable(scriptPubKey)) return 0n;
  const outputSize = 8 + (scriptPubKey.length < 0xfd ? 1 : 3) + scriptPubKey.length;
  const spendSize = isWitnessProgram(scriptPubKey) ? SPEND_SIZE_WITNESS : SPEND_SIZE_LEGACY;
  return (BigInt(outputSize + spendSize) * DUST_RELAY_SATS_PER_KVB) / 1000n;
}

/** Virtual size as the mempool counts it: many sigops make a transaction "larger". */
export function policyVsize(weightWu: number, sigopCost: number, witnessScaleFactor: number): number {
  return Math.ceil(Math.max(weightWu, sigopCost * BYTES_PER_SIGOP) / witnessScaleFactor);
}

function isWitnessProgram(script: Uint8Array): boolean {
  const version = script[0];
  return script.length >= 4 && script.length <= 42 && version !== undefined
    && (version === 0 || (version >= 0x51 && version <= 0x60)) && script[1] === script.length - 2;
}
