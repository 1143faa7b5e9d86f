/**
 * @module What others may ask of the mempool: transactions that are valid at the tip and not yet in a block.
 */
import type {Query} from '../../runtime/actor.js';
import type {MempoolEntry} from '../../protocol/mempool/mempool-entry.js';
import type {Rejection} from '../../protocol/verdict.js';
import type {Hash256, OutPoint, Sats, Transaction} from '../../protocol/primitives/transaction.js';

/** An entry as others see it: its neighbours by txid. */
export type MempoolEntryView = Omit<MempoolEntry, 'key' | 'parents' | 'children'> & {
  /** txids of in-pool parents and children. */
  readonly parents: readonly Hash256[];
  readonly children: readonly Hash256[];
};

export type TxOutcome =
  | {readonly ok: true; readonly txid: Hash256; readonly wtxid: Hash256; readonly vsize: number; readonly feeSats: Sats; readonly already?: boolean}
  | (Rejection & {readonly txid?: Hash256; readonly wtxid?: Hash256});

export interface MempoolInfo {
  readonly count: number;
  readonly totalVsize: number;
  readonly totalBytes: number;
  readonly totalFeeSats: Sats;
  readonly maxBytes: number;
  readonly maxCount: number;
  /** Lowest rate that a new transaction must pay now, satoshis per 1,000 virtual bytes. */
  readonly minFeeSatsPerKvb: Sats;
  /** The same while there is room: by configuration. */
  readonly minRelaySatsPerKvb: Sats;
  /** Grows with each change; a template is stale when it moved. */
  readonly sequence: number;
}

/** Transactions for one block, topological, with the budget that the coinbase keeps. */
export interface TemplateSelection {
  readonly previousHash: Hash256;
  readonly height: number;
  readonly sequence: number;
  readonly transactions: readonly {readonly transaction: Transaction; readonly feeSats: Sats; readonly weightWu: number; readonly sigopCost: number}[];
  readonly totalFeeSats: Sats;
}

export type SubmitTransaction = Query<'mempool.submit', {readonly txBytes: Uint8Array; readonly maxFeeRateSatsPerKvb?: Sats}, TxOutcome>;
/** As submit, changing nothing. */
export type TestTransaction = Query<'mempool.test', {readonly txBytes: Uint8Array; readonly maxFeeRateSatsPerKvb?: Sats}, TxOutcome>;
export type GetMempoolInfo = Query<'mempool.getInfo', Record<never, never>, MempoolInfo>;
export type ListTxids = Query<'mempool.listTxids', Record<never, never>, readonly Hash256[]>;
export type GetEntry = Query<'mempool.getEntry', {readonly txid: Hash256}, MempoolEntryView | null>;
export type ListEntries = Query<'mempool.listEntries', {readonly limit: number}, readonly MempoolEntryView[]>;
/** The in-pool spender of each outpoint, or null. */
export type FindSpenders = Query<'mempool.findSpenders', {readonly outpoints: readonly OutPoint[]}, readonly (Hash256 | null)[]>;
/** Selection for a block on the tip that the mempool has applied; the caller compares `previousHash`. */
export type SelectTemplate = Query<'mempool.selectTemplate', {readonly reservedWeightWu: number; readonly reservedSigopCost: number}, TemplateSelection>;

export type MempoolMessage =
  | SubmitTransaction | TestTransaction | GetMempoolInfo | ListTxids | GetEntry | ListEntries | FindSpenders | SelectTemplate;

export type MempoolEvent =
  | {readonly type: 'mempool.transactionAdmitted'; readonly transaction: Transaction; readonly feeSats: Sats; readonly sequence: number}
  | {readonly type: 'mempool.transactionEvicted'; readonly txid: Hash256; readonly reason: 'confirmed' | 'conflict' | 'size-limit' | 'expired' | 'reorg'; readonly sequence: number};
