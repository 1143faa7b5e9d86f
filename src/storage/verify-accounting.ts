/**
 * @module The offline check of a pool's accounts: the share log has no gap, every found block refers to a share of the
 * log, and what each block credits adds up to its reward. Reads only; stops at the first discrepancy.
 */
import type {AccountingStore, FoundBlockRow} from '../actors/accounting/ports.js';
import {hashToDisplayHex} from '../protocol/bytes/hex.js';
import {reject, type Rejection} from '../protocol/verdict.js';
import {StorageError} from './storage-error.js';

export type AccountingDiscrepancyCode =
  | 'verify-accounting-corrupt' | 'verify-share-gap' | 'verify-share-work' | 'verify-found-share' | 'verify-found-credits';

export type AccountingVerdict =
  | {readonly ok: true; readonly shareCount: number; readonly foundCount: number}
  | Rejection<AccountingDiscrepancyCode>;

const SHARES_PER_PAGE = 10_000;

export function verifyAccounting(store: AccountingStore): AccountingVerdict {
  try {
    return checkShares(store) ?? checkFoundBlocks(store) ?? {ok: true, shareCount: store.lastShareSeq(), foundCount: store.foundBlocks().length};
  } catch (error) {
    if (error instanceof StorageError) return reject('verify-accounting-corrupt', error.message);
    throw error;
  }
}

/** Numbered from 1 without a gap: a missing number is work that somebody did and nobody is paid for. */
function checkShares(store: AccountingStore): Rejection<AccountingDiscrepancyCode> | undefined {
  const last = store.lastShareSeq();
  let expected = 1;
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

function checkFoundBlocks(store: AccountingStore): Rejection<AccountingDiscrepancyCode> | undefined {
  const last = store.lastShareSeq();
  for (const row of store.foundBlocks()) {
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
