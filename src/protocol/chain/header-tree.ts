/**
 * @module All known headers as a tree, and which of its tips is best: most cumulative work, and among equals the one
 * whose full data came first, so that a header alone, or a late twin, never moves the tip.
 *
 * Knows nothing of coins and does not validate: the chain adds what `check-header.ts` accepted. A header is named by
 * its row number, which never changes while the process runs.
 */
import type {BlockHeader} from '../primitives/block.js';
import type {Hash256} from '../primitives/transaction.js';
import {MEDIAN_TIME_BLOCKS, medianTimePast} from '../consensus/lock-times.js';
import {workOfBits} from '../consensus/pow/work.js';
import {assert} from '../verdict.js';
import {HashTable} from './hash-table.js';
import {HeaderColumns, NO_ROW} from './header-columns.js';

export type HeaderRow = number;

/** Rows to disconnect from the tip down, then to connect from the fork up. */
export interface TreePath {
  readonly fork: HeaderRow;
  readonly disconnect: readonly HeaderRow[];
  readonly connect: readonly HeaderRow[];
}

const HAS_BODY = 1;
/** Body here and on every ancestor: the branch could be connected. */
const IS_LINKED = 2;
const IS_INVALID = 4;
const HAS_INVALID_ANCESTOR = 8;
const IS_BROKEN = IS_INVALID | HAS_INVALID_ANCESTOR;

/** BIP 34-style locators: the last ten one by one, then doubling steps. */
const LOCATOR_DENSE = 10;

export class HeaderTree {
  private readonly columns = new HeaderColumns();
  private readonly table = new HashTable((row) => this.columns.hashView(row));
  private bestRow: HeaderRow = 0;

  /** The genesis block counts as received, first of all. */
  constructor(genesis: BlockHeader) {
    const row = this.columns.append(genesis);
    this.columns.parent[row] = NO_ROW;
    this.columns.skip[row] = NO_ROW;
    this.columns.flags[row] = HAS_BODY | IS_LINKED;
    this.columns.chainwork.push(workOfBits(genesis.bits));
    this.table.insert(row);
  }

  get size(): number {
    return this.columns.count;
  }

  /** @returns the row; the same one when the header is known. @throws Error if its parent is not. */
  add(header: BlockHeader): HeaderRow {
    const known = this.table.find(header.hash);
    if (known !== undefined) return known;
    const parent = this.table.find(header.previousHash);
    assert(parent !== undefined, 'a header joins the tree after its parent');
    const columns = this.columns;
    const row = columns.append(header);
    const height = columns.height[parent]! + 1;
    columns.parent[row] = parent;
    columns.height[row] = height;
    columns.skip[row] = this.ancestorAt(parent, skipHeight(height));
    columns.nextSibling[row] = columns.firstChild[parent]!;
    columns.firstChild[parent] = row;
    columns.chainwork.push(columns.chainwork[parent]! + workOfBits(header.bits));
    columns.flags[row] = (columns.flags[parent]! & IS_BROKEN) === 0 ? 0 : HAS_INVALID_ANCESTOR;
    this.table.insert(row);
    return row;
  }

  find(hash: Hash256): HeaderRow | undefined {
    return this.table.find(hash);
  }

  header(row: HeaderRow): BlockHeader {
    return this.columns.header(row);
  }

  headerBytes(row: HeaderRow): Uint8Array {
    return this.columns.headerBytes(row);
  }

  hash(row: HeaderRow): Hash256 {
    return this.columns.hashView(row).slice();
  }

  height(row: HeaderRow): number {
    return this.columns.height[row]!;
  }

  chainwork(row: HeaderRow): bigint {
    return this.columns.chainwork[row]!;
  }

  timeAndBits(row: HeaderRow): {readonly timeSec: number; readonly bits: number} {
    return {timeSec: this.columns.timeSec[row]!, bits: this.columns.bits[row]!};
  }

  /** undefined for genesis. */
  parent(row: HeaderRow): HeaderRow | undefined {
    const parent = this.columns.parent[row]!;
    return parent === NO_ROW ? undefined : parent;
  }

  children(row: HeaderRow): readonly HeaderRow[] {
    const children: HeaderRow[] = [];
    for (let child = this.columns.firstChild[row]!; child !== NO_ROW; child = this.columns.nextSibling[child]!) children.push(child);
    return children;
  }

  hasBody(row: HeaderRow): boolean {
    return (this.columns.flags[row]! & HAS_BODY) !== 0;
  }

  arrival(row: HeaderRow): number {
    return this.columns.arrival[row]!;
  }

  /** By itself or by an ancestor. */
  isInvalid(row: HeaderRow): boolean {
    return (this.columns.flags[row]! & IS_BROKEN) !== 0;
  }

  /** On the way from genesis to `tip`, `tip` included. */
  isAncestor(row: HeaderRow, tip: HeaderRow): boolean {
    const height = this.columns.height[row]!;
    return height <= this.columns.height[tip]! && this.ancestorAt(tip, height) === row;
  }

  /** The row at `height` on the branch of `row`. O(log n) by the skip links. */
  ancestorAt(row: HeaderRow, height: number): HeaderRow {
    const {height: heights, skip, parent} = this.columns;
    assert(height >= 0 && height <= heights[row]!, 'an ancestor lies between genesis and its descendant');
    let at = row;
    while (heights[at]! > height) {
      const skipped = skip[at]!;
      // A skip may land lower than wanted; the parent's may then land nearer.
      at = skipped !== NO_ROW && heights[skipped]! >= height ? skipped : parent[at]!;
    }
    return at;
  }

  /** Median time past at this row, itself included: what its child must exceed (BIP 113). */
  medianTimePast(row: HeaderRow): number {
    const times: number[] = [];
    for (let at = row; at !== NO_ROW && times.length < MEDIAN_TIME_BLOCKS; at = this.columns.parent[at]!) {
      times.push(this.columns.timeSec[at]!);
    }
    return medianTimePast(times);
  }

  /**
   * The full block is on disk. @param arrival - grows with each body; it decides between tips of equal work.
   * Descendants whose bodies came before join the candidates.
   */
  markBody(row: HeaderRow, arrival: number): void {
    const {flags, parent} = this.columns;
    if ((flags[row]! & HAS_BODY) !== 0) return;
    flags[row] = flags[row]! | HAS_BODY;
    this.columns.arrival[row] = arrival;
    if ((flags[parent[row]!]! & IS_LINKED) === 0) return;
    this.walk(row, (at) => {
      if ((flags[at]! & HAS_BODY) === 0) return false;
      flags[at] = flags[at]! | IS_LINKED;
      this.consider(at);
      return true;
    });
  }

  /** This block broke a rule: it and all that builds on it are out. */
  markInvalid(row: HeaderRow): void {
    assert(row !== 0, 'genesis is valid by definition');
    const {flags} = this.columns;
    this.walk(row, (at) => {
      flags[at] = flags[at]! | (at === row ? IS_INVALID : HAS_INVALID_ANCESTOR);
      return true;
    });
    this.findBest();
  }

  /** Takes the verdict back from `row`, its ancestors and its descendants: for the operator who invalidated by hand. */
  reconsider(row: HeaderRow): void {
    const {flags, parent} = this.columns;
    let top = row;
    for (let at = row; at !== NO_ROW; at = parent[at]!) if ((flags[at]! & IS_INVALID) !== 0) top = at;
    for (let at = row; at !== NO_ROW; at = parent[at]!) flags[at] = flags[at]! & ~IS_BROKEN;
    this.walk(row, (at) => {
      flags[at] = flags[at]! & ~IS_BROKEN;
      return true;
    });
    // Branches off the path between may stand under the verdict just lifted.
    this.walk(top, (at) => {
      if (at !== top && (flags[at]! & IS_INVALID) === 0) {
        flags[at] = (flags[parent[at]!]! & IS_BROKEN) === 0 ? flags[at]! & ~HAS_INVALID_ANCESTOR : flags[at]! | HAS_INVALID_ANCESTOR;
      }
      return true;
    });
    this.findBest();
  }

  /** The best tip that could be connected: complete, not known invalid, most work, first to arrive. */
  best(): HeaderRow {
    return this.bestRow;
  }

  forkOf(left: HeaderRow, right: HeaderRow): HeaderRow {
    const {height, parent} = this.columns;
    const shared = Math.min(height[left]!, height[right]!);
    let a = this.ancestorAt(left, shared);
    let b = this.ancestorAt(right, shared);
    while (a !== b) {
      a = parent[a]!;
      b = parent[b]!;
    }
    return a;
  }

  path(from: HeaderRow, to: HeaderRow): TreePath {
    const fork = this.forkOf(from, to);
    const disconnect: HeaderRow[] = [];
    for (let at = from; at !== fork; at = this.columns.parent[at]!) disconnect.push(at);
    const connect: HeaderRow[] = [];
    for (let at = to; at !== fork; at = this.columns.parent[at]!) connect.push(at);
    return {fork, disconnect, connect: connect.reverse()};
  }

  /** Hashes from `row` back to genesis, ever sparser: tells a peer where the chains part. */
  locator(row: HeaderRow): Hash256[] {
    const hashes: Hash256[] = [];
    let step = 1;
    for (let height = this.columns.height[row]!; height > 0; height -= step) {
      hashes.push(this.hash(this.ancestorAt(row, height)));
      if (hashes.length > LOCATOR_DENSE) step *= 2;
    }
    hashes.push(this.hash(0));
    return hashes;
  }

  /** Rows without children. */
  tips(): readonly HeaderRow[] {
    const tips: HeaderRow[] = [];
    for (let row = 0; row < this.columns.count; row++) if (this.columns.firstChild[row] === NO_ROW) tips.push(row);
    return tips;
  }

  private consider(row: HeaderRow): void {
    const {flags, chainwork, arrival} = this.columns;
    if ((flags[row]! & (IS_LINKED | IS_BROKEN)) !== IS_LINKED) return;
    const work = chainwork[row]!;
    const bestWork = chainwork[this.bestRow]!;
    if (work > bestWork || (work === bestWork && arrival[row]! < arrival[this.bestRow]!)) this.bestRow = row;
  }

  /** Over all rows: only after an invalidation, which is rare. */
  private findBest(): void {
    this.bestRow = 0;
    for (let row = 1; row < this.columns.count; row++) this.consider(row);
  }

  /** `row` and its descendants; `visit` says whether to go below. No recursion: branches are long. */
  private walk(row: HeaderRow, visit: (at: HeaderRow) => boolean): void {
    const pending = [row];
    for (let at = pending.pop(); at !== undefined; at = pending.pop()) {
      if (visit(at)) pending.push(...this.children(at));
    }
  }
}

/** Height with its lowest set bit cleared; odd heights first step to an even one, as deterministic skip lists do. */
function skipHeight(height: number): number {
  if (height < 2) return 0;
  return height % 2 === 1 ? clearLowestBit(clearLowestBit(height - 1)) + 1 : clearLowestBit(height);
}

function clearLowestBit(value: number): number {
  return value & (value - 1);
}
