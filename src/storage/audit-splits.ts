/**
 * @module The offline check of every found block's split: its amounts are computed again from the stored terms and sums
 * of work, and those sums from the share log as far as it still holds the window. Reads only; names the first discrepancy.
 */
import type {AccountingStore, BlockSplitRow, FoundBlockRow} from '../actors/accounting/ports.js';
import {hashToDisplayHex} from '../protocol/bytes/hex.js';
import {pplnsWindow} from '../protocol/payout/pplns.js';
import {splitBlock} from '../protocol/payout/schemes.js';
import type {WorkOfAccount} from '../protocol/payout/split-reward.js';
import {reject, type Rejection} from '../protocol/verdict.js';
import {StorageError} from './storage-error.js';

export type SplitDiscrepancyCode = 'audit-split-corrupt' | 'audit-split-amounts' | 'audit-split-window';
export type SplitVerdict =
  | {
    readonly ok: true;
    /** Splits computed again from their terms; of these, with a window that was added up again from the log. */
    readonly splitCount: number;
    readonly windowCount: number;
  }
  | Rejection<SplitDiscrepancyCode>;

export function auditSplits(store: AccountingStore): SplitVerdict {
  try {
    return check(store);
  } catch (error) {
    if (error instanceof StorageError) return reject('audit-split-corrupt', error.message);
    throw error;
  }
}

function check(store: AccountingStore): SplitVerdict {
  let splitCount = 0;
  let windowCount = 0;
  const firstKept = store.firstShareSeq();
  for (const row of store.found.all()) {
    // Blocks from before format 2, and refused ones, have none.
    const split = store.split(row.hash);
    if (split === undefined) continue;
    const wrong = checkAmounts(row, split);
    if (wrong !== undefined) return wrong;
    splitCount += 1;
    if (split.firstSeq < Math.max(1, firstKept)) continue;
    const window = checkWindow(store, row, split);
    if (window !== undefined) return window;
    windowCount += 1;
  }
  return {ok: true, splitCount, windowCount};
}

function checkAmounts(row: FoundBlockRow, {terms, subsidySats, work}: BlockSplitRow): Rejection<SplitDiscrepancyCode> | undefined {
  const again = splitBlock({rewardSats: row.rewardSats, subsidySats, finder: row.account}, terms, work);
  const isSame = again.feeSats === row.feeSats && again.donationSats === row.donationSats && again.riskSats === row.riskSats
    && terms.donationAccount === row.donationAccount && again.credits.length === row.credits.length
    && again.credits.every(({account, sats}, index) => row.credits[index]!.account === account && row.credits[index]!.sats === sats);
  return isSame ? undefined : reject('audit-split-amounts', `${nameOf(row)} does not credit what its terms make of its window`);
}

function checkWindow(store: AccountingStore, row: FoundBlockRow, split: BlockSplitRow): Rejection<SplitDiscrepancyCode> | undefined {
  if (split.lastSeq > row.shareSeq) return reject('audit-split-window', `${nameOf(row)} counts shares up to ${split.lastSeq}; its own is ${row.shareSeq}`);
  // A round ends where its first share is; a window of work where its work does.
  const again = pplnsWindow(sharesOf(store, split), split.windowWork === 0n ? 1n << 300n : split.windowWork);
  const expected = new Map(again.work.map(({account, work}) => [account, work]));
  const isSame = expected.size === split.work.length && split.work.every(({account, work}) => expected.get(account) === work);
  // Unless work ran out, or what is before is gone, the window must not have been left unfilled.
  const isFull = split.windowWork === 0n || again.totalWork === split.windowWork || split.firstSeq <= store.firstShareSeq();
  return isSame && isFull ? undefined : reject('audit-split-window', `${nameOf(row)} does not count the work that shares ${split.firstSeq} to ${split.lastSeq} stand for`);
}

function* sharesOf(store: AccountingStore, {firstSeq, lastSeq}: BlockSplitRow): Iterable<WorkOfAccount> {
  for (const share of store.sharesBackwards(lastSeq)) {
    if (share.seq < firstSeq) return;
    yield share;
  }
}

function nameOf(row: FoundBlockRow): string {
  return `the found block ${hashToDisplayHex(row.hash)} at height ${row.height}`;
}
