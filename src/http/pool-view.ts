/**
 * @module The pool as the page shows it, from the answers of its accounting and its front desk.
 */
import type {FoundBlockView, GetAccount, GetPoolTotals, HashrateView, ListAccounts, ListFoundBlocks, PoolTotals} from '../actors/accounting/messages.js';
import type {GetSessionCount} from '../actors/mining-pool/messages.js';
import type {ReplyOf} from '../runtime/actor.js';
import {hashToDisplayHex} from '../protocol/bytes/hex.js';
import type {FoundOverview, HashrateOverview, PoolOverview, RigOverview, WindowsAnswer} from '../web/overview.js';
import type {HttpPool} from './http-parts.js';

export const FOUND_SHOWN = 20;
export const RIGS_SHOWN = 24;
/** The most recently active accounts, of which the fastest are shown. */
const ACCOUNTS_RANKED = 64;
/** Each costs a question; together they hold at least as many rigs as are shown. */
const ACCOUNTS_ASKED = 12;
/** Most recently active rigs of each, of which the fastest are shown: an account may have ten thousand. */
const RIGS_RANKED = 256;

export interface PoolFacts {
  readonly totals: PoolTotals;
  readonly sessions: ReplyOf<GetSessionCount>;
  readonly found: readonly FoundBlockView[];
}

/** @throws AskError */
export async function askPool({accounting, miningPool}: HttpPool, timeoutMs: number): Promise<PoolFacts> {
  const [totals, sessions, found] = await Promise.all([
    accounting.ask<GetPoolTotals>({type: 'accounting.getTotals'}, {timeoutMs}),
    miningPool.ask<GetSessionCount>({type: 'miningPool.getSessionCount'}, {timeoutMs}),
    accounting.ask<ListFoundBlocks>({type: 'accounting.listBlocks', limit: FOUND_SHOWN}, {timeoutMs}),
  ]);
  return {totals, sessions, found};
}

/** The fastest rigs of the fastest accounts. @throws AskError */
export async function askRigs({accounting}: HttpPool, timeoutMs: number): Promise<readonly RigOverview[]> {
  const recent = await accounting.ask<ListAccounts>({type: 'accounting.listAccounts', limit: ACCOUNTS_RANKED}, {timeoutMs});
  const fastest = [...recent].sort((a, b) => b.hashrate.last5m - a.hashrate.last5m).slice(0, ACCOUNTS_ASKED);
  const accounts = await Promise.all(fastest.map(({account}) => accounting.ask<GetAccount>({type: 'accounting.getAccount', account, rigLimit: RIGS_RANKED}, {timeoutMs})));
  const rigs: RigOverview[] = [];
  for (const view of accounts) {
    for (const rig of view?.rigs ?? []) {
      const {lastShareAtSec, hashrate, ...rest} = rig;
      rigs.push({account: view!.account, ...rest, hashrate: shownHashrates(hashrate), ...(lastShareAtSec === undefined ? {} : {lastShareAtSec})});
    }
  }
  return rigs.sort(byHashrate).slice(0, RIGS_SHOWN);
}

interface PoolParts {
  readonly rigs: readonly RigOverview[];
  readonly windows: WindowsAnswer | undefined;
}

export function poolOverview(facts: PoolFacts, {rigs, windows}: PoolParts, {stratumEndpoint, payouts}: Pick<HttpPool, 'stratumEndpoint' | 'payouts'>): PoolOverview {
  const {totals, sessions, found} = facts;
  return {
    stratumEndpoint,
    scheme: totals.scheme,
    feePpm: totals.feePpm,
    hasPayouts: payouts !== undefined,
    hashrate: shownHashrates(totals.hashrate),
    ...(windows === undefined ? {} : {windows}),
    sessions: {connected: sessions.connected, authorised: sessions.authorised, max: sessions.max},
    accountCount: totals.accountCount,
    sharesAccepted: totals.sharesAccepted,
    sharesRejected: totals.sharesRejected,
    blocksFound: totals.blocksFound,
    roundEffort: totals.roundEffort,
    windowFill: totals.windowFill,
    rigs,
    found: found.map(foundOverview),
  };
}

/** Four significant digits: the rest is noise of the estimate, and would be sent to every viewer four times a second. */
export function shownHashrate(hashesPerSecond: number): number {
  return Number(hashesPerSecond.toPrecision(4));
}

export function shownHashrates({last1m, last5m, last1h}: HashrateView): HashrateOverview {
  return {last1m: shownHashrate(last1m), last5m: shownHashrate(last5m), last1h: shownHashrate(last1h)};
}

function foundOverview(block: FoundBlockView): FoundOverview {
  return {
    height: block.height,
    hash: hashToDisplayHex(block.hash),
    account: block.account,
    minerName: block.minerName,
    foundAtSec: block.foundAtSec,
    status: block.status,
    confirmations: block.confirmations,
    rewardSats: block.rewardSats.toString(),
    effort: block.effort,
  };
}

/** Names decide between equals, so that rows do not change places from one answer to the next. */
function byHashrate(a: RigOverview, b: RigOverview): number {
  return b.hashrate.last5m - a.hashrate.last5m || (a.account < b.account ? -1 : a.account > b.account ? 1 : a.minerName < b.minerName ? -1 : 1);
}
