/**
 * @module From chosen coins and outputs to an unsigned transaction, and from its fee to a higher one (BIP 125).
 * Every input signals replaceability. The change stands last; change that would be dust goes to the fee.
 */
import {dustThreshold} from '../mempool/policy.js';
import type {TransactionParts} from '../primitives/transaction-codec.js';
import type {Sats, TxOutput} from '../primitives/transaction.js';
import {assert, reject} from '../verdict.js';
import type {Verdict} from '../verdict.js';
import {feeAtRate, spendVsize} from './spend-size.js';
import type {WalletCoin} from './select-coins.js';

/** BIP 125: below 0xfffffffe. Also leaves relative lock times off (BIP 68). */
export const SEQUENCE_REPLACEABLE = 0xfffffffd;

export interface SpendPlan {
  readonly coins: readonly WalletCoin[];
  /** Those that are paid, without the change. */
  readonly outputs: readonly TxOutput[];
  readonly changeScript: Uint8Array;
  readonly feeRateSatsPerKvb: Sats;
  readonly witnessScaleFactor: number;
}

export interface UnsignedSpend {
  readonly parts: TransactionParts;
  readonly feeSats: Sats;
  /** 0 when there is no change output. */
  readonly changeSats: Sats;
  readonly vsize: number;
}

/** The coins must cover the outputs and the fee: they were selected so. */
export function buildSpend(plan: SpendPlan): UnsignedSpend {
  const {coins, outputs, changeScript, feeRateSatsPerKvb, witnessScaleFactor} = plan;
  const inputScripts = coins.map(({scriptPubKey}) => scriptPubKey);
  const outputScripts = outputs.map(({scriptPubKey}) => scriptPubKey);
  const vsizeWithChange = spendVsize({inputScripts, outputScripts: [...outputScripts, changeScript]}, witnessScaleFactor);
  const left = sumOf(coins) - sumOf(outputs);
  const changeSats = left - feeAtRate(vsizeWithChange, feeRateSatsPerKvb);
  if (changeSats >= dustThreshold(changeScript)) return spendOf(plan, {feeSats: left - changeSats, changeSats, vsize: vsizeWithChange});
  const vsize = spendVsize({inputScripts, outputScripts}, witnessScaleFactor);
  assert(left >= feeAtRate(vsize, feeRateSatsPerKvb), 'the chosen coins cover outputs and fee');
  return spendOf(plan, {feeSats: left, changeSats: 0n, vsize});
}

export type BumpRejection =
  /** There is no change left to take the higher fee from. */
  | 'bump-no-change'
  /** The new fee would not pay for its own relay on top of the old one (BIP 125, rule 4). */
  | 'bump-too-small';

/** The same coins and outputs with a higher fee, taken from the change alone. */
export function bumpSpend(
  plan: SpendPlan, before: {readonly feeSats: Sats; readonly incrementalSatsPerKvb: Sats},
): Verdict<UnsignedSpend, BumpRejection> {
  const {coins, outputs, changeScript, feeRateSatsPerKvb, witnessScaleFactor} = plan;
  const shape = {inputScripts: coins.map(({scriptPubKey}) => scriptPubKey), outputScripts: [...outputs.map(({scriptPubKey}) => scriptPubKey), changeScript]};
  const vsize = spendVsize(shape, witnessScaleFactor);
  const feeSats = feeAtRate(vsize, feeRateSatsPerKvb);
  const leastFee = before.feeSats + feeAtRate(vsize, before.incrementalSatsPerKvb);
  if (feeSats < leastFee) return reject('bump-too-small', `${feeSats} < ${leastFee}`);
  const changeSats = sumOf(coins) - sumOf(outputs) - feeSats;
  if (changeSats < dustThreshold(changeScript)) return reject('bump-no-change', `${changeSats} satoshis would be left`);
  return {ok: true, value: spendOf(plan, {feeSats, changeSats, vsize})};
}

export function sumOf(items: readonly {readonly valueSats: Sats}[]): Sats {
  return items.reduce((sum, {valueSats}) => sum + valueSats, 0n);
}

function spendOf({coins, outputs, changeScript}: SpendPlan, money: Pick<UnsignedSpend, 'feeSats' | 'changeSats' | 'vsize'>): UnsignedSpend {
  const parts: TransactionParts = {
    version: 2,
    lockTime: 0,
    inputs: coins.map(({outpoint}) => ({prevout: outpoint, scriptSig: new Uint8Array(0), sequence: SEQUENCE_REPLACEABLE, witness: []})),
    outputs: money.changeSats === 0n ? outputs : [...outputs, {valueSats: money.changeSats, scriptPubKey: changeScript}],
  };
  assert(sumOf(coins) === sumOf(parts.outputs) + money.feeSats, 'inputs are outputs and fee');
  return {parts, ...money};
}
