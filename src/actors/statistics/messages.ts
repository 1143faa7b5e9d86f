/**
 * @module What others may ask of the statistics: how much work the pool and its miners did over time.
 * For people: floats, no money depends on it. A time that nobody watched (the process was down) is a gap, never a zero.
 */
import type {Query} from '../../runtime/actor.js';

export type Resolution = '1m' | '10m' | '1h';

export interface HistoryBucket {
  /** Wall clock, whole multiples of the resolution. */
  readonly startSec: number;
  /** How much of the bucket the process was there for: the rate is over this time. */
  readonly coveredSec: number;
  /** Expected number of hashes of the accepted shares. */
  readonly hashes: number;
  readonly sharesAccepted: number;
  readonly sharesRejected: number;
  /** Most sessions at one time. */
  readonly connectedMax: number;
}

export interface HistoryView {
  readonly resolution: Resolution;
  readonly bucketSec: number;
  /** Oldest first; the newest one is still growing. Buckets that nobody watched are missing. */
  readonly buckets: readonly HistoryBucket[];
}

export interface WindowEstimate {
  /** What was asked for; the estimate is over `coveredSec`, which is more by a part of a bucket, or less when less is known. */
  readonly windowSec: number;
  readonly coveredSec: number;
  readonly hashesPerSec: number;
  readonly sharesAccepted: number;
  readonly sharesRejected: number;
}

export interface WindowsView {
  readonly last5m: WindowEstimate;
  readonly last1h: WindowEstimate;
  readonly last24h: WindowEstimate;
}

/** Of the pool when no account is named; null for an account without a history. */
export type GetHistory = Query<'statistics.getHistory', {readonly account?: string; readonly resolution: Resolution; readonly fromSec?: number}, HistoryView | null>;
export type GetWindows = Query<'statistics.getWindows', {readonly account?: string}, WindowsView | null>;

export type StatisticsMessage = GetHistory | GetWindows;
