/**
 * @module Follows the nodes' best chain and tells what the local chain would tell: blocks connected and disconnected, in
 * order, and the tip that follows. One walk at a time; a newer tip waits, and only the newest one.
 *
 * It begins at the first tip that it hears of: what stood before it is no news. Where a body is not to be had any more
 * (a disconnected block on a node that never saw it), the block is told without its transactions.
 */
import type {ActorContext, ActorRef, ActorSpec, Behaviour, Protocol} from '../../runtime/actor.js';
import {bytesEqual} from '../../protocol/bytes/compare.js';
import {encodeHeader} from '../../protocol/primitives/block-codec.js';
import type {Block, BlockHeader} from '../../protocol/primitives/block.js';
import type {Hash256} from '../../protocol/primitives/transaction.js';
import type {ChainEvent, HeaderView, TipView} from '../chain/messages.js';
import {askBlock, askHeader, type UpstreamNode} from './node-link.js';

/** `node` is a live port: within the process only. */
export type FollowTip = {readonly type: 'chainFollower.follow'; readonly tipHash: Hash256; readonly node: UpstreamNode};
/** To the one who asked: where the walk arrived. */
export type ChainFollowed = {readonly type: 'upstream.followed'; readonly tip: TipView};

export const CHAIN_FOLLOWER_PROTOCOL: Protocol<FollowTip> = {kind: 'chain-follower', mailbox: {capacity: 4, policy: 'keep-latest'}};

/** Headers kept: reorganisations that deep are walked from memory. Some 80 KB. */
const HEADERS_KEPT = 1_000;

export function chainFollowerActor(parent: ActorRef<ChainFollowed>): ActorSpec<FollowTip> {
  return {protocol: CHAIN_FOLLOWER_PROTOCOL, create: () => new ChainFollower(parent)};
}

interface Link {
  readonly header: BlockHeader;
  readonly height: number;
}

class ChainFollower implements Behaviour<FollowTip> {
  readonly #parent: ActorRef<ChainFollowed>;
  /** Oldest first, each the parent of the next. */
  #known: Link[] = [];
  #seq = 0;

  constructor(parent: ActorRef<ChainFollowed>) {
    this.#parent = parent;
  }

  async receive({tipHash, node}: FollowTip, ctx: ActorContext<FollowTip>): Promise<void> {
    const before = this.#known.at(-1);
    if (before !== undefined && bytesEqual(before.header.hash, tipHash)) return;
    try {
      const view = await askHeader(node, tipHash);
      if (view === null) return;
      const disconnectedCount = before === undefined ? 0 : await this.#walkTo(view, node, ctx);
      if (before === undefined) this.#known = [{header: view.header, height: view.height}];
      const tip = tipViewOf(view, this.#seq);
      ctx.tell(this.#parent, {type: 'upstream.followed', tip});
      ctx.events.publish<ChainEvent>({type: 'chain.tipChanged', tip, previousHash: before?.header.hash ?? tip.header.previousHash, disconnectedCount});
    } catch (error) {
      // Asked again with the next probe; the node's own state is the upstream's matter.
      ctx.log.debug({code: 'chain-walk-broken', node: node.rpc.name, err: error}, 'the way to the new tip could not be read to its end');
    }
  }

  inspect(): unknown {
    return {height: this.#known.at(-1)?.height ?? -1, headersKept: this.#known.length, logSeq: this.#seq};
  }

  /** Nothing is told before the whole way is known; each step is told as it is taken, so that a break leaves a true chain. */
  async #walkTo(target: HeaderView, node: UpstreamNode, ctx: ActorContext<FollowTip>): Promise<number> {
    const path: Link[] = [{header: target.header, height: target.height}];
    while (!await this.#isParentKnown(path.at(-1)!, node)) {
      const below = path.at(-1)!;
      const parent = await askHeader(node, below.header.previousHash);
      if (parent === null) throw new Error(`the parent of block ${below.height} is not to be had`);
      path.push({header: parent.header, height: parent.height});
    }
    const forkHeight = path.at(-1)!.height - 1;
    let disconnectedCount = 0;
    while (this.#known.length > 0 && this.#known.at(-1)!.height > forkHeight) {
      const left = this.#known.at(-1)!;
      const block = await askBlock(node, left.header.hash).catch(() => null);
      this.#known.pop();
      disconnectedCount += 1;
      ctx.events.publish<ChainEvent>({type: 'chain.blockDisconnected', seq: this.#nextSeq(), height: left.height, block: block ?? withoutBody(left.header)});
    }
    for (const step of path.reverse()) {
      const block = await askBlock(node, step.header.hash);
      if (block === null) throw new Error(`the body of block ${step.height} is not to be had`);
      this.#known.push(step);
      if (this.#known.length > HEADERS_KEPT) this.#known.shift();
      ctx.events.publish<ChainEvent>({type: 'chain.blockConnected', seq: this.#nextSeq(), height: step.height, block});
    }
    return disconnectedCount;
  }

  /** Where the chain of before begins above the parent, it is read further down first: a fork may lie below its first header. */
  async #isParentKnown({header, height}: Link, node: UpstreamNode): Promise<boolean> {
    if (height === 0) return true;
    let lowest = this.#known[0];
    while (lowest !== undefined && lowest.height >= height && lowest.height > 0) {
      const parent = await askHeader(node, lowest.header.previousHash);
      // This node has never heard of it: everything above counts as left.
      if (parent === null) return true;
      lowest = {header: parent.header, height: parent.height};
      this.#known.unshift(lowest);
    }
    const at = lowest === undefined ? undefined : this.#known[height - 1 - lowest.height];
    return at === undefined ? lowest === undefined : bytesEqual(at.header.hash, header.previousHash);
  }

  #nextSeq(): number {
    this.#seq += 1;
    return this.#seq;
  }
}

function withoutBody(header: BlockHeader): Block {
  return {header, transactions: [], bytes: encodeHeader(header), strippedSize: 80};
}

/** The next target is known with the next template only; the tip's own stands for it. */
function tipViewOf({header, height, medianTimePastSec, chainwork}: HeaderView, logSeq: number): TipView {
  return {hash: header.hash, height, header, medianTimePastSec, chainwork, nextBits: header.bits, logSeq};
}
