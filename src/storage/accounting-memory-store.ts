/**
 * @module The accounting in memory, for tests and the simulator: same answers as `accounting-store.ts`, gone with the process.
 */
import type {AccountingChange, AccountingStore, BlockSplitRow, ShareRow} from '../actors/accounting/ports.js';
import type {ExtranonceCounterStore} from '../actors/mining-pool/ports.js';
import type {SumNode} from '../protocol/payout/share-tree.js';
import {assertFollows} from './accounting-store.js';
import {MemoryFoundBlockStore} from './found-block-store.js';
import {MemoryLedgerStore} from './ledger-store.js';
import {MemoryPpsStore} from './pps-store.js';
import {MemoryShareSumsStore} from './share-sums-store.js';

export function createMemoryAccountingStore(): AccountingStore {
  const shares: ShareRow[] = [];
  const found = new MemoryFoundBlockStore();
  const splits = new Map<string, BlockSplitRow>();
  const treeChunks = new Map<number, SumNode>();
  const pps = new MemoryPpsStore();
  const sums = new MemoryShareSumsStore();
  const ledger = new MemoryLedgerStore();
  return {
    ledger,
    pps,
    sums,
    found,
    lastShareSeq: () => shares.at(-1)?.seq ?? 0,
    firstShareSeq: () => sums.compactedSeq() + 1,
    *sharesBackwards(fromSeq: number): Iterable<ShareRow> {
      for (let i = Math.min(fromSeq, shares.length) - 1; i >= sums.compactedSeq(); i -= 1) yield shares[i]!;
    },
    sharesFrom: (seq, limit) => {
      const from = Math.max(sums.compactedSeq(), seq - 1);
      return shares.slice(from, from + limit);
    },
    treeChunk: (number) => treeChunks.get(number),
    split: (hash) => splits.get(Buffer.from(hash).toString('hex')),
    async append(change: AccountingChange): Promise<void> {
      assertFollows(change.shares ?? [], shares.at(-1)?.seq ?? 0);
      shares.push(...(change.shares ?? []));
      for (const block of change.blocks ?? []) found.put(block);
      for (const split of change.splits ?? []) splits.set(Buffer.from(split.hash).toString('hex'), split);
      for (const {number, node} of change.treeChunks ?? []) treeChunks.set(number, node);
      ledger.add(change.entries ?? []);
      if (change.pps !== undefined) pps.add(change.pps);
      if (change.sums !== undefined) sums.apply(change.sums);
    },
  };
}

export function createMemoryExtranonceCounterStore(first = 0): ExtranonceCounterStore {
  let next = first;
  return {
    load: () => next,
    async save(nextUnused) {
      next = nextUnused;
    },
  };
}
