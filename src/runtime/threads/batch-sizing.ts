/**
 * @module How many items the next batch takes, and why, in words. Pure: numbers in, decision out.
 *
 * A batch must be large enough that handing it over costs little beside the work, and small enough that whoever
 * comes next on that thread does not wait long. An idle thread is never left idle while something is queued.
 */

export interface SizingLimits {
  /** Main-thread cost of handing over one batch: 10 us measured for Piscina 5.3.2 (Node 20.20, AMD EPYC). */
  readonly dispatchCostUs: number;
  /** Wished dispatch cost as a share of the work: 0.1 makes 60 hashes or 1 signature the least batch. */
  readonly overheadRatio: number;
  /** No batch is expected to run longer; a block's signatures must not hold up a share for longer than this. */
  readonly runTimeMsMax: number;
  readonly itemsMax: number;
  /** How long a small batch may wait for company while every thread is busy. */
  readonly lingerMs: number;
}

export const DEFAULT_SIZING: SizingLimits = {dispatchCostUs: 10, overheadRatio: 0.1, runTimeMsMax: 5, itemsMax: 1024, lingerMs: 1};

export interface SizingFacts {
  readonly queued: number;
  readonly idleThreads: number;
  /** Batches that may still be sent ahead to busy threads, so that none runs dry between two. */
  readonly freeSlots: number;
  /** Mean expected cost of what is queued. */
  readonly itemCostUs: number;
  /** How long the oldest queued item has waited. */
  readonly waitedMs: number;
}

export type SizingDecision =
  | {readonly send: true; readonly items: number; readonly reason: string}
  | {readonly send: false; readonly waitMs: number; readonly reason: string};

export function sizeBatch(facts: SizingFacts, limits: SizingLimits): SizingDecision {
  const costUs = Math.max(facts.itemCostUs, 0.01);
  const least = clamp(Math.ceil(limits.dispatchCostUs / (limits.overheadRatio * costUs)), 1, limits.itemsMax);
  const most = clamp(Math.floor((limits.runTimeMsMax * 1000) / costUs), 1, limits.itemsMax);
  const cost = `${costUs.toFixed(1)} us an item`;
  if (facts.freeSlots <= 0) return {send: false, waitMs: Infinity, reason: `every thread has its batches; ${facts.queued} wait`};
  if (facts.idleThreads > 0) {
    const fairPart = Math.ceil(facts.queued / facts.idleThreads);
    const items = Math.min(facts.queued, Math.max(fairPart, least), most);
    return {send: true, items, reason: `${items} of ${facts.queued} at once: ${facts.idleThreads} idle, ${cost}, ${bound(items, facts.queued, most, limits)}`};
  }
  if (facts.queued >= Math.min(least, most)) {
    const items = Math.min(facts.queued, most);
    return {send: true, items, reason: `${items} of ${facts.queued} ahead to a busy thread: at least ${least} pay for the dispatch at ${cost}, ${bound(items, facts.queued, most, limits)}`};
  }
  if (facts.waitedMs >= limits.lingerMs) {
    return {send: true, items: facts.queued, reason: `${facts.queued} after lingering ${limits.lingerMs} ms for company; ${least} were wished at ${cost}`};
  }
  return {send: false, waitMs: limits.lingerMs - facts.waitedMs, reason: `${facts.queued} linger: no thread idle, ${least} wished at ${cost}`};
}

function bound(items: number, queued: number, most: number, limits: SizingLimits): string {
  if (items === queued) return 'all there was';
  if (items === most) return most === limits.itemsMax ? `the limit of ${most}` : `bounded by ${limits.runTimeMsMax} ms of work`;
  return 'an equal part for each idle thread';
}

function clamp(value: number, least: number, most: number): number {
  return Math.min(most, Math.max(least, value));
}

/** A moving mean per cost class of what the threads report. */
export class CostEstimate {
  /** Weight of the newest batch: 5 to 10 batches to forget an old level, which is tens of milliseconds. Chosen by guess. */
  static readonly WEIGHT = 0.2;
  readonly #costUs: Float64Array;
  readonly #measured: Uint8Array;

  constructor(firstGuessesUs: readonly number[]) {
    this.#costUs = Float64Array.from(firstGuessesUs);
    this.#measured = new Uint8Array(firstGuessesUs.length);
  }

  costUs(costClass: number): number {
    return this.#costUs[costClass]!;
  }

  learn(costClass: number, measured: {readonly runUs: number; readonly ran: number}): void {
    if (measured.ran === 0) return;
    const perItemUs = measured.runUs / measured.ran;
    // The first measurement replaces the guess; it is usually a warm-up, hence the moving mean after it.
    const weight = this.#measured[costClass] === 0 ? 1 : CostEstimate.WEIGHT;
    this.#measured[costClass] = 1;
    this.#costUs[costClass] = this.#costUs[costClass]! * (1 - weight) + perItemUs * weight;
  }
}
