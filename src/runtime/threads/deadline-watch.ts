/**
 * @module One timer for all deadlines. A caller hears at its deadline even when no thread ever answers.
 */
import type {BatchTimers} from './carrier.js';

interface Expiring {
  readonly deadlineMs: number;
}

export interface DeadlineWatchModules<T> {
  readonly timers: BatchTimers;
  readonly nowMs: () => number;
  readonly expire: (late: T) => void;
}

export class DeadlineWatch<T extends Expiring> {
  /** Deadlines closer together than this share one sweep; each sweep is linear in what is open. */
  static readonly SWEEP_MS_MIN = 5;
  readonly #open = new Set<T>();
  readonly #modules: DeadlineWatchModules<T>;
  #timer: unknown;
  #timerDueMs = Infinity;

  constructor(modules: DeadlineWatchModules<T>) {
    this.#modules = modules;
  }

  watch(entry: T): void {
    if (entry.deadlineMs === Infinity) return;
    this.#open.add(entry);
    if (entry.deadlineMs < this.#timerDueMs) this.#arm(entry.deadlineMs);
  }

  forget(entry: T): void {
    if (!this.#open.delete(entry) || this.#open.size > 0) return;
    this.#disarm();
  }

  #disarm(): void {
    if (this.#timer !== undefined) this.#modules.timers.clear(this.#timer);
    this.#timer = undefined;
    this.#timerDueMs = Infinity;
  }

  #arm(dueMs: number): void {
    this.#disarm();
    this.#timerDueMs = dueMs;
    this.#timer = this.#modules.timers.set(Math.max(0, dueMs - this.#modules.nowMs()), () => this.#sweep());
  }

  #sweep(): void {
    const nowMs = this.#modules.nowMs();
    this.#timer = undefined;
    this.#timerDueMs = Infinity;
    let nextMs = Infinity;
    for (const entry of this.#open) {
      if (entry.deadlineMs <= nowMs) {
        this.#open.delete(entry);
        this.#modules.expire(entry);
      } else {
        nextMs = Math.min(nextMs, entry.deadlineMs);
      }
    }
    if (nextMs !== Infinity) this.#arm(Math.max(nextMs, nowMs + DeadlineWatch.SWEEP_MS_MIN));
  }
}
