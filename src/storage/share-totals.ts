/** @module Accepted shares and their work by account, from the share log and the totals of what it has lost. */
import type {AccountingStore} from '../actors/accounting/ports.js';

export interface AccountShares {
  readonly shares: number;
  /** Expected hashes. */
  readonly work: bigint;
}

const SHARES_PER_PAGE = 10_000;

export function sharesByAccount(store: AccountingStore): ReadonlyMap<string, AccountShares> {
  const sums = new Map<string, {shares: number; work: bigint}>();
  for (const {account, shares, work} of store.sums.totals()) sums.set(account, {shares, work});
  let next = store.firstShareSeq();
  for (;;) {
    const page = store.sharesFrom(next, SHARES_PER_PAGE);
    if (page.length === 0) return sums;
    for (const {account, work} of page) {
      const own = sums.get(account) ?? {shares: 0, work: 0n};
      own.shares += 1;
      own.work += work;
      sums.set(account, own);
    }
    next = page.at(-1)!.seq + 1;
  }
}
