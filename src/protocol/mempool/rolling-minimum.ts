/**
 * @module The rate that a full mempool asks for: raised by each eviction, halved with time once blocks come again.
 * Without it the spam that was just evicted would return for free. Figures as in Core.
 */
import type {Sats} from '../primitives/transaction.js';

const HALF_LIFE_SEC = 12 * 3600;

export class RollingMinimum {
  private satsPerKvb = 0;
  private sinceSec = 0;
  private hasBlockSince = true;
  private readonly incrementalSatsPerKvb: number;

  constructor(incrementalSatsPerKvb: Sats) {
    this.incrementalSatsPerKvb = Number(incrementalSatsPerKvb);
  }

  /** A package of this rate was evicted: the next must pay that and an increment. */
  raise(evictedSatsPerKvb: number, nowSec: number): void {
    const wanted = evictedSatsPerKvb + this.incrementalSatsPerKvb;
    if (wanted <= this.current(nowSec, 1)) return;
    this.satsPerKvb = wanted;
    this.sinceSec = nowSec;
    this.hasBlockSince = false;
  }

  /** A block made room: from now on the rate decays. */
  noteBlock(nowSec: number): void {
    if (!this.hasBlockSince) this.sinceSec = nowSec;
    this.hasBlockSince = true;
  }

  /** @param fullness - 0 to 1: an emptier mempool forgets faster. */
  current(nowSec: number, fullness: number): number {
    if (!this.hasBlockSince || this.satsPerKvb === 0) return this.satsPerKvb;
    const halfLifeSec = fullness < 0.25 ? HALF_LIFE_SEC / 4 : fullness < 0.5 ? HALF_LIFE_SEC / 2 : HALF_LIFE_SEC;
    const rate = this.satsPerKvb / 2 ** (Math.max(0, nowSec - this.sinceSec) / halfLifeSec);
    return rate < this.incrementalSatsPerKvb / 2 ? 0 : rate;
  }
}
