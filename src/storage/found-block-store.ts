/**
 * @module The found blocks on LMDB, of which a pool may have more than memory should hold: rows by hash, an index in the
 * order of their shares, an index of those that are still open, and two counts. Written by `stage` into a transaction of
 * the accounting.
 *
 *   found-order  key u48 share number ‖ u32 height, both big-endian ‖ 32 hash → one byte
 *   found-open   key 32 hash → one byte: pending, or not booked as its status says
 *   counters `found-blocks`, `found-standing` → u48, big-endian
 */
import type {FoundBlockRow, FoundBlockStore} from '../actors/accounting/ports.js';
import {bookingOfStatus} from '../protocol/payout/block-bookings.js';
import {decodeFoundBlock, encodeFoundBlock, segmentKey, seqOfSegmentKey} from './accounting-rows.js';
import type {BatchWriter, Database, Table} from './open-database.js';

const PRESENT = Uint8Array.of(1);
const COUNT_KEY = Buffer.from('found-blocks');
const STANDING_KEY = Buffer.from('found-standing');
const HASH_OFFSET = 10;

export class LmdbFoundBlockStore implements FoundBlockStore {
  readonly #rows: Table;
  readonly #order: Table;
  readonly #open: Table;
  readonly #counters: Table;
  /** Of a version that had no indexes; written with the next block. */
  #unindexed: readonly FoundBlockRow[] | undefined;

  constructor(database: Database) {
    this.#rows = database.table('found-blocks');
    this.#order = database.table('found-order');
    this.#open = database.table('found-open');
    this.#counters = database.table('counters');
    if (this.#order.rowCount() !== this.#rows.rowCount()) this.#unindexed = this.all();
  }

  stage(writer: BatchWriter, rows: readonly FoundBlockRow[]): void {
    if (rows.length === 0) return;
    const counts = {...this.counts()};
    const changed = new Map<string, FoundBlockRow>();
    for (const row of rows) {
      const key = Buffer.from(row.hash).toString('latin1');
      const before = changed.get(key) ?? this.get(row.hash);
      counts.found += before === undefined ? 1 : 0;
      counts.standing += Number(isStanding(row)) - Number(before !== undefined && isStanding(before));
      changed.set(key, row);
      writer.put(this.#rows, row.hash, encodeFoundBlock(row));
    }
    for (const row of [...this.#unindexed ?? [], ...changed.values()]) {
      writer.put(this.#order, orderKey(row), PRESENT);
      if (isOpen(row)) writer.put(this.#open, row.hash, PRESENT);
      else writer.remove(this.#open, row.hash);
    }
    writer.put(this.#counters, COUNT_KEY, segmentKey(counts.found));
    writer.put(this.#counters, STANDING_KEY, segmentKey(counts.standing));
  }

  /** After it was committed. */
  written(rows: readonly FoundBlockRow[]): void {
    if (rows.length > 0) this.#unindexed = undefined;
  }

  all(): readonly FoundBlockRow[] {
    const blocks: FoundBlockRow[] = [];
    for (const {value} of this.#rows.range()) blocks.push(decodeFoundBlock(value));
    return blocks.sort(byShare);
  }

  get(hash: Uint8Array): FoundBlockRow | undefined {
    const value = this.#rows.get(hash);
    return value === undefined ? undefined : decodeFoundBlock(value);
  }

  *backwards(before?: FoundBlockRow): Iterable<FoundBlockRow> {
    if (this.#unindexed !== undefined) {
      yield* [...this.#unindexed].reverse().filter((row) => before === undefined || byShare(row, before) < 0);
      return;
    }
    for (const {key} of this.#order.range({reverse: true, ...(before !== undefined && {to: orderKey(before)})})) {
      const row = this.get(key.slice(HASH_OFFSET));
      if (row !== undefined) yield row;
    }
  }

  open(): readonly FoundBlockRow[] {
    if (this.#unindexed !== undefined) return this.#unindexed.filter(isOpen);
    return [...this.#open.range()].flatMap(({key}) => this.get(key.slice()) ?? []).sort(byShare);
  }

  counts(): {readonly found: number; readonly standing: number} {
    if (this.#unindexed !== undefined) return {found: this.#unindexed.length, standing: this.#unindexed.filter(isStanding).length};
    return {found: this.#counter(COUNT_KEY), standing: this.#counter(STANDING_KEY)};
  }

  #counter(key: Uint8Array): number {
    const value = this.#counters.get(key);
    return value === undefined ? 0 : seqOfSegmentKey(value);
  }
}

/** The same in memory, for tests and the simulator. */
export class MemoryFoundBlockStore implements FoundBlockStore {
  readonly #rows = new Map<string, FoundBlockRow>();

  put(row: FoundBlockRow): void {
    this.#rows.set(Buffer.from(row.hash).toString('latin1'), row);
  }

  all(): readonly FoundBlockRow[] {
    return [...this.#rows.values()].sort(byShare);
  }

  get(hash: Uint8Array): FoundBlockRow | undefined {
    return this.#rows.get(Buffer.from(hash).toString('latin1'));
  }

  backwards(before?: FoundBlockRow): Iterable<FoundBlockRow> {
    return [...this.all()].reverse().filter((row) => before === undefined || byShare(row, before) < 0);
  }

  open(): readonly FoundBlockRow[] {
    return this.all().filter(isOpen);
  }

  counts(): {readonly found: number; readonly standing: number} {
    return {found: this.#rows.size, standing: this.all().filter(isStanding).length};
  }
}

function isStanding({status}: FoundBlockRow): boolean {
  return status === 'pending' || status === 'confirmed';
}

function isOpen(row: FoundBlockRow): boolean {
  return row.status === 'pending' || row.booked !== bookingOfStatus(row.status);
}

function orderKey({shareSeq, height, hash}: FoundBlockRow): Uint8Array {
  const key = Buffer.alloc(HASH_OFFSET + hash.length);
  key.writeUIntBE(shareSeq, 0, 6);
  key.writeUInt32BE(height, 6);
  key.set(hash, HASH_OFFSET);
  return key;
}

function byShare(a: FoundBlockRow, b: FoundBlockRow): number {
  return Buffer.compare(orderKey(a), orderKey(b));
}
