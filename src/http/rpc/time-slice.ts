/**
 * @module Long work on the event loop, cut into slices: a big block's JSON or a search for nonces must not hold back
 * shares that wait. Shared by the methods whose work grows with what they are asked.
 */
import type {Clock} from '../../runtime/clock.js';

/** Longest that one slice holds the loop. DESIGN asks for at most 5 ms; the rest is for what follows the check. */
const SLICE_MS = 4;

export class TimeSlice {
  private readonly clock: Clock;
  private startedMs: number;

  constructor(clock: Clock) {
    this.clock = clock;
    this.startedMs = clock.nowMs();
  }

  /** To be called between small pieces of work; gives the loop a turn when the slice is used up. */
  async pause(): Promise<void> {
    if (this.clock.nowMs() - this.startedMs < SLICE_MS) return;
    await new Promise((resolve) => {
      setImmediate(resolve);
    });
    this.startedMs = this.clock.nowMs();
  }
}
