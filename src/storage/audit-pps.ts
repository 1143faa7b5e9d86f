/**
 * @module The offline check of pay per share: every share that had a rate is in exactly one booking, and bookings whose
 * shares the log still holds credited each account what its work was worth then. Reads only.
 */
import type {AccountingStore} from '../actors/accounting/ports.js';
import {POOL_RISK, type JournalEntry} from '../protocol/payout/ledger.js';
import {bookInterval} from '../protocol/payout/pps.js';
import {reject, type Rejection} from '../protocol/verdict.js';

export type PpsDiscrepancyCode = 'audit-pps-shares' | 'audit-pps-credit';
export type PpsVerdict =
  /** Bookings, and those of them that were made again from the shares. */
  | {readonly ok: true; readonly bookingCount: number; readonly checkedCount: number}
  | Rejection<PpsDiscrepancyCode>;

const ENTRIES_PER_PAGE = 1_000;
const BOOKING = /^pps\/(\d+)-(\d+)$/;

export function auditPps(store: AccountingStore): PpsVerdict {
  let bookedSeq = 0;
  let bookingCount = 0;
  let checkedCount = 0;
  let next = 1;
  const firstKept = store.firstShareSeq();
  for (;;) {
    const page = store.ledger.entriesFrom(next, ENTRIES_PER_PAGE);
    if (page.length === 0) break;
    for (const {seq, entry} of page) {
      next = seq + 1;
      if (entry.kind !== 'pps-credit') continue;
      const range = BOOKING.exec(entry.id);
      const [firstSeq, lastSeq] = [Number(range?.[1] ?? 0), Number(range?.[2] ?? 0)];
      if (firstSeq <= bookedSeq || lastSeq < firstSeq || lastSeq > store.lastShareSeq()) return reject('audit-pps-shares', `entry ${seq} (${entry.id}) follows a booking up to share ${bookedSeq}`);
      if (isPaid(store, bookedSeq + 1, firstSeq - 1)) return reject('audit-pps-shares', `shares ${bookedSeq + 1} to ${firstSeq - 1} had a rate and are in no booking`);
      bookedSeq = lastSeq;
      bookingCount += 1;
      if (firstSeq < firstKept) continue;
      checkedCount += 1;
      if (!isWorth(store, entry, {firstSeq, lastSeq})) return reject('audit-pps-credit', `entry ${seq} (${entry.id}) does not credit what its shares were worth`);
    }
  }
  if (bookedSeq > store.pps.bookedSeq()) return reject('audit-pps-shares', `shares up to ${bookedSeq} are booked; the next start would begin after ${store.pps.bookedSeq()}`);
  if (isPaid(store, bookedSeq + 1, store.pps.bookedSeq())) return reject('audit-pps-shares', `shares ${bookedSeq + 1} to ${store.pps.bookedSeq()} count as booked and are in no booking`);
  return {ok: true, bookingCount, checkedCount};
}

/** Bookings begin and end with rates, so a range without a booking has one rate, or some and none. */
function isPaid(store: AccountingStore, firstSeq: number, lastSeq: number): boolean {
  if (lastSeq < firstSeq) return false;
  return (store.pps.rateAt(firstSeq)?.subsidySats ?? 0n) > 0n || (store.pps.rateAt(lastSeq)?.subsidySats ?? 0n) > 0n;
}

/** A fraction carried from before may have made one satoshi more. */
function isWorth(store: AccountingStore, entry: JournalEntry, range: {readonly firstSeq: number; readonly lastSeq: number}): boolean {
  const rate = store.pps.rateAt(range.lastSeq);
  if (rate === undefined) return false;
  const sums = new Map<string, bigint>();
  for (const share of store.sharesBackwards(range.lastSeq)) {
    if (share.seq < range.firstSeq) break;
    sums.set(share.account, (sums.get(share.account) ?? 0n) + share.work);
  }
  const due = bookInterval([...sums].map(([account, work]) => ({account, work})), rate, () => 0n);
  const least = new Map(due.postings.map(({account, sats}) => [account, sats]));
  const credited = new Map(entry.postings.map(({account, sats}) => [account, sats]));
  const names = new Set([...due.carries.keys(), ...credited.keys()]);
  for (const account of names) {
    if (account === POOL_RISK) continue;
    const more = (least.get(account) ?? 0n) - (credited.get(account) ?? 0n);
    if (!due.carries.has(account) || (more !== 0n && more !== 1n)) return false;
  }
  return true;
}
