/**
 * @module The only place that opens LMDB. Hands out tables of bytes to bytes and atomic batches; knows no rows.
 *
 * Values are raw bytes (lmdb's msgpack stays off) and keys sort as bytes. A database states its kind, its chain and
 * its format version in the table `identity`; another chain or a newer format is refused, not guessed at.
 * All rows and their layout: docs/storage-layout.md.
 */
import {open} from 'lmdb';
import type {Database as LmdbTable, RootDatabase} from 'lmdb';
import {existsSync, mkdirSync, statSync} from 'node:fs';
import {join} from 'node:path';
import {assert} from '../protocol/verdict.js';
import {StorageError} from './storage-error.js';

/** Address space, not disk: the file grows with its rows. Large at once, because remapping stalls all readers. */
const MAP_BYTES = 16 * 1024 ** 3;
const TABLES_MAX = 32;
/** LMDB's limit for 4-kB pages, as lmdb is built. */
const KEY_BYTES_MAX = 1978;

export interface DatabaseOptions {
  /** Folder of this database alone; made when missing. */
  readonly directory: string;
  /** What the rows are: `chain`, `accounting`. */
  readonly kind: string;
  readonly chainName: string;
  /** Highest format that the caller knows; written to a new database. */
  readonly formatVersion: number;
  readonly readOnly?: boolean;
  readonly mapBytes?: number;
}

export interface RangeQuery {
  readonly from?: Uint8Array;
  /** Exclusive. */
  readonly to?: Uint8Array;
  readonly reverse?: boolean;
  readonly limit?: number;
}

export interface Table {
  /** A copy: it stays valid. */
  get(key: Uint8Array): Uint8Array | undefined;
  /**
   * Memory that the next read of any table overwrites, for copying or decoding on the spot. It is lmdb's own Buffer: read it
   * by index, for its `slice` would share the memory.
   */
  peek(key: Uint8Array): Uint8Array | undefined;
  has(key: Uint8Array): boolean;
  range(query?: RangeQuery): Iterable<{readonly key: Uint8Array; readonly value: Uint8Array}>;
  rowCount(): number;
}

/**
 * Thousands of rows in two buffers. lmdb asks the engine for the address of each buffer that it meets, which costs more than
 * the copy, and the collector walks each as long as the batch lasts.
 */
export interface PackedRows {
  /** All of one size, one behind the other. */
  readonly keys: Uint8Array;
  readonly values: Uint8Array;
  /** Where each value ends; it begins where the one before ended. */
  readonly valueEnds: Uint32Array;
}

/** Writes are legal only inside `Database.batch`. Keys and values must not change until the batch has settled. */
export interface BatchWriter {
  put(table: Table, key: Uint8Array, value: Uint8Array): void;
  remove(table: Table, key: Uint8Array): void;
  putAll(table: Table, rows: PackedRows, keySize: number): void;
  /** @param keys - packed as in {@link PackedRows}. */
  removeAll(table: Table, keys: Uint8Array, keySize: number): void;
}

export interface Database {
  /** As it was found: of an older one it is raised on disk when the database is opened for writing. */
  readonly formatVersion: number;
  table(name: string): Table;
  /** All writes of `write`, or none. Resolves when committed and readable, which is before it is on disk. */
  batch(write: (writer: BatchWriter) => void): Promise<void>;
  /** Resolves when everything committed before the call is on disk. */
  flushed(): Promise<void>;
  diskBytes(): number;
  close(): Promise<void>;
}

/** @throws StorageError `database-wrong-chain`, `database-newer-format`, `database-missing`, `database-corrupt`. */
export function openDatabase(options: DatabaseOptions): Database {
  const dataFile = join(options.directory, 'data.mdb');
  const readOnly = options.readOnly ?? false;
  // A file without a byte is what a kill during the very first open leaves; lmdb ends the process when it only reads one.
  if (readOnly && (!existsSync(dataFile) || statSync(dataFile).size === 0)) throw new StorageError('database-missing', `There is no ${options.kind} database in ${options.directory}.`);
  if (!readOnly) mkdirSync(options.directory, {recursive: true});
  const root = open({
    path: options.directory,
    // `data.mdb` in the folder, whatever dots the folder's name has: lmdb takes a dot for a file name.
    noSubdir: false,
    mapSize: options.mapBytes ?? MAP_BYTES,
    maxDbs: TABLES_MAX,
    encoding: 'binary',
    keyEncoding: 'binary',
    readOnly,
  });
  try {
    const formatVersion = claimIdentity(openTable(root, 'identity'), options);
    return new LmdbDatabase(root, dataFile, formatVersion);
  } catch (error) {
    // Else this process could open the folder only as it did now: lmdb shares what is open.
    void root.close();
    throw error;
  }
}

/** @returns undefined for a table that was never made, when the database is only read: lmdb's types do not say so. */
function openTable(root: RootDatabase, name: string): LmdbTable | undefined {
  return root.openDB({name, encoding: 'binary', keyEncoding: 'binary'}) as LmdbTable | undefined;
}

const KIND_KEY = Buffer.from('kind');
const CHAIN_KEY = Buffer.from('chain');
const FORMAT_KEY = Buffer.from('format');

/** Writes the identity of a new database; checks that of an old one. */
function claimIdentity(identity: LmdbTable | undefined, options: DatabaseOptions): number {
  const read = (key: Buffer): string | undefined => identity?.getBinary(key)?.toString('utf8');
  const kind = read(KIND_KEY);
  if (kind === undefined && (options.readOnly ?? false)) {
    // A process that was killed while it made the database leaves this; the next start goes on here.
    throw new StorageError('database-missing', `The ${options.kind} database in ${options.directory} was never finished: nothing was stored yet.`);
  }
  if (kind === undefined) {
    assert(identity !== undefined, 'a table opened for writing is there');
    // The one synchronous transaction of a database's life: it runs before any batch can be under way.
    identity.transactionSync(() => {
      identity.putSync(KIND_KEY, Buffer.from(options.kind));
      identity.putSync(CHAIN_KEY, Buffer.from(options.chainName));
      identity.putSync(FORMAT_KEY, Buffer.from(String(options.formatVersion)));
    });
    return options.formatVersion;
  }
  const chain = read(CHAIN_KEY);
  const format = Number(read(FORMAT_KEY));
  if (kind !== options.kind || chain === undefined || !Number.isSafeInteger(format)) {
    throw new StorageError('database-corrupt', `${options.directory} does not hold a ${options.kind} database of Pithead.`);
  }
  if (chain !== options.chainName) {
    throw new StorageError('database-wrong-chain', `${options.directory} holds the chain ${chain}, not ${options.chainName}. Choose another --data folder or --chain.`);
  }
  if (format > options.formatVersion) {
    throw new StorageError('database-newer-format', `${options.directory} has format ${format}; this Pithead knows up to ${options.formatVersion}. Run the newer one.`);
  }
  if (format < options.formatVersion && !(options.readOnly ?? false)) {
    // From now on rows of the newer format may come, which an older Pithead would misread. Old rows say which they are.
    identity!.putSync(FORMAT_KEY, Buffer.from(String(options.formatVersion)));
  }
  return format;
}

class LmdbDatabase implements Database {
  readonly formatVersion: number;
  readonly #root: RootDatabase;
  readonly #dataFile: string;
  readonly #tables = new Map<string, LmdbBackedTable>();
  #isClosed = false;

  constructor(root: RootDatabase, dataFile: string, formatVersion: number) {
    this.#root = root;
    this.#dataFile = dataFile;
    this.formatVersion = formatVersion;
  }

  table(name: string): Table {
    const known = this.#tables.get(name);
    if (known !== undefined) return known;
    const table = new LmdbBackedTable(openTable(this.#root, name), () => this.#isClosed);
    this.#tables.set(name, table);
    return table;
  }

  /**
   * Collects before it writes: lmdb commits what a throwing callback had already put. So `write` may fail half-way
   * (a value that does not encode) and nothing has happened.
   */
  async batch(write: (writer: BatchWriter) => void): Promise<void> {
    if (this.#isClosed) throw new StorageError('database-closed', 'The database is closed.');
    const collected = new CollectingWriter();
    write(collected);
    try {
      // `batch` opens a block in lmdb's instruction stream that its writer thread cannot commit half of.
      await this.#root.batch(() => collected.replay());
    } catch (error) {
      const cause = await commitCause(error);
      throw new StorageError('database-write-failed', `The disk refused a write: ${cause instanceof Error ? cause.message : String(cause)}`, cause);
    }
  }

  async flushed(): Promise<void> {
    await this.#root.flushed;
  }

  diskBytes(): number {
    return statSync(this.#dataFile).size;
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    await this.#root.close();
  }
}

/** lmdb rejects with a shell error whose `commitError` promise carries the reason. */
async function commitCause(error: unknown): Promise<unknown> {
  if (!(error instanceof Error) || !('commitError' in error)) return error;
  try {
    await error.commitError;
    return error;
  } catch (reason) {
    return reason;
  }
}

interface CollectedWrites {
  readonly table: LmdbTable;
  readonly keys: Uint8Array;
  readonly keySize: number;
  /** Absent: the keys are removed. */
  readonly values: Uint8Array | undefined;
  /** Absent: there is one key, and `values` is its value. */
  readonly valueEnds: Uint32Array | undefined;
}

class CollectingWriter implements BatchWriter {
  readonly #writes: CollectedWrites[] = [];

  put(table: Table, key: Uint8Array, value: Uint8Array): void {
    this.#add({table: tableOf(table), keys: key, keySize: key.length, values: value, valueEnds: undefined});
  }

  remove(table: Table, key: Uint8Array): void {
    this.#add({table: tableOf(table), keys: key, keySize: key.length, values: undefined, valueEnds: undefined});
  }

  putAll(table: Table, {keys, values, valueEnds}: PackedRows, keySize: number): void {
    assert(keys.length === valueEnds.length * keySize && (valueEnds.at(-1) ?? 0) <= values.length, 'each packed key has its value');
    this.#add({table: tableOf(table), keys, keySize, values, valueEnds});
  }

  removeAll(table: Table, keys: Uint8Array, keySize: number): void {
    this.#add({table: tableOf(table), keys, keySize, values: undefined, valueEnds: undefined});
  }

  #add(writes: CollectedWrites): void {
    assert(writes.keySize > 0 && writes.keySize <= KEY_BYTES_MAX && writes.keys.length % writes.keySize === 0, 'a key fits LMDB');
    this.#writes.push(writes);
  }

  /** Nothing in here can fail any more: keys and values are bytes of legal size. */
  replay(): void {
    for (const writes of this.#writes) replayWrites(writes);
  }
}

/** lmdb copies a key as it takes the write, so one buffer serves them all; a value it only points to. */
function replayWrites({table, keys, keySize, values, valueEnds}: CollectedWrites): void {
  const key = keys.length === keySize ? keys : new Uint8Array(keySize);
  for (let at = 0, row = 0, start = 0; at < keys.length; at += keySize, row++) {
    if (key !== keys) for (let i = 0; i < keySize; i++) key[i] = keys[at + i]!;
    if (values === undefined) {
      void table.remove(key);
      continue;
    }
    const end = valueEnds === undefined ? values.length : valueEnds[row]!;
    void table.put(key, valueEnds === undefined ? values : values.subarray(start, end));
    start = end;
  }
}

function tableOf(table: Table): LmdbTable {
  const {lmdb} = table as LmdbBackedTable;
  assert(lmdb !== undefined, 'only a database opened for writing is written');
  return lmdb;
}

class LmdbBackedTable implements Table {
  /** Undefined when only reading and the table was never made: it reads as empty. */
  readonly lmdb: LmdbTable | undefined;
  readonly #isClosed: () => boolean;
  constructor(lmdb: LmdbTable | undefined, isClosed: () => boolean) {
    this.lmdb = lmdb;
    this.#isClosed = isClosed;
  }

  get(key: Uint8Array): Uint8Array | undefined {
    const value = this.#open()?.getBinary(key);
    return value === undefined ? undefined : plain(value);
  }

  peek(key: Uint8Array): Uint8Array | undefined {
    return this.#open()?.getBinaryFast(key);
  }

  has(key: Uint8Array): boolean {
    return this.#open()?.doesExist(key) ?? false;
  }

  *range(query: RangeQuery = {}): Iterable<{readonly key: Uint8Array; readonly value: Uint8Array}> {
    const lmdb = this.#open();
    if (lmdb === undefined) return;
    const rows = lmdb.getRange({
      // A reverse walk starts at its upper end.
      ...(query.reverse === true
        ? {...(query.to === undefined ? {} : {start: query.to, exclusiveStart: true}), ...(query.from === undefined ? {} : {end: query.from, inclusiveEnd: true})}
        : {...(query.from === undefined ? {} : {start: query.from}), ...(query.to === undefined ? {} : {end: query.to})}),
      reverse: query.reverse ?? false,
      ...(query.limit === undefined ? {} : {limit: query.limit}),
    });
    for (const row of rows) yield {key: plain(row.key as Buffer), value: plain(row.value as Buffer)};
  }

  rowCount(): number {
    const stats = this.lmdb?.getStats();
    return stats !== undefined && 'entryCount' in stats && typeof stats.entryCount === 'number' ? stats.entryCount : 0;
  }

  /** A read of a closed environment leaves lmdb with a broken transaction, which it throws later, out of a timer. */
  #open(): LmdbTable | undefined {
    if (this.#isClosed()) throw new StorageError('database-closed', 'The database is closed.');
    return this.lmdb;
  }
}

/** Nothing outside sees a Buffer: its `slice` shares memory where that of a Uint8Array copies. */
function plain(buffer: Buffer): Uint8Array {
  return new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.length);
}
