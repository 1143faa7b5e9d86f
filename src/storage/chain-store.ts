/**
 * @module The chain's store on LMDB. One `ChainChange` is one batch, which LMDB commits whole or not at all.
 * Decides nothing about blocks: what it is told to store, it stores.
 */
import {join} from 'node:path';
import type {ChainChange, ChainStore, CoinTotals, LogEntry, StoredHeader} from '../actors/chain/ports.js';
import type {BlockUndo} from '../protocol/primitives/block.js';
import type {Coin, Hash256, OutPoint} from '../protocol/primitives/transaction.js';
import {ByteReader} from '../protocol/bytes/byte-reader.js';
import {ByteWriter} from '../protocol/bytes/byte-writer.js';
import {OUTPOINT_SIZE, writeOutpointKey} from '../protocol/bytes/hash-key.js';
import {COIN_SIZE_TYPICAL, decodeCoin, decodeStoredCoin, writeCoinRow} from '../protocol/primitives/coin-codec.js';
import {decodeUndo, encodeUndo} from '../protocol/primitives/undo-codec.js';
import {
  corrupt, decodeHeaderRow, decodeLogRow, decodeTipRow, decodeTotalsRow, encodeHeaderRow, encodeLogRow, encodeTipRow,
  encodeTotalsRow, headerKey, logKey,
} from './chain-rows.js';
import {openDatabase} from './open-database.js';
import type {Database, PackedRows, Table} from './open-database.js';

/** Raised when a table's bytes change meaning; docs/storage-layout.md keeps the history. */
export const CHAIN_FORMAT_VERSION = 1;
/** Folder of the chain database inside the data folder. */
export const CHAIN_FOLDER = 'chain';

const TIP_KEY = Uint8Array.of(0x01);
const TOTALS_KEY = Uint8Array.of(0x02);
/** 0.2 ms of encoding once the codec is compiled, some 3 ms in the first block of a process. */
const COINS_PER_SLICE = 1_000;
/** Some 250 coins. */
const SHELF_BYTES = 8_192;

export interface ChainStoreOptions {
  /** The node's data folder; the store lives in its subfolder `chain`. */
  readonly dataDirectory: string;
  readonly chainName: string;
  readonly readOnly?: boolean;
}

/** A ChainStore with an end, and with the walk over all coins that `pithead verify` needs. */
export interface OwnedChainStore extends ChainStore {
  /** Every coin, in key order. */
  allCoins(): Iterable<{readonly key: Uint8Array; readonly coin: Coin}>;
  close(): Promise<void>;
}

/** @throws StorageError as `openDatabase` does. */
export function openChainStore(options: ChainStoreOptions): OwnedChainStore {
  return new LmdbChainStore(openDatabase({
    directory: join(options.dataDirectory, CHAIN_FOLDER),
    kind: 'chain',
    chainName: options.chainName,
    formatVersion: CHAIN_FORMAT_VERSION,
    readOnly: options.readOnly ?? false,
  }));
}

class LmdbChainStore implements OwnedChainStore {
  readonly #database: Database;
  readonly #headers: Table;
  readonly #bodies: Table;
  readonly #undo: Table;
  readonly #coins: Table;
  readonly #log: Table;
  readonly #meta: Table;
  readonly #coinRows = new RowShelf();
  #lastCommit: Promise<void> = Promise.resolve();

  constructor(database: Database) {
    this.#database = database;
    this.#headers = database.table('headers');
    this.#bodies = database.table('bodies');
    this.#undo = database.table('undo');
    this.#coins = database.table('coins');
    this.#log = database.table('log');
    this.#meta = database.table('meta');
  }

  *headers(): Iterable<{readonly hash: Hash256; readonly entry: StoredHeader}> {
    for (const {key, value} of this.#headers.range()) yield decodeHeaderRow(key, value);
  }

  tip(): {readonly hash: Hash256; readonly height: number} | undefined {
    const row = this.#meta.get(TIP_KEY);
    return row === undefined ? undefined : decodeTipRow(row);
  }

  totals(): CoinTotals {
    const row = this.#meta.get(TOTALS_KEY);
    return row === undefined ? {coinCount: 0, totalSats: 0n} : decodeTotalsRow(row);
  }

  lastLogSeq(): number {
    for (const {key, value} of this.#log.range({reverse: true, limit: 1})) return decodeLogRow(key, value).seq;
    return 0;
  }

  logFrom(seq: number, limit: number): readonly LogEntry[] {
    return Array.from(this.#log.range({from: logKey(seq), limit}), ({key, value}) => decodeLogRow(key, value));
  }

  blockBytes(hash: Hash256): Uint8Array | undefined {
    return this.#bodies.get(hash);
  }

  undo(hash: Hash256): BlockUndo | undefined {
    const row = this.#undo.get(hash);
    if (row === undefined) return undefined;
    const decoded = decodeUndo(row);
    if (!decoded.ok) throw corrupt('undo', decoded.detail);
    return decoded.value;
  }

  coin(key: Uint8Array): Coin | undefined {
    const row = this.#coins.peek(key);
    if (row === undefined) return undefined;
    const coin = decodeStoredCoin(this.#coinRows.add(row), this.#coinRows.end);
    if (!coin.ok) throw corrupt('coins', coin.detail);
    return coin.value;
  }

  *allCoins(): Iterable<{readonly key: Uint8Array; readonly coin: Coin}> {
    for (const {key, value} of this.#coins.range()) yield {key: key.slice(), coin: coinOf(value)};
  }

  /** One after the other: encoding is sliced, and a later commit must not overtake an earlier one. */
  commit(change: ChainChange): Promise<void> {
    const committed = this.#lastCommit.then(() => this.#commitNow(change));
    this.#lastCommit = committed.catch(() => undefined);
    return committed;
  }

  /**
   * Coins go in the order given, their keys and rows each in one buffer. Sorting 4,000 random keys first cost 4 ms of the event loop and saved nothing measurable
   * in the commit (44 ms either way, 200,000 coins, Node 20.20, 2-core EPYC): LMDB copies each touched leaf once per
   * transaction, whatever the order.
   */
  async #commitNow(change: ChainChange): Promise<void> {
    const {header, body, undo, removedCoins, addedCoins, totals, tip, log} = change;
    const undoRow = undo === undefined ? undefined : encodeUndo(undo.undo);
    const coinRows = await encodeCoins(addedCoins ?? []);
    const removedKeys = packKeys(removedCoins ?? []);
    await this.#database.batch((writer) => {
      if (header !== undefined) writer.put(this.#headers, headerKey(header.entry.height, header.hash), encodeHeaderRow(header.entry));
      if (body !== undefined) writer.put(this.#bodies, body.hash, body.blockBytes);
      if (undo !== undefined) writer.put(this.#undo, undo.hash, undoRow!);
      // Removals first: a disconnected block's output may have the key of a coin that the same change restores.
      writer.removeAll(this.#coins, removedKeys, OUTPOINT_SIZE);
      writer.putAll(this.#coins, coinRows, OUTPOINT_SIZE);
      if (totals !== undefined) writer.put(this.#meta, TOTALS_KEY, encodeTotalsRow(totals));
      if (tip !== undefined) writer.put(this.#meta, TIP_KEY, encodeTipRow(tip));
      if (log !== undefined) writer.put(this.#log, logKey(log.seq), encodeLogRow(log));
    });
  }

  flushed(): Promise<void> {
    return this.#database.flushed();
  }

  diskBytes(): number {
    return this.#database.diskBytes();
  }

  async close(): Promise<void> {
    await this.#lastCommit;
    await this.#database.close();
  }
}

/** In slices, because a change may hold any number of coins. */
async function encodeCoins(added: NonNullable<ChainChange['addedCoins']>): Promise<PackedRows> {
  const keys = new Uint8Array(added.length * OUTPOINT_SIZE);
  const writer = new ByteWriter(added.length * COIN_SIZE_TYPICAL);
  const valueEnds = new Uint32Array(added.length);
  for (let i = 0; i < added.length; i++) {
    const {outpoint, coin} = added[i]!;
    writeOutpointKey(keys, outpoint, i * OUTPOINT_SIZE);
    writeCoinRow(writer, coin);
    valueEnds[i] = writer.size;
    if (i % COINS_PER_SLICE === COINS_PER_SLICE - 1) await new Promise<void>((resolve) => setImmediate(resolve));
  }
  return {keys, values: writer.finish(), valueEnds};
}

function packKeys(outpoints: readonly OutPoint[]): Uint8Array {
  const keys = new Uint8Array(outpoints.length * OUTPOINT_SIZE);
  for (let i = 0; i < outpoints.length; i++) writeOutpointKey(keys, outpoints[i]!, i * OUTPOINT_SIZE);
  return keys;
}

/**
 * Copies of the rows that were read last, many in one buffer: a buffer for each of a block's thousands of coins would be
 * three objects more for the collector. A coin keeps its buffer alive, hence a small one.
 */
class RowShelf {
  #reader = new ByteReader(new Uint8Array(SHELF_BYTES));
  end = 0;

  /** @returns a reader that stands at the copy, which ends at `end`. Good until the next call. */
  add(row: Uint8Array): ByteReader {
    if (this.end + row.length > this.#reader.data.length) {
      this.#reader = new ByteReader(new Uint8Array(Math.max(SHELF_BYTES, row.length)));
      this.end = 0;
    }
    const {data} = this.#reader;
    for (let i = 0; i < row.length; i++) data[this.end + i] = row[i]!;
    this.#reader.position = this.end;
    this.end += row.length;
    return this.#reader;
  }
}

function coinOf(row: Uint8Array): Coin {
  const decoded = decodeCoin(row);
  if (!decoded.ok) throw corrupt('coins', decoded.detail);
  return decoded.value;
}
