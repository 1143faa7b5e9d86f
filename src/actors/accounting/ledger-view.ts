/** @module Answers from the ledger as it is on disk: what a miner is owed, who can be paid, what was booked. */
import {minerAccount, type LedgerTotals} from '../../protocol/payout/ledger.js';
import type {Hash256} from '../../protocol/primitives/transaction.js';
import type {AccountClaims, BlockSplitView, ListEntries, ListPayable, PayableAccount} from './messages.js';
import type {AccountingStore, JournalRow, LedgerStore} from './ports.js';

/** However much is asked for. */
const PAGE_MAX = 10_000;
/** Entries looked at for those of one account; an answer may be short although there are older ones. */
const WALKED_MAX = 20_000;
const PAYABLE = minerAccount('payable', '');

export class LedgerView {
  readonly #store: AccountingStore;
  readonly #ledger: LedgerStore;

  constructor(store: AccountingStore) {
    this.#store = store;
    this.#ledger = store.ledger;
  }

  owedTo(address: string): AccountClaims {
    const pendingSats = -this.#ledger.balanceOf(minerAccount('pending', address));
    const payableSats = -this.#ledger.balanceOf(minerAccount('payable', address));
    return {
      // Below zero where a coinbase paid more than its block credits: it is a debt when the block matures.
      pendingSats: pendingSats > 0n ? pendingSats : 0n,
      balanceSats: payableSats > 0n ? payableSats : 0n,
      payingSats: -this.#ledger.balanceOf(minerAccount('paying', address)),
      debtSats: payableSats < 0n ? -payableSats : 0n,
    };
  }

  payable({minimumSats, limit, after}: Pick<ListPayable, 'minimumSats' | 'limit' | 'after'>): readonly PayableAccount[] {
    const found: PayableAccount[] = [];
    for (const {account, sats} of this.#ledger.balances({prefix: PAYABLE, ...(after !== undefined && {after: PAYABLE + after})})) {
      if (found.length >= Math.min(limit, PAGE_MAX)) break;
      if (-sats > 0n && -sats >= minimumSats) found.push({account: account.slice(PAYABLE.length), payableSats: -sats});
    }
    return found;
  }

  split(blockHash: Hash256): BlockSplitView | null {
    const split = this.#store.split(blockHash);
    if (split === undefined) return null;
    const {hash, terms, subsidySats, firstSeq, lastSeq, work, shareRoot} = split;
    return {hash, terms, subsidySats, firstSeq, lastSeq, work, shareRoot, totalWork: work.reduce((sum, own) => sum + own.work, 0n)};
  }

  totals(): LedgerTotals {
    return this.#ledger.totals();
  }

  entries({limit, before, account}: Pick<ListEntries, 'limit' | 'before' | 'account'>): readonly JournalRow[] {
    const found: JournalRow[] = [];
    let walked = 0;
    for (const row of this.#ledger.entriesBackwards(before === undefined ? this.#ledger.lastEntrySeq() : before - 1)) {
      if (found.length >= Math.min(limit, PAGE_MAX) || ++walked > WALKED_MAX) break;
      if (account === undefined || row.entry.postings.some((posting) => posting.account === account)) found.push(row);
    }
    return found;
  }
}
