/**
 * @module When to look at the clock, and what it says about the actors that ran.
 *
 * A clock read costs 40 ns here, as much as a whole message, so it is read after 1, 2, 4 ... 32 messages of a drain, never
 * further apart than about {@link CHECK_EVERY_MS} at the pace last seen: handlers of 50 us are checked after each one.
 * A turn is timed exactly when the clock was read on both its sides. A long stretch of several turns makes every actor
 * in it a suspect; suspects are timed turn by turn for a while, so the culprit is named at its next long turn.
 */
import type {Clock} from './clock.js';

export interface TimedCell {
  /** Slices left in which this cell is timed turn by turn. */
  suspectSlices: number;
  /** One turn of it took this long. */
  noteTurn(tookMs: number): void;
}

const STRIDE_MAX = 32;
const CHECK_EVERY_MS = 0.05;
/** A stretch between two clock reads that calls for a culprit. */
const SUSPECT_STRETCH_MS = 1;
const SUSPECT_SLICES = 256;

export class TurnMeter {
  readonly sliceMessagesMax: number;
  isDrainOver = false;
  /** Turns left before the clock is read. */
  untilCheck = 1;
  drains = 0;
  turns = 0;
  /** Sum over all drains: how long actors held the thread. */
  busyMs = 0;
  longestDrainMs = 0;
  longestTurnMs = 0;
  /** The last reading of the clock: while actors run, at most about {@link CHECK_EVERY_MS} old. */
  lastMs = 0;
  private readonly clock: Clock;
  private readonly budgetMs: number;
  private readonly sliceBudgetMs: number;
  private stride = 1;
  private startMs = 0;
  private sliceStartMs = 0;
  private readonly stretch: TimedCell[] = [];

  constructor(clock: Clock, limits: {drainBudgetMs: number; sliceMessagesMax: number}) {
    this.clock = clock;
    this.budgetMs = limits.drainBudgetMs;
    // A quarter: four busy actors share one drain.
    this.sliceBudgetMs = limits.drainBudgetMs / 4;
    this.sliceMessagesMax = limits.sliceMessagesMax;
  }

  beginDrain(nowMs: number): void {
    this.drains += 1;
    this.startMs = nowMs;
    this.lastMs = nowMs;
    this.stride = 1;
    this.untilCheck = 1;
    this.isDrainOver = false;
  }

  beginSlice(cell: TimedCell): void {
    if (cell.suspectSlices > 0) {
      cell.suspectSlices -= 1;
      this.readClock();
      this.stride = 1;
      this.untilCheck = 1;
    }
    // The last reading, not a new one: at most a stretch old.
    this.sliceStartMs = this.lastMs;
    this.stretch.push(cell);
  }

  /** Counts one turn. @returns true when the running slice must end. */
  countTurn(cell: TimedCell): boolean {
    this.untilCheck -= 1;
    return this.untilCheck <= 0 && this.check(cell);
  }

  /** @returns the time now. */
  endDrain(): number {
    const turnsLeft = this.untilCheck;
    if (turnsLeft !== this.stride) this.readClock();
    this.stretch.length = 0;
    const tookMs = this.lastMs - this.startMs;
    this.busyMs += tookMs;
    if (tookMs > this.longestDrainMs) this.longestDrainMs = tookMs;
    return this.lastMs;
  }

  private check(cell: TimedCell): boolean {
    const before = this.lastMs;
    const wasExact = this.stride === 1;
    const turns = this.stride;
    this.readClock(wasExact ? cell : undefined);
    const pace = (this.lastMs - before) / turns;
    const affordable = pace > 0 ? Math.max(1, Math.floor(CHECK_EVERY_MS / pace)) : STRIDE_MAX;
    this.stride = Math.min(turns * 2, STRIDE_MAX, affordable);
    this.untilCheck = this.stride;
    this.stretch.push(cell);
    if (this.lastMs - this.startMs >= this.budgetMs) {
      this.isDrainOver = true;
      return true;
    }
    return this.lastMs - this.sliceStartMs >= this.sliceBudgetMs;
  }

  /** @param timed - the only cell that ran since the last reading. */
  private readClock(timed?: TimedCell): void {
    const nowMs = this.clock.nowMs();
    const tookMs = nowMs - this.lastMs;
    this.turns += this.stride - Math.max(0, this.untilCheck);
    if (timed !== undefined) {
      timed.noteTurn(tookMs);
      if (tookMs > this.longestTurnMs) this.longestTurnMs = tookMs;
    } else if (tookMs >= SUSPECT_STRETCH_MS) {
      for (const cell of this.stretch) cell.suspectSlices = SUSPECT_SLICES;
    }
    this.stretch.length = 0;
    this.lastMs = nowMs;
  }
}
