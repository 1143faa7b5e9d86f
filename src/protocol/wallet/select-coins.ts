/**
 * @module Which coins pay. Two rules, each for its purpose, both deterministic:
 *
 * A payout takes the LARGEST coins first, until they cover the outputs and the fee of all inputs so far: fewest inputs,
 * least fee, at whatever rate the payout must go. Ties go to the older coin, then to the outpoint's bytes.
 *
 * A consolidation takes the SMALLEST first, only while each brings more than it costs to spend, because that is when
 * fees are low; so what the first rule leaves behind is what the second one merges.
 *
 * Neither knows what is locked or immature: the caller offers only coins that may be spent.
 */
import {compareBytes} from '../bytes/compare.js';
import {outpointKey} from '../bytes/hash-key.js';
import type {OutPoint, Sats} from '../primitives/transaction.js';
import {reject} from '../verdict.js';
import type {Verdict} from '../verdict.js';
import {feeAtRate, inputWeightWu, spendVsize, spendWeightWu} from './spend-size.js';

/** An output of ours in the chain. */
export interface WalletCoin {
  readonly outpoint: OutPoint;
  readonly valueSats: Sats;
  readonly scriptPubKey: Uint8Array;
  readonly height: number;
  readonly isCoinbase: boolean;
}

export interface SelectionRequest {
  /** Sum of what the coins must pay beside the fee. */
  readonly targetSats: Sats;
  readonly outputScripts: readonly Uint8Array[];
  readonly feeRateSatsPerKvb: Sats;
  readonly witnessScaleFactor: number;
  /** Of the whole transaction. */
  readonly weightMaxWu: number;
}

export interface CoinSelection {
  readonly coins: readonly WalletCoin[];
  readonly totalSats: Sats;
  /** At the rate that was asked for, with the outputs that were asked for. */
  readonly feeSats: Sats;
}

export type SelectionRejection =
  /** All coins together do not pay it. */
  | 'wallet-funds-short'
  /** So many inputs that no node relays it: pay fewer at a time, or consolidate first. */
  | 'wallet-transaction-too-heavy';

export function selectLargestFirst(coins: readonly WalletCoin[], request: SelectionRequest): Verdict<CoinSelection, SelectionRejection> {
  const {targetSats, outputScripts, feeRateSatsPerKvb, witnessScaleFactor, weightMaxWu} = request;
  const chosen: WalletCoin[] = [];
  const inputScripts: Uint8Array[] = [];
  let totalSats = 0n;
  for (const coin of coins.toSorted((a, b) => byValue(b, a) || byAge(a, b))) {
    chosen.push(coin);
    inputScripts.push(coin.scriptPubKey);
    totalSats += coin.valueSats;
    if (totalSats < targetSats) continue;
    const shape = {inputScripts, outputScripts};
    if (spendWeightWu(shape, witnessScaleFactor) > weightMaxWu) return reject('wallet-transaction-too-heavy', `${chosen.length} inputs`);
    const feeSats = feeAtRate(spendVsize(shape, witnessScaleFactor), feeRateSatsPerKvb);
    if (totalSats >= targetSats + feeSats) return {ok: true, value: {coins: chosen, totalSats, feeSats}};
  }
  return reject('wallet-funds-short', `${totalSats} of ${targetSats} satoshis and the fee`);
}

export interface ConsolidationRequest {
  /** Where all goes. */
  readonly outputScript: Uint8Array;
  readonly feeRateSatsPerKvb: Sats;
  readonly witnessScaleFactor: number;
  readonly weightMaxWu: number;
  readonly inputsMax: number;
  /** Fewer are left for a later time. */
  readonly inputsMin: number;
}

/** @returns undefined when there is nothing worth merging. */
export function selectSmallestFirst(coins: readonly WalletCoin[], request: ConsolidationRequest): CoinSelection | undefined {
  const {outputScript, feeRateSatsPerKvb, witnessScaleFactor} = request;
  const feeAt = (weightWu: number): Sats => feeAtRate(Math.ceil(weightWu / witnessScaleFactor), feeRateSatsPerKvb);
  const chosen: WalletCoin[] = [];
  let totalSats = 0n;
  // The count of inputs is written in three bytes from 253 on: counted so from the start.
  let weight = spendWeightWu({inputScripts: [], outputScripts: [outputScript]}, witnessScaleFactor) + 2 * witnessScaleFactor;
  for (const coin of coins.toSorted((a, b) => byValue(a, b) || byAge(a, b))) {
    if (chosen.length >= request.inputsMax) break;
    const more = weight + inputWeightWu(coin.scriptPubKey, witnessScaleFactor);
    if (more > request.weightMaxWu) break;
    // Worth less than its own bytes: it waits for a lower rate.
    if (coin.valueSats <= feeAt(more) - feeAt(weight)) continue;
    chosen.push(coin);
    weight = more;
    totalSats += coin.valueSats;
  }
  return chosen.length < request.inputsMin ? undefined : {coins: chosen, totalSats, feeSats: feeAt(weight)};
}

function byValue(a: WalletCoin, b: WalletCoin): number {
  if (a.valueSats === b.valueSats) return 0;
  return a.valueSats < b.valueSats ? -1 : 1;
}

function byAge(a: WalletCoin, b: WalletCoin): number {
  return a.height - b.height || compareBytes(outpointKey(a.outpoint), outpointKey(b.outpoint));
}
