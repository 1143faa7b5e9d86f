/**
 * @module Keeps the wallet's coins in step with the chain: forwards block by block, backwards when its own position is no
 * longer on the active chain. Reads whole blocks, so that it needs no index and no wallet of the node.
 */
import {bytesEqual} from '../../protocol/bytes/compare.js';
import type {OutPoint} from '../../protocol/primitives/transaction.js';
import {follows, TrackedCoins} from '../../protocol/wallet/tracked-coins.js';
import type {TrackedCoin, WalletPosition} from '../../protocol/wallet/tracked-coins.js';
import {outpointMapKey} from '../../protocol/bytes/hash-key.js';
import type {ChainReader, WalletStore} from './ports.js';

export interface CoinFollowerOptions {
  readonly isOurs: (scriptPubKey: Uint8Array) => boolean;
  /** Blocks before this time hold nothing of the wallet. */
  readonly birthdaySec: number;
}

/** One commit: a crash repeats at most so many blocks. */
const BLOCKS_PER_COMMIT = 100;
/** Spent coins are remembered for a reorganisation of this depth, ten times what maturity allows. */
const SPENT_DEPTH_KEPT = 1_000;
/** A day of Bitcoin's blocks. */
const BIRTHDAY_MARGIN_BLOCKS = 144;

export class CoinFollower {
  readonly #options: CoinFollowerOptions;
  readonly #store: WalletStore;
  readonly #chain: ChainReader;
  readonly coins: TrackedCoins;
  #position: WalletPosition | undefined;
  #tipHeight = -1;

  constructor(options: CoinFollowerOptions, store: WalletStore, chain: ChainReader) {
    this.#options = options;
    this.#store = store;
    this.#chain = chain;
    this.coins = new TrackedCoins(store.coins());
    this.#position = store.position();
  }

  get height(): number {
    return this.#position?.height ?? -1;
  }

  /** As of the last step: the position is the tip. */
  get isSynced(): boolean {
    return this.#position !== undefined && this.#position.height === this.#tipHeight;
  }

  /**
   * Goes on by some blocks.
   *
   * @param needed - coins of payouts whose end is not known: remembered however deep they are spent, because this process
   *   may have been away for longer than that.
   * @returns whether the position is now the chain's tip.
   */
  async step(needed: ReadonlySet<string>): Promise<boolean> {
    const tip = await this.#chain.tip();
    this.#tipHeight = -1;
    if (!await this.#isOnChain()) {
      await this.#goBack(tip);
      return false;
    }
    if (this.#position === undefined && !await this.#begin(tip)) return false;
    const blocks: WalletPosition[] = [];
    const put = new Map<string, TrackedCoin>();
    for (let height = this.height + 1; height <= tip.height && blocks.length < BLOCKS_PER_COMMIT; height += 1) {
      const hash = await this.#chain.hashAt(height);
      const block = hash === undefined ? undefined : await this.#chain.block(hash);
      // The chain was reorganised under our hands: what was read so far stands, the next step looks again.
      if (hash === undefined || block === undefined || (this.#position !== undefined && !follows(block, this.#position))) break;
      for (const coin of this.coins.connect(block, height, this.#options.isOurs).put) put.set(outpointMapKey(coin.outpoint), coin);
      this.#position = {height, hash};
      blocks.push(this.#position);
    }
    if (blocks.length > 0) await this.#commit({put: [...put.values()], removed: this.coins.forgetSpentBelow(this.height - SPENT_DEPTH_KEPT, needed), blocks});
    if (this.#position === undefined || !bytesEqual(this.#position.hash, tip.hash)) return false;
    this.#tipHeight = tip.height;
    return true;
  }

  async #isOnChain(): Promise<boolean> {
    if (this.#position === undefined) return true;
    const hash = await this.#chain.hashAt(this.#position.height);
    return hash !== undefined && bytesEqual(hash, this.#position.hash);
  }

  /** To the last block that both know. Where that is further back than is kept, everything is read again. */
  async #goBack(tip: WalletPosition): Promise<void> {
    for (let height = this.height - 1; height >= 0; height -= 1) {
      const ours = this.#store.hashAt(height);
      if (ours === undefined) break;
      const theirs = await this.#chain.hashAt(height);
      if (theirs === undefined || !bytesEqual(ours, theirs)) continue;
      this.#position = {height, hash: ours};
      const {put, removed} = this.coins.disconnectAbove(height);
      return this.#commit({put, removed, blocks: []});
    }
    const {put, removed} = this.coins.disconnectAbove(-1);
    this.#position = undefined;
    if (await this.#begin(tip)) await this.#commit({put, removed, blocks: []});
  }

  /** A new wallet starts where its birthday is: the first block that is younger, found by halves. */
  async #begin(tip: WalletPosition): Promise<boolean> {
    let low = 0;
    let high = tip.height;
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      const timeSec = await this.#timeAt(middle);
      if (timeSec === undefined) return false;
      if (timeSec < this.#options.birthdaySec) low = middle + 1;
      else high = middle;
    }
    // Times are not quite in order: they may lie before the median of eleven, and two hours ahead of a clock. Nobody
    // can spend the first block's coinbase, so nothing is lost when the position is the first block.
    const height = Math.max(0, low - BIRTHDAY_MARGIN_BLOCKS);
    const hash = await this.#chain.hashAt(height);
    if (hash === undefined) return false;
    this.#position = {height, hash};
    return true;
  }

  async #timeAt(height: number): Promise<number | undefined> {
    const hash = await this.#chain.hashAt(height);
    const block = hash === undefined ? undefined : await this.#chain.block(hash);
    return block?.header.timeSec;
  }

  async #commit(change: {readonly put: readonly TrackedCoin[]; readonly removed: readonly OutPoint[]; readonly blocks: readonly WalletPosition[]}): Promise<void> {
    await this.#store.commit({...change, position: this.#position!});
  }
}
