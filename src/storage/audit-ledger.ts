/**
 * @module The offline audit of a pool's money: every balance is derived again from the journal, every entry of a found
 * block from its row, and both are compared with what is stored. Reads only; stops at the first discrepancy and names it.
 *
 * The share log and the splits have checks of their own: `verify-accounting.ts`.
 */
import type {AccountingStore, FoundBlockRow} from '../actors/accounting/ports.js';
import {hashToDisplayHex} from '../protocol/bytes/hex.js';
import {bookBlock, bookingOfKind, type BlockBooking} from '../protocol/payout/block-bookings.js';
import {balancesAfter, checkEntry, claimOf, isSameEntry, ledgerTotals, type JournalEntry, type LedgerTotals} from '../protocol/payout/ledger.js';
import type {Sats} from '../protocol/primitives/transaction.js';
import {reject, type Rejection} from '../protocol/verdict.js';
import {StorageError} from './storage-error.js';

export type LedgerDiscrepancyCode =
  | 'audit-row-corrupt' | 'audit-journal-gap' | 'audit-journal-entry' | 'audit-journal-id' | 'audit-block-status' | 'audit-block-entry'
  | 'audit-block-unknown' | 'audit-balance' | 'audit-claim' | 'audit-sum';
export type LedgerVerdict =
  | {readonly ok: true; readonly entryCount: number; readonly totals: LedgerTotals}
  | Rejection<LedgerDiscrepancyCode>;
type Discrepancy = Rejection<LedgerDiscrepancyCode>;

const ENTRIES_PER_PAGE = 1_000;
const BLOCK_ID = /^block\//;

export function auditLedger(store: AccountingStore): LedgerVerdict {
  try {
    return new LedgerAudit(store).run();
  } catch (error) {
    if (error instanceof StorageError) return reject('audit-row-corrupt', error.message);
    throw error;
  }
}

class LedgerAudit {
  readonly #store: AccountingStore;
  readonly #balances = new Map<string, Sats>();
  #entryCount = 0;
  /** Entries with the name of a block; each must be asked for by a row. */
  #blockEntryCount = 0;

  constructor(store: AccountingStore) {
    this.#store = store;
  }

  run(): LedgerVerdict {
    const failed = this.#checkJournal() ?? this.#checkBlocks() ?? this.#checkBalances();
    if (failed !== undefined) return failed;
    return {ok: true, entryCount: this.#entryCount, totals: ledgerTotals([...this.#balances].map(([account, sats]) => ({account, sats})))};
  }

  #checkJournal(): Discrepancy | undefined {
    const {ledger} = this.#store;
    const last = ledger.lastEntrySeq();
    while (this.#entryCount < last) {
      const page = ledger.entriesFrom(this.#entryCount + 1, ENTRIES_PER_PAGE);
      if (page.length === 0) return reject('audit-journal-gap', `entries ${this.#entryCount + 1} to ${last} are missing`);
      for (const {seq, entry} of page) {
        if (seq !== this.#entryCount + 1) return reject('audit-journal-gap', `entry ${seq} follows ${this.#entryCount}`);
        const discrepancy = this.#checkEntry(seq, entry);
        if (discrepancy !== undefined) return discrepancy;
        this.#entryCount = seq;
        for (const [account, sats] of balancesAfter([entry], (name) => this.#balances.get(name) ?? 0n)) this.#balances.set(account, sats);
        if (BLOCK_ID.test(entry.id)) this.#blockEntryCount += 1;
      }
    }
    return undefined;
  }

  #checkEntry(seq: number, entry: JournalEntry): Discrepancy | undefined {
    const wrong = checkEntry(entry);
    if (wrong !== undefined) return reject('audit-journal-entry', `entry ${seq}: ${wrong.code}, ${wrong.detail}`);
    const named = this.#store.ledger.entry(entry.id);
    // Another entry under the same name, or none, would let it be booked twice.
    if (named === undefined || !isSameEntry(named, entry) || named.atMs !== entry.atMs) {
      return reject('audit-journal-id', `the name ${entry.id} does not lead to entry ${seq}`);
    }
    return undefined;
  }

  #checkBlocks(): Discrepancy | undefined {
    let bookings = 0;
    for (const row of this.#store.found.all()) {
      const discrepancy = this.#checkBlock(row);
      if (discrepancy !== undefined) return discrepancy;
      bookings += row.bookings;
    }
    return bookings === this.#blockEntryCount ? undefined
      : reject('audit-block-unknown', `the journal books ${this.#blockEntryCount} steps of blocks, the found blocks know ${bookings}`);
  }

  /** Its entries lead from nothing to what it is said to have in the ledger, and each books what its step is worth. */
  #checkBlock(row: FoundBlockRow): Discrepancy | undefined {
    const name = `the found block ${hashToDisplayHex(row.hash)} at height ${row.height}`;
    let booked: BlockBooking = 'none';
    for (let number = 1; number <= row.bookings; number += 1) {
      const id = `block/${hashToDisplayHex(row.hash)}/${number}`;
      const entry = this.#store.ledger.entry(id);
      if (entry === undefined) return reject('audit-block-entry', `${name}: its entry ${number} of ${row.bookings} is not in the journal`);
      const next = bookingOfKind(entry.kind);
      if (next === undefined || next === booked) return reject('audit-block-entry', `${name}: entry ${number} is a ${entry.kind} of a block that is ${booked}`);
      if (!isSameEntry(entry, {...entry, postings: bookBlock(row, booked, next)})) {
        return reject('audit-block-entry', `${name}: entry ${number} books other amounts than its credits`);
      }
      booked = next;
    }
    if (booked !== row.booked) return reject('audit-block-entry', `${name} counts as ${row.booked} in the ledger; its entries leave it ${booked}`);
    const due = row.status === 'pending' ? 'immature' : row.status === 'confirmed' ? 'mature' : 'none';
    // Rows of format 1 wait for the next start to be booked.
    if (row.bookings > 0 && due !== booked) return reject('audit-block-status', `${name} is ${row.status} and ${booked} in the ledger`);
    return undefined;
  }

  #checkBalances(): Discrepancy | undefined {
    let sum = 0n;
    for (const {account, sats} of this.#store.ledger.balances({prefix: ''})) {
      const derived = this.#balances.get(account) ?? 0n;
      if (sats !== derived) return reject('audit-balance', `${account} says ${sats}; its entries add up to ${derived}`);
      // `payable` above zero is a debt, and so is `pending` where a coinbase paid more than the block credits.
      if (sats > 0n && claimOf(account) === 'paying') return reject('audit-claim', `${account} is overdrawn by ${sats}`);
      sum += sats;
    }
    for (const [account, sats] of this.#balances) {
      if (sats !== this.#store.ledger.balanceOf(account)) return reject('audit-balance', `${account} has no row; its entries add up to ${sats}`);
    }
    return sum === 0n ? undefined : reject('audit-sum', `all balances add up to ${sum}`);
  }
}
