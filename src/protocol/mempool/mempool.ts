/**
 * @module Transactions waiting for a block: who may enter, who must leave, and how they depend on each other.
 *
 * Pure bookkeeping: coins, scripts, lock times and standardness were judged before (`check-inputs.ts`, the interpreter,
 * `policy.ts`). Of conflicts the first seen wins, unless it said that it may be replaced (`replacement.ts`). Bounds count
 * SERIALISED bytes, not memory.
 */
import {hashKey, outpointMapKey} from '../bytes/hash-key.js';
import {detachedTransaction} from '../primitives/transaction-codec.js';
import type {Hash256, OutPoint, Sats, Transaction, TxOutput} from '../primitives/transaction.js';
import {reject} from '../verdict.js';
import type {Verdict} from '../verdict.js';
import {
  addToAncestors, addToDescendants, ancestorsOf, descendantScore, descendantsOf, feeRate, recount,
} from './mempool-entry.js';
import type {MempoolEntry, MutableEntry} from './mempool-entry.js';
import {PriorityHeap} from './priority-heap.js';
import {checkReplacement, isReplaceable} from './replacement.js';
import type {ReplacementRejectCode} from './replacement.js';
import {RollingMinimum} from './rolling-minimum.js';

export interface MempoolLimits {
  readonly countMax: number;
  readonly bytesMax: number;
  /** The transaction itself included; the same for ancestors and descendants. */
  readonly chainCountMax: number;
  readonly chainVsizeMax: number;
  readonly minRelaySatsPerKvb: Sats;
  readonly incrementalSatsPerKvb: Sats;
  readonly expirySec: number;
}

/** Sizes by the issue; relatives, rates and two weeks of expiry as Core's defaults. */
export const MEMPOOL_LIMITS: MempoolLimits = {
  countMax: 10_000, bytesMax: 300_000_000, chainCountMax: 25, chainVsizeMax: 101_000,
  minRelaySatsPerKvb: 1000n, incrementalSatsPerKvb: 1000n, expirySec: 336 * 3600,
};

export interface MempoolCandidate {
  readonly transaction: Transaction;
  readonly feeSats: Sats;
  readonly weightWu: number;
  readonly vsize: number;
  readonly sigopCost: number;
  readonly nowSec: number;
  /** Of the tip that it was judged at. */
  readonly height: number;
}

export type AdmitRejectCode =
  | 'txn-already-in-mempool' | 'txn-same-nonwitness-data-in-mempool' | ReplacementRejectCode | 'min relay fee not met'
  | 'mempool min fee not met' | 'too-long-mempool-chain' | 'mempool full';

export interface Admission {
  readonly entry: MempoolEntry;
  /** Left to make room, children before parents. */
  readonly evicted: readonly MempoolEntry[];
  /** Left because it pays more for the same coins (BIP 125), children before parents. */
  readonly replaced: readonly MempoolEntry[];
}

export class Mempool {
  private readonly limits: MempoolLimits;
  private readonly byTxid = new Map<string, MutableEntry>();
  private readonly spenders = new Map<string, MutableEntry>();
  private readonly minimum: RollingMinimum;
  private readonly evictionOrder = new PriorityHeap<MutableEntry>(({item, stamp}) => item.stamp === stamp);
  private lastStamp = 0;
  private changes = 0;
  private bytes = 0;
  private vbytes = 0;
  private fees: Sats = 0n;

  constructor(limits: MempoolLimits = MEMPOOL_LIMITS) {
    this.limits = limits;
    this.minimum = new RollingMinimum(limits.incrementalSatsPerKvb);
  }

  get count(): number { return this.byTxid.size; }
  get totalBytes(): number { return this.bytes; }
  get totalVsize(): number { return this.vbytes; }
  get totalFeeSats(): Sats { return this.fees; }
  /** Grows with each change. */
  get sequence(): number { return this.changes; }

  get(txid: Hash256): MempoolEntry | undefined {
    return this.byTxid.get(hashKey(txid));
  }

  /** In order of admission. */
  entries(): IterableIterator<MempoolEntry> {
    return this.byTxid.values();
  }

  spenderOf(outpoint: OutPoint): MempoolEntry | undefined {
    return this.spenders.get(outpointMapKey(outpoint));
  }

  /** An output that a transaction in here makes. */
  output(outpoint: OutPoint): TxOutput | undefined {
    return this.byTxid.get(hashKey(outpoint.txid))?.transaction.outputs[outpoint.vout];
  }

  /** What a new transaction must pay now, rounded up. */
  minFeeSatsPerKvb(nowSec: number): Sats {
    const fullness = Math.max(this.bytes / this.limits.bytesMax, this.count / this.limits.countMax);
    const rolling = BigInt(Math.ceil(this.minimum.current(nowSec, fullness)));
    return rolling > this.limits.minRelaySatsPerKvb ? rolling : this.limits.minRelaySatsPerKvb;
  }

  /** Whether {@link admit} would refuse, but for `mempool full`; changes nothing. */
  check(candidate: MempoolCandidate): Verdict<undefined, AdmitRejectCode> {
    const {transaction, feeSats, vsize, nowSec} = candidate;
    const twin = this.get(transaction.txid);
    if (twin !== undefined) {
      return hashKey(twin.transaction.wtxid) === hashKey(transaction.wtxid)
        ? reject('txn-already-in-mempool') : reject('txn-same-nonwitness-data-in-mempool');
    }
    const paid = feeSats * 1000n;
    if (paid < this.limits.minRelaySatsPerKvb * BigInt(vsize)) {
      return reject('min relay fee not met', `${feeSats} < ${feeFor(this.limits.minRelaySatsPerKvb, vsize)}`);
    }
    const minimum = this.minFeeSatsPerKvb(nowSec);
    if (paid < minimum * BigInt(vsize)) return reject('mempool min fee not met', `${feeSats} < ${feeFor(minimum, vsize)}`);
    const conflicts = this.conflictsOf(transaction);
    if (conflicts.size > 0) {
      const replacement = {feeSats, vsize, parents: this.parentsOf(transaction), conflicts, leaving: withDescendants(conflicts)};
      const verdict = checkReplacement(replacement, this.limits.incrementalSatsPerKvb);
      if (!verdict.ok) return verdict;
    }
    return this.checkChain(candidate);
  }

  /** Somebody spends one of its coins and did not say that he may be replaced. */
  hasFinalRival({inputs}: Pick<Transaction, 'inputs'>): boolean {
    return inputs.some(({prevout}) => {
      const rival = this.spenders.get(outpointMapKey(prevout));
      return rival !== undefined && !isReplaceable(rival.transaction);
    });
  }

  admit(candidate: MempoolCandidate): Verdict<Admission, AdmitRejectCode> {
    const verdict = this.check(candidate);
    if (!verdict.ok) return verdict;
    const replaced: MempoolEntry[] = [];
    for (const rival of this.conflictsOf(candidate.transaction)) if (rival.stamp !== 0) replaced.push(...this.removeTree(rival));
    const entry = this.insert(candidate);
    const evicted = this.trim(candidate.nowSec);
    return entry.stamp === 0 ? reject('mempool full') : {ok: true, value: {entry, evicted, replaced}};
  }

  /** Takes out what a new block confirmed, and whatever now spends a coin that the block spent, with its descendants. */
  removeForBlock(transactions: readonly Transaction[], nowSec: number): {
    readonly confirmed: readonly MempoolEntry[]; readonly conflicts: readonly MempoolEntry[];
  } {
    const confirmed: MempoolEntry[] = [];
    const conflicts: MempoolEntry[] = [];
    for (const transaction of transactions) {
      const entry = this.byTxid.get(hashKey(transaction.txid));
      if (entry !== undefined) {
        this.removeOne(entry);
        confirmed.push(entry);
      }
      for (const {prevout} of transaction.inputs) {
        const rival = this.spenders.get(outpointMapKey(prevout));
        if (rival !== undefined) conflicts.push(...this.removeTree(rival));
      }
    }
    this.minimum.noteBlock(nowSec);
    return {confirmed, conflicts};
  }

  /** With all descendants: nothing may stay whose coins are gone. @returns them, children before parents. */
  remove(txid: Hash256): readonly MempoolEntry[] {
    const entry = this.byTxid.get(hashKey(txid));
    return entry === undefined ? [] : this.removeTree(entry);
  }

  /** What has waited for too long, with descendants. */
  expire(nowSec: number): readonly MempoolEntry[] {
    const expired: MempoolEntry[] = [];
    for (const entry of this.byTxid.values()) {
      if (entry.stamp !== 0 && nowSec - entry.admittedAtSec > this.limits.expirySec) expired.push(...this.removeTree(entry));
    }
    return expired;
  }

  private checkChain({transaction, vsize}: MempoolCandidate): Verdict<undefined, 'too-long-mempool-chain'> {
    const {chainCountMax, chainVsizeMax} = this.limits;
    const parents = this.parentsOf(transaction);
    const ancestors = new Set<MutableEntry>(parents);
    for (const parent of parents) for (const ancestor of ancestorsOf(parent)) ancestors.add(ancestor);
    let ancestorVsize = vsize;
    for (const ancestor of ancestors) {
      ancestorVsize += ancestor.vsize;
      if (ancestor.descendantCount + 1 > chainCountMax || ancestor.descendantVsize + vsize > chainVsizeMax) {
        return reject('too-long-mempool-chain', `an ancestor would have ${ancestor.descendantCount + 1} descendants`);
      }
    }
    return ancestors.size + 1 > chainCountMax || ancestorVsize > chainVsizeMax
      ? reject('too-long-mempool-chain', `${ancestors.size + 1} ancestors of ${ancestorVsize} vbytes`) : {ok: true};
  }

  private insert(candidate: MempoolCandidate): MutableEntry {
    // One that a reorg brings back would keep its whole block in memory.
    const transaction = detachedTransaction(candidate.transaction);
    const {feeSats, vsize, weightWu, sigopCost, nowSec, height} = candidate;
    const entry: MutableEntry = {
      transaction, key: hashKey(transaction.txid), feeSats, vsize, weightWu, sigopCost, admittedAtSec: nowSec,
      admittedAtHeight: height, ancestorCount: 1, ancestorVsize: vsize, ancestorFeeSats: feeSats, descendantCount: 1,
      descendantVsize: vsize, descendantFeeSats: feeSats, parents: this.parentsOf(transaction),
      children: this.childrenOf(transaction), stamp: 0,
    };
    this.byTxid.set(entry.key, entry);
    for (const {prevout} of transaction.inputs) this.spenders.set(outpointMapKey(prevout), entry);
    for (const parent of entry.parents) parent.children.add(entry);
    for (const child of entry.children) child.parents.add(entry);
    this.tally(entry, 1);
    const ancestors = ancestorsOf(entry);
    if (entry.children.size > 0) {
      // A transaction of a disconnected block comes back above those that already spend it.
      const relatives = [entry, ...ancestors, ...descendantsOf(entry)];
      for (const relative of relatives) recount(relative);
      for (const relative of relatives) this.rank(relative);
      return entry;
    }
    for (const ancestor of ancestors) {
      addToAncestors(entry, ancestor, 1);
      addToDescendants(ancestor, entry, 1);
      this.rank(ancestor);
    }
    this.rank(entry);
    return entry;
  }

  private trim(nowSec: number): MempoolEntry[] {
    const evicted: MempoolEntry[] = [];
    while (this.count > this.limits.countMax || this.bytes > this.limits.bytesMax) {
      const worst = this.evictionOrder.pop();
      if (worst === undefined) break;
      this.minimum.raise(feeRate(worst.descendantFeeSats, worst.descendantVsize) * 1000, nowSec);
      evicted.push(...this.removeTree(worst));
    }
    return evicted;
  }

  private removeTree(root: MutableEntry): MutableEntry[] {
    const tree = [root, ...descendantsOf(root)].sort((a, b) => b.ancestorCount - a.ancestorCount);
    for (const entry of tree) this.removeOne(entry);
    return tree;
  }

  /** Right only when the entry has no ancestors left in here, or no descendants. */
  private removeOne(entry: MutableEntry): void {
    for (const ancestor of ancestorsOf(entry)) {
      addToDescendants(ancestor, entry, -1);
      this.rank(ancestor);
    }
    for (const descendant of descendantsOf(entry)) addToAncestors(descendant, entry, -1);
    for (const parent of entry.parents) parent.children.delete(entry);
    for (const child of entry.children) child.parents.delete(entry);
    this.byTxid.delete(entry.key);
    for (const {prevout} of entry.transaction.inputs) this.spenders.delete(outpointMapKey(prevout));
    entry.stamp = 0;
    this.tally(entry, -1);
  }

  private tally(entry: MempoolEntry, sign: 1 | -1): void {
    this.bytes += sign * entry.transaction.bytes.length;
    this.vbytes += sign * entry.vsize;
    this.fees += BigInt(sign) * entry.feeSats;
    this.changes += 1;
  }

  private rank(entry: MutableEntry): void {
    entry.stamp = ++this.lastStamp;
    this.evictionOrder.push({item: entry, rank: descendantScore(entry), tie: entry.key, stamp: entry.stamp});
    // Four generations of stale ranks cost less than compacting at each change.
    if (this.evictionOrder.size > 4 * this.count + 1024) this.evictionOrder.compact();
  }

  private parentsOf(transaction: Transaction): Set<MutableEntry> {
    const parents = new Set<MutableEntry>();
    for (const {prevout} of transaction.inputs) {
      const parent = this.byTxid.get(hashKey(prevout.txid));
      if (parent !== undefined) parents.add(parent);
    }
    return parents;
  }

  private conflictsOf({inputs}: Transaction): Set<MutableEntry> {
    const conflicts = new Set<MutableEntry>();
    for (const {prevout} of inputs) {
      const rival = this.spenders.get(outpointMapKey(prevout));
      if (rival !== undefined) conflicts.add(rival);
    }
    return conflicts;
  }

  private childrenOf({txid, outputs}: Transaction): Set<MutableEntry> {
    const children = new Set<MutableEntry>();
    for (let vout = 0; vout < outputs.length; vout++) {
      const child = this.spenders.get(outpointMapKey({txid, vout}));
      if (child !== undefined) children.add(child);
    }
    return children;
  }
}

function withDescendants(entries: ReadonlySet<MutableEntry>): Set<MutableEntry> {
  const all = new Set(entries);
  for (const entry of entries) for (const descendant of descendantsOf(entry)) all.add(descendant);
  return all;
}

function feeFor(satsPerKvb: Sats, vsize: number): Sats {
  return (satsPerKvb * BigInt(vsize) + 999n) / 1000n;
}
