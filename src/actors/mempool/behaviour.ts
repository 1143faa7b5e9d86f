/**
 * @module The mempool's decisions about one transaction, as pure functions: consensus without scripts, lock times at the
 * next block, standardness. Who asks the chain for coins and runs the scripts: `actor.ts`.
 */
import type {ChainSpec} from '../../protocol/chain/chain-spec.js';
import {checkSpend} from '../../protocol/consensus/check-inputs.js';
import {checkTransaction} from '../../protocol/consensus/check-transaction.js';
import {areSequenceLocksMet, isFinalTransaction, sequenceLocks} from '../../protocol/consensus/lock-times.js';
import {sigopCost} from '../../protocol/consensus/sigops.js';
import {weightWu} from '../../protocol/consensus/weight.js';
import type {Mempool, MempoolCandidate} from '../../protocol/mempool/mempool.js';
import type {MempoolEntry} from '../../protocol/mempool/mempool-entry.js';
import {checkStandard, policyVsize} from '../../protocol/mempool/policy.js';
import type {Coin, OutPoint, Sats, Transaction} from '../../protocol/primitives/transaction.js';
import {isCoinbase} from '../../protocol/primitives/transaction-codec.js';
import {reject} from '../../protocol/verdict.js';
import type {Rejection, Verdict} from '../../protocol/verdict.js';
import type {CoinsAtTip} from '../chain/messages.js';
import type {MempoolEntryView, TxOutcome} from './messages.js';

/** What needs neither coins nor the pool. */
export function judgeAlone(transaction: Transaction, spec: ChainSpec): Verdict {
  const verdict = checkTransaction(transaction, spec);
  if (!verdict.ok) return verdict;
  return isCoinbase(transaction) ? reject('coinbase') : {ok: true};
}

/** The coins of a transaction, from the pool where a parent waits there, else from the chain. */
export interface GatheredCoins {
  readonly spentCoins: readonly Coin[];
  /** For BIP 68: median time past by height, for the heights that can be asked. */
  readonly medianTimeAt: ReadonlyMap<number, number>;
}

/** @returns undefined when a coin is nowhere. `coinsAtTip` answers for `outpoints` first of all, in order. */
export function gatherCoins(transaction: Transaction, pool: Mempool, coinsAtTip: CoinsAtTip): GatheredCoins | undefined {
  const {tip} = coinsAtTip;
  const medianTimeAt = new Map<number, number>([[tip.height, tip.medianTimePastSec]]);
  const spentCoins: Coin[] = [];
  for (const [i, {prevout}] of transaction.inputs.entries()) {
    const coin = coinsAtTip.coins[i] ?? poolCoin(pool, prevout, tip.height + 1);
    if (coin === undefined) return undefined;
    spentCoins.push(coin);
    const timeSec = coinsAtTip.coinMedianTimesSec[i];
    if (timeSec !== undefined) medianTimeAt.set(Math.max(coin.height - 1, 0), timeSec);
  }
  return {spentCoins, medianTimeAt};
}

function poolCoin(pool: Mempool, outpoint: OutPoint, height: number): Coin | undefined {
  const output = pool.output(outpoint);
  return output === undefined ? undefined : {valueSats: output.valueSats, scriptPubKey: output.scriptPubKey, height, isCoinbase: false};
}

/** Maturity, amounts and lock times for the next block. @returns the fee. */
export function judgeSpend(
  transaction: Transaction, coins: GatheredCoins, facts: {readonly spec: ChainSpec; readonly tip: CoinsAtTip['tip']},
): Verdict<Sats> {
  const {spec, tip} = facts;
  const height = tip.height + 1;
  if (!isFinalTransaction(transaction, {height, timeSec: tip.medianTimePastSec})) return reject('non-final');
  // A height that is not in the map belongs to no coin with a lock by time.
  const locks = sequenceLocks(transaction, coins.spentCoins.map((coin) => coin.height), (at) => coins.medianTimeAt.get(at) ?? tip.medianTimePastSec);
  if (!areSequenceLocksMet(locks, {height, parentMedianTimeSec: tip.medianTimePastSec})) return reject('non-BIP68-final');
  return checkSpend(transaction, coins.spentCoins, {height, spec});
}

/** Standardness and size: what the pool asks beyond consensus. */
export function measure(
  transaction: Transaction, coins: GatheredCoins, facts: {readonly spec: ChainSpec; readonly height: number},
): Verdict<{readonly weightWu: number; readonly sigopCost: number; readonly vsize: number}> {
  const {spec, height} = facts;
  const {witnessScaleFactor} = spec;
  const weight = weightWu(transaction, witnessScaleFactor);
  const cost = sigopCost(transaction, coins.spentCoins, {witnessScaleFactor, hasSegwit: height >= spec.activation.segwit});
  const standard = checkStandard(transaction, {weightWu: weight, sigopCost: cost});
  return standard.ok ? {ok: true, value: {weightWu: weight, sigopCost: cost, vsize: policyVsize(weight, cost, witnessScaleFactor)}} : standard;
}

/** A fee rate above what the sender said to accept is more likely a mistake than a wish. */
export function exceedsMaxFeeRate(candidate: MempoolCandidate, maxFeeRateSatsPerKvb: Sats | undefined): boolean {
  return maxFeeRateSatsPerKvb !== undefined && maxFeeRateSatsPerKvb > 0n
    && candidate.feeSats * 1000n > maxFeeRateSatsPerKvb * BigInt(candidate.vsize);
}

export function acceptance(transaction: Transaction, facts: {readonly vsize: number; readonly feeSats: Sats; readonly already?: boolean}): TxOutcome {
  const {vsize, feeSats, already} = facts;
  return {ok: true, txid: transaction.txid, wtxid: transaction.wtxid, vsize, feeSats, ...(already === true ? {already} : {})};
}

export function refusal(transaction: Transaction, {code, detail}: Rejection): TxOutcome {
  return {...reject(code, detail), txid: transaction.txid, wtxid: transaction.wtxid};
}

export function entryView(entry: MempoolEntry): MempoolEntryView {
  const {
    transaction, feeSats, vsize, weightWu, sigopCost: cost, admittedAtSec, admittedAtHeight, ancestorCount, ancestorVsize,
    ancestorFeeSats, descendantCount, descendantVsize, descendantFeeSats,
  } = entry;
  return {
    transaction, feeSats, vsize, weightWu, sigopCost: cost, admittedAtSec, admittedAtHeight, ancestorCount, ancestorVsize,
    ancestorFeeSats, descendantCount, descendantVsize, descendantFeeSats,
    parents: Array.from(entry.parents, (parent) => parent.transaction.txid),
    children: Array.from(entry.children, (child) => child.transaction.txid),
  };
}
