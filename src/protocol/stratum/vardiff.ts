/**
 * @module Which difficulty a session should have: estimates its work rate and moves between powers of two.
 *
 * The rate is estimated and the difficulty follows from it; feeding the ratio of wanted and seen intervals back instead
 * swings by factors of two to three. After a large change the difficulty is young: all shares since then are averaged, and
 * it moves at once as soon as there are enough to tell. Then it is settled, and two averages watch it: the fast one sees
 * that a miner became faster, the slow one is steady enough to decide between neighbours, which it may do once in five
 * minutes. That shares fail to come is judged by the odds of such luck. A share counts with its own job's difficulty, so
 * late shares after a change do no harm. Pure; times are monotonic milliseconds.
 */
import {DIFFICULTY_EXPONENT_MAX, DIFFICULTY_EXPONENT_MIN, HASHES_PER_DIFFICULTY_ONE} from './difficulty.js';
import {WorkRate} from './work-rate.js';

export interface VardiffOptions {
  /** Wanted mean time between shares. */
  readonly targetIntervalMs: number;
  readonly startExponent: number;
  readonly exponentMin: number;
  readonly exponentMax: number;
}

export interface VardiffMove {
  readonly exponent: number;
  /** Worth a notify of its own; the others wait for the next job. */
  readonly isUrgent: boolean;
}

/** 18 shares weigh in, a deviation of 24 %. Only factors beyond noise are acted on. */
const FAST_TAU_INTERVALS = 9;
/** 60 shares weigh in, 13 %: less than the distance between the borders below. */
const SLOW_TAU_INTERVALS = 30;
/** Keeps a difficulty while ideal / current is inside; a new one is chosen well inside, so that noise cannot swing it. */
const KEEP_RATIO_MIN = 0.67;
const KEEP_RATIO_MAX = 1.9;
/** Chosen so that ideal / chosen lies in [0.81, 1.63), the same factor away from both borders: shares within 50 % of the wanted rate. */
const ROUNDING = 0.3;
const QUICK_SHARES = 8;
const QUICK_RATIO = 4;
/** Any eight neighbours are looked at, so luck gets many chances: eight in the time of one come by chance once in 10^5. */
const BURST_RATIO = 8;
/** A fixed difficulty is left alone below so many times the wanted rate. */
const FIXED_FLOOD_RATIO = 128;
/** More than a stalled connection lets through at once. */
const FIXED_FLOOD_SHARES = 64;
/** Below it timer and socket batching would be measured, not the miner. */
const QUICK_ELAPSED_MIN_MS = 50;
/** By 1 / sqrt(n), fewer shares cannot tell factors below this from luck. */
const CERTAIN_SHARES = 16;
const CERTAIN_RATIO = 2.5;
/** A new estimate is as sure as it needs to be for choosing between neighbours: 18 %. */
const SETTLED_SHARES = 32;
/** What the fast average must say for a rise from a settled difficulty: it looks often, and luck gets many chances. */
const LARGE_RATIO = 3.5;
const CHANGE_PAUSE_INTERVALS = 3;
/** A settled difficulty is not worth more changes than this; a miner that really changes does not wait for it. */
const FINE_PAUSE_MS = 300_000;
/** What needs an exponential is looked at once in so long, not with each share. */
const LOOK_MS = 1_000;
/** Log of the odds that shares fail to come by bad luck at the rate that was believed: once in 8,000. */
const MISSING_ODDS_MAX = 9;
/** Longer gaps come once in twenty shares. */
const ORDINARY_GAP_INTERVALS = 3;
/** A fallen rate is estimated from next to no shares: rather too low, because with more shares the truth shows sooner. */
const MISSING_WEIGHT = 0.5;
const MISSING_PRIOR = 0.15;
/** Before the first share the start difficulty is only a guess: come down faster and faster, quick start repairs a step too many. */
const COLD_SILENCE_INTERVALS = 1;
/** The same after a descent, which is better than a guess. */
const FALLEN_SILENCE_INTERVALS = 3;
const COLD_STEP = 2;

export class Vardiff {
  private readonly options: VardiffOptions;
  private readonly fast: WorkRate;
  private readonly slow: WorkRate;
  private current: number;
  /** 2 to that power: asked several times with each share. */
  private currentValue: number;
  private floor = DIFFICULTY_EXPONENT_MIN;
  private fixed: number | undefined;
  private wished: number | undefined;
  private changedAtMs: number;
  private lastShareMs: number;
  private creditedExponent: number | undefined;
  /** No share since the start, or since shares went missing: the silence that is borne, in intervals. */
  private coldIntervals: number | undefined = COLD_SILENCE_INTERVALS;
  private coldSteps = 0;
  /** The estimate since the last large change is not sure yet. */
  private isYoung = true;
  private lookedAtMs = -Infinity;
  /** Of the present difficulty or a harder one. */
  private sharesSinceChange = 0;
  private workSinceChange = 0;
  /** Times of the latest {@link QUICK_SHARES} of them: that of share n at n modulo their number. */
  private readonly recentMs = Array.from({length: QUICK_SHARES}, () => 0);

  constructor(options: VardiffOptions, nowMs: number) {
    this.options = options;
    this.fast = new WorkRate(FAST_TAU_INTERVALS * options.targetIntervalMs, nowMs);
    this.slow = new WorkRate(SLOW_TAU_INTERVALS * options.targetIntervalMs, nowMs);
    this.current = options.startExponent;
    this.currentValue = 2 ** this.current;
    this.changedAtMs = nowMs;
    this.lastShareMs = nowMs;
  }

  /** Last announced. */
  get exponent(): number {
    return this.current;
  }

  /** A client's minimum; harder than the network is never enforced. */
  setFloor(exponent: number): void {
    this.floor = exponent;
  }

  /**
   * A difficulty that the miner asked for: it stays, but for the network's sake and as long as it is no flood. One at or
   * below the pool's least, or above its greatest, cannot be had: it says where to start, and the estimate goes on from there.
   */
  want(exponent: number): void {
    if (exponent > this.options.exponentMin && exponent <= this.options.exponentMax) this.fixed = exponent;
    else this.suggest(exponent);
  }

  /** What this miner could do: of its last share, because a connection that died slowly was given less and less. */
  get provenExponent(): number {
    return this.creditedExponent ?? this.current;
  }

  /** What this miner had a while ago, for its first work. */
  recall(exponent: number): void {
    if (this.fixed === undefined && this.wished === undefined) this.wished = exponent;
  }

  get isFixed(): boolean {
    return this.fixed !== undefined;
  }

  /** Where the client wants to start from; moves go on from there. */
  suggest(exponent: number): void {
    this.wished = exponent;
  }

  /** The clock of silence starts with the first work, not with the connection. */
  startWork(nowMs: number): void {
    this.changedAtMs = nowMs;
    this.lastShareMs = nowMs;
    this.fast.restart(nowMs);
    this.slow.restart(nowMs);
  }

  creditShare(exponent: number, nowMs: number): void {
    const difficulty = exponent === this.current ? this.currentValue : 2 ** exponent;
    this.fast.add(difficulty, nowMs);
    this.slow.add(difficulty, nowMs);
    // What is believed of the miner is what it did before a gap: single shares in a silence do not talk it down.
    if (this.coldIntervals !== undefined || nowMs - this.lastShareMs < ORDINARY_GAP_INTERVALS * this.options.targetIntervalMs) this.slow.mark();
    this.lastShareMs = nowMs;
    this.creditedExponent = exponent;
    this.coldIntervals = undefined;
    if (exponent < this.current) return;
    this.recentMs[this.sharesSinceChange % QUICK_SHARES] = nowMs;
    this.sharesSinceChange++;
    this.workSinceChange += difficulty;
  }

  /** Hashes per second, for people. */
  hashrate(nowMs: number): number {
    return this.slow.at(nowMs) * 1000 * HASHES_PER_DIFFICULTY_ONE;
  }

  /**
   * What should be announced now, if something else than what is.
   * @param networkExponent - of the job at hand: a share is never harder than a block.
   */
  decide(nowMs: number, networkExponent: number): VardiffMove | undefined {
    const move = this.fixed !== undefined ? this.fixedMove(this.fixed, nowMs) : this.wish(nowMs);
    const exponent = this.clamp(move.exponent, networkExponent);
    // A wish that asks for what is there is met; kept, it would stand in the way of every later move.
    if (exponent === this.current) this.wished = undefined;
    return exponent === this.current ? undefined : {exponent, isUrgent: move.isUrgent};
  }

  /** After a share nothing else can be that urgent: silence has just ended. Cheaper than `decide`, and asked with every share. */
  isRiseDue(nowMs: number): boolean {
    return this.riseRatio(nowMs) >= QUICK_RATIO && this.fixed === undefined && this.current < this.options.exponentMax;
  }

  /** To be called when a difficulty is sent, with the time of sending. */
  announce(exponent: number, nowMs: number): void {
    this.wished = undefined;
    if (exponent === this.current) return;
    const steps = Math.abs(exponent - this.current);
    const isMissing = exponent < this.current && nowMs - Math.max(this.lastShareMs, this.changedAtMs) >= this.options.targetIntervalMs;
    const ageMs = nowMs - this.changedAtMs;
    this.current = exponent;
    this.currentValue = 2 ** exponent;
    // What was learned before a silence, or before a large change of the miner, is no longer true of it.
    if (isMissing) {
      this.fast.restart(nowMs);
      this.slow.restart(nowMs);
      this.coldSteps = this.coldIntervals === undefined ? 0 : this.coldSteps + 1;
      this.coldIntervals ??= FALLEN_SILENCE_INTERVALS;
    } else if (steps > 1) {
      this.slow.restart(nowMs, {rate: this.fast.at(nowMs), ageMs: Math.min(ageMs, FAST_TAU_INTERVALS * this.options.targetIntervalMs)});
    }
    this.isYoung = steps > 1 || (this.isYoung && this.sharesSinceChange < SETTLED_SHARES);
    this.changedAtMs = nowMs;
    this.sharesSinceChange = 0;
    this.workSinceChange = 0;
  }

  private wish(nowMs: number): VardiffMove {
    // First, so that no client can hold a flood of shares by wishing for it again and again.
    const rise = this.quickRise(nowMs);
    if (rise !== undefined) return rise;
    if (this.wished !== undefined) return {exponent: this.wished, isUrgent: false};
    return this.youngMove(nowMs) ?? this.lookedMove(nowMs) ?? {exponent: this.current, isUrgent: false};
  }

  /** A fixed difficulty that brings a flood of shares was a mistake: the estimate takes over. */
  private fixedMove(fixed: number, nowMs: number): VardiffMove {
    const isFlood = this.sharesSinceChange >= FIXED_FLOOD_SHARES && nowMs - this.changedAtMs >= CHANGE_PAUSE_INTERVALS * this.options.targetIntervalMs
      && this.fast.at(nowMs) * this.options.targetIntervalMs >= FIXED_FLOOD_RATIO * 2 ** this.current;
    if (isFlood) {
      this.fixed = undefined;
      return this.wish(nowMs);
    }
    return {exponent: fixed, isUrgent: false};
  }

  private quickRise(nowMs: number): VardiffMove | undefined {
    const ratio = this.riseRatio(nowMs);
    // One step less than it says: eight shares may mislead by a factor, and a little too easy the truth shows sooner.
    return ratio < QUICK_RATIO ? undefined : {exponent: this.current + Math.max(1, Math.floor(Math.log2(ratio)) - 1), isUrgent: true};
  }

  /** After a large change: as sure as the shares since then allow, and at once, because it is far off. */
  private youngMove(nowMs: number): VardiffMove | undefined {
    if (!this.isYoung || this.sharesSinceChange < CERTAIN_SHARES) return undefined;
    const ratio = this.ratioOver(this.workSinceChange, nowMs - this.changedAtMs);
    if (this.sharesSinceChange < SETTLED_SHARES) {
      return ratio < CERTAIN_RATIO && ratio > 1 / CERTAIN_RATIO ? undefined : {exponent: this.current + nearestStep(ratio), isUrgent: true};
    }
    if (ratio < KEEP_RATIO_MIN || ratio >= KEEP_RATIO_MAX) return {exponent: this.current + nearestStep(ratio), isUrgent: true};
    this.isYoung = false;
    return undefined;
  }

  private lookedMove(nowMs: number): VardiffMove | undefined {
    if (nowMs - this.lookedAtMs < LOOK_MS) return undefined;
    const move = this.descent(nowMs) ?? this.largeMove(nowMs) ?? this.fineMove(nowMs);
    // One that waits for the next job must still be there when it comes.
    if (move === undefined) this.lookedAtMs = nowMs;
    return move;
  }

  /** How many times too easy the difficulty is, as far as few shares can tell. */
  private riseRatio(nowMs: number): number {
    if (this.sharesSinceChange < QUICK_SHARES) return 0;
    const burst = this.ratioOver(QUICK_SHARES * this.currentValue, nowMs - this.recentMs[this.sharesSinceChange % QUICK_SHARES]!);
    return burst >= BURST_RATIO ? burst : this.ratioOver(this.workSinceChange, nowMs - this.changedAtMs);
  }

  private ratioOver(work: number, elapsedMs: number): number {
    return (work / Math.max(QUICK_ELAPSED_MIN_MS, elapsedMs)) * this.options.targetIntervalMs / this.currentValue;
  }

  /**
   * Shares that should have come and did not. Of the windows that begin with one of the latest shares and end now, the
   * one that is hardest to explain by bad luck decides, and says what the rate is now: a single share in the middle of a
   * silence does not make it begin anew.
   */
  private descent(nowMs: number): VardiffMove | undefined {
    const interval = this.options.targetIntervalMs;
    const silentMs = nowMs - Math.max(this.lastShareMs, this.changedAtMs);
    if (this.coldIntervals !== undefined) {
      return silentMs < this.coldIntervals * interval ? undefined : {exponent: this.current - COLD_STEP - this.coldSteps, isUrgent: true};
    }
    if (silentMs < interval) return undefined;
    // Shares per millisecond; when more come than wanted, silence is no sooner suspicious.
    const believed = Math.min(1 / interval, this.slow.marked() / 2 ** this.current);
    let odds = MISSING_ODDS_MAX;
    let rate: number | undefined;
    // The change itself begins a window as long as all shares since are remembered.
    const windows = Math.min(QUICK_SHARES, this.sharesSinceChange + 1);
    for (let came = 0; came < windows; came++) {
      const startMs = came < this.sharesSinceChange ? this.recentMs[(this.sharesSinceChange - 1 - came) % QUICK_SHARES]! : this.changedAtMs;
      const expected = believed * (nowMs - startMs);
      const logOdds = expected - came + (came === 0 ? 0 : came * Math.log(came / expected));
      if (came >= expected || logOdds < odds) continue;
      odds = logOdds;
      rate = (came * MISSING_WEIGHT + MISSING_PRIOR) / (nowMs - startMs);
    }
    return rate === undefined ? undefined : {exponent: this.current + Math.min(-1, nearestStep(rate * interval)), isUrgent: true};
  }

  private largeMove(nowMs: number): VardiffMove | undefined {
    const interval = this.options.targetIntervalMs;
    if (nowMs - this.changedAtMs < CHANGE_PAUSE_INTERVALS * interval || this.sharesSinceChange < CERTAIN_SHARES) return undefined;
    const ratio = this.fast.at(nowMs) * interval / 2 ** this.current;
    // Downwards, the missing shares say it sooner and with more certainty.
    return ratio < LARGE_RATIO ? undefined : {exponent: this.current + nearestStep(ratio), isUrgent: false};
  }

  private fineMove(nowMs: number): VardiffMove | undefined {
    const interval = this.options.targetIntervalMs;
    if (nowMs - this.changedAtMs < FINE_PAUSE_MS || this.sharesSinceChange < SETTLED_SHARES) return undefined;
    // A silence is judged by its odds; the average only falls with it.
    if (nowMs - this.lastShareMs >= FALLEN_SILENCE_INTERVALS * interval) return undefined;
    const ratio = this.slow.at(nowMs) * interval / 2 ** this.current;
    if (ratio >= KEEP_RATIO_MIN && ratio < KEEP_RATIO_MAX) return undefined;
    return {exponent: this.current + nearestStep(ratio), isUrgent: false};
  }

  private clamp(exponent: number, networkExponent: number): number {
    const low = Math.max(this.options.exponentMin, this.floor, DIFFICULTY_EXPONENT_MIN);
    const high = Math.min(this.options.exponentMax, networkExponent, DIFFICULTY_EXPONENT_MAX);
    // The network's wins over every minimum: a block must never be refused as a share.
    return Math.min(Math.max(exponent, low), high);
  }
}

function nearestStep(ratio: number): number {
  return Math.floor(Math.log2(ratio) + ROUNDING);
}
