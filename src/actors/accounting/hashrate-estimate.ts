/**
 * @module Hashes per second from accepted work: one exponentially weighted mean per window, corrected for a start
 * from nothing. Statistics for people; no money depends on it, so floats are in order.
 */
import type {HashrateView} from './messages.js';

/** Time constants of the three windows, milliseconds. */
const TAU_1M_MS = 60_000;
const TAU_5M_MS = 300_000;
const TAU_1H_MS = 3_600_000;
/** An estimate from less time than this says nothing: one early share would show as a huge rate. */
const AGE_MIN_MS = 10_000;

export class HashrateEstimate {
  /** Wall clock, so that an estimate can be rebuilt from the share log. */
  readonly #startedAtMs: number;
  #updatedAtMs: number;
  #sum1m = 0;
  #sum5m = 0;
  #sum1h = 0;

  constructor(startedAtMs: number) {
    this.#startedAtMs = startedAtMs;
    this.#updatedAtMs = startedAtMs;
  }

  /** `hashes`: expected number of hashes that the share stands for. */
  add(hashes: number, atMs: number): void {
    this.#decayTo(atMs);
    this.#sum1m += hashes;
    this.#sum5m += hashes;
    this.#sum1h += hashes;
  }

  view(nowMs: number): HashrateView {
    this.#decayTo(nowMs);
    const ageMs = Math.max(AGE_MIN_MS, nowMs - this.#startedAtMs);
    return {
      last1m: meanPerSec(this.#sum1m, TAU_1M_MS, ageMs),
      last5m: meanPerSec(this.#sum5m, TAU_5M_MS, ageMs),
      last1h: meanPerSec(this.#sum1h, TAU_1H_MS, ageMs),
    };
  }

  /** A wall clock that jumps back changes nothing until it has caught up. */
  #decayTo(atMs: number): void {
    const passedMs = atMs - this.#updatedAtMs;
    if (passedMs <= 0) return;
    this.#updatedAtMs = atMs;
    this.#sum1m *= Math.exp(-passedMs / TAU_1M_MS);
    this.#sum5m *= Math.exp(-passedMs / TAU_5M_MS);
    this.#sum1h *= Math.exp(-passedMs / TAU_1H_MS);
  }
}

/** A steady rate r over `ageMs` has left r·τ·(1 − e^(−age/τ)) in the sum. */
function meanPerSec(sum: number, tauMs: number, ageMs: number): number {
  return sum / ((tauMs / 1000) * (1 - Math.exp(-ageMs / tauMs)));
}
