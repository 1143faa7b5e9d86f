/**
 * @module The pool's blocks on their way to the nodes: a few at a time, the first one on a new tip before its rivals.
 * The newest are kept and given again to a node that comes back: one that crashed right after it took a block may have
 * lost it, and may have been the only one that had it.
 */
import type {PendingReply} from '../../runtime/actor.js';
import {hashKey} from '../../protocol/bytes/hash-key.js';
import {bytesToHex} from '../../protocol/bytes/hex.js';
import type {Hash256} from '../../protocol/primitives/transaction.js';
import type {UpstreamContext} from './actor.js';
import {offerBlock} from './block-desk.js';
import {isSameHash, submitBlock, type UpstreamNode} from './node-link.js';
import type {NodeJudgement} from './submission.js';

interface BlockName {
  readonly hash: Hash256;
  readonly previousHash: Hash256;
}

export type OfferMessage =
  | ({readonly type: 'upstream.judged'; readonly judgement: NodeJudgement} & BlockName)
  | {readonly type: 'upstream.offered'; readonly blockBytes: Uint8Array; readonly isTaken: boolean};

export interface BlockOffer {
  readonly blockBytes: Uint8Array;
  readonly reply: PendingReply<unknown> | undefined;
}

/** A chain so easy that miners find hundreds a second must not keep the nodes from anything else. */
const OFFERS_AT_ONCE = 4;
const PARENTS_KEPT = 32;
/** Some hours of the largest pool; beyond its bytes the oldest go. */
const RECENT_COUNT_MAX = 16;
const RECENT_BYTES_MAX = 33_554_432;

export class OfferQueue {
  readonly #nodes: readonly UpstreamNode[];
  readonly #first: BlockOffer[] = [];
  /** Those whose parent already has a block of ours on it. */
  readonly #rivals: BlockOffer[] = [];
  #underWay = 0;
  /** By parent: the block of ours that was taken on it. */
  readonly #taken = new Map<string, Hash256>();
  /** Oldest first. */
  readonly #recent: Uint8Array[] = [];

  /** @param nodes - all that are configured: one that is thought to be down may be back. */
  constructor(nodes: readonly UpstreamNode[]) {
    this.#nodes = nodes;
  }

  add(offer: BlockOffer, ctx: UpstreamContext): void {
    if (this.#taken.has(hashKey(offer.blockBytes.subarray(4, 36)))) this.#rivals.push(offer);
    else this.#first.push(offer);
    this.#next(ctx);
  }

  taken({hash, previousHash}: BlockName): void {
    const parent = hashKey(previousHash);
    if (!this.#taken.has(parent)) this.#taken.set(parent, hash);
    for (const oldest of this.#taken.keys()) {
      if (this.#taken.size <= PARENTS_KEPT) break;
      this.#taken.delete(oldest);
    }
  }

  settled({blockBytes, isTaken}: Extract<OfferMessage, {type: 'upstream.offered'}>, ctx: UpstreamContext): void {
    this.#underWay -= 1;
    if (isTaken) this.#keep(blockBytes);
    this.#next(ctx);
  }

  /** Parents before children. What it says counts for nobody's share any more. */
  bringBack(node: UpstreamNode, ctx: UpstreamContext): void {
    if (this.#recent.length === 0) return;
    const blocks = this.#recent.map(bytesToHex);
    const given = (async (): Promise<number> => {
      let newToIt = 0;
      for (const block of blocks) {
        if ((await submitBlock(node, block)).verdict === 'accepted') newToIt += 1;
      }
      return newToIt;
    })();
    void given.then((newToIt) => {
      if (newToIt > 0) ctx.log.warn({code: 'upstream-blocks-brought-back', node: node.rpc.name, blocks: newToIt}, 'a node had lost blocks of the pool; it has them again');
    });
  }

  #keep(blockBytes: Uint8Array): void {
    this.#recent.push(blockBytes);
    let bytes = this.#recent.reduce((sum, each) => sum + each.length, 0);
    while (this.#recent.length > RECENT_COUNT_MAX || (bytes > RECENT_BYTES_MAX && this.#recent.length > 1)) bytes -= this.#recent.shift()!.length;
  }

  #next(ctx: UpstreamContext): void {
    if (this.#underWay >= OFFERS_AT_ONCE) return;
    const offer = this.#first.shift() ?? this.#rivals.shift();
    if (offer === undefined) return;
    this.#underWay += 1;
    const {blockBytes, reply} = offer;
    const offered = offerBlock(blockBytes, {
      nodes: this.#nodes,
      hasRival: ({hash, previousHash}) => !isSameHash(this.#taken.get(hashKey(previousHash)) ?? hash, hash),
      onJudged: (block, judgement) => void ctx.self.tell({type: 'upstream.judged', ...block, judgement}),
    }).then((outcome) => {
      reply?.resolve(outcome);
      return outcome.ok && outcome.status === 'connected';
    }, (error: unknown) => {
      reply?.reject(error);
      return false;
    });
    ctx.pipeToSelf(offered, (isTaken) => ({type: 'upstream.offered', blockBytes, isTaken}), () => ({type: 'upstream.offered', blockBytes, isTaken: false}));
  }
}
