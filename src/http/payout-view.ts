/**
 * @module Payouts as the API shows them.
 */
import type {GetPayoutStatus, ListPayouts, PayoutStatus, PayoutView, PayoutsMessage} from '../actors/payouts/messages.js';
import {hashToDisplayHex} from '../protocol/bytes/hex.js';
import type {ActorRef} from '../runtime/actor.js';
import type {Payout, PayoutRules} from '../web/api.js';
import {ASK_TIMEOUT_MS} from './ask-timeout.js';

/** Payouts to one miner that are added up; one who has more is told of these alone. */
const ADDED_UP_MAX = 1_000;

export function payoutJson(view: PayoutView): Payout {
  const {plannedAtMs, changedAtMs, paidSats, feeSats, txid, replacedTxids, height, inputCount: _inputCount, payees, problem, ...plain} = view;
  return {
    ...plain, plannedAtSec: Math.floor(plannedAtMs / 1000), changedAtSec: Math.floor(changedAtMs / 1000), paidSats: paidSats.toString(), feeSats: feeSats.toString(),
    ...(txid === undefined ? {} : {txid: hashToDisplayHex(txid)}), replacedTxids: replacedTxids.map(hashToDisplayHex), ...(height === undefined ? {} : {height}),
    payees: payees.map(({account, sats, feeSats: fee}) => ({account, sats: sats.toString(), feeSats: fee.toString()})), ...(problem === undefined ? {} : {problem}),
  };
}

export function payoutRules(status: PayoutStatus): PayoutRules {
  const {isPaused, thresholdSats, intervalMs, confirmationsNeeded, feeFrom, payableSats, payableCount, lastPayoutAtMs, nextRunAtMs, problem} = status;
  return {
    isPaused, thresholdSats: thresholdSats.toString(), intervalSec: Math.round(intervalMs / 1000), confirmationsNeeded, feeFrom, payableSats: payableSats.toString(), payableCount,
    ...(lastPayoutAtMs === undefined ? {} : {lastPayoutAtSec: Math.floor(lastPayoutAtMs / 1000)}), ...(nextRunAtMs === undefined ? {} : {nextRunAtSec: Math.floor(nextRunAtMs / 1000)}),
    ...(problem === undefined ? {} : {problem}),
  };
}

/**
 * What a miner's own page says of its payouts. The sum is left out where it cannot be known: more payouts than are added
 * up, or one whose list of payees is cut before this one.
 *
 * @throws AskError
 */
export async function paidTo(payouts: ActorRef<PayoutsMessage>, account: string): Promise<{readonly paidSats?: string; readonly thresholdSats: string}> {
  const [status, listed] = await Promise.all([
    payouts.ask<GetPayoutStatus>({type: 'payouts.getStatus'}, {timeoutMs: ASK_TIMEOUT_MS}),
    payouts.ask<ListPayouts>({type: 'payouts.list', limit: ADDED_UP_MAX + 1, account, kind: 'payout'}, {timeoutMs: ASK_TIMEOUT_MS}),
  ]);
  const thresholdSats = status.thresholdSats.toString();
  let paidSats = 0n;
  for (const {payees} of listed.filter(({state}) => state === 'confirmed')) {
    const payee = payees.find((one) => one.account === account);
    if (payee === undefined) return {thresholdSats};
    paidSats += payee.sats - payee.feeSats;
  }
  return listed.length > ADDED_UP_MAX ? {thresholdSats} : {paidSats: paidSats.toString(), thresholdSats};
}
