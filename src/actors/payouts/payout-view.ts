/**
 * @module What others see of a payout. Decides nothing.
 */
import type {PayoutRecord} from '../../protocol/payout/payout-record.js';
import {paidSats} from '../../protocol/payout/payout-record.js';
import type {PayoutView} from './messages.js';

/** Of a list; `payouts.get` has them all. */
const PAYEES_SHOWN = 100;

/** @param found - which attempt the chain has, in which block. */
export function viewOf(
  record: PayoutRecord, found: {readonly attempt: number; readonly height: number} | undefined,
  {tipHeight, payeesMax = PAYEES_SHOWN}: {readonly tipHeight: number; readonly payeesMax?: number},
): PayoutView {
  const at = found?.attempt ?? record.attempts.length - 1;
  const {txid, feeSats, vsize} = record.attempts[at]!;
  return {
    id: record.id, kind: record.kind, state: record.state, plannedAtMs: record.plannedAtMs, changedAtMs: record.changedAtMs,
    paidSats: paidSats(record), feeSats, feeRateSatsPerVb: Math.round((Number(feeSats) * 1000) / vsize) / 1000, vsize,
    txid: record.state === 'planned' ? undefined : txid,
    replacedTxids: record.attempts.filter(({signed}, index) => index !== at && signed !== undefined).map((attempt) => attempt.txid),
    confirmations: found === undefined ? 0 : Math.max(0, tipHeight - found.height + 1),
    height: found?.height,
    inputCount: record.coins.length,
    payeeCount: record.payees.length,
    payees: record.payees.slice(0, payeesMax).map(({account, sats, feeSats: part}) => ({account, sats, feeSats: part})),
    problem: record.problem,
  };
}
