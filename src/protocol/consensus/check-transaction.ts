/**
 * @module The rules that a transaction keeps or breaks by itself: no coins, no height, no scripts.
 * Codes and their order are those of Core's tx_check, so that the first broken rule has the same name.
 */
import type {ChainSpec} from '../chain/chain-spec.js';
import {outpointMapKey} from '../bytes/hash-key.js';
import type {Transaction} from '../primitives/transaction.js';
import {isCoinbase, isNullInput} from '../primitives/transaction-codec.js';
import {reject} from '../verdict.js';
import type {Verdict} from '../verdict.js';

export type TransactionRejectCode =
  | 'bad-txns-vin-empty' | 'bad-txns-vout-empty' | 'bad-txns-oversize' | 'bad-txns-vout-negative'
  | 'bad-txns-vout-toolarge' | 'bad-txns-txouttotal-toolarge' | 'bad-txns-inputs-duplicate' | 'bad-cb-length'
  | 'bad-txns-prevout-null';

export const COINBASE_SCRIPT_SIZE_MIN = 2;
export const COINBASE_SCRIPT_SIZE_MAX = 100;

type Limits = Pick<ChainSpec, 'maxBlockWeightWu' | 'witnessScaleFactor' | 'maxMoneySats'>;

export function checkTransaction(transaction: Transaction, limits: Limits): Verdict<undefined, TransactionRejectCode> {
  const {inputs, outputs} = transaction;
  if (inputs.length === 0) return reject('bad-txns-vin-empty');
  if (outputs.length === 0) return reject('bad-txns-vout-empty');
  if (transaction.strippedSize * limits.witnessScaleFactor > limits.maxBlockWeightWu) return reject('bad-txns-oversize');
  let total = 0n;
  for (const {valueSats} of outputs) {
    if (valueSats < 0n) return reject('bad-txns-vout-negative');
    if (valueSats > limits.maxMoneySats) return reject('bad-txns-vout-toolarge');
    total += valueSats;
    if (total > limits.maxMoneySats) return reject('bad-txns-txouttotal-toolarge');
  }
  // In blocks as in the mempool: CVE-2018-17144 came of leaving this to the coin lookup.
  if (inputs.length > 1) {
    const seen = new Set<string>();
    for (const {prevout} of inputs) seen.add(outpointMapKey(prevout));
    if (seen.size < inputs.length) return reject('bad-txns-inputs-duplicate');
  }
  if (isCoinbase(transaction)) {
    const size = inputs[0]!.scriptSig.length;
    if (size < COINBASE_SCRIPT_SIZE_MIN || size > COINBASE_SCRIPT_SIZE_MAX) return reject('bad-cb-length', `${size} bytes`);
  } else if (inputs.some(isNullInput)) {
    return reject('bad-txns-prevout-null');
  }
  return {ok: true};
}
