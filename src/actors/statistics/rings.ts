/**
 * @module The geometry of the history: which buckets there are, where they lie, and what a window of them says.
 * A ring holds a fixed number of buckets; a new one takes the place of the oldest, so that a series never grows.
 */
import type {HistoryBucket, Resolution, WindowEstimate} from './messages.js';

export interface Ring {
  readonly resolution: Resolution;
  readonly bucketSec: number;
  readonly length: number;
}

/** A minute for a day, ten for a week, an hour for a year: 11,208 buckets of a pool that runs all the time. */
export const RINGS: readonly Ring[] = [
  {resolution: '1m', bucketSec: 60, length: 1_440},
  {resolution: '10m', bucketSec: 600, length: 1_008},
  {resolution: '1h', bucketSec: 3_600, length: 8_760},
];
export const FINEST = 0;

export function ringOf(resolution: Resolution): number {
  return RINGS.findIndex((ring) => ring.resolution === resolution);
}

export function startOf(ring: Ring, atSec: number): number {
  return atSec - (atSec % ring.bucketSec);
}

export function slotOf(ring: Ring, startSec: number): number {
  return (startSec / ring.bucketSec) % ring.length;
}

/** The places of the buckets from one time to another, in the order of time: two ranges where the ring closes between them. */
export function slotRanges(ring: Ring, fromSec: number, toSec: number): readonly {readonly from: number; readonly to: number}[] {
  const oldest = startOf(ring, toSec) - (ring.length - 1) * ring.bucketSec;
  const first = slotOf(ring, Math.max(startOf(ring, fromSec), oldest, 0));
  const last = slotOf(ring, startOf(ring, toSec));
  return first <= last ? [{from: first, to: last + 1}] : [{from: first, to: ring.length}, {from: 0, to: last + 1}];
}

/** What the buckets from `fromSec` on say. A bucket that begins before is not split: nobody knows when in it its shares came. */
export function estimate(buckets: readonly HistoryBucket[], windowSec: number): WindowEstimate {
  const sum = {coveredSec: 0, hashes: 0, sharesAccepted: 0, sharesRejected: 0};
  for (const bucket of buckets) {
    sum.coveredSec += bucket.coveredSec;
    sum.hashes += bucket.hashes;
    sum.sharesAccepted += bucket.sharesAccepted;
    sum.sharesRejected += bucket.sharesRejected;
  }
  const {coveredSec, hashes, sharesAccepted, sharesRejected} = sum;
  return {windowSec, coveredSec, hashesPerSec: coveredSec === 0 ? 0 : hashes / coveredSec, sharesAccepted, sharesRejected};
}
