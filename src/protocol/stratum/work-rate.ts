/**
 * @module An average of work over time that forgets. Pure; times are monotonic milliseconds, work is a sum of difficulties.
 */

/** Exponentially weighted work per second, corrected for the time that it has not seen yet. */
export class WorkRate {
  private readonly tauMs: number;
  private work = 0;
  private startMs: number;
  private lastMs: number;
  private workThen = 0;
  private markedMs: number;

  constructor(tauMs: number, nowMs: number) {
    this.tauMs = tauMs;
    this.startMs = nowMs;
    this.lastMs = nowMs;
    this.markedMs = nowMs;
  }

  add(difficulty: number, nowMs: number): void {
    this.decay(nowMs);
    this.work += difficulty;
  }

  /** Remembers the rate of now. */
  mark(): void {
    this.workThen = this.work;
    this.markedMs = this.lastMs;
  }

  /** Difficulty per millisecond at the latest mark: silence since then has not lowered it. */
  marked(): number {
    return this.rateOf(this.workThen, this.markedMs);
  }

  /** Difficulty per millisecond. */
  at(nowMs: number): number {
    this.decay(nowMs);
    return this.rateOf(this.work, this.lastMs);
  }

  /** Forgets everything. With a rate, goes on as if that had been seen for `ageMs`. */
  restart(nowMs: number, seen?: {readonly rate: number; readonly ageMs: number}): void {
    this.lastMs = nowMs;
    this.startMs = nowMs - (seen?.ageMs ?? 0);
    this.work = seen === undefined ? 0 : seen.rate * this.tauMs * (1 - Math.exp(-seen.ageMs / this.tauMs));
    this.workThen = this.work;
    this.markedMs = nowMs;
  }

  private rateOf(work: number, atMs: number): number {
    // A very young average would divide by almost nothing.
    const ageMs = Math.max(atMs - this.startMs, this.tauMs / 100);
    return work / (this.tauMs * (1 - Math.exp(-ageMs / this.tauMs)));
  }

  private decay(nowMs: number): void {
    const elapsedMs = nowMs - this.lastMs;
    if (elapsedMs <= 0) return;
    this.work *= Math.exp(-elapsedMs / this.tauMs);
    this.lastMs = nowMs;
  }
}
