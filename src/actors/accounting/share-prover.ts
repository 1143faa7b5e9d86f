/**
 * @module Roots over the shares of found blocks, and proofs from them, made slice by slice between the accounting's other
 * work: a window may hold millions of shares. Chunks that lie whole in a window are hashed once and kept, because windows
 * overlap. Formats: docs/share-proofs.md.
 */
import type {ShareProof} from '../../protocol/payout/share-proof.js';
import {ShareTree, TREE_CHUNK_SHARES, treeChunkOf} from '../../protocol/payout/share-tree.js';

import {assert, reject} from '../../protocol/verdict.js';
import type {PendingReply, ReplyOf} from '../../runtime/actor.js';
import type {GetShareProof} from './messages.js';
import type {LedgerDesk} from './ledger-desk.js';
import type {AccountingStore, BlockSplitRow} from './ports.js';

/** Proofs that wait; the next is refused. */
const WAITING_PROOFS_MAX = 32;
/** Beyond, a block has no root until the next start looks at it: blocks that come faster than their windows can be hashed. */
const WAITING_ROOTS_MAX = 1_024;
/** Shares that a proof of all of an account's shares may have to hash: about a second of slices. Above, one share is asked for. */
const COMPLETE_PROOF_SHARES_MAX = 250_000;
/** Kept chunks that one slice takes; each is a read and a hash. A slice that reads shares reads one chunk, some 3 ms. */
const KEPT_CHUNKS_PER_SLICE = 256;

interface Job {
  readonly split: BlockSplitRow;
  readonly tree: ShareTree;
  nextSeq: number;
  /** Undefined: the root is wanted. */
  readonly proof: {readonly query: GetShareProof; readonly reply: PendingReply<ReplyOf<GetShareProof>> | undefined} | undefined;
}

export class ShareProver {
  readonly #store: AccountingStore;
  readonly #desk: LedgerDesk;
  /** Proofs before roots: somebody waits. */
  readonly #proofs: Job[] = [];
  readonly #roots: Job[] = [];

  constructor(store: AccountingStore, desk: LedgerDesk) {
    this.#store = store;
    this.#desk = desk;
  }

  get isBusy(): boolean {
    return this.#proofs.length > 0 || this.#roots.length > 0;
  }

  /** Shares from here on are needed for a root that is not made yet. */
  get keepFromSeq(): number {
    return this.#roots.reduce((seq, {split}) => Math.min(seq, split.firstSeq), Infinity);
  }

  /** A block without a window, or with a root, needs none. */
  addRoot(split: BlockSplitRow | undefined): void {
    if (split === undefined || split.firstSeq === 0 || split.shareRoot !== undefined || this.#roots.length >= WAITING_ROOTS_MAX) return;
    this.#roots.push({split, tree: new ShareTree(), nextSeq: split.firstSeq, proof: undefined});
  }

  addProof(query: GetShareProof, reply: PendingReply<ReplyOf<GetShareProof>> | undefined): void {
    const split = this.#store.split(query.blockHash);
    if (split === undefined || split.firstSeq === 0) return reply?.resolve(reject('share-proof-no-window', 'no shares are counted for this block'));
    if (split.firstSeq < this.#store.firstShareSeq()) return reply?.resolve(reject('share-proof-expired', 'the share log does not go back so far any more'));
    if (!split.work.some(({account}) => account === query.account)) return reply?.resolve(reject('share-proof-no-shares', `${query.account} has no share in this window`));
    const count = split.lastSeq - split.firstSeq + 1;
    if (query.seq === undefined && count > COMPLETE_PROOF_SHARES_MAX) return reply?.resolve(reject('share-proof-too-large', `the window has ${count} shares: ask for one of them`));
    if (this.#proofs.length >= WAITING_PROOFS_MAX) return reply?.resolve(reject('share-proof-busy', 'too many proofs are under way'));
    const {account, seq} = query;
    const tree = new ShareTree((leaf) => leaf.account === account && (seq === undefined || leaf.seq === seq));
    this.#proofs.push({split, tree, nextSeq: split.firstSeq, proof: {query, reply}});
  }

  /** A slice of some milliseconds. */
  step(): void {
    const queue = this.#proofs.length > 0 ? this.#proofs : this.#roots;
    const [job] = queue;
    if (job === undefined) return;
    if (!this.#advance(job)) {
      queue.shift();
      job.proof?.reply?.resolve(reject('share-proof-expired', 'the share log does not go back so far any more'));
    } else if (job.nextSeq > job.split.lastSeq) {
      queue.shift();
      this.#finish(job);
    }
  }

  /** @returns false when the log does not hold the shares. */
  #advance(job: Job): boolean {
    const {split, tree} = job;
    for (let kept = 0; kept < KEPT_CHUNKS_PER_SLICE && job.nextSeq <= split.lastSeq; kept += 1) {
      const number = treeChunkOf(job.nextSeq);
      const chunkLast = (number + 1) * TREE_CHUNK_SHARES;
      const node = isWhole(split, number) && !this.#isShown(job, number) ? this.#store.treeChunk(number) : undefined;
      if (node === undefined) return this.#readChunk(job, Math.min(chunkLast, split.lastSeq));
      tree.addChunk(node);
      job.nextSeq = chunkLast + 1;
    }
    return true;
  }

  #readChunk(job: Job, lastSeq: number): boolean {
    const {split, tree} = job;
    const shares = this.#store.sharesFrom(job.nextSeq, lastSeq - job.nextSeq + 1);
    if (shares[0]?.seq !== job.nextSeq || shares.at(-1)?.seq !== lastSeq) return false;
    for (const share of shares) tree.add(share.seq === split.firstSeq && split.firstWork > 0n ? {...share, work: split.firstWork} : share);
    job.nextSeq = lastSeq + 1;
    return true;
  }

  /** Of a chunk that may hold shares of the proof the shares themselves are needed. */
  #isShown({proof}: Job, number: number): boolean {
    return proof !== undefined && (proof.query.seq === undefined || treeChunkOf(proof.query.seq) === number);
  }

  #finish({split, tree, proof}: Job): void {
    const finished = tree.finish();
    assert(finished !== undefined, 'a window has a share');
    const {root, steps} = finished;
    assert(root.work === split.work.reduce((sum, {work}) => sum + work, 0n), 'the shares of a window add up to the work of its accounts');
    const treeChunks = tree.wholeChunks.filter(({number}) => isWhole(split, number));
    if (proof === undefined) return this.#desk.addRoot({...split, shareRoot: root.hash}, treeChunks);
    const {account, seq} = proof.query;
    const row = this.#store.found.get(split.hash);
    if (!steps.some(({kind}) => kind === 'share') || row === undefined) {
      return proof.reply?.resolve(reject('share-proof-no-shares', `share ${seq ?? ''} of this window is not one of ${account}`));
    }
    const made: ShareProof = {
      blockHash: split.hash, height: row.height, rewardSats: row.rewardSats, subsidySats: split.subsidySats, terms: split.terms, firstSeq: split.firstSeq,
      lastSeq: split.lastSeq, totalWork: root.work, root: root.hash, account, isComplete: seq === undefined,
      creditSats: row.credits.find((credit) => credit.account === account)?.sats ?? 0n, steps,
    };
    proof.reply?.resolve({ok: true, proof: made});
  }
}

/** All its shares count in full. */
function isWhole({firstSeq, lastSeq, firstWork}: BlockSplitRow, number: number): boolean {
  const chunkFirst = number * TREE_CHUNK_SHARES + 1;
  return (firstWork > 0n ? chunkFirst > firstSeq : chunkFirst >= firstSeq) && chunkFirst + TREE_CHUNK_SHARES - 1 <= lastSeq;
}
