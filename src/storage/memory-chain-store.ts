/**
 * @module The memory twin of the chain store, for tests, the simulator and nodes that need to remember nothing.
 * Passes the same compliance suite as the LMDB store. Rows are kept as values, not bytes: it proves no codec.
 */
import type {ChainChange, CoinTotals, LogEntry, StoredHeader} from '../actors/chain/ports.js';
import {compareBytes} from '../protocol/bytes/compare.js';
import {hashKey, keyToHash, outpointMapKey} from '../protocol/bytes/hash-key.js';
import type {BlockUndo} from '../protocol/primitives/block.js';
import type {Coin, Hash256} from '../protocol/primitives/transaction.js';
import type {OwnedChainStore} from './chain-store.js';
import {StorageError} from './storage-error.js';

/** What a coin costs in memory beside its script: key, object, map slot. Chosen by guess; only for `diskBytes`. */
const COIN_BYTES = 120;

export class MemoryChainStore implements OwnedChainStore {
  readonly #headers = new Map<string, {readonly hash: Hash256; readonly entry: StoredHeader}>();
  readonly #bodies = new Map<string, Uint8Array>();
  readonly #undo = new Map<string, BlockUndo>();
  readonly #coins = new Map<string, Coin>();
  readonly #log: LogEntry[] = [];
  #tip: {readonly hash: Hash256; readonly height: number} | undefined;
  #totals: CoinTotals = {coinCount: 0, totalSats: 0n};
  #isClosed = false;

  headers(): Iterable<{readonly hash: Hash256; readonly entry: StoredHeader}> {
    return [...this.#headers.values()].sort((a, b) => a.entry.height - b.entry.height || compareBytes(a.hash, b.hash));
  }

  tip(): {readonly hash: Hash256; readonly height: number} | undefined {
    return this.#tip;
  }

  totals(): CoinTotals {
    return this.#totals;
  }

  lastLogSeq(): number {
    return this.#log.at(-1)?.seq ?? 0;
  }

  logFrom(seq: number, limit: number): readonly LogEntry[] {
    return this.#log.filter((entry) => entry.seq >= seq).slice(0, limit);
  }

  blockBytes(hash: Hash256): Uint8Array | undefined {
    return this.#bodies.get(hashKey(hash));
  }

  undo(hash: Hash256): BlockUndo | undefined {
    return this.#undo.get(hashKey(hash));
  }

  coin(key: Uint8Array): Coin | undefined {
    return this.#coins.get(hashKey(key));
  }

  allCoins(): Iterable<{readonly key: Uint8Array; readonly coin: Coin}> {
    return [...this.#coins].map(([key, coin]) => ({key: keyToHash(key), coin})).sort((a, b) => compareBytes(a.key, b.key));
  }

  async commit(change: ChainChange): Promise<void> {
    if (this.#isClosed) throw new StorageError('database-closed', 'The store is closed.');
    const {header, body, undo, removedCoins, addedCoins, totals, tip, log} = change;
    if (header !== undefined) this.#headers.set(hashKey(header.hash), header);
    if (body !== undefined) this.#bodies.set(hashKey(body.hash), body.blockBytes);
    if (undo !== undefined) this.#undo.set(hashKey(undo.hash), undo.undo);
    for (const outpoint of removedCoins ?? []) this.#coins.delete(outpointMapKey(outpoint));
    for (const {outpoint, coin} of addedCoins ?? []) this.#coins.set(outpointMapKey(outpoint), coin);
    if (totals !== undefined) this.#totals = totals;
    if (tip !== undefined) this.#tip = tip;
    if (log !== undefined) this.#log.push(log);
  }

  async flushed(): Promise<void> {}

  diskBytes(): number {
    let bytes = this.#coins.size * COIN_BYTES;
    for (const body of this.#bodies.values()) bytes += body.length;
    return bytes;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
  }
}
