/**
 * @module The ledger on LMDB: an append-only journal, its ids, and the balances that the entries add up to. `stage` puts
 * entries into somebody else's transaction, so that what they book and what it is booked for are one step on disk.
 *
 * A balance is what the row says and nothing in memory: whoever reads it reads what survives. Appends must not overlap,
 * which the group commit of the accounting sees to. An entry whose id is there already is left out.
 */
import type {JournalRow, LedgerStore} from '../actors/accounting/ports.js';
import {balancesAfter, ledgerTotals, RunningTotals, type BalanceChange, type JournalEntry, type LedgerTotals, type Posting} from '../protocol/payout/ledger.js';
import type {Sats} from '../protocol/primitives/transaction.js';
import {segmentKey, seqOfSegmentKey} from './accounting-rows.js';
import {decodeBalance, decodeEntry, encodeBalance, encodeEntry} from './ledger-rows.js';
import type {BatchWriter, Database, Table} from './open-database.js';

const encoder = new TextEncoder();
const decoder = new TextDecoder();
/** Above every printable character. */
const END_OF_PREFIX = '\u007f';

export class LmdbLedgerStore implements LedgerStore {
  readonly #journal: Table;
  readonly #ids: Table;
  readonly #balances: Table;
  /** Made when first asked for: who only audits never asks. */
  #totals: RunningTotals | undefined;
  #staged: BalanceChange[] = [];

  constructor(database: Database) {
    this.#journal = database.table('journal');
    this.#ids = database.table('journal-ids');
    this.#balances = database.table('balances');
  }

  /** Entries in their order; with the rows of what they book in the same transaction. */
  stage(writer: BatchWriter, entries: readonly JournalEntry[]): void {
    this.#staged = [];
    // Most commits hold shares alone.
    if (entries.length === 0) return;
    let seq = this.lastEntrySeq();
    const added = new Map<string, JournalEntry>();
    for (const entry of entries) {
      if (added.has(entry.id) || this.#ids.has(encoder.encode(entry.id))) continue;
      seq += 1;
      added.set(entry.id, entry);
      const key = segmentKey(seq);
      writer.put(this.#journal, key, encodeEntry(entry));
      writer.put(this.#ids, encoder.encode(entry.id), key);
    }
    for (const [account, change] of balancesAfter(added.values(), () => 0n)) {
      const key = encoder.encode(account);
      const value = this.#balances.peek(key);
      const before = value === undefined ? 0n : decodeBalance(account, value);
      const after = before + change;
      this.#staged.push({account, before, after});
      if (after === 0n) writer.remove(this.#balances, key);
      else writer.put(this.#balances, key, encodeBalance(after));
    }
  }

  /** After it was committed. */
  written(): void {
    if (this.#totals !== undefined) for (const change of this.#staged) this.#totals.change(change);
    this.#staged = [];
  }

  balanceOf(account: string): Sats {
    const value = this.#balances.peek(encoder.encode(account));
    return value === undefined ? 0n : decodeBalance(account, value);
  }

  *balances({prefix, after}: {readonly prefix: string; readonly after?: string}): Iterable<Posting> {
    const from = encoder.encode(after === undefined || after < prefix ? prefix : `${after}\u0000`);
    for (const {key, value} of this.#balances.range({...(from.length > 0 && {from}), to: encoder.encode(prefix + END_OF_PREFIX)})) {
      const account = decoder.decode(key);
      yield {account, sats: decodeBalance(account, value)};
    }
  }

  totals(): LedgerTotals {
    if (this.#totals === undefined) {
      this.#totals = new RunningTotals();
      for (const {account, sats} of this.balances({prefix: ''})) this.#totals.change({account, before: 0n, after: sats});
    }
    return this.#totals.view();
  }

  entry(id: string): JournalEntry | undefined {
    const key = this.#ids.get(encoder.encode(id));
    const value = key === undefined ? undefined : this.#journal.get(key);
    return value === undefined ? undefined : decodeEntry(seqOfSegmentKey(key!), value);
  }

  lastEntrySeq(): number {
    for (const {key} of this.#journal.range({reverse: true, limit: 1})) return seqOfSegmentKey(key);
    return 0;
  }

  entriesFrom(seq: number, limit: number): readonly JournalRow[] {
    const rows: JournalRow[] = [];
    for (const {key, value} of this.#journal.range({from: segmentKey(Math.max(0, seq)), limit})) rows.push(journalRow(key, value));
    return rows;
  }

  *entriesBackwards(seq: number): Iterable<JournalRow> {
    for (const {key, value} of this.#journal.range({to: segmentKey(Math.max(0, seq) + 1), reverse: true})) yield journalRow(key, value);
  }
}

/** The same in memory, for tests and the simulator. */
export class MemoryLedgerStore implements LedgerStore {
  readonly #journal: JournalEntry[] = [];
  readonly #ids = new Map<string, JournalEntry>();
  readonly #balances = new Map<string, Sats>();

  add(entries: readonly JournalEntry[]): void {
    for (const entry of entries) {
      if (this.#ids.has(entry.id)) continue;
      this.#journal.push(entry);
      this.#ids.set(entry.id, entry);
      for (const [account, sats] of balancesAfter([entry], (name) => this.balanceOf(name))) {
        if (sats === 0n) this.#balances.delete(account);
        else this.#balances.set(account, sats);
      }
    }
  }

  balanceOf(account: string): Sats {
    return this.#balances.get(account) ?? 0n;
  }

  *balances({prefix, after}: {readonly prefix: string; readonly after?: string}): Iterable<Posting> {
    for (const account of [...this.#balances.keys()].sort()) {
      if (account.startsWith(prefix) && (after === undefined || account > after)) yield {account, sats: this.balanceOf(account)};
    }
  }

  totals(): LedgerTotals {
    return ledgerTotals(this.balances({prefix: ''}));
  }

  entry(id: string): JournalEntry | undefined {
    return this.#ids.get(id);
  }

  lastEntrySeq(): number {
    return this.#journal.length;
  }

  entriesFrom(seq: number, limit: number): readonly JournalRow[] {
    return this.#journal.slice(Math.max(1, seq) - 1, Math.max(1, seq) - 1 + limit).map((entry, index) => ({seq: Math.max(1, seq) + index, entry}));
  }

  *entriesBackwards(seq: number): Iterable<JournalRow> {
    for (let at = Math.min(seq, this.#journal.length); at >= 1; at -= 1) yield {seq: at, entry: this.#journal[at - 1]!};
  }
}

function journalRow(key: Uint8Array, value: Uint8Array): JournalRow {
  const seq = seqOfSegmentKey(key);
  return {seq, entry: decodeEntry(seq, value)};
}
