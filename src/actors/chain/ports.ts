/**
 * @module What the chain needs from a disk. `src/storage` obeys; a memory twin serves tests and the simulator.
 * One call of `commit` is one LMDB transaction: header, body, undo, coins, totals, tip and log entry, or nothing.
 */
import type {Coin, Hash256, OutPoint, Transaction} from '../../protocol/primitives/transaction.js';
import type {BlockUndo} from '../../protocol/primitives/block.js';
import type {Rejection} from '../../protocol/verdict.js';

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
  readonly removedCoins?: readonly OutPoint[];
  readonly addedCoins?: readonly {readonly outpoint: OutPoint; readonly coin: Coin}[];
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

/** One transaction with the coins that it spends, in input order. */
export interface TransactionSpend {
  readonly transaction: Transaction;
  readonly spentCoins: readonly Coin[];
}

export type ScriptsVerdict =
  | {readonly ok: true}
  /** `code` is the script error's own name; `scripts-unavailable` means that the verifier could not do the work: judge nothing by it. */
  | (Rejection & {readonly spendIndex: number; readonly inputIndex: number});

/** Runs the scripts of many transactions, signatures in batches on other threads. Chain and mempool share one, and its cache. */
export interface ScriptVerifier {
  verify(spends: readonly TransactionSpend[], flags: number): Promise<ScriptsVerdict>;
}

export interface ChainPorts {
  readonly store: ChainStore;
  readonly scripts: ScriptVerifier;
  /** Resolves after everything else on this thread had a turn: `setImmediate` in production, a microtask under simulation. */
  readonly yieldTurn: () => Promise<void>;
  /** True once the node is on its way down: a walk over many blocks then ends between two of them. Absent: never. */
  readonly isStopping?: () => boolean;
}
