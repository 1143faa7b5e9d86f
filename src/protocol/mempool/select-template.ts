/**
 * @module Which transactions fill the next block: packages by ancestor fee rate, so that a child may pay for its parent,
 * within the budgets of weight and sigops that the coinbase leaves. All entries are valid at the tip; order is topological.
 */
import type {Sats, Transaction} from '../primitives/transaction.js';
import {ancestorsOf, descendantsOf, feeRate} from './mempool-entry.js';
import type {MempoolEntry} from './mempool-entry.js';
import {PriorityHeap} from './priority-heap.js';

export interface TemplateBudget {
  readonly maxWeightWu: number;
  readonly maxSigopCost: number;
  /** Header, counts and coinbase. */
  readonly reservedWeightWu: number;
  readonly reservedSigopCost: number;
  /** Packages below this leave the block emptier rather than enter. */
  readonly minFeeSatsPerKvb: Sats;
}

export interface SelectedTransaction {
  readonly transaction: Transaction;
  readonly feeSats: Sats;
  readonly weightWu: number;
  readonly sigopCost: number;
}

export interface Selection {
  readonly transactions: readonly SelectedTransaction[];
  /** Summed over what was selected in the end. */
  readonly totalFeeSats: Sats;
  readonly totalWeightWu: number;
  readonly totalSigopCost: number;
}

/** An entry's package as it shrinks: ancestors that are in the block already no longer count. */
interface Package {
  readonly entry: MempoolEntry;
  feeSats: Sats;
  vsize: number;
  stamp: number;
}

/** After so many packages in a row that do not fit a nearly full block, the rest is not worth the time (as in Core). */
const MISFITS_MAX = 1000;
const NEARLY_FULL_WU = 4000;

export function selectTemplate(entries: Iterable<MempoolEntry>, budget: TemplateBudget): Selection {
  const packages = new Map<MempoolEntry, Package>();
  const queue = new PriorityHeap<Package>(({item, stamp}) => item.stamp === stamp);
  for (const entry of entries) {
    const candidate = {entry, feeSats: entry.ancestorFeeSats, vsize: entry.ancestorVsize, stamp: 0};
    packages.set(entry, candidate);
    enqueue(queue, candidate);
  }
  const selected = new Set<MempoolEntry>();
  let weight = budget.reservedWeightWu;
  let sigops = budget.reservedSigopCost;
  let misfits = 0;
  for (let best = queue.pop(); best !== undefined; best = queue.pop()) {
    if (selected.has(best.entry)) continue;
    if (best.feeSats * 1000n < budget.minFeeSatsPerKvb * BigInt(best.vsize)) break;
    const members = unselectedPackage(best.entry, selected);
    const packageWeight = members.reduce((sum, entry) => sum + entry.weightWu, 0);
    const packageSigops = members.reduce((sum, entry) => sum + entry.sigopCost, 0);
    if (weight + packageWeight > budget.maxWeightWu || sigops + packageSigops > budget.maxSigopCost) {
      misfits += 1;
      if (misfits > MISFITS_MAX && weight > budget.maxWeightWu - NEARLY_FULL_WU) break;
      continue;
    }
    misfits = 0;
    weight += packageWeight;
    sigops += packageSigops;
    for (const entry of members) {
      selected.add(entry);
      for (const descendant of descendantsOf(entry)) shrink(packages.get(descendant), entry, queue);
    }
  }
  let totalFeeSats = 0n;
  for (const entry of selected) totalFeeSats += entry.feeSats;
  return {
    transactions: [...selected].map(({transaction, feeSats, weightWu, sigopCost}) => ({transaction, feeSats, weightWu, sigopCost})),
    totalFeeSats, totalWeightWu: weight - budget.reservedWeightWu, totalSigopCost: sigops - budget.reservedSigopCost,
  };
}

/** The entry and its ancestors that are not in the block yet, parents first: more ancestors come later. */
function unselectedPackage(entry: MempoolEntry, selected: ReadonlySet<MempoolEntry>): MempoolEntry[] {
  const members = [...ancestorsOf(entry)].filter((ancestor) => !selected.has(ancestor));
  members.push(entry);
  return members.sort((a, b) => a.ancestorCount - b.ancestorCount);
}

function shrink(candidate: Package | undefined, selected: MempoolEntry, queue: PriorityHeap<Package>): void {
  if (candidate === undefined) return;
  candidate.feeSats -= selected.feeSats;
  candidate.vsize -= selected.vsize;
  candidate.stamp += 1;
  if (candidate.vsize > 0) enqueue(queue, candidate);
}

function enqueue(queue: PriorityHeap<Package>, candidate: Package): void {
  queue.push({item: candidate, rank: -feeRate(candidate.feeSats, candidate.vsize), tie: candidate.entry.key, stamp: candidate.stamp});
}
