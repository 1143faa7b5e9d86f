/**
 * @module A binary heap whose items go stale instead of being removed: whoever changes an item's rank pushes it again
 * with a new stamp, and old stamps are skipped when they surface.
 */

export interface RankedItem<T> {
  readonly item: T;
  /** Smallest first. */
  readonly rank: number;
  /** Smallest first among equal ranks, so that the order does not depend on history. */
  readonly tie: string;
  readonly stamp: number;
}

export class PriorityHeap<T> {
  private items: RankedItem<T>[] = [];
  private readonly isCurrent: (ranked: RankedItem<T>) => boolean;

  constructor(isCurrent: (ranked: RankedItem<T>) => boolean) {
    this.isCurrent = isCurrent;
  }

  /** Stale items included. */
  get size(): number {
    return this.items.length;
  }

  push(ranked: RankedItem<T>): void {
    const items = this.items;
    let at = items.length;
    items.push(ranked);
    while (at > 0) {
      const above = (at - 1) >> 1;
      if (!comesBefore(ranked, items[above]!)) break;
      items[at] = items[above]!;
      at = above;
    }
    items[at] = ranked;
  }

  /** The first current item, taken out. */
  pop(): T | undefined {
    while (this.items.length > 0) {
      const first = this.items[0]!;
      this.removeFirst();
      if (this.isCurrent(first)) return first.item;
    }
    return undefined;
  }

  /** Forgets stale items; call when they outnumber the others. */
  compact(): void {
    const current = this.items.filter((ranked) => this.isCurrent(ranked));
    this.items = [];
    for (const ranked of current) this.push(ranked);
  }

  private removeFirst(): void {
    const items = this.items;
    const moved = items.pop()!;
    if (items.length === 0) return;
    let at = 0;
    for (;;) {
      let below = 2 * at + 1;
      if (below >= items.length) break;
      if (below + 1 < items.length && comesBefore(items[below + 1]!, items[below]!)) below += 1;
      if (!comesBefore(items[below]!, moved)) break;
      items[at] = items[below]!;
      at = below;
    }
    items[at] = moved;
  }
}

function comesBefore<T>(left: RankedItem<T>, right: RankedItem<T>): boolean {
  return left.rank === right.rank ? left.tie < right.tie : left.rank < right.rank;
}
