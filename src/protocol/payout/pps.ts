/**
 * @module Pay per share: what work is worth when it is done, whatever blocks come of it. A share is worth the subsidy of a
 * block times its part of the work that a block is expected to take, less fee and donation.
 *
 * That is far less than a satoshi on a large chain. Values are kept in units of 2^-64 satoshi, rounded down once per
 * interval and account; whole satoshis are credited, the rest is carried to the next interval. The fee and the donation are
 * carried alike, so nothing is lost to rounding but 2^-64 of a satoshi at a time.
 */
import type {Sats} from '../primitives/transaction.js';
import {minerAccount, POOL_DONATIONS, POOL_FEES, POOL_RISK, type Posting} from './ledger.js';
import {PPM, type WorkOfAccount} from './split-reward.js';

export interface PpsRate {
  /** Hashes that a block is expected to take. */
  readonly expectedWork: bigint;
  /** Of a block; 0: shares are not paid one by one. */
  readonly subsidySats: Sats;
  readonly feePpm: number;
  readonly donationPpm: number;
  /** Empty: the donation stays on the pool's account for it. */
  readonly donationAccount: string;
}

export interface PpsBooking {
  /** Add up to zero; the pool's risk bears what the others get. */
  readonly postings: readonly Posting[];
  /** Fractions of satoshis per ledger account, in units of 2^-64, that replace those before. */
  readonly carries: ReadonlyMap<string, bigint>;
}

const FRACTION_BITS = 64n;
const FRACTION_MASK = (1n << FRACTION_BITS) - 1n;

/** In units of 2^-64 satoshi, rounded down. @param ppm - the part of the value that is meant. */
export function valueOfWork(work: bigint, rate: PpsRate, ppm: number): bigint {
  return ((work * rate.subsidySats * BigInt(ppm)) << FRACTION_BITS) / (rate.expectedWork * BigInt(PPM));
}

export function wholeSats(value: bigint): Sats {
  return value >> FRACTION_BITS;
}

/**
 * @param sums - work of an interval, one entry per account.
 * @param carryOf - what the intervals before left, by ledger account.
 */
export function bookInterval(sums: Iterable<WorkOfAccount>, rate: PpsRate, carryOf: (account: string) => bigint): PpsBooking {
  const values = new Map<string, bigint>();
  const add = (account: string, value: bigint): void => {
    if (value > 0n) values.set(account, (values.get(account) ?? 0n) + value);
  };
  let totalWork = 0n;
  for (const {account, work} of sums) {
    totalWork += work;
    add(minerAccount('payable', account), valueOfWork(work, rate, PPM - rate.feePpm - rate.donationPpm));
  }
  add(POOL_FEES, valueOfWork(totalWork, rate, rate.feePpm));
  add(rate.donationAccount === '' ? POOL_DONATIONS : minerAccount('payable', rate.donationAccount), valueOfWork(totalWork, rate, rate.donationPpm));
  const postings: Posting[] = [];
  const carries = new Map<string, bigint>();
  let credited = 0n;
  for (const [account, value] of values) {
    const due = carryOf(account) + value;
    carries.set(account, due & FRACTION_MASK);
    const sats = wholeSats(due);
    if (sats === 0n) continue;
    postings.push({account, sats: -sats});
    credited += sats;
  }
  if (credited > 0n) postings.push({account: POOL_RISK, sats: credited});
  return {postings, carries};
}
