/**
 * @module A Merkle tree with sums over the shares of a block's window: its root commits to every share that was counted and
 * to the work of all of them. With a pruned copy of the tree a miner sees that its shares were counted, out of how much.
 * Format: docs/share-proofs.md. Knows no files and no pool.
 *
 *   leaf  SHA-256(`PSL1` ‖ seq, u64 ‖ work, u128 ‖ share hash, 32 ‖ account, ASCII), sum: the work
 *   node  SHA-256(`PSN1` ‖ left hash ‖ right hash ‖ left sum, u128 ‖ right sum, u128), sum: of both
 *
 * Integers are little-endian. Two levels: shares whose numbers lie in the same 1,024 make a chunk (shares 1 to 1,024, and so
 * on), the chunks of a window make the tree. Both are the tree of RFC 6962, section 2.1: a list is cut at the largest power
 * of two below its length. Chunks lie at fixed numbers so that their roots serve every window that holds them whole.
 */
import {sha256} from '../bytes/sha256.js';
import type {Hash256} from '../primitives/transaction.js';

export const TREE_CHUNK_SHARES = 1_024;

export interface ShareLeaf {
  readonly seq: number;
  readonly account: string;
  /** Counted: of the window's first share only the part inside. */
  readonly work: bigint;
  readonly hash: Hash256;
}

export interface SumNode {
  readonly hash: Hash256;
  readonly work: bigint;
}

/**
 * The tree with what holds no shown share cut off to its root, as steps of a stack machine: a share and a cut-off node are
 * pushed, `join` replaces the two last by their parent. One node is left at the end: the root.
 */
export type ProofStep =
  | {readonly kind: 'share'; readonly seq: number; readonly work: bigint; readonly hash: Hash256}
  | {readonly kind: 'node'; readonly node: SumNode}
  | {readonly kind: 'join'};

type ShownTree = ProofStep | readonly [left: ShownTree, right: ShownTree];

interface Subtree {
  /** Leaves of a perfect tree, or one chunk. */
  readonly size: number;
  readonly node: SumNode;
  /** Undefined when nothing in it is to be shown. */
  readonly shown: ShownTree | undefined;
}

const LEAF_TAG = 'PSL1';
const NODE_TAG = 'PSN1';
const LEAF_HEAD_BYTES = 4 + 8 + 16 + 32;
const nodeBytes = new Uint8Array(4 + 64 + 32);
const leafBytes = new Uint8Array(LEAF_HEAD_BYTES + 256);
const leafView = new DataView(leafBytes.buffer);
const nodeView = new DataView(nodeBytes.buffer);
writeAscii(leafBytes, 0, LEAF_TAG);
writeAscii(nodeBytes, 0, NODE_TAG);

/** @param leaf - of an account of at most 256 ASCII characters. */
export function leafNode({seq, account, work, hash}: ShareLeaf): SumNode {
  leafView.setBigUint64(4, BigInt(seq), true);
  writeWork(leafView, 12, work);
  leafBytes.set(hash, 28);
  writeAscii(leafBytes, LEAF_HEAD_BYTES, account);
  return {hash: sha256(leafBytes.subarray(0, LEAF_HEAD_BYTES + account.length)), work};
}

export function parentNode(left: SumNode, right: SumNode): SumNode {
  nodeBytes.set(left.hash, 4);
  nodeBytes.set(right.hash, 36);
  writeWork(nodeView, 68, left.work);
  writeWork(nodeView, 84, right.work);
  return {hash: sha256(nodeBytes), work: left.work + right.work};
}

/** Of shares 1 to 1,024 it is 0. */
export function treeChunkOf(seq: number): number {
  return Math.floor((seq - 1) / TREE_CHUNK_SHARES);
}

/** A list that becomes a tree of RFC 6962: perfect subtrees, the larger first, folded from the right at the end. */
class TreeList {
  readonly #subtrees: Subtree[] = [];

  add(subtree: Subtree): void {
    let last: Subtree = {...subtree, size: 1};
    while (this.#subtrees.at(-1)?.size === last.size) last = joined(this.#subtrees.pop()!, last);
    this.#subtrees.push(last);
  }

  /** Undefined of an empty list. */
  root(): Subtree | undefined {
    return this.#subtrees.reduceRight<Subtree | undefined>((right, left) => (right === undefined ? left : joined(left, right)), undefined);
  }
}

/** Builds the tree of a window share by share, or by roots of whole chunks, in the order of the log. */
export class ShareTree {
  readonly #chunks = new TreeList();
  readonly #isShown: (leaf: ShareLeaf) => boolean;
  #open: {readonly number: number; readonly firstSeq: number; lastSeq: number; readonly list: TreeList} | undefined;
  /** Of chunks that were finished with all their shares, for whoever keeps them. */
  readonly wholeChunks: {readonly number: number; readonly node: SumNode}[] = [];

  /** @param isShown - shares that a proof is to hold. */
  constructor(isShown: (leaf: ShareLeaf) => boolean = () => false) {
    this.#isShown = isShown;
  }

  add(leaf: ShareLeaf): void {
    const number = treeChunkOf(leaf.seq);
    if (this.#open !== undefined && this.#open.number !== number) this.#close();
    this.#open ??= {number, firstSeq: leaf.seq, lastSeq: leaf.seq, list: new TreeList()};
    this.#open.lastSeq = leaf.seq;
    const shown: ShownTree | undefined = this.#isShown(leaf) ? {kind: 'share', seq: leaf.seq, work: leaf.work, hash: leaf.hash} : undefined;
    this.#open.list.add({size: 1, node: leafNode(leaf), shown});
  }

  /** All shares of a chunk at once, none of them shown. */
  addChunk(node: SumNode): void {
    this.#close();
    this.#chunks.add({size: 1, node, shown: undefined});
  }

  /** Undefined without a share. */
  finish(): {readonly root: SumNode; readonly steps: readonly ProofStep[]} | undefined {
    this.#close();
    const root = this.#chunks.root();
    if (root === undefined) return undefined;
    const steps: ProofStep[] = [];
    flatten(shownOf(root), steps);
    return {root: root.node, steps};
  }

  #close(): void {
    if (this.#open === undefined) return;
    const {number, firstSeq, lastSeq, list} = this.#open;
    this.#open = undefined;
    const root = list.root()!;
    if (lastSeq - firstSeq + 1 === TREE_CHUNK_SHARES) this.wholeChunks.push({number, node: root.node});
    this.#chunks.add(root);
  }
}

/** The root that the steps lead to and the shares that they show, in order; undefined when they are no tree. */
export function foldProof(steps: Iterable<ProofStep>, account: string): {readonly root: SumNode; readonly shares: readonly ShareLeaf[]} | undefined {
  const shares: ShareLeaf[] = [];
  const stack: SumNode[] = [];
  for (const step of steps) {
    if (step.kind === 'join') {
      const right = stack.pop();
      const left = stack.pop();
      if (left === undefined || right === undefined) return undefined;
      stack.push(parentNode(left, right));
    } else if (step.kind === 'node') {
      stack.push(step.node);
    } else {
      const leaf = {seq: step.seq, account, work: step.work, hash: step.hash};
      shares.push(leaf);
      stack.push(leafNode(leaf));
    }
  }
  return stack.length === 1 ? {root: stack[0]!, shares} : undefined;
}

/** As deep as the tree: twenty for a million shares. */
function flatten(tree: ShownTree, steps: ProofStep[]): void {
  if ('kind' in tree) {
    steps.push(tree);
    return;
  }
  flatten(tree[0], steps);
  flatten(tree[1], steps);
  steps.push({kind: 'join'});
}

function joined(left: Subtree, right: Subtree): Subtree {
  const isShown = left.shown !== undefined || right.shown !== undefined;
  return {
    size: left.size + right.size,
    node: parentNode(left.node, right.node),
    shown: isShown ? [shownOf(left), shownOf(right)] : undefined,
  };
}

function shownOf({shown, node}: Subtree): ShownTree {
  return shown ?? {kind: 'node', node};
}

function writeWork(view: DataView, offset: number, work: bigint): void {
  view.setBigUint64(offset, BigInt.asUintN(64, work), true);
  view.setBigUint64(offset + 8, work >> 64n, true);
}

function writeAscii(bytes: Uint8Array, offset: number, text: string): void {
  for (let i = 0; i < text.length; i += 1) bytes[offset + i] = text.charCodeAt(i);
}
