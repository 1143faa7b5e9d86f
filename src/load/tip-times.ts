/**
 * @module How long a new block takes to reach the miners. A tip begins when one of our own submits solved it, where that
 * is so (then the pool's validation and job making are in the figure), and else when the first miner heard of it.
 */
import type {CrowdSnapshot} from './crowd-counts.js';
import {LatencyHistogram, summaryOf, type LatencySummary} from './latency-histogram.js';

export interface TipFigures {
  /** Since the start of the run. */
  readonly atSec: number;
  /** Counted from the submit that solved the block; else from the first miner's notify. */
  readonly isSolvedHere: boolean;
  readonly miners: number;
  readonly firstMs: number;
  readonly medianMs: number;
  readonly lastMs: number;
}

export interface TipReport {
  readonly tips: readonly TipFigures[];
  readonly solvedHere: number;
  /** Over the tips whose solving submit is known. */
  readonly solveToFirst: LatencySummary;
  readonly solveToMedian: LatencySummary;
  readonly solveToLast: LatencySummary;
  /** Over all tips, from the first miner's notify on. */
  readonly firstToMedian: LatencySummary;
  readonly firstToLast: LatencySummary;
}

interface OpenTip {
  readonly arrivalsMs: number[];
}

/** Kept to be told in full. */
const TIPS_KEPT_MAX = 5_000;
/** A chain may come back to a tip: arrivals after such a silence are told of another time. */
const SILENCE_MS = 1_000;
/** Of a first wave; a smaller one later is miners that were away, not the tip again. */
const WAVE_PART_MIN = 0.5;

export class TipTimes {
  readonly #startedAtMs: number;
  readonly #solvedAtMs = new Map<string, number>();
  readonly #open = new Map<string, OpenTip>();

  constructor(startedAtMs: number) {
    this.#startedAtMs = startedAtMs;
  }

  add({tips, blocks}: Pick<CrowdSnapshot, 'tips' | 'blocks'>): void {
    // The same block may be found by a share that is sent twice: the first counts.
    for (const {hashHex, sentAtMs} of blocks) if (!this.#solvedAtMs.has(hashHex)) this.#solvedAtMs.set(hashHex, sentAtMs);
    for (const {previousHashHex, arrivalsMs} of tips) {
      let tip = this.#open.get(previousHashHex);
      if (tip === undefined && this.#open.size < TIPS_KEPT_MAX) this.#open.set(previousHashHex, tip = {arrivalsMs: []});
      for (const atMs of arrivalsMs) tip?.arrivalsMs.push(atMs);
    }
  }

  report(): TipReport {
    const figures: TipFigures[] = [];
    const solve = {first: new LatencyHistogram(), median: new LatencyHistogram(), last: new LatencyHistogram()};
    const spread = {median: new LatencyHistogram(), last: new LatencyHistogram()};
    for (const [hashHex, {arrivalsMs}] of this.#open) {
      for (const [index, heard] of wavesOf(arrivalsMs).entries()) {
        const [firstMs, medianMs, lastMs] = [heard[0]!, heard[heard.length >> 1]!, heard.at(-1)!];
        const solvedAtMs = index === 0 ? this.#solvedAtMs.get(hashHex) : undefined;
        const sinceMs = solvedAtMs ?? firstMs;
        figures.push({
          atSec: (sinceMs - this.#startedAtMs) / 1_000, isSolvedHere: solvedAtMs !== undefined, miners: heard.length,
          firstMs: firstMs - sinceMs, medianMs: medianMs - sinceMs, lastMs: lastMs - sinceMs,
        });
        spread.median.addMs(medianMs - firstMs);
        spread.last.addMs(lastMs - firstMs);
        if (solvedAtMs === undefined) continue;
        solve.first.addMs(firstMs - solvedAtMs);
        solve.median.addMs(medianMs - solvedAtMs);
        solve.last.addMs(lastMs - solvedAtMs);
      }
    }
    return {
      tips: figures.sort((a, b) => a.atSec - b.atSec), solvedHere: figures.filter(({isSolvedHere}) => isSolvedHere).length,
      solveToFirst: summaryOf(solve.first), solveToMedian: summaryOf(solve.median), solveToLast: summaryOf(solve.last),
      firstToMedian: summaryOf(spread.median), firstToLast: summaryOf(spread.last),
    };
  }
}

function wavesOf(arrivalsMs: readonly number[]): readonly (readonly number[])[] {
  const waves: number[][] = [];
  let before = -Infinity;
  for (const atMs of Float64Array.from(arrivalsMs).sort()) {
    if (atMs - before >= SILENCE_MS) waves.push([]);
    waves.at(-1)!.push(atMs);
    before = atMs;
  }
  return waves.filter((wave) => wave.length >= waves[0]!.length * WAVE_PART_MIN);
}
