/**
 * @module What others may ask of the share accounting: who did how much work, and who is owed what.
 * A share is answered only when it is on disk.
 */
import type {RewardWindow} from '../../protocol/payout/coinbase-payout.js';
import type {Query} from '../../runtime/actor.js';
import type {EntryRefusalCode, JournalEntry, LedgerTotals, OutsideEntryKind} from '../../protocol/payout/ledger.js';
import type {PayoutScheme, RewardTerms} from '../../protocol/payout/schemes.js';
import type {ShareProof} from '../../protocol/payout/share-proof.js';
import type {WorkOfAccount} from '../../protocol/payout/split-reward.js';
import type {Hash256, Sats} from '../../protocol/primitives/transaction.js';
import type {AcceptedShare} from '../../protocol/stratum/share.js';
import type {Rejection} from '../../protocol/verdict.js';

export type RejectReason = 'stale' | 'duplicate' | 'low-difficulty' | 'unknown-job' | 'unauthorised' | 'not-subscribed' | 'bad-version-bits' | 'bad-ntime' | 'malformed' | 'busy';

export interface HashrateView {
  /** Hashes per second over each window, estimated from accepted work. */
  readonly last1m: number;
  readonly last5m: number;
  readonly last1h: number;
}

/** What an account does; what it is owed is in `AccountClaims`. */
export interface AccountActivity {
  readonly account: string;
  readonly hashrate: HashrateView;
  readonly sharesAccepted: number;
  readonly sharesRejected: Readonly<Partial<Record<RejectReason, number>>>;
  /** Difficulty of the best share, for people. */
  readonly bestShareDifficulty: number;
  readonly lastShareAtSec: number | undefined;
  readonly rigs: readonly RigView[];
}

export interface AccountClaims {
  /** Credits of blocks not yet mature. */
  readonly pendingSats: Sats;
  /** Matured and not paid, without what a payout under way has reserved. */
  readonly balanceSats: Sats;
  /** Reserved for a payout that is under way. */
  readonly payingSats: Sats;
  /** Paid for blocks that the chain has left since; later earnings go here first. `balanceSats` is 0 meanwhile. */
  readonly debtSats: Sats;
}

export interface AccountView extends AccountActivity, AccountClaims {}

export interface RigView {
  readonly minerName: string;
  readonly userAgent: string;
  readonly hashrate: HashrateView;
  readonly difficulty: number;
  readonly connected: number;
  readonly sharesAccepted: number;
  readonly sharesRejected: number;
  readonly lastShareAtSec: number | undefined;
}

/** Sums that only grow while the process runs: what happened between two questions is their difference. */
export interface WorkSums {
  /** Expected number of hashes of the accepted shares. For people, so a float. */
  readonly hashes: number;
  readonly sharesAccepted: number;
  readonly sharesRejected: number;
  /** Open sessions now. */
  readonly connected: number;
}

export interface FoundBlockView {
  readonly height: number;
  readonly hash: Hash256;
  readonly account: string;
  readonly minerName: string;
  readonly foundAtSec: number;
  readonly status: 'pending' | 'confirmed' | 'orphaned' | 'rejected';
  readonly confirmations: number;
  readonly rewardSats: Sats;
  /** Work since the block before, over the expected work: 1 is par. */
  readonly effort: number;
  /** Add up to `rewardSats` with the fee, the donation and what PPS has credited before. */
  readonly credits: readonly {readonly account: string; readonly sats: Sats}[];
  readonly feeSats: Sats;
  readonly donationSats?: Sats;
  readonly riskSats?: Sats;
}

export interface PoolTotals {
  readonly hashrate: HashrateView;
  readonly accountCount: number;
  readonly sharesAccepted: number;
  readonly sharesRejected: Readonly<Partial<Record<RejectReason, number>>>;
  /** Without those that the chain refused or left. */
  readonly blocksFound: number;
  readonly roundEffort: number;
  readonly lastShareSeq: number;
  readonly scheme: PayoutScheme;
  readonly feePpm: number;
  readonly donationPpm: number;
  /** How full the window of work is, 0..1; 1 for schemes without one. */
  readonly windowFill: number;
}

/**
 * Many at once, in this order and in one commit: all of them are on disk, or none. Replies when they are durable, with
 * the place of the last one in the log.
 */
export type RecordShares = Query<'accounting.recordShares', {readonly shares: readonly AcceptedShare[]}, {readonly ok: true; readonly seq: number} | {readonly ok: false; readonly code: 'log-unavailable'}>;
export type RecordReject = {readonly type: 'accounting.recordReject'; readonly account: string; readonly minerName: string; readonly reason: RejectReason};
/**
 * The pool's block was taken (or not) by the chain; starts the credits. Idempotent by hash. Replies when durable.
 * The window of credits ends with the share that is this block, which the accounting knows by its hash: it may come
 * shortly after this message, because the chain hears of a block before the share log does.
 */
export type RecordBlock = Query<'accounting.recordBlock', {
  readonly hash: Hash256;
  readonly height: number;
  /** Network target that the block meets: what the expected work follows from. */
  readonly target: bigint;
  readonly account: string;
  readonly minerName: string;
  readonly rewardSats: Sats;
  readonly accepted: boolean;
  readonly paysFinderDirectly: boolean;
  /** What the coinbase paid to miners beside the pool: taken off their credits. */
  readonly direct?: readonly {readonly account: string; readonly sats: Sats}[];
}, {readonly ok: boolean}>;
/** Whose work would count for a block found now: the largest accounts, all others as one without a name. Null before a target is known, or without a window. */
export type GetRewardWindow = Query<'accounting.getRewardWindow', {readonly limit: number}, RewardWindow | null>;
/** A session authorised this miner (+1), or ended (−1). */
export type RecordPresence = {readonly type: 'accounting.recordPresence'; readonly account: string; readonly minerName: string; readonly userAgent: string; readonly change: 1 | -1};
export type GetPoolTotals = Query<'accounting.getTotals', Record<never, never>, PoolTotals>;
/** `rigLimit`: only the rigs heard last, so that a poll does not pay for ten thousand. */
export type GetAccount = Query<'accounting.getAccount', {readonly account: string; readonly rigLimit?: number}, AccountView | null>;
/** Most recently active first; the next page begins after the last account. One that works meanwhile moves to the front. */
export type ListAccounts = Query<'accounting.listAccounts', {readonly limit: number; readonly after?: string}, readonly Omit<AccountView, 'rigs'>[]>;
/** Of the pool, and of the accounts with a share since then, most recently active first. */
export type GetWorkSums = Query<'accounting.getWorkSums', {readonly activeSinceMs: number; readonly limit: number}, {
  readonly pool: WorkSums;
  readonly accounts: readonly ({readonly account: string} & WorkSums)[];
}>;
/** Newest first; the next page begins before the last block. */
export type ListFoundBlocks = Query<'accounting.listBlocks', {readonly limit: number; readonly before?: Hash256}, readonly FoundBlockView[]>;
export type GetFoundBlock = Query<'accounting.getFoundBlock', {readonly hash: Hash256}, FoundBlockView | null>;

export interface PayableAccount {
  readonly account: string;
  readonly payableSats: Sats;
}
/** Who is owed at least `minimumSats`, by address; the next page begins after the last account. What a payout has reserved is not in it. */
export type ListPayable = Query<'accounting.listPayable', {readonly minimumSats: Sats; readonly limit: number; readonly after?: string}, readonly PayableAccount[]>;
/**
 * Books an entry of the payouts or the operator, once: an id that is in the journal already with the same postings is
 * answered `ok` with `isNew: false`. Replies when it is on disk. Refused whole when it takes from a miner's account more
 * than that holds. `ledger-unavailable`: the disk took nothing; ask again with the same id.
 */
export type PostEntry = Query<'accounting.postEntry', {readonly entry: JournalEntry & {readonly kind: OutsideEntryKind}},
  {readonly ok: true; readonly isNew: boolean} | Rejection<EntryRefusalCode | 'ledger-unavailable'>>;
export type GetBalances = Query<'accounting.getBalances', Record<never, never>, LedgerTotals>;
/** The journal, newest first, from `before` downwards; of one ledger account (`payable/<address>`) when named. `seq` counts from 1. */
export type ListEntries = Query<'accounting.listEntries', {readonly limit: number; readonly before?: number; readonly account?: string},
  readonly {readonly seq: number; readonly entry: JournalEntry}[]>;

export interface BlockSplitView {
  readonly hash: Hash256;
  readonly terms: RewardTerms;
  readonly subsidySats: Sats;
  /** Shares that count; both 0 when the scheme has no window. */
  readonly firstSeq: number;
  readonly lastSeq: number;
  /** By account, in code unit order; `totalWork` is their sum. */
  readonly work: readonly WorkOfAccount[];
  readonly totalWork: bigint;
  /** What proofs lead to; undefined for the moment that it takes to compute. */
  readonly shareRoot: Hash256 | undefined;
}
/** What the credits of a found block follow from. */
export type GetBlockSplit = Query<'accounting.getBlockSplit', {readonly blockHash: Hash256}, BlockSplitView | null>;
export type ShareProofRefusalCode = 'share-proof-no-window' | 'share-proof-no-shares' | 'share-proof-expired' | 'share-proof-too-large' | 'share-proof-busy';
/** That an account's shares were counted for a block: all of them, or the one named. May take a second; `formatShareProof` makes the file. */
export type GetShareProof = Query<'accounting.getShareProof', {readonly blockHash: Hash256; readonly account: string; readonly seq?: number},
  {readonly ok: true; readonly proof: ShareProof} | Rejection<ShareProofRefusalCode>>;

export type AccountingMessage =
  | RecordShares | RecordReject | RecordBlock | GetRewardWindow | RecordPresence | GetPoolTotals | GetAccount | ListAccounts | GetWorkSums | ListFoundBlocks | GetFoundBlock
  | GetBlockSplit | GetShareProof | ListPayable | PostEntry | GetBalances | ListEntries;

export type AccountingEvent =
  /** One for each commit of the share log, however many shares it holds; who wants to know which reads the log. */
  | {readonly type: 'accounting.sharesLogged'; readonly shares: number; readonly lastSeq: number}
  | {readonly type: 'accounting.blockFound'; readonly block: FoundBlockView};
