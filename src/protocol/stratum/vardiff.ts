/**
 * @module Which difficulty a session should have: estimates its work rate and moves between powers of two.
 *
 * The rate is estimated and the difficulty follows from it; feeding the ratio of wanted and seen intervals back instead
 * swings by factors of two to three. Two averages of the credited work answer for two questions: the fast one sees that
 * the miner changed, the slow one is steady enough to decide between neighbours. A share counts with its own job's
 * difficulty, so late shares after a change do no harm. Pure; times are monotonic milliseconds.
 */
import {DIFFICULTY_EXPONENT_MAX, DIFFICULTY_EXPONENT_MIN, HASHES_PER_DIFFICULTY_ONE} from './difficulty.js';

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

/** At 10 s per share: 18 shares weigh in, a deviation of 24 %. Only factors beyond noise are acted on. */
const FAST_TAU_INTERVALS = 9;
/** 60 shares weigh in, 13 %: less than the distance between the borders below. */
const SLOW_TAU_INTERVALS = 30;
/** Keeps a difficulty while ideal / current is inside; a new one is chosen well inside, so that noise cannot swing it. */
const KEEP_RATIO_MIN = 0.67;
const KEEP_RATIO_MAX = 1.9;
/** Chosen so that ideal / chosen lies in [0.76, 1.52). */
const ROUNDING = 0.4;
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
/** By 1 / sqrt(n), fewer shares cannot tell factors below 4 from luck. */
const CERTAIN_SHARES = 16;
const UNCERTAIN_SHARES_MIN = 4;
const CERTAIN_RATIO = 2.5;
const UNCERTAIN_RATIO = 4;
const CHANGE_PAUSE_INTERVALS = 3;
/** Choosing between neighbours needs the slow average to have seen something. */
const FINE_PAUSE_INTERVALS = 12;
/** An on-target miner is silent for so long once in 400 shares. */
const SILENCE_INTERVALS = 6;
/** Before the first share the start difficulty is only a guess: come down fast, quick start repairs a step too many. */
const COLD_SILENCE_INTERVALS = 1;
const COLD_STEP = 2;

/** Exponentially weighted work per second, corrected for the time that it has not seen yet. */
class WorkRate {
  private readonly tauMs: number;
  private work = 0;
  private startMs: number;
  private lastMs: number;

  constructor(tauMs: number, nowMs: number) {
    this.tauMs = tauMs;
    this.startMs = nowMs;
    this.lastMs = nowMs;
  }

  add(difficulty: number, nowMs: number): void {
    this.decay(nowMs);
    this.work += difficulty;
  }

  /** Difficulty per millisecond. */
  at(nowMs: number): number {
    this.decay(nowMs);
    // A very young average would divide by almost nothing.
    const ageMs = Math.max(this.lastMs - this.startMs, this.tauMs / 100);
    return this.work / (this.tauMs * (1 - Math.exp(-ageMs / this.tauMs)));
  }

  /** Forgets everything. With a rate, goes on as if that had been seen for `ageMs`. */
  restart(nowMs: number, seen?: {readonly rate: number; readonly ageMs: number}): void {
    this.lastMs = nowMs;
    this.startMs = nowMs - (seen?.ageMs ?? 0);
    this.work = seen === undefined ? 0 : seen.rate * this.tauMs * (1 - Math.exp(-seen.ageMs / this.tauMs));
  }

  private decay(nowMs: number): void {
    const elapsedMs = nowMs - this.lastMs;
    if (elapsedMs <= 0) return;
    this.work *= Math.exp(-elapsedMs / this.tauMs);
    this.lastMs = nowMs;
  }
}

export class Vardiff {
  private readonly options: VardiffOptions;
  private readonly fast: WorkRate;
  private readonly slow: WorkRate;
  private current: number;
  private floor = DIFFICULTY_EXPONENT_MIN;
  private fixed: number | undefined;
  private wished: number | undefined;
  private changedAtMs: number;
  private lastShareMs: number;
  private hasShare = false;
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
    const difficulty = 2 ** exponent;
    this.fast.add(difficulty, nowMs);
    this.slow.add(difficulty, nowMs);
    this.lastShareMs = nowMs;
    this.hasShare = true;
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

  /** After a share nothing else can be urgent: silence has just ended. Cheaper than `decide`, and asked with every share. */
  isRiseDue(nowMs: number): boolean {
    return this.riseRatio(nowMs) >= QUICK_RATIO && this.fixed === undefined && this.current < this.options.exponentMax;
  }

  /** To be called when a difficulty is sent, with the time of sending. */
  announce(exponent: number, nowMs: number): void {
    this.wished = undefined;
    if (exponent === this.current) return;
    const isAfterSilence = exponent < this.current && nowMs - Math.max(this.lastShareMs, this.changedAtMs) >= this.silenceMs();
    const ratio = 2 ** (exponent - this.current);
    this.current = exponent;
    this.changedAtMs = nowMs;
    this.sharesSinceChange = 0;
    this.workSinceChange = 0;
    // What was learned before a silence, or before a large change of the miner, is no longer true of it.
    if (isAfterSilence) {
      this.fast.restart(nowMs);
      this.slow.restart(nowMs);
    } else if (ratio >= CERTAIN_RATIO || ratio <= 1 / CERTAIN_RATIO) {
      this.slow.restart(nowMs, {rate: this.fast.at(nowMs), ageMs: FAST_TAU_INTERVALS * this.options.targetIntervalMs});
    }
  }

  private wish(nowMs: number): VardiffMove {
    // First, so that no client can hold a flood of shares by wishing for it again and again.
    const rise = this.quickRise(nowMs);
    if (rise !== undefined) return rise;
    if (this.wished !== undefined) return {exponent: this.wished, isUrgent: false};
    return this.descent(nowMs) ?? this.largeMove(nowMs) ?? this.fineMove(nowMs)
      ?? {exponent: this.current, isUrgent: false};
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
    return ratio < QUICK_RATIO ? undefined : {exponent: this.current + Math.floor(Math.log2(ratio)), isUrgent: true};
  }

  /** How many times too easy the difficulty is, as far as few shares can tell. */
  private riseRatio(nowMs: number): number {
    if (this.sharesSinceChange < QUICK_SHARES) return 0;
    const burst = this.ratioOver(QUICK_SHARES * 2 ** this.current, nowMs - this.recentMs[this.sharesSinceChange % QUICK_SHARES]!);
    return burst >= BURST_RATIO ? burst : this.ratioOver(this.workSinceChange, nowMs - this.changedAtMs);
  }

  private ratioOver(work: number, elapsedMs: number): number {
    return (work / Math.max(QUICK_ELAPSED_MIN_MS, elapsedMs)) * this.options.targetIntervalMs / 2 ** this.current;
  }

  private descent(nowMs: number): VardiffMove | undefined {
    const silentMs = nowMs - Math.max(this.lastShareMs, this.changedAtMs);
    if (silentMs < this.silenceMs()) return undefined;
    const step = this.hasShare ? Math.ceil(Math.log2(silentMs / this.options.targetIntervalMs)) : COLD_STEP;
    return {exponent: this.current - step, isUrgent: true};
  }

  private largeMove(nowMs: number): VardiffMove | undefined {
    const interval = this.options.targetIntervalMs;
    if (nowMs - this.changedAtMs < CHANGE_PAUSE_INTERVALS * interval || this.sharesSinceChange < UNCERTAIN_SHARES_MIN) return undefined;
    const ratio = this.fast.at(nowMs) * interval / 2 ** this.current;
    const needed = this.sharesSinceChange >= CERTAIN_SHARES ? CERTAIN_RATIO : UNCERTAIN_RATIO;
    if (ratio < needed && ratio > 1 / needed) return undefined;
    return {exponent: this.current + nearestStep(ratio), isUrgent: false};
  }

  private fineMove(nowMs: number): VardiffMove | undefined {
    const interval = this.options.targetIntervalMs;
    if (nowMs - this.changedAtMs < FINE_PAUSE_INTERVALS * interval || this.sharesSinceChange < CERTAIN_SHARES) return undefined;
    const ratio = this.slow.at(nowMs) * interval / 2 ** this.current;
    if (ratio >= KEEP_RATIO_MIN && ratio < KEEP_RATIO_MAX) return undefined;
    return {exponent: this.current + nearestStep(ratio), isUrgent: false};
  }

  private silenceMs(): number {
    return (this.hasShare ? SILENCE_INTERVALS : COLD_SILENCE_INTERVALS) * this.options.targetIntervalMs;
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
