/**
 * @module Miners and their history as the API shows them, from the answers of the accounting, the statistics and the payouts.
 */
import type {AccountView, GetAccount} from '../actors/accounting/messages.js';
import type {GetHistory, GetWindows, HistoryView, Resolution, WindowEstimate, WindowsView} from '../actors/statistics/messages.js';
import type {HistoryAnswer, MinerAnswer, MinerSummary, WindowAnswer, WindowsAnswer} from '../web/api.js';
import {HttpFault} from './http-fault.js';
import type {HttpPool} from './http-parts.js';
import {ASK_TIMEOUT_MS} from './ask-timeout.js';
import {shownHashrate, shownHashrates} from './pool-view.js';

/** Most recently active rigs of one miner: an account may have ten thousand. */
export const RIGS_LISTED = 500;
/** Of a normal distribution, 95 % lie within so many standard deviations; shares come as a Poisson process, so σ is √n. */
const DEVIATIONS_95 = 1.96;

/** @throws HttpFault, AskError */
export async function minerOf(pool: HttpPool, account: string): Promise<MinerAnswer> {
  const [view, windows] = await Promise.all([
    pool.accounting.ask<GetAccount>({type: 'accounting.getAccount', account, rigLimit: RIGS_LISTED}, {timeoutMs: ASK_TIMEOUT_MS}),
    windowsOf(pool, account),
  ]);
  if (view === null) throw new HttpFault('account-not-found', 'No share of this address has been accepted.');
  return {
    account: view.account, hashrate: shownHashrates(view.hashrate), ...(windows === undefined ? {} : {windows}),
    sharesAccepted: view.sharesAccepted, sharesRejected: view.sharesRejected, bestShareDifficulty: shownDifficulty(view.bestShareDifficulty),
    ...(view.lastShareAtSec === undefined ? {} : {lastShareAtSec: view.lastShareAtSec}),
    pendingSats: view.pendingSats.toString(), balanceSats: view.balanceSats.toString(), payingSats: view.payingSats.toString(), debtSats: view.debtSats.toString(),
    rigs: [...view.rigs].reverse().map(({lastShareAtSec, hashrate, ...rig}) => ({...rig, hashrate: shownHashrates(hashrate), ...(lastShareAtSec === undefined ? {} : {lastShareAtSec})})),
  };
}

export function minerSummary(view: Omit<AccountView, 'rigs'>): MinerSummary {
  return {
    account: view.account, hashrate: shownHashrates(view.hashrate), sharesAccepted: view.sharesAccepted,
    sharesRejected: Object.values(view.sharesRejected).reduce((sum, count) => sum + count, 0), bestShareDifficulty: shownDifficulty(view.bestShareDifficulty),
    ...(view.lastShareAtSec === undefined ? {} : {lastShareAtSec: view.lastShareAtSec}),
  };
}

/** @param account - undefined: the pool. @returns undefined for an account without a history. */
export async function windowsOf({statistics}: HttpPool, account: string | undefined): Promise<WindowsAnswer | undefined> {
  const view = await statistics.ask<GetWindows>({type: 'statistics.getWindows', ...(account === undefined ? {} : {account})}, {timeoutMs: ASK_TIMEOUT_MS});
  return view === null ? undefined : windowsAnswer(view);
}

/** @throws HttpFault for an account without a history. */
export async function historyOf({statistics}: HttpPool, about: {readonly account?: string; readonly resolution: Resolution; readonly fromSec?: number}): Promise<HistoryAnswer> {
  const view = await statistics.ask<GetHistory>({type: 'statistics.getHistory', ...about}, {timeoutMs: ASK_TIMEOUT_MS});
  if (view === null) throw new HttpFault('account-not-found', 'There is no history of this address.');
  return historyAnswer(view);
}

function historyAnswer({resolution, bucketSec, buckets}: HistoryView): HistoryAnswer {
  return {
    resolution, bucketSec,
    points: buckets.map(({startSec, coveredSec, hashes, ...counts}) => ({
      atSec: startSec, coveredSec: Math.round(coveredSec), hashesPerSec: coveredSec < 1 ? 0 : shownHashrate(hashes / coveredSec), ...counts,
    })),
  };
}

function windowsAnswer({last5m, last1h, last24h}: WindowsView): WindowsAnswer {
  return {last5m: windowAnswer(last5m), last1h: windowAnswer(last1h), last24h: windowAnswer(last24h)};
}

function windowAnswer({windowSec, coveredSec, hashesPerSec, sharesAccepted, sharesRejected}: WindowEstimate): WindowAnswer {
  return {
    windowSec, coveredSec: Math.round(coveredSec), hashesPerSec: shownHashrate(hashesPerSec), sharesAccepted, sharesRejected,
    ...(sharesAccepted === 0 ? {} : {relativeError: Number((DEVIATIONS_95 / Math.sqrt(sharesAccepted)).toPrecision(3))}),
  };
}

/** A hash of zero would be infinitely difficult, and JSON has no infinity. */
function shownDifficulty(difficulty: number): number {
  return Number.isFinite(difficulty) ? difficulty : Number.MAX_VALUE;
}
