/**
 * @module Keeps long work from holding the event loop: between two small steps it asks how long the slice has run and,
 * when the budget is spent, lets everything else on the thread have a turn.
 */
import type {Clock} from '../../runtime/clock.js';

/** Half of the 10 ms that the loop may ever be late: another actor's drain (1 to 2 ms) and a commit come on top. */
export const SLICE_BUDGET_MS = 4;

export class TimeSlices {
  readonly #clock: Clock;
  readonly #yieldTurn: () => Promise<void>;
  #startedMs: number;

  constructor(clock: Clock, yieldTurn: () => Promise<void>) {
    this.#clock = clock;
    this.#yieldTurn = yieldTurn;
    this.#startedMs = clock.nowMs();
  }

  /** True when the slice is spent: then, and only then, `await next()`. Awaiting each step would cost more than the steps. */
  isSpent(): boolean {
    return this.#clock.nowMs() - this.#startedMs >= SLICE_BUDGET_MS;
  }

  async next(): Promise<void> {
    await this.#yieldTurn();
    this.#startedMs = this.#clock.nowMs();
  }

  /** A slice begins now: call after any other await. */
  restart(): void {
    this.#startedMs = this.#clock.nowMs();
  }
}
