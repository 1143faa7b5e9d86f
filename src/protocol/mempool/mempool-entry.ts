/**
 * @module One transaction in the mempool, its place among its relatives, and the walks over them. Totals of ancestors
 * and descendants include the entry itself, as in Core's RPC.
 */
import type {Sats, Transaction} from '../primitives/transaction.js';

export interface MempoolEntry {
  readonly transaction: Transaction;
  /** Map key of the txid. */
  readonly key: string;
  readonly feeSats: Sats;
  readonly vsize: number;
  readonly weightWu: number;
  readonly sigopCost: number;
  readonly admittedAtSec: number;
  readonly admittedAtHeight: number;
  readonly ancestorCount: number;
  readonly ancestorVsize: number;
  readonly ancestorFeeSats: Sats;
  readonly descendantCount: number;
  readonly descendantVsize: number;
  readonly descendantFeeSats: Sats;
  readonly parents: ReadonlySet<MempoolEntry>;
  readonly children: ReadonlySet<MempoolEntry>;
}

/** The mempool's own, changing view. It hands out the read-only one. */
export interface MutableEntry extends MempoolEntry {
  ancestorCount: number;
  ancestorVsize: number;
  ancestorFeeSats: Sats;
  descendantCount: number;
  descendantVsize: number;
  descendantFeeSats: Sats;
  readonly parents: Set<MutableEntry>;
  readonly children: Set<MutableEntry>;
  /** Grows with each change of rank; 0 once removed. */
  stamp: number;
}

/** All in-pool ancestors, the entry left out. */
export function ancestorsOf<E extends {readonly parents: ReadonlySet<E>}>(entry: E): Set<E> {
  return closure(entry, (at) => at.parents);
}

/** All in-pool descendants, the entry left out. */
export function descendantsOf<E extends {readonly children: ReadonlySet<E>}>(entry: E): Set<E> {
  return closure(entry, (at) => at.children);
}

/**
 * Satoshis per virtual byte, for ORDER only: amounts below 2^53 are exact in a double, and the quotient's last bit
 * cannot cost anyone a coin. Whether a fee suffices is decided on integers.
 */
export function feeRate(feeSats: Sats, vsize: number): number {
  return Number(feeSats) / vsize;
}

/** What a block or an eviction gains or loses with the entry: its own rate, or with its children if they pay for it. */
export function descendantScore(entry: MempoolEntry): number {
  return Math.max(feeRate(entry.feeSats, entry.vsize), feeRate(entry.descendantFeeSats, entry.descendantVsize));
}

/** Counts totals anew from the links: when a transaction comes in above others that are there already. */
export function recount(entry: MutableEntry): void {
  entry.ancestorCount = 1;
  entry.ancestorVsize = entry.vsize;
  entry.ancestorFeeSats = entry.feeSats;
  for (const ancestor of ancestorsOf(entry)) addToAncestors(entry, ancestor, 1);
  entry.descendantCount = 1;
  entry.descendantVsize = entry.vsize;
  entry.descendantFeeSats = entry.feeSats;
  for (const descendant of descendantsOf(entry)) addToDescendants(entry, descendant, 1);
}

export function addToAncestors(entry: MutableEntry, relative: MempoolEntry, sign: 1 | -1): void {
  entry.ancestorCount += sign;
  entry.ancestorVsize += sign * relative.vsize;
  entry.ancestorFeeSats += BigInt(sign) * relative.feeSats;
}

export function addToDescendants(entry: MutableEntry, relative: MempoolEntry, sign: 1 | -1): void {
  entry.descendantCount += sign;
  entry.descendantVsize += sign * relative.vsize;
  entry.descendantFeeSats += BigInt(sign) * relative.feeSats;
}

function closure<E>(entry: E, next: (at: E) => ReadonlySet<E>): Set<E> {
  const found = new Set<E>();
  const pending = [...next(entry)];
  for (let at = pending.pop(); at !== undefined; at = pending.pop()) {
    if (found.has(at)) continue;
    found.add(at);
    pending.push(...next(at));
  }
  return found;
}
