/**
 * @module Pay per share in the accounting: sums work by account between two bookings, and makes the entries that credit it.
 * Which share has which rate is on disk before the share is, so that a crash between a share and its booking changes nothing:
 * the next start books the rest from the log.
 *
 * A booking covers the shares from one number to another: `pps/<first>-<last>`. Every share is in one, and in one only.
 */
import type {JournalEntry} from '../../protocol/payout/ledger.js';
import {bookInterval, type PpsRate} from '../../protocol/payout/pps.js';
import {isPaidPerShare, type RewardTerms} from '../../protocol/payout/schemes.js';
import type {Sats} from '../../protocol/primitives/transaction.js';
import type {AccountingStore, PpsChange, ShareRow} from './ports.js';

/** An entry names each account that earned a satoshi: at 1,000 accounts and a minute this is 80 MB of journal a day. */
export const PPS_INTERVAL_MS = 60_000;
const SHARES_PER_PAGE = 10_000;
/** Shares that came while no scheme paid them one by one. */
const UNPAID: PpsRate = {expectedWork: 1n, subsidySats: 0n, feePpm: 0, donationPpm: 0, donationAccount: ''};

interface Interval {
  readonly firstSeq: number;
  lastSeq: number;
  readonly rate: PpsRate;
  readonly sums: Map<string, bigint>;
  /** Its booking was tried: under its name it may be on disk, whatever the disk said, so it may not grow. */
  isClosed: boolean;
}

export class PpsCredits {
  readonly #store: AccountingStore;
  readonly #terms: RewardTerms;
  /** That new shares have, once it is on disk. */
  #rate: PpsRate;
  #wantedRate: PpsRate | undefined;
  /** Counted and not booked, in order; the last one may grow. */
  #intervals: Interval[] = [];
  #isDue = false;
  #writing: {readonly intervals: readonly Interval[]; readonly rate: PpsRate | undefined} | undefined;

  constructor(store: AccountingStore, terms: RewardTerms) {
    this.#store = store;
    this.#terms = terms;
    this.#rate = store.pps.rateAt(store.lastShareSeq() + 1) ?? UNPAID;
    if (!isPaidPerShare(terms.scheme) && this.#rate.subsidySats > 0n) this.#wantedRate = UNPAID;
    this.#recall();
    this.bookSoon();
  }

  /** A booking would change something. */
  get isDue(): boolean {
    return this.#isDue && this.#intervals.length > 0;
  }

  /** Shares from here on are not booked yet. */
  get keepFromSeq(): number {
    return this.#rate.subsidySats > 0n || this.#intervals.length > 0 ? this.#store.pps.bookedSeq() + 1 : Infinity;
  }

  /** Of the block that is worked on. */
  setBlock(expectedWork: bigint, subsidySats: Sats): void {
    if (!isPaidPerShare(this.#terms.scheme)) return;
    const {feePpm, donationPpm, donationAccount} = this.#terms;
    const rate = {expectedWork, subsidySats, feePpm, donationPpm, donationAccount};
    this.#wantedRate = isSameRate(rate, this.#rate) ? undefined : rate;
  }

  /** A share that is in the log. Costs nothing where shares are not paid one by one. */
  count(row: Pick<ShareRow, 'seq' | 'account' | 'work'>): void {
    if (this.#rate.subsidySats > 0n) this.#add(row, this.#rate);
  }

  bookSoon(): void {
    this.#isDue = true;
  }

  /** What the next write is to hold. @param firstSeq - of its first share: a new rate holds from there. */
  take(firstSeq: number, atMs: number): {readonly pps?: PpsChange; readonly entries: readonly JournalEntry[]} {
    const rate = this.#wantedRate;
    // A change of the rate books what had the old one: the shares without a booking all have the newest rate but one.
    if (rate === undefined && !this.isDue) return {entries: []};
    const intervals = this.#intervals;
    this.#intervals = [];
    this.#writing = {intervals, rate};
    this.#wantedRate = undefined;
    this.#isDue = false;
    const {entries, carries} = this.#bookings(intervals, atMs);
    // Where nothing was paid so far, nothing before this is ever to be.
    const bookedSeq = intervals.at(-1)?.lastSeq ?? (this.#rate.subsidySats === 0n ? firstSeq - 1 : undefined);
    return {entries, pps: {carries, ...(bookedSeq !== undefined && {bookedSeq}), ...(rate !== undefined && {rate: {fromSeq: firstSeq, rate}})}};
  }

  finish(): void {
    this.#rate = this.#writing?.rate ?? this.#rate;
    this.#writing = undefined;
  }

  fail(): void {
    if (this.#writing === undefined) return;
    this.#intervals = [...this.#writing.intervals, ...this.#intervals];
    this.#wantedRate ??= this.#writing.rate;
    this.#writing = undefined;
  }

  #bookings(intervals: readonly Interval[], atMs: number): {readonly entries: readonly JournalEntry[]; readonly carries: ReadonlyMap<string, bigint>} {
    const carries = new Map<string, bigint>();
    const entries: JournalEntry[] = [];
    for (const interval of intervals) {
      interval.isClosed = true;
      const id = `pps/${interval.firstSeq}-${interval.lastSeq}`;
      if (this.#store.ledger.entry(id) !== undefined) continue;
      const sums = [...interval.sums].map(([account, work]) => ({account, work}));
      const booking = bookInterval(sums, interval.rate, (account) => carries.get(account) ?? this.#store.pps.carryOf(account));
      for (const [account, carry] of booking.carries) carries.set(account, carry);
      entries.push({id, kind: 'pps-credit', atMs, postings: booking.postings});
    }
    return {entries, carries};
  }

  /** Shares that were logged and not booked when the last run ended. */
  #recall(): void {
    const last = this.#store.lastShareSeq();
    // Without rates nothing was ever paid per share, and the log may be long.
    let next = this.#store.pps.bookedSeq() + 1;
    if (this.#store.pps.rateAt(last) === undefined || this.#store.pps.rateAt(last)?.subsidySats === 0n) return;
    while (next <= last) {
      const page = this.#store.sharesFrom(next, SHARES_PER_PAGE);
      if (page.length === 0) return;
      for (const row of page) {
        const rate = this.#store.pps.rateAt(row.seq);
        if (rate !== undefined && rate.subsidySats > 0n) this.#add(row, rate);
      }
      next = page.at(-1)!.seq + 1;
    }
  }

  #add({seq, account, work}: Pick<ShareRow, 'seq' | 'account' | 'work'>, rate: PpsRate): void {
    let interval = this.#intervals.at(-1);
    if (interval === undefined || interval.isClosed || (interval.rate !== rate && !isSameRate(interval.rate, rate))) {
      interval = {firstSeq: seq, lastSeq: seq, rate, sums: new Map(), isClosed: false};
      this.#intervals.push(interval);
    }
    interval.lastSeq = seq;
    interval.sums.set(account, (interval.sums.get(account) ?? 0n) + work);
  }
}

function isSameRate(a: PpsRate, b: PpsRate): boolean {
  return a.expectedWork === b.expectedWork && a.subsidySats === b.subsidySats && a.feePpm === b.feePpm && a.donationPpm === b.donationPpm
    && a.donationAccount === b.donationAccount;
}
