/**
 * @module The newest blocks as lists show them, walked from the tip by previous hash: one branch, whatever reorganises meanwhile.
 * A block never changes, so each is asked for once while it stays in the bounded cache.
 */
import type {ActorRef} from '../runtime/actor.js';
import type {GetBlock} from '../actors/chain/messages.js';
import {hashKey} from '../protocol/bytes/hash-key.js';
import {hashToDisplayHex} from '../protocol/bytes/hex.js';
import type {Block} from '../protocol/primitives/block.js';
import type {Hash256} from '../protocol/primitives/transaction.js';
import {workOfBits} from '../protocol/consensus/pow/work.js';
import type {BlockOverview} from '../web/overview.js';
import {coinbaseTag} from './coinbase-tag.js';

/** Some 400 bytes each. Above the longest list of the API, so that one viewer's long list does not evict another's. */
export const SUMMARIES_MAX = 1_024;

interface Summary {
  readonly previousHash: Hash256;
  readonly shown: BlockOverview;
  readonly work: bigint;
}

export interface RecentBlocks {
  /** Newest first. */
  readonly blocks: readonly BlockOverview[];
  /** Hashes per second that these blocks stand for; 0 while there are too few to say. */
  readonly hashrate: number;
}

export class BlockSummaries {
  readonly #chain: ActorRef<GetBlock>;
  readonly #timeoutMs: number;
  readonly #byHash = new Map<string, Summary>();

  constructor(chain: ActorRef<GetBlock>, timeoutMs: number) {
    this.#chain = chain;
    this.#timeoutMs = timeoutMs;
  }

  /** @throws AskError when the chain does not answer. */
  async newest(tipHash: Hash256, count: number): Promise<RecentBlocks> {
    const found: Summary[] = [];
    let hash = tipHash;
    // One more than shown: the oldest one's interval needs the block before it.
    while (found.length <= count) {
      const summary = await this.#summary(hash);
      if (summary === undefined) break;
      found.push(summary);
      if (summary.shown.height === 0) break;
      hash = summary.previousHash;
    }
    const blocks = found.slice(0, count).map(({shown}, index) => {
      const before = found[index + 1]?.shown;
      return before === undefined || before.height === 0 ? shown : {...shown, intervalSec: shown.timeSec - before.timeSec};
    });
    return {blocks, hashrate: hashrateOf(found)};
  }

  async #summary(hash: Hash256): Promise<Summary | undefined> {
    const key = hashKey(hash);
    const known = this.#byHash.get(key);
    if (known !== undefined) {
      this.#byHash.delete(key);
      this.#byHash.set(key, known);
      return known;
    }
    const answer = await this.#chain.ask<GetBlock>({type: 'chain.getBlock', hash}, {timeoutMs: this.#timeoutMs});
    if (answer === null) return undefined;
    const summary = summaryOf(answer.block, answer.view.height);
    this.#byHash.set(key, summary);
    for (const oldest of this.#byHash.keys()) {
      if (this.#byHash.size <= SUMMARIES_MAX) break;
      this.#byHash.delete(oldest);
    }
    return summary;
  }
}

function summaryOf(block: Block, height: number): Summary {
  const coinbase = block.transactions[0]!;
  return {
    previousHash: block.header.previousHash,
    work: workOfBits(block.header.bits),
    shown: {
      height,
      hash: hashToDisplayHex(block.header.hash),
      timeSec: block.header.timeSec,
      txCount: block.transactions.length,
      sizeBytes: block.bytes.length,
      rewardSats: coinbase.outputs.reduce((sum, output) => sum + output.valueSats, 0n).toString(),
      tag: coinbaseTag(coinbase.inputs[0]!.scriptSig),
    },
  };
}

/** The work of all blocks but the oldest, over the time between the oldest and the newest. The genesis time is no moment. */
function hashrateOf(newestFirst: readonly Summary[]): number {
  const mined = newestFirst.filter(({shown}) => shown.height > 0);
  if (mined.length < 2) return 0;
  // Header times of neighbours may run backwards (BIP 113 bounds the median only).
  const spanSec = Math.max(1, mined[0]!.shown.timeSec - mined.at(-1)!.shown.timeSec);
  const work = mined.slice(0, -1).reduce((sum, block) => sum + block.work, 0n);
  return Number(work) / spanSec;
}
