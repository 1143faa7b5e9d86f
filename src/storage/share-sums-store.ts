/**
 * @module What becomes of old shares on LMDB: sums of chunks, by which a restart needs no walk over the log, and totals of
 * accounts over all shares that the log has lost. Written by `stage` into a transaction of the accounting.
 *
 *   chunk   key u48 first share, big-endian → u8 version=1 ‖ whole lastSeq ‖ u32 count ‖ count × (text account ‖ u32 shares ‖ integer work)
 *   total   key account → u8 version=1 ‖ whole shares ‖ integer work
 *   counter `shares-compacted` of `counters` → u48 last share in the totals, big-endian
 */
import type {AccountTotal, ShareChunk, ShareSumsChange, ShareSumsStore} from '../actors/accounting/ports.js';
import {ByteWriter} from '../protocol/bytes/byte-writer.js';
import {readInteger, readRow, readText, readWhole, segmentKey, seqOfSegmentKey, writeInteger, writeText, writeWhole} from './accounting-rows.js';
import type {BatchWriter, Database, Table} from './open-database.js';

const ROW_VERSION = 1;
const COMPACTED_KEY = Buffer.from('shares-compacted');
const encoder = new TextEncoder();
const decoder = new TextDecoder();

export class LmdbShareSumsStore implements ShareSumsStore {
  readonly #chunks: Table;
  readonly #totals: Table;
  readonly #counters: Table;
  readonly #segments: Table;
  /** Asked with every walk over the log. */
  #compactedSeq: number;

  constructor(database: Database) {
    this.#chunks = database.table('share-chunks');
    this.#totals = database.table('share-totals');
    this.#counters = database.table('counters');
    this.#segments = database.table('share-log');
    const value = this.#counters.get(COMPACTED_KEY);
    this.#compactedSeq = value === undefined ? 0 : seqOfSegmentKey(value);
  }

  stage(writer: BatchWriter, {add, drop, trimSegments}: ShareSumsChange): void {
    if (add !== undefined) writer.put(this.#chunks, segmentKey(add.firstSeq), encodeChunk(add));
    if (drop !== undefined) {
      for (const {account, shares, work} of drop.sums) {
        const before = this.#total(account);
        writer.put(this.#totals, encoder.encode(account), encodeTotal({account, shares: before.shares + shares, work: before.work + work}));
      }
      writer.put(this.#counters, COMPACTED_KEY, segmentKey(drop.lastSeq));
      writer.remove(this.#chunks, segmentKey(drop.firstSeq));
    }
    if (trimSegments !== undefined) for (const key of this.#trimmable(trimSegments)) writer.remove(this.#segments, key);
  }

  /** After the disk has it. */
  written({drop}: ShareSumsChange): void {
    if (drop !== undefined) this.#compactedSeq = drop.lastSeq;
  }

  compactedSeq(): number {
    return this.#compactedSeq;
  }

  *chunks(): Iterable<ShareChunk> {
    for (const {key, value} of this.#chunks.range()) yield decodeChunk(seqOfSegmentKey(key), value);
  }

  lastChunkSeq(): number {
    for (const {key, value} of this.#chunks.range({reverse: true, limit: 1})) return decodeChunk(seqOfSegmentKey(key), value).lastSeq;
    return this.#compactedSeq;
  }

  *totals(): Iterable<AccountTotal> {
    for (const {key, value} of this.#totals.range()) yield decodeTotal(decoder.decode(key), value);
  }

  isTrimmable(): boolean {
    return this.#trimmable(1).length > 0;
  }

  /** Segments whose shares are all in the totals: those that end before the next one begins at or below the limit. */
  #trimmable(limit: number): Uint8Array[] {
    const keys: Uint8Array[] = [];
    let last: Uint8Array | undefined;
    for (const {key} of this.#segments.range({to: segmentKey(this.#compactedSeq + 2), limit: limit + 1})) {
      if (last !== undefined) keys.push(last);
      last = key.slice();
    }
    return keys.slice(0, limit);
  }

  #total(account: string): AccountTotal {
    const value = this.#totals.get(encoder.encode(account));
    return value === undefined ? {account, shares: 0, work: 0n} : decodeTotal(account, value);
  }
}

/** The same in memory, for tests and the simulator. */
export class MemoryShareSumsStore implements ShareSumsStore {
  readonly #chunks: ShareChunk[] = [];
  readonly #totals = new Map<string, AccountTotal>();
  #compactedSeq = 0;

  apply({add, drop}: ShareSumsChange): void {
    if (add !== undefined) this.#chunks.push(add);
    if (drop === undefined) return;
    for (const {account, shares, work} of drop.sums) {
      const before = this.#totals.get(account) ?? {account, shares: 0, work: 0n};
      this.#totals.set(account, {account, shares: before.shares + shares, work: before.work + work});
    }
    this.#compactedSeq = drop.lastSeq;
    this.#chunks.splice(0, this.#chunks.length, ...this.#chunks.filter(({firstSeq}) => firstSeq !== drop.firstSeq));
  }

  compactedSeq(): number {
    return this.#compactedSeq;
  }

  chunks(): Iterable<ShareChunk> {
    return this.#chunks;
  }

  lastChunkSeq(): number {
    return this.#chunks.at(-1)?.lastSeq ?? this.#compactedSeq;
  }

  totals(): Iterable<AccountTotal> {
    return this.#totals.values();
  }

  isTrimmable(): boolean {
    return false;
  }
}

export function encodeChunk(chunk: ShareChunk): Uint8Array {
  const writer = new ByteWriter(32 + chunk.sums.length * 64);
  writer.u8(ROW_VERSION);
  writeWhole(writer, chunk.lastSeq);
  writer.u32(chunk.sums.length);
  for (const {account, shares, work} of chunk.sums) {
    writeText(writer, account);
    writer.u32(shares);
    writeInteger(writer, work);
  }
  return writer.finish();
}

/** @throws StorageError `database-corrupt` */
export function decodeChunk(firstSeq: number, bytes: Uint8Array): ShareChunk {
  return readRow(`sums of shares from ${firstSeq}`, bytes, (reader) => {
    const lastSeq = readWhole(reader);
    const count = reader.u32();
    const sums: AccountTotal[] = [];
    for (let i = 0; i < count; i += 1) sums.push({account: readText(reader), shares: reader.u32(), work: readInteger(reader)});
    return {firstSeq, lastSeq, sums};
  });
}

export function encodeTotal({shares, work}: AccountTotal): Uint8Array {
  const writer = new ByteWriter(32);
  writer.u8(ROW_VERSION);
  writeWhole(writer, shares);
  writeInteger(writer, work);
  return writer.finish();
}

/** @throws StorageError `database-corrupt` */
export function decodeTotal(account: string, bytes: Uint8Array): AccountTotal {
  return readRow(`total of ${account}`, bytes, (reader) => ({account, shares: readWhole(reader), work: readInteger(reader)}));
}
