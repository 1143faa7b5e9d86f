/**
 * @module Latencies in buckets whose width grows with the value, after the idea of HdrHistogram: exact below 256 us, then
 * 128 buckets for each doubling, so every figure is right to 0.8 per cent at any size and two histograms add up to a third.
 */

/** What a thread sends: plain, so that it crosses threads as it is. Times are whole microseconds. */
export interface HistogramData {
  readonly counts: Uint32Array;
  readonly count: number;
  readonly sumUs: number;
  readonly minUs: number;
  readonly maxUs: number;
}

const EXACT_BELOW = 256;
const SUB_BUCKETS = 128;
const SUB_BITS = 7;
const FIRST_EXPONENT = 8;
/** Longest that is told apart: 2^31 us, 36 minutes. */
const LAST_EXPONENT = 30;
const VALUE_MAX = 2 ** 31 - 1;
const BUCKETS = EXACT_BELOW + (LAST_EXPONENT - FIRST_EXPONENT + 1) * SUB_BUCKETS;

export class LatencyHistogram {
  readonly #counts: Uint32Array;
  #count = 0;
  #sumUs = 0;
  #minUs = Infinity;
  #maxUs = 0;

  constructor(data?: HistogramData) {
    this.#counts = data?.counts.slice() ?? new Uint32Array(BUCKETS);
    if (data === undefined) return;
    this.#count = data.count;
    this.#sumUs = data.sumUs;
    this.#minUs = data.minUs;
    this.#maxUs = data.maxUs;
  }

  get count(): number {
    return this.#count;
  }

  get maxMs(): number {
    return this.#maxUs / 1_000;
  }

  get minMs(): number {
    return this.#count === 0 ? 0 : this.#minUs / 1_000;
  }

  get meanMs(): number {
    return this.#count === 0 ? 0 : this.#sumUs / this.#count / 1_000;
  }

  /** A clock that went backwards counts as 0. */
  addMs(latencyMs: number): void {
    const us = Math.min(VALUE_MAX, Math.max(0, Math.round(latencyMs * 1_000)));
    this.#counts[bucketOf(us)]! += 1;
    this.#count += 1;
    this.#sumUs += us;
    if (us < this.#minUs) this.#minUs = us;
    if (us > this.#maxUs) this.#maxUs = us;
  }

  add(other: HistogramData): void {
    for (let i = 0; i < BUCKETS; i += 1) this.#counts[i]! += other.counts[i]!;
    this.#count += other.count;
    this.#sumUs += other.sumUs;
    this.#minUs = Math.min(this.#minUs, other.minUs);
    this.#maxUs = Math.max(this.#maxUs, other.maxUs);
  }

  /** What came since `earlier`, a state of this same histogram. Its least and greatest are those of the buckets. */
  since(earlier: HistogramData): LatencyHistogram {
    const counts = this.#counts.map((count, index) => count - earlier.counts[index]!);
    const first = counts.findIndex((count) => count > 0);
    const last = counts.findLastIndex((count) => count > 0);
    return new LatencyHistogram({
      counts, count: this.#count - earlier.count, sumUs: this.#sumUs - earlier.sumUs,
      minUs: first < 0 ? Infinity : bucketTopUs(first), maxUs: last < 0 ? 0 : Math.min(this.#maxUs, bucketTopUs(last)),
    });
  }

  /** The least value that `percent` of all are at or below; 0 of nothing. */
  percentileMs(percent: number): number {
    if (this.#count === 0) return 0;
    const wanted = Math.max(1, Math.ceil((percent / 100) * this.#count));
    let seen = 0;
    for (let i = 0; i < BUCKETS; i += 1) {
      seen += this.#counts[i]!;
      if (seen >= wanted) return Math.min(bucketTopUs(i), this.#maxUs) / 1_000;
    }
    return this.maxMs;
  }

  data(): HistogramData {
    return {counts: this.#counts.slice(), count: this.#count, sumUs: this.#sumUs, minUs: this.#minUs, maxUs: this.#maxUs};
  }
}

/** What a report says of a histogram, in milliseconds. */
export interface LatencySummary {
  readonly count: number;
  readonly minMs: number;
  readonly meanMs: number;
  readonly p50Ms: number;
  readonly p90Ms: number;
  readonly p99Ms: number;
  readonly p999Ms: number;
  readonly maxMs: number;
}

export function summaryOf(histogram: LatencyHistogram): LatencySummary {
  return {
    count: histogram.count, minMs: histogram.minMs, meanMs: histogram.meanMs, p50Ms: histogram.percentileMs(50), p90Ms: histogram.percentileMs(90),
    p99Ms: histogram.percentileMs(99), p999Ms: histogram.percentileMs(99.9), maxMs: histogram.maxMs,
  };
}

function bucketOf(us: number): number {
  if (us < EXACT_BELOW) return us;
  const exponent = 31 - Math.clz32(us);
  return EXACT_BELOW + (exponent - FIRST_EXPONENT) * SUB_BUCKETS + ((us >>> (exponent - SUB_BITS)) & (SUB_BUCKETS - 1));
}

/** The greatest value that falls into the bucket. */
function bucketTopUs(bucket: number): number {
  if (bucket < EXACT_BELOW) return bucket;
  const exponent = FIRST_EXPONENT + Math.floor((bucket - EXACT_BELOW) / SUB_BUCKETS);
  const sub = (bucket - EXACT_BELOW) % SUB_BUCKETS;
  return (SUB_BUCKETS + sub + 1) * 2 ** (exponent - SUB_BITS) - 1;
}
