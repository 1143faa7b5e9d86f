/**
 * @module Counts how often each context went out, so that the first batches carry it and later ones do not.
 * Bounded: what was forgotten is sent again, which costs bytes and nothing else.
 */
import {FifoMap} from './fifo-map.js';

export class ContextSendings {
  /** Contexts remembered; a context is a Stratum job or the like, of which a few are alive at a time. */
  static readonly REMEMBERED_MAX = 4096;
  readonly #left = new FifoMap<number, number>(ContextSendings.REMEMBERED_MAX);
  readonly #sendings: number;

  constructor(threads: number) {
    this.#sendings = threads;
  }

  /** True when the next batch that names this context should carry it; counts that batch. */
  isDue(key: number): boolean {
    const left = this.#left.get(key) ?? this.#sendings;
    if (left === 0) return false;
    this.#left.set(key, left - 1);
    return true;
  }
}
