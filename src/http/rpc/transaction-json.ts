/**
 * @module Transactions, scripts and blocks as Bitcoin's JSON-RPC shows them. Field names and their order are Bitcoin
 * Core's; every amount is written from satoshis.
 */
import {bytesToHex, hashToDisplayHex} from '../../protocol/bytes/hex.js';
import type {ChainSpec} from '../../protocol/chain/chain-spec.js';
import {virtualSize, weightWu} from '../../protocol/consensus/weight.js';
import {isCoinbase} from '../../protocol/primitives/transaction-codec.js';
import type {Coin, Transaction, TxInput} from '../../protocol/primitives/transaction.js';
import {encodeAddress} from '../../protocol/address/address.js';
import {classifyScript} from '../../protocol/script/classify-script.js';
import {disassembleScript} from '../../protocol/script/parse-script.js';
import {amountJson, type JsonValue} from './json-text.js';

export function scriptPubKeyJson(script: Uint8Array, spec: ChainSpec): Record<string, JsonValue | undefined> {
  return {
    asm: disassembleScript(script),
    hex: bytesToHex(script),
    address: encodeAddress(script, spec.address),
    type: classifyScript(script).type,
  };
}

function inputJson(input: TxInput, facts: {readonly isCoinbase: boolean; readonly coin: Coin | undefined; readonly spec: ChainSpec}): JsonValue {
  const witness = input.witness.length === 0 ? undefined : input.witness.map(bytesToHex);
  if (facts.isCoinbase) return {coinbase: bytesToHex(input.scriptSig), txinwitness: witness, sequence: input.sequence};
  return {
    txid: hashToDisplayHex(input.prevout.txid),
    vout: input.prevout.vout,
    scriptSig: {asm: disassembleScript(input.scriptSig), hex: bytesToHex(input.scriptSig)},
    txinwitness: witness,
    prevout: facts.coin === undefined ? undefined : {
      generated: facts.coin.isCoinbase,
      height: facts.coin.height,
      value: amountJson(facts.coin.valueSats),
      scriptPubKey: scriptPubKeyJson(facts.coin.scriptPubKey, facts.spec),
    },
    sequence: input.sequence,
  };
}

export interface TransactionJsonOptions {
  readonly spec: ChainSpec;
  /** The coins that it spent, in input order, where they are known. */
  readonly spent?: readonly Coin[] | undefined;
  /** Show each spent coin (`getblock` 3), not the fee alone. */
  readonly withPrevouts?: boolean;
  readonly withHex?: boolean;
}

export function transactionJson(transaction: Transaction, options: TransactionJsonOptions): Record<string, JsonValue | undefined> {
  const {spec, spent} = options;
  const weight = weightWu(transaction, spec.witnessScaleFactor);
  const coinbase = isCoinbase(transaction);
  return {
    txid: hashToDisplayHex(transaction.txid),
    hash: hashToDisplayHex(transaction.wtxid),
    version: transaction.version,
    size: transaction.bytes.length,
    vsize: virtualSize(weight, spec.witnessScaleFactor),
    weight,
    locktime: transaction.lockTime,
    vin: transaction.inputs.map((input, index) => inputJson(input, {isCoinbase: coinbase, coin: options.withPrevouts === true ? spent?.[index] : undefined, spec})),
    vout: transaction.outputs.map((output, n) => ({value: amountJson(output.valueSats), n, scriptPubKey: scriptPubKeyJson(output.scriptPubKey, spec)})),
    fee: spent === undefined || coinbase ? undefined : amountJson(feeSats(transaction, spent)),
    hex: options.withHex === true ? bytesToHex(transaction.bytes) : undefined,
  };
}

function feeSats(transaction: Transaction, spent: readonly Coin[]): bigint {
  return spent.reduce((sum, coin) => sum + coin.valueSats, 0n) - transaction.outputs.reduce((sum, output) => sum + output.valueSats, 0n);
}
