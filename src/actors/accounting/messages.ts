/**
 * @module What others may ask of the share accounting: who did how much work, and who is owed what.
 * A share is answered only when it is on disk.
 */
import type {Query} from '../../runtime/actor.js';
import type {Hash256, Sats} from '../../protocol/primitives/transaction.js';
import type {AcceptedShare} from '../../protocol/stratum/share.js';

export type RejectReason = 'stale' | 'duplicate' | 'low-difficulty' | 'unknown-job' | 'unauthorised' | 'not-subscribed' | 'bad-version-bits' | 'bad-ntime' | 'malformed' | 'busy';

export interface HashrateView {
  /** Hashes per second over each window, estimated from accepted work. */
  readonly last1m: number;
  readonly last5m: number;
  readonly last1h: number;
}

export interface AccountView {
  readonly account: string;
  readonly hashrate: HashrateView;
  readonly sharesAccepted: number;
  readonly sharesRejected: Readonly<Partial<Record<RejectReason, number>>>;
  /** Difficulty of the best share, for people. */
  readonly bestShareDifficulty: number;
  readonly lastShareAtSec: number | undefined;
  /** Credits of blocks not yet mature. */
  readonly pendingSats: Sats;
  /** Matured and not paid. */
  readonly balanceSats: Sats;
  readonly rigs: readonly RigView[];
}

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
  /** Adds up to `rewardSats` with the fee. */
  readonly credits: readonly {readonly account: string; readonly sats: Sats}[];
  readonly feeSats: Sats;
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
  readonly scheme: 'SOLO' | 'PPLNS';
  readonly feePpm: number;
  /** How full the PPLNS window is, 0..1; 1 for SOLO. */
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
}, {readonly ok: boolean}>;
/** A session authorised this miner (+1), or ended (−1). */
export type RecordPresence = {readonly type: 'accounting.recordPresence'; readonly account: string; readonly minerName: string; readonly userAgent: string; readonly change: 1 | -1};
export type GetPoolTotals = Query<'accounting.getTotals', Record<never, never>, PoolTotals>;
/** `rigLimit`: only the rigs heard last, so that a poll does not pay for ten thousand. */
export type GetAccount = Query<'accounting.getAccount', {readonly account: string; readonly rigLimit?: number}, AccountView | null>;
export type ListAccounts = Query<'accounting.listAccounts', {readonly limit: number}, readonly Omit<AccountView, 'rigs'>[]>;
/** Of the pool, and of the accounts with a share since then, most recently active first. */
export type GetWorkSums = Query<'accounting.getWorkSums', {readonly activeSinceMs: number; readonly limit: number}, {
  readonly pool: WorkSums;
  readonly accounts: readonly ({readonly account: string} & WorkSums)[];
}>;
export type ListFoundBlocks = Query<'accounting.listBlocks', {readonly limit: number}, readonly FoundBlockView[]>;

export type AccountingMessage = RecordShares | RecordReject | RecordBlock | RecordPresence | GetPoolTotals | GetAccount | ListAccounts | GetWorkSums | ListFoundBlocks;

export type AccountingEvent =
  | {readonly type: 'accounting.shareAccepted'; readonly account: string; readonly minerName: string; readonly difficulty: number; readonly seq: number}
  | {readonly type: 'accounting.blockFound'; readonly block: FoundBlockView};
