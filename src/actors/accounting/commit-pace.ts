/**
 * @module When the next group commit begins. Decides only whether to wait for more shares; what is written is the log's.
 *
 * Miners that were answered together submit together. Written at once, the few shares that came during a large write
 * would get one of their own between any two large ones (a thousand miners: 935 and 65 by turns), the disk would wait
 * for the processor and the processor for the disk. So about half as many as last time are waited for, and the two halves
 * take turns. Nobody waits longer than that write took, and few miners never wait at all.
 */

/** With fewer the disk takes longer than the processor needs for half of them, and halves would only make more writes. */
const GATHERED_MIN = 256;
const WAIT_MS_MAX = 20;

export class CommitPace {
  #startedAtMs = 0;
  #lastCount = 0;
  #lastTookMs = 0;

  started(nowMs: number): void {
    this.#startedAtMs = nowMs;
  }

  finished(shareCount: number, nowMs: number): void {
    this.#lastCount = shareCount;
    this.#lastTookMs = nowMs - this.#startedAtMs;
  }

  /** How long to wait for others; 0 when so many are enough. */
  waitMs(waitingCount: number): number {
    if (this.#lastCount < GATHERED_MIN || waitingCount * 2 >= this.#lastCount) return 0;
    return Math.min(this.#lastTookMs, WAIT_MS_MAX);
  }
}
