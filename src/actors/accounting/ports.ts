/**
 * @module What the accounting needs from a disk: an append-only share log and the ledger rows that follow from it.
 * One call of `append` is one LMDB transaction (group commit); it resolves when the rows are ON DISK.
 */
import type {BlockBooking} from '../../protocol/payout/block-bookings.js';
import type {PpsRate} from '../../protocol/payout/pps.js';
import type {SumNode} from '../../protocol/payout/share-tree.js';
import type {RewardTerms} from '../../protocol/payout/schemes.js';
import type {WorkOfAccount} from '../../protocol/payout/split-reward.js';
import type {JournalEntry, LedgerTotals, Posting} from '../../protocol/payout/ledger.js';
import type {Hash256, Sats} from '../../protocol/primitives/transaction.js';

/** One row of the share log. Compact and versioned in storage. */
export interface ShareRow {
  readonly seq: number;
  readonly account: string;
  readonly minerName: string;
  /** Integer work units credited; see protocol/payout. */
  readonly work: bigint;
  readonly height: number;
  readonly atMs: number;
  readonly hash: Hash256;
  readonly isBlock: boolean;
}

export interface FoundBlockRow {
  readonly hash: Hash256;
  readonly height: number;
  readonly shareSeq: number;
  readonly account: string;
  readonly minerName: string;
  readonly foundAtSec: number;
  readonly rewardSats: Sats;
  readonly feeSats: Sats;
  readonly status: 'pending' | 'confirmed' | 'orphaned' | 'rejected';
  /** Work of the round that ended with this block, and the expected work, in work units. */
  readonly roundWork: bigint;
  readonly expectedWork: bigint;
  readonly credits: readonly {readonly account: string; readonly sats: Sats}[];
  /** True when the coinbase itself pays the finder (SOLO): nothing is owed. */
  readonly paysFinderDirectly: boolean;
  /** What the coinbase paid to miners beside the pool; absent: nothing. */
  readonly direct?: readonly {readonly account: string; readonly sats: Sats}[];
  /** Part of the reward that goes to `donationAccount`, or stays with the pool for it when that is empty. */
  readonly donationSats: Sats;
  readonly donationAccount: string;
  /** Part of the reward that PPS has credited share by share already. */
  readonly riskSats: Sats;
  /** What of this block stands in the ledger, and after how many entries of its own: the next one is `block/<hash>/<bookings + 1>`. */
  readonly booked: BlockBooking;
  readonly bookings: number;
}

/** What a found block's credits follow from: kept for good, so that they can be computed again whatever the config says now. */
export interface BlockSplitRow {
  readonly hash: Hash256;
  readonly terms: RewardTerms;
  readonly subsidySats: Sats;
  /** Expected work that the window reaches back over; 0 for a round, or no window. */
  readonly windowWork: bigint;
  /** Shares that count; both 0 when none does. */
  readonly firstSeq: number;
  readonly lastSeq: number;
  /** What of the first share lies in the window; 0: all of it. */
  readonly firstWork: bigint;
  /** By account, in code unit order. */
  readonly work: readonly WorkOfAccount[];
  /** Root over the shares of the window, see docs/share-proofs.md; undefined until it was computed. */
  readonly shareRoot: Hash256 | undefined;
}

export interface AccountTotal extends WorkOfAccount {
  readonly shares: number;
}

/** Sums of shares with consecutive numbers. */
export interface ShareChunk {
  readonly firstSeq: number;
  readonly lastSeq: number;
  readonly sums: readonly AccountTotal[];
}

export interface ShareSumsChange {
  readonly add?: ShareChunk;
  /** Its sums go into the totals; its shares are no part of the log any more. */
  readonly drop?: ShareChunk;
  /** Takes so many rows off the disk whose shares are no part of the log. */
  readonly trimSegments?: number;
}

/** What became of old shares. */
export interface ShareSumsStore {
  /** Shares up to this one are in the totals and not in the log. */
  compactedSeq(): number;
  /** Oldest first, without a gap from the first share of the log on. */
  chunks(): Iterable<ShareChunk>;
  /** Shares up to this one are in a chunk or in the totals. */
  lastChunkSeq(): number;
  totals(): Iterable<AccountTotal>;
  isTrimmable(): boolean;
}

/** What pay per share writes with its entries, in the same transaction. */
export interface PpsChange {
  /** By ledger account, in units of 2^-64 satoshi. */
  readonly carries: ReadonlyMap<string, bigint>;
  /** Shares up to this one are booked. */
  readonly bookedSeq?: number;
  /** Holds for shares from this number on. */
  readonly rate?: {readonly fromSeq: number; readonly rate: PpsRate};
}

export interface PpsStore {
  bookedSeq(): number;
  carryOf(account: string): bigint;
  /** Undefined before the first. */
  rateAt(seq: number): PpsRate | undefined;
}

/** Root over 1,024 shares, all counted in full; see protocol/payout/share-tree. */
export interface TreeChunk {
  readonly number: number;
  readonly node: SumNode;
}

export interface AccountingChange {
  readonly shares?: readonly ShareRow[];
  readonly blocks?: readonly FoundBlockRow[];
  readonly splits?: readonly BlockSplitRow[];
  /** In this order. One whose id is in the journal already changes nothing. */
  readonly entries?: readonly JournalEntry[];
  readonly pps?: PpsChange;
  readonly treeChunks?: readonly TreeChunk[];
  readonly sums?: ShareSumsChange;
}

/** An entry in its place in the journal, counted from 1. */
export interface JournalRow {
  readonly seq: number;
  readonly entry: JournalEntry;
}

/** What is on disk of the ledger. Entries get there by `AccountingStore.append` alone. */
export interface LedgerStore {
  balanceOf(account: string): Sats;
  /** Accounts that are not zero, in byte order: those that begin with `prefix` and come after `after`. */
  balances(query: {readonly prefix: string; readonly after?: string}): Iterable<Posting>;
  totals(): LedgerTotals;
  entry(id: string): JournalEntry | undefined;
  lastEntrySeq(): number;
  entriesFrom(seq: number, limit: number): readonly JournalRow[];
  /** Newest first, from `seq` downwards. */
  entriesBackwards(seq: number): Iterable<JournalRow>;
}

/** In the order of their shares, and of their heights where one share stands for several. */
export interface FoundBlockStore {
  /** All of them: for who checks them offline. */
  all(): readonly FoundBlockRow[];
  get(hash: Hash256): FoundBlockRow | undefined;
  /** Newest first, from before a block downwards. */
  backwards(before?: FoundBlockRow): Iterable<FoundBlockRow>;
  /** Pending, or not booked as their status says. */
  open(): readonly FoundBlockRow[];
  /** `standing`: without those that the chain refused or left. */
  counts(): {readonly found: number; readonly standing: number};
}

export interface AccountingStore {
  readonly ledger: LedgerStore;
  readonly pps: PpsStore;
  readonly sums: ShareSumsStore;
  readonly found: FoundBlockStore;
  lastShareSeq(): number;
  /** The oldest share that the log still holds row by row; one above the last when it holds none. */
  firstShareSeq(): number;
  /** Newest first, for a window that ends at `fromSeq` inclusive. */
  sharesBackwards(fromSeq: number): Iterable<ShareRow>;
  sharesFrom(seq: number, limit: number): readonly ShareRow[];
  split(hash: Hash256): BlockSplitRow | undefined;
  treeChunk(number: number): SumNode | undefined;
  /** Atomic; resolves when durable. Rejects with an OperatingError; nothing was changed then. */
  append(change: AccountingChange): Promise<void>;
}
