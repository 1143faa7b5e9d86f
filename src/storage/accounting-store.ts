/**
 * @module The accounting on LMDB: the share log in segments, the found blocks, what they book in the ledger, and the
 * extranonce counter.
 * Layout of the rows: `accounting-rows.ts` and docs/storage-layout.md. One `append` is one transaction, and it
 * resolves when the transaction is on disk, which is later than lmdb's own promise.
 */
import type {AccountingChange, AccountingStore, BlockSplitRow, ShareRow} from '../actors/accounting/ports.js';
import type {ExtranonceCounterStore} from '../actors/mining-pool/ports.js';
import type {SumNode} from '../protocol/payout/share-tree.js';
import {decodeSegment, encodeSegment, segmentKey, seqOfSegmentKey} from './accounting-rows.js';
import {LmdbFoundBlockStore} from './found-block-store.js';
import {LmdbLedgerStore} from './ledger-store.js';
import {LmdbPpsStore} from './pps-store.js';
import {LmdbShareSumsStore} from './share-sums-store.js';
import {decodeSplit, decodeTreeChunk, encodeSplit, encodeTreeChunk} from './split-rows.js';
import type {Database, Table} from './open-database.js';

/** Bounds one decode and the loss of time in a walk; a group commit of more is split within the same transaction. */
const SEGMENT_SHARES_MAX = 4096;
const COUNTER_KEY = Buffer.from('extranonce1-next');

export function createAccountingStore(database: Database): AccountingStore {
  return new LmdbAccountingStore(database);
}

class LmdbAccountingStore implements AccountingStore {
  readonly ledger: LmdbLedgerStore;
  readonly pps: LmdbPpsStore;
  readonly sums: LmdbShareSumsStore;
  readonly found: LmdbFoundBlockStore;
  readonly #database: Database;
  readonly #segments: Table;
  readonly #splits: Table;
  readonly #treeChunks: Table;
  #lastSeq: number;
  /** Rows behind the last share may be there: committed, and then not flushed. Their shares were refused. */
  #hasRefusedRows = false;

  constructor(database: Database) {
    this.#database = database;
    this.ledger = new LmdbLedgerStore(database);
    this.pps = new LmdbPpsStore(database);
    this.sums = new LmdbShareSumsStore(database);
    this.found = new LmdbFoundBlockStore(database);
    this.#segments = database.table('share-log');
    this.#splits = database.table('block-splits');
    this.#treeChunks = database.table('tree-chunks');
    this.#lastSeq = this.sums.compactedSeq();
    for (const share of this.#newestSegment()) this.#lastSeq = share.seq;
  }

  lastShareSeq(): number {
    return this.#lastSeq;
  }

  firstShareSeq(): number {
    // Rows whose shares are in the totals may still be there.
    for (const {key} of this.#segments.range({limit: 1})) return Math.max(seqOfSegmentKey(key), this.sums.compactedSeq() + 1);
    return this.#lastSeq + 1;
  }

  *sharesBackwards(fromSeq: number): Iterable<ShareRow> {
    const compactedSeq = this.sums.compactedSeq();
    if (fromSeq <= compactedSeq) return;
    for (const row of this.#segments.range({to: segmentKey(fromSeq + 1), reverse: true})) {
      const shares = decodeSegment(seqOfSegmentKey(row.key), row.value);
      for (let i = shares.length - 1; i >= 0; i -= 1) {
        const share = shares[i]!;
        if (share.seq <= compactedSeq) return;
        if (share.seq <= fromSeq) yield share;
      }
    }
  }

  sharesFrom(fromSeq: number, limit: number): readonly ShareRow[] {
    const found: ShareRow[] = [];
    const seq = Math.max(fromSeq, this.sums.compactedSeq() + 1);
    // The segment that holds `seq` starts at or before it.
    let start = segmentKey(Math.max(0, seq));
    for (const row of this.#segments.range({to: segmentKey(Math.max(0, seq) + 1), reverse: true, limit: 1})) start = row.key.slice();
    for (const row of this.#segments.range({from: start})) {
      for (const share of decodeSegment(seqOfSegmentKey(row.key), row.value)) {
        if (found.length === limit) return found;
        if (share.seq >= seq) found.push(share);
      }
    }
    return found;
  }

  treeChunk(number: number): SumNode | undefined {
    const value = this.#treeChunks.get(segmentKey(number));
    return value === undefined ? undefined : decodeTreeChunk(value);
  }

  split(hash: Uint8Array): BlockSplitRow | undefined {
    const value = this.#splits.get(hash);
    return value === undefined ? undefined : decodeSplit(hash, value);
  }

  async append(change: AccountingChange): Promise<void> {
    const shares = change.shares ?? [];
    assertFollows(shares, this.#lastSeq);
    const refused = this.#hasRefusedRows ? this.#rowsAfter(this.#lastSeq) : [];
    this.#hasRefusedRows ||= shares.length > 0;
    await this.#database.batch((writer) => {
      for (const key of refused) writer.remove(this.#segments, key);
      for (let at = 0; at < shares.length; at += SEGMENT_SHARES_MAX) {
        const part = shares.slice(at, at + SEGMENT_SHARES_MAX);
        writer.put(this.#segments, segmentKey(part[0]!.seq), encodeSegment(part));
      }
      this.found.stage(writer, change.blocks ?? []);
      for (const split of change.splits ?? []) writer.put(this.#splits, split.hash, encodeSplit(split));
      for (const {number, node} of change.treeChunks ?? []) writer.put(this.#treeChunks, segmentKey(number), encodeTreeChunk(node));
      this.ledger.stage(writer, change.entries ?? []);
      if (change.pps !== undefined) this.pps.stage(writer, change.pps);
      if (change.sums !== undefined) this.sums.stage(writer, change.sums);
    });
    if (change.sums !== undefined) this.sums.written(change.sums);
    this.found.written(change.blocks ?? []);
    this.ledger.written();
    await this.#database.flushed();
    this.#hasRefusedRows = false;
    // Not before: what the disk did not take is removed by the next commit, because its shares were refused.
    this.#lastSeq = shares.at(-1)?.seq ?? this.#lastSeq;
  }

  #rowsAfter(seq: number): readonly Uint8Array[] {
    return [...this.#segments.range({from: segmentKey(seq + 1)})].map(({key}) => key.slice());
  }

  #newestSegment(): readonly ShareRow[] {
    for (const row of this.#segments.range({reverse: true, limit: 1})) return decodeSegment(seqOfSegmentKey(row.key), row.value);
    return [];
  }
}

/** A gap or a repetition in the log would be a share lost or paid twice: our own bug. */
export function assertFollows(shares: readonly ShareRow[], lastSeq: number): void {
  let expected = lastSeq + 1;
  for (const share of shares) {
    if (share.seq !== expected) throw new Error(`invariant broken: share ${share.seq} follows ${expected - 1}`);
    expected += 1;
  }
}

export function createExtranonceCounterStore(database: Database): ExtranonceCounterStore {
  const table = database.table('counters');
  return {
    load() {
      const value = table.get(COUNTER_KEY);
      return value === undefined ? 0 : Buffer.from(value).readUInt32BE(0);
    },
    async save(nextUnused) {
      const value = Buffer.alloc(4);
      value.writeUInt32BE(nextUnused, 0);
      await database.batch((writer) => writer.put(table, COUNTER_KEY, value));
      await database.flushed();
    },
  };
}
