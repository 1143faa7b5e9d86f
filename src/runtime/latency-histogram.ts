/**
 * @module How long something took, as counts in fixed steps: an increment or two for each measurement, so that it may
 * stand on a hot path. Steps are powers of two of a tenth of a millisecond: two neighbours differ by what matters.
 */

/** Upper bounds, milliseconds: 0.1, 0.2, 0.4 … 26,214.4. What took longer is in the sum and the count alone. */
export const LATENCY_BOUNDS_MS: readonly number[] = Array.from({length: 19}, (_, index) => 2 ** index / 10);

export interface LatencyReading {
  /** How many took at most the bound of the same place, those of shorter bounds included. */
  readonly cumulative: readonly number[];
  readonly count: number;
  readonly sumMs: number;
}

export class LatencyHistogram {
  readonly #counts = new Float64Array(LATENCY_BOUNDS_MS.length + 1);
  #count = 0;
  #sumMs = 0;

  /** @param times - how many took so long together: all shares of one commit. */
  observe(tookMs: number, times = 1): void {
    const tenths = tookMs * 10;
    const place = tenths <= 1 ? 0 : Math.ceil(Math.log2(tenths));
    const at = Math.min(place, LATENCY_BOUNDS_MS.length);
    this.#counts[at] = this.#counts[at]! + times;
    this.#count += times;
    this.#sumMs += tookMs * times;
  }

  read(): LatencyReading {
    let sum = 0;
    return {cumulative: LATENCY_BOUNDS_MS.map((_bound, index) => (sum += this.#counts[index]!)), count: this.#count, sumMs: this.#sumMs};
  }
}
