/**
 * @module Whether the shares of one connection are those of a miner: looked at with each reject and never with a good share.
 *
 * A miner with a broken machine sends some bad shares among good ones; one that sends next to nothing else costs a hash
 * each and is not a miner. Stale shares and those that the pool was too busy for are nobody's fault. What follows for the
 * sender is not decided here.
 */
import type {SessionRejectReason} from './session-types.js';

export interface ConductLimits {
  /** Bad shares in a row of such windows: fewer say nothing. */
  readonly badSharesMin: number;
  /**
   * Shares for jobs that this connection never had, without a good share between. A client that reconnected sends what it
   * had in hand, and a proxy has a thousand machines behind it.
   */
  readonly forgedJobsMin: number;
}

/** Fewer good shares than one for so many bad ones end it. */
const BAD_PER_GOOD_MAX = 4;

export class ShareConduct {
  private readonly limits: ConductLimits;
  private bad = 0;
  private forged = 0;
  private acceptedBefore = 0;

  constructor(limits: ConductLimits) {
    this.limits = limits;
  }

  /** @param accepted - of the whole session so far. @returns why it has to end, if it has to. */
  rejected(reason: SessionRejectReason, accepted: number): 'bad-shares' | 'forged-jobs' | undefined {
    if (reason === 'stale' || reason === 'busy') return undefined;
    const good = accepted - this.acceptedBefore;
    if (reason === 'unknown-job') {
      this.forged += 1;
      return good === 0 && this.forged >= this.limits.forgedJobsMin ? 'forged-jobs' : undefined;
    }
    this.bad += 1;
    if (this.bad < this.limits.badSharesMin) return undefined;
    if (good * BAD_PER_GOOD_MAX < this.bad) return 'bad-shares';
    this.bad = 0;
    this.forged = 0;
    this.acceptedBefore = accepted;
    return undefined;
  }
}
