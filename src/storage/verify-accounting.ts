/**
 * @module The offline check of a pool's accounts: the share log has no gap, every found block refers to a share of the
 * log, and what each block credits adds up to its reward. Reads only; stops at the first discrepancy.
 */
import type {AccountingStore, FoundBlockRow, ShareChunk} from '../actors/accounting/ports.js';
import {hashToDisplayHex} from '../protocol/bytes/hex.js';
import {reject, type Rejection} from '../protocol/verdict.js';
import {StorageError} from './storage-error.js';

export type AccountingDiscrepancyCode =
  | 'verify-accounting-corrupt' | 'verify-share-gap' | 'verify-share-work' | 'verify-share-totals' | 'verify-share-sums' | 'verify-found-share' | 'verify-found-credits';

export type AccountingVerdict =
  | {readonly ok: true; readonly shareCount: number; readonly foundCount: number}
  | Rejection<AccountingDiscrepancyCode>;

const SHARES_PER_PAGE = 10_000;

export function verifyAccounting(store: AccountingStore): AccountingVerdict {
  try {
    return checkShares(store) ?? checkSums(store) ?? checkFoundBlocks(store) ?? {ok: true, shareCount: store.lastShareSeq(), foundCount: store.found.all().length};
  } catch (error) {
    if (error instanceof StorageError) return reject('verify-accounting-corrupt', error.message);
    throw error;
  }
}

/** Numbered from 1 without a gap: a missing number is work that somebody did and nobody is paid for. */
function checkShares(store: AccountingStore): Rejection<AccountingDiscrepancyCode> | undefined {
  const last = store.lastShareSeq();
  let expected = store.firstShareSeq();
  while (expected <= last) {
    const page = store.sharesFrom(expected, SHARES_PER_PAGE);
    if (page.length === 0) return reject('verify-share-gap', `shares ${expected} to ${last} are missing`);
    for (const share of page) {
      if (share.seq !== expected) return reject('verify-share-gap', `share ${share.seq} follows ${expected - 1}`);
      if (share.work <= 0n) return reject('verify-share-work', `share ${share.seq} stands for no work`);
      expected += 1;
    }
  }
  return undefined;
}

/** Chunks follow the totals without a gap, and say what the shares say; the totals count every share that the log has lost. */
function checkSums(store: AccountingStore): Rejection<AccountingDiscrepancyCode> | undefined {
  let totalShares = 0;
  for (const {shares} of store.sums.totals()) totalShares += shares;
  if (totalShares !== store.sums.compactedSeq()) return reject('verify-share-totals', `totals of ${totalShares} shares stand for ${store.sums.compactedSeq()}`);
  let lastSeq = store.sums.compactedSeq();
  for (const chunk of store.sums.chunks()) {
    if (chunk.firstSeq !== lastSeq + 1 || chunk.lastSeq > store.lastShareSeq()) return reject('verify-share-sums', `sums of shares ${chunk.firstSeq} to ${chunk.lastSeq} follow ${lastSeq}`);
    lastSeq = chunk.lastSeq;
    if (!isSumOf(store, chunk)) return reject('verify-share-sums', `shares ${chunk.firstSeq} to ${chunk.lastSeq} add up to something else`);
  }
  return undefined;
}

function isSumOf(store: AccountingStore, {firstSeq, lastSeq, sums}: ShareChunk): boolean {
  const left = new Map(sums.map(({account, shares, work}) => [account, {shares, work}]));
  for (const {account, work} of store.sharesFrom(firstSeq, lastSeq - firstSeq + 1)) {
    const own = left.get(account);
    if (own === undefined) return false;
    own.shares -= 1;
    own.work -= work;
  }
  return [...left.values()].every(({shares, work}) => shares === 0 && work === 0n);
}

function checkFoundBlocks(store: AccountingStore): Rejection<AccountingDiscrepancyCode> | undefined {
  const last = store.lastShareSeq();
  for (const row of store.found.all()) {
    if (row.shareSeq > last) return reject('verify-found-share', `${nameOf(row)} ends a window at share ${row.shareSeq}; the log ends at ${last}`);
    const creditedSats = row.credits.reduce((sum, credit) => sum + credit.sats, 0n);
    if (row.credits.some(({sats}) => sats < 0n)) return reject('verify-found-credits', `${nameOf(row)} credits less than nothing`);
    // A refused block is worth nothing. Others may credit nobody, when there is no reward or all of it is the operator's.
    const dueSats = row.status === 'rejected' ? 0n : row.rewardSats;
    if (creditedSats + row.feeSats + row.donationSats + row.riskSats !== dueSats) {
      return reject('verify-found-credits', `${nameOf(row)} credits ${creditedSats} and takes ${row.feeSats} of ${dueSats}`);
    }
  }
  return undefined;
}

function nameOf(row: FoundBlockRow): string {
  return `the found block ${hashToDisplayHex(row.hash)} at height ${row.height}`;
}
