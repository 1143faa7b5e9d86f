/**
 * @module What a transaction may take from the coins it spends: maturity, amounts, fee. Shared by block connection and
 * the mempool. Scripts and lock times are judged elsewhere.
 */
import type {ChainSpec} from '../chain/chain-spec.js';
import type {Coin, Sats, Transaction} from '../primitives/transaction.js';
import {reject} from '../verdict.js';
import type {Verdict} from '../verdict.js';

export type InputRejectCode =
  | 'bad-txns-premature-spend-of-coinbase' | 'bad-txns-inputvalues-outofrange' | 'bad-txns-in-belowout'
  | 'bad-txns-fee-outofrange';

/** @param height - of the block that is to contain the transaction. @returns the fee. */
export function checkSpend(
  transaction: Transaction, spentCoins: readonly Coin[],
  context: {readonly height: number; readonly spec: Pick<ChainSpec, 'coinbaseMaturityBlocks' | 'maxMoneySats'>},
): Verdict<Sats, InputRejectCode> {
  const {height, spec} = context;
  let totalIn = 0n;
  for (const coin of spentCoins) {
    if (coin.isCoinbase && height - coin.height < spec.coinbaseMaturityBlocks) {
      return reject('bad-txns-premature-spend-of-coinbase', `made at ${coin.height}, spent at ${height}`);
    }
    const {valueSats} = coin;
    totalIn += valueSats;
    // Each addend is checked as well as the sum: a corrupt coin must not hide behind the others.
    if (valueSats < 0n || valueSats > spec.maxMoneySats || totalIn > spec.maxMoneySats) {
      return reject('bad-txns-inputvalues-outofrange');
    }
  }
  let totalOut = 0n;
  for (const output of transaction.outputs) totalOut += output.valueSats;
  if (totalIn < totalOut) return reject('bad-txns-in-belowout', `in ${totalIn}, out ${totalOut}`);
  const fee = totalIn - totalOut;
  // Unreachable while inputs and outputs are in range; Core keeps it, and so do we.
  return fee > spec.maxMoneySats ? reject('bad-txns-fee-outofrange') : {ok: true, value: fee};
}
