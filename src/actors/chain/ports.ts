/**
 * @module What the chain needs from a disk. `src/storage` obeys; a memory twin serves tests and the simulator.
 * One call of `commit` is one LMDB transaction: header, body, undo, coins, totals, tip and log entry, or nothing.
 */
import type {Coin, Hash256} from '../../protocol/primitives/transaction.js';
import type {BlockUndo} from '../../protocol/primitives/block.js';

/** What is kept for each header, beside its 80 bytes. */
export interface StoredHeader {
  readonly headerBytes: Uint8Array;
  readonly height: number;
  /** Order of arrival of the full body: equal work keeps the first. 0 while only the header is known. */
  readonly arrival: number;
  readonly status: 'headers-only' | 'stored' | 'connected' | 'invalid';
  readonly txCount: number;
}

export interface LogEntry {
  readonly seq: number;
  readonly kind: 'connect' | 'disconnect';
  readonly hash: Hash256;
  readonly height: number;
}

export interface CoinTotals {
  readonly coinCount: number;
  readonly totalSats: bigint;
}

/** One atomic step of the chain. Absent parts do not change. */
export interface ChainChange {
  readonly header?: {readonly hash: Hash256; readonly entry: StoredHeader};
  readonly body?: {readonly hash: Hash256; readonly blockBytes: Uint8Array};
  readonly undo?: {readonly hash: Hash256; readonly undo: BlockUndo};
  /** Keys of 36 bytes: txid ‖ output index, little-endian. */
  readonly removedCoins?: readonly Uint8Array[];
  readonly addedCoins?: readonly {readonly key: Uint8Array; readonly coin: Coin}[];
  readonly totals?: CoinTotals;
  readonly tip?: {readonly hash: Hash256; readonly height: number};
  readonly log?: LogEntry;
}

export interface ChainStore {
  /** All headers, parents before children. */
  headers(): Iterable<{readonly hash: Hash256; readonly entry: StoredHeader}>;
  tip(): {readonly hash: Hash256; readonly height: number} | undefined;
  totals(): CoinTotals;
  lastLogSeq(): number;
  logFrom(seq: number, limit: number): readonly LogEntry[];
  blockBytes(hash: Hash256): Uint8Array | undefined;
  undo(hash: Hash256): BlockUndo | undefined;
  coin(key: Uint8Array): Coin | undefined;
  /** Resolves when committed and readable. Rejects with an OperatingError (disk full, closed); nothing was changed then. */
  commit(change: ChainChange): Promise<void>;
  /** Resolves when everything committed before the call is on disk. */
  flushed(): Promise<void>;
  diskBytes(): number;
}
