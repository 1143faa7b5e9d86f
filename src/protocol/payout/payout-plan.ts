/**
 * @module Who is paid now, how much, and from which coins. Pure: the same accounts, coins and rate give the same plan.
 *
 * Rules. Accounts at or above the threshold are due, the largest first (of equals, the first by name), at most
 * `outputsMax` in one transaction; who is left over is first in line as soon as the others are paid. When the coins do
 * not pay all of them, the smallest are left for later; when they do not pay even the first, nobody is paid before him.
 *
 * Fee: the pool bears it, or the payees in proportion to what they get (largest remainder, adds up to the fee). In that
 * case whoever would receive dust is left out. Above the highest rate that the operator allows, nothing is planned.
 */
import {dustThreshold} from '../mempool/policy.js';
import {encodeTransaction} from '../primitives/transaction-codec.js';
import type {Sats} from '../primitives/transaction.js';
import {reject} from '../verdict.js';
import type {Verdict} from '../verdict.js';
import {buildSpend} from '../wallet/build-spend.js';
import {selectLargestFirst, selectSmallestFirst} from '../wallet/select-coins.js';
import type {CoinSelection, WalletCoin} from '../wallet/select-coins.js';
import {feeAtRate, spendVsize} from '../wallet/spend-size.js';
import {plannedEntry} from './payout-record.js';
import type {Payee, PayoutRecord} from './payout-record.js';
import {splitReward} from './split-reward.js';

export interface PayoutPolicy {
  readonly thresholdSats: Sats;
  /** Payees of one transaction. */
  readonly outputsMax: number;
  readonly feeFrom: 'pool' | 'miners';
  readonly feeRateMaxSatsPerKvb: Sats;
  readonly witnessScaleFactor: number;
  readonly weightMaxWu: number;
}

export interface Due {
  readonly account: string;
  readonly payableSats: Sats;
}

export interface PlanRequest {
  readonly id: number;
  readonly nowMs: number;
  readonly due: readonly Due[];
  /** Those that may be spent now: mature, in the chain, not locked. */
  readonly coins: readonly WalletCoin[];
  readonly changeScript: Uint8Array;
  readonly feeRateSatsPerKvb: Sats;
  /** @returns undefined for a name that is no address of this chain: such an account is never paid. */
  readonly scriptOf: (account: string) => Uint8Array | undefined;
}

export type PlanRejection =
  | 'payout-nothing-due'
  /** The network asks more than the operator allows. */
  | 'payout-fee-rate-high'
  | 'wallet-funds-short' | 'wallet-transaction-too-heavy';

export function planPayout(request: PlanRequest, policy: PayoutPolicy): Verdict<PayoutRecord, PlanRejection> {
  let wanted = dueOf(request, policy);
  if (wanted.length === 0) return reject('payout-nothing-due');
  if (request.feeRateSatsPerKvb > policy.feeRateMaxSatsPerKvb) {
    return reject('payout-fee-rate-high', `${request.feeRateSatsPerKvb} > ${policy.feeRateMaxSatsPerKvb} satoshis per 1,000 virtual bytes`);
  }
  for (;;) {
    const chosen = coinsFor(wanted, request, policy);
    if (!chosen.ok) {
      if (wanted.length === 1) return chosen;
      // Halved, not one by one: a batch of hundreds that one coin cannot pay must not take hundreds of tries.
      wanted = wanted.slice(0, chosen.code === 'wallet-funds-short' ? affordable(wanted, request.coins) : Math.ceil(wanted.length / 2));
      continue;
    }
    const payees = withFees(wanted, chosen.value, request, policy);
    if (payees.length === wanted.length) return {ok: true, value: recordOf(request, policy, {kind: 'payout', payees, selection: chosen.value})};
    wanted = wanted.filter(({account}) => payees.some((payee) => payee.account === account));
    if (wanted.length === 0) return reject('payout-nothing-due', 'the fee would leave dust');
  }
}

export interface ConsolidationPolicy {
  readonly feeRateMaxSatsPerKvb: Sats;
  readonly witnessScaleFactor: number;
  readonly weightMaxWu: number;
  /** Nothing is merged until the wallet has more coins than this. */
  readonly coinCountMin: number;
  readonly inputsMax: number;
}

/** @returns undefined when there is nothing to gain: few coins, or the rate is above the bound. */
export function planConsolidation(request: Omit<PlanRequest, 'due' | 'scriptOf'>, policy: ConsolidationPolicy): PayoutRecord | undefined {
  const {coins, changeScript, feeRateSatsPerKvb} = request;
  if (coins.length <= policy.coinCountMin || feeRateSatsPerKvb > policy.feeRateMaxSatsPerKvb) return undefined;
  const selection = selectSmallestFirst(coins, {
    outputScript: changeScript, feeRateSatsPerKvb, witnessScaleFactor: policy.witnessScaleFactor, weightMaxWu: policy.weightMaxWu,
    inputsMax: policy.inputsMax, inputsMin: 2,
  });
  if (selection === undefined || selection.totalSats - selection.feeSats < dustThreshold(changeScript) * 2n) return undefined;
  return recordOf(request, policy, {kind: 'consolidation', payees: [], selection});
}

function dueOf({due, scriptOf}: PlanRequest, {thresholdSats, outputsMax}: PayoutPolicy): Payee[] {
  const payees: Payee[] = [];
  for (const {account, payableSats} of due) {
    const scriptPubKey = scriptOf(account);
    if (scriptPubKey === undefined || payableSats < thresholdSats || payableSats < dustThreshold(scriptPubKey)) continue;
    payees.push({account, scriptPubKey, sats: payableSats, feeSats: 0n});
  }
  return payees.sort(byAmount).slice(0, outputsMax);
}

function coinsFor(payees: readonly Payee[], {coins, changeScript, feeRateSatsPerKvb}: PlanRequest, policy: PayoutPolicy): Verdict<CoinSelection, PlanRejection> {
  return selectLargestFirst(coins, {
    targetSats: payees.reduce((sum, {sats}) => sum + sats, 0n),
    outputScripts: [...payees.map(({scriptPubKey}) => scriptPubKey), changeScript],
    // The payees' fee comes out of what they are paid.
    feeRateSatsPerKvb: policy.feeFrom === 'miners' ? 0n : feeRateSatsPerKvb,
    witnessScaleFactor: policy.witnessScaleFactor,
    weightMaxWu: policy.weightMaxWu,
  });
}

/** How many of the first payees the coins could pay before the fee; at least one and less than all. */
function affordable(payees: readonly Payee[], coins: readonly WalletCoin[]): number {
  let left = coins.reduce((sum, {valueSats}) => sum + valueSats, 0n);
  const count = payees.findIndex(({sats}) => {
    left -= sats;
    return left < 0n;
  });
  return Math.max(1, Math.min(count === -1 ? payees.length - 1 : count, payees.length - 1));
}

/** The payees with their part of the fee; those who would get dust are gone. */
function withFees(payees: readonly Payee[], {coins}: CoinSelection, request: PlanRequest, policy: PayoutPolicy): readonly Payee[] {
  if (policy.feeFrom === 'pool') return payees;
  const shape = {inputScripts: coins.map(({scriptPubKey}) => scriptPubKey), outputScripts: [...payees.map(({scriptPubKey}) => scriptPubKey), request.changeScript]};
  const feeSats = feeAtRate(spendVsize(shape, policy.witnessScaleFactor), request.feeRateSatsPerKvb);
  const {credits} = splitReward({rewardSats: feeSats, feePpm: 0}, payees.map(({account, sats}) => ({account, work: sats})));
  const feeOf = new Map(credits.map(({account, sats}) => [account, sats]));
  return payees
    .map((payee) => ({...payee, feeSats: feeOf.get(payee.account) ?? 0n}))
    .filter(({sats, feeSats: part, scriptPubKey}) => sats - part >= dustThreshold(scriptPubKey));
}

function recordOf(
  {id, nowMs, changeScript, feeRateSatsPerKvb}: Omit<PlanRequest, 'due' | 'scriptOf'>, {witnessScaleFactor}: Pick<PayoutPolicy, 'witnessScaleFactor'>,
  {kind, payees, selection}: {readonly kind: PayoutRecord['kind']; readonly payees: readonly Payee[]; readonly selection: CoinSelection},
): PayoutRecord {
  const outputs = payees.map(({scriptPubKey, sats, feeSats}) => ({valueSats: sats - feeSats, scriptPubKey}));
  const {parts, feeSats, changeSats, vsize} = buildSpend({coins: selection.coins, outputs, changeScript, feeRateSatsPerKvb, witnessScaleFactor});
  const record: Omit<PayoutRecord, 'outbox'> = {
    id, kind, state: 'planned', version: 1, plannedAtMs: nowMs, changedAtMs: nowMs, payees, coins: selection.coins, changeScript,
    attempts: [{txid: encodeTransaction(parts).txid, feeSats, changeSats, vsize, madeAtMs: nowMs, signed: undefined}], settlements: 0, confirmed: undefined, problem: undefined,
  };
  return {...record, outbox: plannedEntry(record, nowMs)};
}

function byAmount(a: Payee, b: Payee): number {
  if (a.sats !== b.sats) return a.sats > b.sats ? -1 : 1;
  return a.account < b.account ? -1 : 1;
}
