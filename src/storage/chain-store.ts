/**
 * @module The chain's store on LMDB. One `ChainChange` is one batch, which LMDB commits whole or not at all.
 * Decides nothing about blocks: what it is told to store, it stores.
 */
import {join} from 'node:path';
import type {ChainChange, ChainStore, CoinTotals, LogEntry, StoredHeader} from '../actors/chain/ports.js';
import type {BlockUndo} from '../protocol/primitives/block.js';
import type {Coin, Hash256} from '../protocol/primitives/transaction.js';
import {ByteWriter} from '../protocol/bytes/byte-writer.js';
import {COIN_SIZE_TYPICAL, decodeCoin, writeCoinRow} from '../protocol/primitives/coin-codec.js';
import {decodeUndo, encodeUndo} from '../protocol/primitives/undo-codec.js';
import {
  corrupt, decodeHeaderRow, decodeLogRow, decodeTipRow, decodeTotalsRow, encodeHeaderRow, encodeLogRow, encodeTipRow,
  encodeTotalsRow, headerKey, logKey,
} from './chain-rows.js';
import {openDatabase} from './open-database.js';
import type {Database, Table} from './open-database.js';

/** Raised when a table's bytes change meaning; docs/storage-layout.md keeps the history. */
export const CHAIN_FORMAT_VERSION = 1;
/** Folder of the chain database inside the data folder. */
export const CHAIN_FOLDER = 'chain';

const TIP_KEY = Uint8Array.of(0x01);
const TOTALS_KEY = Uint8Array.of(0x02);
/** 0.2 ms of encoding once the codec is compiled, some 3 ms in the first block of a process. */
const COINS_PER_SLICE = 1_000;

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
    return row === undefined ? undefined : coinOf(row);
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
   * Coins go in the order given. Sorting 4,000 random keys first cost 4 ms of the event loop and saved nothing measurable
   * in the commit (44 ms either way, 200,000 coins, Node 20.20, 2-core EPYC): LMDB copies each touched leaf once per
   * transaction, whatever the order.
   */
  async #commitNow(change: ChainChange): Promise<void> {
    const {header, body, undo, removedCoins, addedCoins, totals, tip, log} = change;
    const undoRow = undo === undefined ? undefined : encodeUndo(undo.undo);
    const coinRows = await encodeCoins(addedCoins ?? []);
    await this.#database.batch((writer) => {
      if (header !== undefined) writer.put(this.#headers, headerKey(header.entry.height, header.hash), encodeHeaderRow(header.entry));
      if (body !== undefined) writer.put(this.#bodies, body.hash, body.blockBytes);
      if (undo !== undefined) writer.put(this.#undo, undo.hash, undoRow!);
      // Removals first: a disconnected block's output may have the key of a coin that the same change restores.
      for (const key of removedCoins ?? []) writer.remove(this.#coins, key);
      for (let i = 0; i < coinRows.length; i++) writer.put(this.#coins, addedCoins![i]!.key, coinRows[i]!);
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

/**
 * All rows in one buffer: lmdb asks the engine for the address of each buffer that it meets, which costs more than the
 * copy. In slices, because a change may hold any number of coins.
 */
async function encodeCoins(added: NonNullable<ChainChange['addedCoins']>): Promise<readonly Uint8Array[]> {
  const writer = new ByteWriter(added.length * COIN_SIZE_TYPICAL);
  const ends: number[] = [];
  for (const {coin} of added) {
    writeCoinRow(writer, coin);
    ends.push(writer.size);
    if (ends.length % COINS_PER_SLICE === 0) await new Promise<void>((resolve) => setImmediate(resolve));
  }
  const slab = writer.finish();
  return ends.map((end, i) => slab.subarray(i === 0 ? 0 : ends[i - 1]!, end));
}

function coinOf(row: Uint8Array): Coin {
  const decoded = decodeCoin(row);
  if (!decoded.ok) throw corrupt('coins', decoded.detail);
  return decoded.value;
}
