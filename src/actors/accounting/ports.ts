/**
 * @module What the accounting needs from a disk: an append-only share log and the ledger rows that follow from it.
 * One call of `append` is one LMDB transaction (group commit); it resolves when the rows are ON DISK.
 */
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
}

export interface AccountingChange {
  readonly shares?: readonly ShareRow[];
  readonly blocks?: readonly FoundBlockRow[];
}

export interface AccountingStore {
  lastShareSeq(): number;
  /** Newest first, for a window that ends at `fromSeq` inclusive. */
  sharesBackwards(fromSeq: number): Iterable<ShareRow>;
  sharesFrom(seq: number, limit: number): readonly ShareRow[];
  foundBlocks(): readonly FoundBlockRow[];
  /** Atomic; resolves when durable. Rejects with an OperatingError; nothing was changed then. */
  append(change: AccountingChange): Promise<void>;
}
