/**
 * @module What waits in front of the threads: groups of items, first in first out, counted per cost class.
 * A group is what one caller asked at once; it is answered once, whole or not at all.
 */
import type {BatchKernel} from './batch-kernel.js';
import type {CostEstimate} from './batch-sizing.js';

export type GroupRefusal = {readonly ok: false; readonly code: 'pool-queue-full' | 'pool-expired' | 'pool-stopped' | 'pool-failed'};
export type GroupOutcome<Answer> = {readonly ok: true; readonly answers: readonly Answer[]} | GroupRefusal;

export class Group<Item, Answer> {
  readonly items: readonly Item[];
  readonly answers: Answer[];
  readonly deadlineMs: number;
  readonly queuedAtMs: number;
  /** Next item that has not been sent yet. */
  cursor = 0;
  remaining: number;
  isSettled = false;
  readonly #resolve: (outcome: GroupOutcome<Answer>) => void;

  constructor(items: readonly Item[], timing: {readonly deadlineMs: number; readonly queuedAtMs: number}, resolve: (outcome: GroupOutcome<Answer>) => void) {
    this.items = items;
    this.answers = [];
    this.remaining = items.length;
    this.deadlineMs = timing.deadlineMs;
    this.queuedAtMs = timing.queuedAtMs;
    this.#resolve = resolve;
  }

  answer(index: number, answer: Answer): void {
    if (this.isSettled) return;
    this.answers[index] = answer;
    this.remaining -= 1;
    if (this.remaining === 0) this.settle({ok: true, answers: this.answers});
  }

  settle(outcome: GroupOutcome<Answer>): void {
    if (this.isSettled) return;
    this.isSettled = true;
    this.#resolve(outcome);
  }
}

/** One item on its way: which group's, and whether its context must travel with it. */
export interface Entry<Item, Answer> {
  readonly group: Group<Item, Answer>;
  readonly index: number;
  readonly withContext: boolean;
  /** How often it went out before. */
  readonly attempts: number;
}

export class BatchQueue<Item, Answer> {
  readonly #kernel: BatchKernel<Item, Answer>;
  #groups: Group<Item, Answer>[] = [];
  #head = 0;
  /** Items that must go out again; they go first, because they have waited longest. */
  #again: Entry<Item, Answer>[] = [];
  readonly #queuedPerClass: Float64Array;
  #queued = 0;

  constructor(kernel: BatchKernel<Item, Answer>) {
    this.#kernel = kernel;
    this.#queuedPerClass = new Float64Array(kernel.costClasses.length);
  }

  get length(): number {
    return this.#queued;
  }

  push(group: Group<Item, Answer>): void {
    this.#groups.push(group);
    this.#queued += group.items.length;
    for (const item of group.items) this.#queuedPerClass[this.#kernel.costClassOf(item)]! += 1;
  }

  pushAgain(entries: readonly Entry<Item, Answer>[]): void {
    for (const entry of entries) {
      this.#again.push(entry);
      this.#queued += 1;
      this.#queuedPerClass[this.#kernel.costClassOf(entry.group.items[entry.index]!)]! += 1;
    }
  }

  /** Mean expected cost of what waits. */
  meanCostUs(estimate: CostEstimate): number {
    let totalUs = 0;
    for (let costClass = 0; costClass < this.#queuedPerClass.length; costClass += 1) {
      totalUs += this.#queuedPerClass[costClass]! * estimate.costUs(costClass);
    }
    return this.#queued === 0 ? 0 : totalUs / this.#queued;
  }

  /** How long the oldest has waited; 0 when nothing waits. */
  waitedMs(nowMs: number): number {
    const oldest = this.#again[0]?.group ?? this.#groups[this.#head];
    return oldest === undefined ? 0 : nowMs - oldest.queuedAtMs;
  }

  /**
   * Takes up to `itemsMax` items that are expected to run at most `runUsMax` together (at least one).
   * Items of groups that were answered meanwhile are dropped here and not sent.
   */
  take(limits: {readonly itemsMax: number; readonly runUsMax: number}, estimate: CostEstimate): Entry<Item, Answer>[] {
    const taken: Entry<Item, Answer>[] = [];
    let runUs = 0;
    while (taken.length < limits.itemsMax) {
      const entry = this.#peek();
      if (entry === undefined) break;
      const costClass = this.#kernel.costClassOf(entry.group.items[entry.index]!);
      const costUs = estimate.costUs(costClass);
      if (!entry.group.isSettled) {
        if (taken.length > 0 && runUs + costUs > limits.runUsMax) break;
        runUs += costUs;
        taken.push(entry);
      }
      this.#drop(costClass);
    }
    return taken;
  }

  /** Forgets what belongs to answered groups at the front, so that `length` and `waitedMs` speak of the living. */
  dropSettled(): void {
    for (let entry = this.#peek(); entry?.group.isSettled; entry = this.#peek()) {
      this.#drop(this.#kernel.costClassOf(entry.group.items[entry.index]!));
    }
  }

  /** Empties the queue and returns every group that had items in it. */
  clear(): Set<Group<Item, Answer>> {
    const groups = new Set([...this.#again.map((entry) => entry.group), ...this.#groups.slice(this.#head)]);
    this.#again = [];
    this.#groups = [];
    this.#head = 0;
    this.#queued = 0;
    this.#queuedPerClass.fill(0);
    return groups;
  }

  #peek(): Entry<Item, Answer> | undefined {
    const again = this.#again[0];
    if (again !== undefined) return again;
    const group = this.#groups[this.#head];
    return group === undefined ? undefined : {group, index: group.cursor, withContext: false, attempts: 0};
  }

  #drop(costClass: number): void {
    this.#queued -= 1;
    this.#queuedPerClass[costClass]! -= 1;
    if (this.#again.length > 0) {
      this.#again.shift();
      return;
    }
    const group = this.#groups[this.#head]!;
    group.cursor += 1;
    if (group.cursor < group.items.length) return;
    this.#head += 1;
    // Cut the used front off once it is half of the array: constant cost per group over time.
    if (this.#head > 64 && this.#head * 2 > this.#groups.length) {
      this.#groups = this.#groups.slice(this.#head);
      this.#head = 0;
    }
  }
}
