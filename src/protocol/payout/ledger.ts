/**
 * @module The double-entry ledger: its accounts, what an entry is, and which entries are refused. Balances are what
 * postings add up to; where they are kept is not decided here. Whole satoshis only.
 *
 * Sign: what the pool HAS or has spent is positive (`coinbase/…`, `wallet/…`, `expense/…`), what it OWES or has earned
 * is negative (`pending/…`, `payable/…`, `paying/…`, `pool/…`). An entry's postings add up to zero, so all balances do,
 * always. To raise what a miner is owed by 5 is a posting of −5 on its account.
 */
import type {Sats} from '../primitives/transaction.js';
import {reject, type Rejection} from '../verdict.js';

/** Coinbases of found blocks that are not mature yet. */
export const COINBASE_IMMATURE = 'coinbase/immature';
/** Mature and not spent, as far as the ledger was told. */
export const WALLET_AVAILABLE = 'wallet/available';
/** Spent by a payout or a consolidation that is not confirmed yet. */
export const WALLET_IN_FLIGHT = 'wallet/in-flight';
export const NETWORK_FEE = 'expense/network-fee';
/** Debts of miners that the operator has given up. */
export const WRITTEN_OFF = 'expense/written-off';
/** The pool's own part of blocks that are not mature: fees, donations without an address, and what PPS has advanced. */
export const POOL_IMMATURE = 'pool/immature';
export const POOL_FEES = 'pool/fees';
export const POOL_DONATIONS = 'pool/donations';
/** PPS: what blocks brought in (negative) less what shares were credited (positive). Above zero the operator has lost so far. */
export const POOL_RISK = 'pool/risk';
/** What the operator paid in (negative) or took out. */
export const POOL_EQUITY = 'pool/equity';

/** Of a miner: credits of blocks that are not mature; matured or earned by PPS; reserved for a payout that is under way. */
export type MinerClaim = 'pending' | 'payable' | 'paying';

export function minerAccount(claim: MinerClaim, address: string): string {
  return `${claim}/${address}`;
}

export interface Posting {
  readonly account: string;
  readonly sats: Sats;
}

/** What it was for; free text beyond it goes into the id. */
export type EntryKind = 'block-credited' | 'block-matured' | 'block-orphaned' | 'block-returned' | 'pps-credit' | OutsideEntryKind;

/** What others than the accounting may book. */
export type OutsideEntryKind = 'payout-planned' | 'payout-sent' | 'payout-settled' | 'payout-cancelled' | 'consolidation' | 'write-off' | 'operator';

export interface JournalEntry {
  /** Says what it books, and books it once: `block/<hash>/1`, `payout/<batch>/planned`. Printable ASCII, at most 200. */
  readonly id: string;
  readonly kind: EntryKind;
  readonly atMs: number;
  /** Each account at most once; none of zero; sum zero. */
  readonly postings: readonly Posting[];
}

export type EntryRefusalCode =
  | 'ledger-entry-id' | 'ledger-entry-account' | 'ledger-entry-repeats' | 'ledger-entry-zero' | 'ledger-entry-unbalanced'
  | 'ledger-entry-range' | 'ledger-entry-differs' | 'ledger-overdrawn';

const OWN_ACCOUNTS: ReadonlySet<string> = new Set([
  COINBASE_IMMATURE, WALLET_AVAILABLE, WALLET_IN_FLIGHT, NETWORK_FEE, WRITTEN_OFF, POOL_IMMATURE, POOL_FEES, POOL_DONATIONS, POOL_RISK, POOL_EQUITY,
]);
const MINER_ACCOUNT = /^(?:pending|payable|paying)\/[\x21-\x7e]{1,200}$/;
const ENTRY_ID = /^[\x21-\x7e]{1,200}$/;
/** Balances are stored in 64 bits; no chain has so many coins. */
const SATS_MAX = 2n ** 62n;

/** What an entry is on its own: balances are not looked at. */
export function checkEntry(entry: JournalEntry): Rejection<EntryRefusalCode> | undefined {
  if (!ENTRY_ID.test(entry.id)) return reject('ledger-entry-id', 'an id is 1 to 200 printable characters without a space');
  const seen = new Set<string>();
  let sum = 0n;
  for (const {account, sats} of entry.postings) {
    if (!isAccount(account)) return reject('ledger-entry-account', `${entry.id}: there is no account ${account}`);
    if (seen.has(account)) return reject('ledger-entry-repeats', `${entry.id} names ${account} twice`);
    if (sats === 0n) return reject('ledger-entry-zero', `${entry.id} posts nothing to ${account}`);
    if (sats > SATS_MAX || sats < -SATS_MAX) return reject('ledger-entry-range', `${entry.id} posts ${sats} to ${account}`);
    seen.add(account);
    sum += sats;
  }
  return sum === 0n ? undefined : reject('ledger-entry-unbalanced', `the postings of ${entry.id} add up to ${sum}`);
}

export function isAccount(account: string): boolean {
  return OWN_ACCOUNTS.has(account) || MINER_ACCOUNT.test(account);
}

export function claimOf(account: string): MinerClaim | undefined {
  return MINER_ACCOUNT.test(account) ? account.slice(0, account.indexOf('/')) as MinerClaim : undefined;
}

/**
 * An entry from outside the accounting may not take from a miner what it is not owed. Only a block that leaves the chain
 * may: what a miner was paid for it is a debt (its payable account above zero), which its later earnings pay off first.
 *
 * @param balanceOf - before the entry.
 */
export function checkClaims(entry: JournalEntry, balanceOf: (account: string) => Sats): Rejection<EntryRefusalCode> | undefined {
  for (const {account, sats} of entry.postings) {
    if (sats < 0n || claimOf(account) === undefined) continue;
    if (balanceOf(account) + sats > 0n) return reject('ledger-overdrawn', `${entry.id} takes ${sats} from ${account}, which holds ${-balanceOf(account)}`);
  }
  return undefined;
}

/** Same id, other content: somebody books twice under one name. Time may differ, a retry has a later one. */
export function isSameEntry(a: JournalEntry, b: JournalEntry): boolean {
  if (a.id !== b.id || a.kind !== b.kind || a.postings.length !== b.postings.length) return false;
  const other = new Map(b.postings.map(({account, sats}) => [account, sats]));
  return a.postings.every(({account, sats}) => other.get(account) === sats);
}

/** Postings of one account added up, in order of account, without those that cancel out. */
export function normalised(postings: Iterable<Posting>): readonly Posting[] {
  const sums = new Map<string, Sats>();
  for (const {account, sats} of postings) sums.set(account, (sums.get(account) ?? 0n) + sats);
  return [...sums]
    .filter(([, sats]) => sats !== 0n)
    .map(([account, sats]) => ({account, sats}))
    .sort((a, b) => (a.account < b.account ? -1 : 1));
}

export function reversed(postings: readonly Posting[]): readonly Posting[] {
  return postings.map(({account, sats}) => ({account, sats: -sats}));
}

/** @returns balances after the entries, of the accounts that they name. @param balanceOf - before them. */
export function balancesAfter(entries: Iterable<JournalEntry>, balanceOf: (account: string) => Sats): ReadonlyMap<string, Sats> {
  const after = new Map<string, Sats>();
  for (const {postings} of entries) {
    for (const {account, sats} of postings) after.set(account, (after.get(account) ?? balanceOf(account)) + sats);
  }
  return after;
}

/** What the pool holds and owes, as amounts that people read: all of them count up, none has a sign to know about. */
export interface LedgerTotals {
  readonly coinbaseImmatureSats: Sats;
  readonly walletAvailableSats: Sats;
  readonly walletInFlightSats: Sats;
  readonly networkFeeSats: Sats;
  readonly writtenOffSats: Sats;
  readonly poolImmatureSats: Sats;
  readonly poolFeesSats: Sats;
  readonly poolDonationsSats: Sats;
  /** Above zero: blocks brought more than PPS has credited. */
  readonly poolRiskSats: Sats;
  readonly poolEquitySats: Sats;
  readonly pendingSats: Sats;
  /** Owed now; debts are not taken off. */
  readonly payableSats: Sats;
  readonly payingSats: Sats;
  /** What miners were paid for blocks that the chain left. */
  readonly debtSats: Sats;
  /** Of all accounts; anything but zero is a defect of ours. */
  readonly sumSats: Sats;
}

export interface BalanceChange {
  readonly account: string;
  readonly before: Sats;
  readonly after: Sats;
}

/** Totals that follow each change of a balance: a hundred thousand accounts are not added up for every question. */
export class RunningTotals {
  readonly #own = new Map<string, Sats>();
  readonly #claims: Record<MinerClaim, Sats> = {pending: 0n, payable: 0n, paying: 0n};
  #debtSats = 0n;
  #sumSats = 0n;

  change({account, before, after}: BalanceChange): void {
    this.#sumSats += after - before;
    const claim = claimOf(account);
    if (claim === undefined) {
      this.#own.set(account, (this.#own.get(account) ?? 0n) + after - before);
    } else if (claim === 'payable') {
      this.#claims.payable += part(-after) - part(-before);
      this.#debtSats += part(after) - part(before);
    } else {
      this.#claims[claim] -= after - before;
    }
  }

  view(): LedgerTotals {
    const has = (account: string): Sats => this.#own.get(account) ?? 0n;
    return {
      coinbaseImmatureSats: has(COINBASE_IMMATURE), walletAvailableSats: has(WALLET_AVAILABLE), walletInFlightSats: has(WALLET_IN_FLIGHT),
      networkFeeSats: has(NETWORK_FEE), writtenOffSats: has(WRITTEN_OFF), poolImmatureSats: -has(POOL_IMMATURE), poolFeesSats: -has(POOL_FEES),
      poolDonationsSats: -has(POOL_DONATIONS), poolRiskSats: -has(POOL_RISK), poolEquitySats: -has(POOL_EQUITY),
      pendingSats: this.#claims.pending, payableSats: this.#claims.payable, payingSats: this.#claims.paying, debtSats: this.#debtSats, sumSats: this.#sumSats,
    };
  }
}

/** @param balances - every account that is not zero. */
export function ledgerTotals(balances: Iterable<Posting>): LedgerTotals {
  const totals = new RunningTotals();
  for (const {account, sats} of balances) totals.change({account, before: 0n, after: sats});
  return totals.view();
}

/** What of it is above zero. */
function part(sats: Sats): Sats {
  return sats > 0n ? sats : 0n;
}
