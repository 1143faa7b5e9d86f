/**
 * @module What the statistics need from a disk: buckets in rings. Nothing waits for it and nothing is owed by it: a power
 * failure may cost the last minutes.
 */
import type {HistoryBucket} from './messages.js';

/** The pool, or one account. */
export interface SeriesRow {
  /** 0 is the pool; never given twice. */
  readonly id: number;
  /** Account name; empty for the pool. */
  readonly name: string;
  readonly createdSec: number;
  readonly lastActiveSec: number;
}

export interface BucketRow {
  readonly seriesId: number;
  /** Index in `RINGS`. */
  readonly ring: number;
  /** A newer bucket of the same place writes over the older one. */
  readonly slot: number;
  readonly bucket: HistoryBucket;
}

export interface StatisticsStore {
  series(): readonly SeriesRow[];
  bucket(seriesId: number, ring: number, slot: number): HistoryBucket | undefined;
  /** Slots `from` to before `to`, in their order, as far as they were ever written. */
  buckets(seriesId: number, ring: number, slots: {readonly from: number; readonly to: number}): Iterable<HistoryBucket>;
  write(change: {readonly series: readonly SeriesRow[]; readonly buckets: readonly BucketRow[]}): Promise<void>;
  /** Takes at most `limit` rows of a series off the disk, its own row last. @returns whether that was all. */
  forget(seriesId: number, limit: number): Promise<boolean>;
}
