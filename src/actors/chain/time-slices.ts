/**
 * @module Keeps long work from holding the event loop: between two small steps it asks how long the slice has run and,
 * when the budget is spent, lets everything else on the thread have a turn.
 */
import type {Steps} from '../../protocol/steps.js';
import type {Clock} from '../../runtime/clock.js';

/**
 * A fifth of the 10 ms that the loop may ever be late: another actor's drain (1 to 2 ms), a collection of the young objects (2 to 5) or
 * a commit (2) may come on top. A turn more costs some 10 us, so that shorter slices would be paid for with throughput.
 */
export const SLICE_BUDGET_MS = 2;

export class TimeSlices {
  readonly #clock: Clock;
  readonly #yieldTurn: () => Promise<void>;
  #startedMs: number;
  #lastTurn: Promise<void> = Promise.resolve();

  constructor(clock: Clock, yieldTurn: () => Promise<void>) {
    this.#clock = clock;
    this.#yieldTurn = yieldTurn;
    this.#startedMs = clock.nowMs();
  }

  /** True when the slice is spent: then, and only then, `await next()`. Awaiting each step would cost more than the steps. */
  isSpent(): boolean {
    return this.#clock.nowMs() - this.#startedMs >= SLICE_BUDGET_MS;
  }

  /** Where several share the slices, each waits for a turn of its own: four slices in one turn would hold it four times as long. */
  async next(): Promise<void> {
    const turn = this.#lastTurn.then(this.#yieldTurn);
    this.#lastTurn = turn;
    await turn;
    this.#startedMs = this.#clock.nowMs();
  }

  /** A slice begins now: call after any other await. */
  restart(): void {
    this.#startedMs = this.#clock.nowMs();
  }

  /** All steps, with a turn for everybody else whenever the slice is spent. What the steps read must stay meanwhile. */
  async run<T>(steps: Steps<T>): Promise<T> {
    let slice = this.#runSlice(steps);
    for (; slice === undefined; slice = this.#runSlice(steps)) await this.next();
    return slice.outcome;
  }

  /** A function of its own, because the engine runs a loop with an `await` in it interpreted again after each of them. */
  #runSlice<T>(steps: Steps<T>): {readonly outcome: T} | undefined {
    for (;;) {
      const step = steps.next();
      if (step.done === true) return {outcome: step.value};
      if (this.isSpent()) return undefined;
    }
  }
}
