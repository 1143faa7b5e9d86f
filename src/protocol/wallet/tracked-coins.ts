/**
 * @module The wallet's coins as the chain tells of them: block by block forwards, and back again when a block is left.
 * A spent coin is kept for a while with who spent it and where: that is how a payout learns that it is confirmed, and how
 * it comes back when its block is left. Only the active chain counts; the mempool is not looked at.
 */
import {hashKey, outpointMapKey} from '../bytes/hash-key.js';
import type {Block} from '../primitives/block.js';
import {isCoinbase} from '../primitives/transaction-codec.js';
import type {Hash256, OutPoint, Sats} from '../primitives/transaction.js';
import {assert} from '../verdict.js';
import type {WalletCoin} from './select-coins.js';

export interface TrackedCoin extends WalletCoin {
  readonly spentBy: {readonly txid: Hash256; readonly height: number} | undefined;
}

export interface WalletPosition {
  readonly height: number;
  readonly hash: Hash256;
}

/** What one block changes, for a disk. */
export interface CoinChange {
  readonly put: readonly TrackedCoin[];
  readonly removed: readonly OutPoint[];
}

export interface CoinTotals {
  readonly spendableSats: Sats;
  readonly immatureSats: Sats;
  /** Unspent ones. */
  readonly coinCount: number;
}

export class TrackedCoins {
  readonly #coins = new Map<string, TrackedCoin>();

  constructor(coins: Iterable<TrackedCoin> = []) {
    for (const coin of coins) this.#coins.set(outpointMapKey(coin.outpoint), coin);
  }

  get(outpoint: OutPoint): TrackedCoin | undefined {
    return this.#coins.get(outpointMapKey(outpoint));
  }

  /** Spent ones as well, until they are forgotten. */
  values(): Iterable<TrackedCoin> {
    return this.#coins.values();
  }

  /** @param isOurs - by output script. */
  connect(block: Block, height: number, isOurs: (scriptPubKey: Uint8Array) => boolean): CoinChange {
    const put = new Map<string, TrackedCoin>();
    const set = (coin: TrackedCoin): void => {
      const key = outpointMapKey(coin.outpoint);
      this.#coins.set(key, coin);
      put.set(key, coin);
    };
    for (const transaction of block.transactions) {
      const isFirst = isCoinbase(transaction);
      for (const {prevout} of isFirst ? [] : transaction.inputs) {
        const coin = this.get(prevout);
        if (coin !== undefined) set({...coin, spentBy: {txid: transaction.txid, height}});
      }
      for (const [vout, {valueSats, scriptPubKey}] of transaction.outputs.entries()) {
        // Copied: the bytes are views of the whole block, which would stay in memory with them.
        if (isOurs(scriptPubKey)) set({outpoint: {txid: transaction.txid.slice(), vout}, valueSats, scriptPubKey: scriptPubKey.slice(), height, isCoinbase: isFirst, spentBy: undefined});
      }
    }
    return {put: [...put.values()], removed: []};
  }

  /** Everything above `height` was left: the inverse of {@link connect} for all those blocks. */
  disconnectAbove(height: number): CoinChange {
    const put: TrackedCoin[] = [];
    const removed: OutPoint[] = [];
    for (const [key, coin] of this.#coins) {
      if (coin.height > height) {
        this.#coins.delete(key);
        removed.push(coin.outpoint);
      } else if (coin.spentBy !== undefined && coin.spentBy.height > height) {
        const unspent = {...coin, spentBy: undefined};
        this.#coins.set(key, unspent);
        put.push(unspent);
      }
    }
    return {put, removed};
  }

  /**
   * Coins spent so deep that nobody asks any more.
   *
   * @param needed - those that somebody still asks for: how a payout ended is only known by who spent its coins.
   */
  forgetSpentBelow(height: number, needed: ReadonlySet<string>): readonly OutPoint[] {
    const removed: OutPoint[] = [];
    for (const [key, coin] of this.#coins) {
      if (coin.spentBy === undefined || coin.spentBy.height >= height || needed.has(key)) continue;
      this.#coins.delete(key);
      removed.push(coin.outpoint);
    }
    return removed;
  }

  /** In the chain, unspent, mature for the next block, and not locked. */
  spendable(query: {readonly tipHeight: number; readonly maturityBlocks: number; readonly locked: ReadonlySet<string>}): WalletCoin[] {
    const coins: WalletCoin[] = [];
    for (const [key, coin] of this.#coins) {
      if (coin.spentBy === undefined && isMature(coin, query) && !query.locked.has(key)) coins.push(coin);
    }
    return coins;
  }

  totals(query: {readonly tipHeight: number; readonly maturityBlocks: number; readonly locked: ReadonlySet<string>}): CoinTotals & {readonly lockedSats: Sats} {
    const totals = {spendableSats: 0n, immatureSats: 0n, lockedSats: 0n, coinCount: 0};
    for (const [key, coin] of this.#coins) {
      if (coin.spentBy !== undefined) continue;
      totals.coinCount += 1;
      if (query.locked.has(key)) totals.lockedSats += coin.valueSats;
      else if (isMature(coin, query)) totals.spendableSats += coin.valueSats;
      else totals.immatureSats += coin.valueSats;
    }
    return totals;
  }
}

/** The outpoints of coins as `locked` wants them. */
export function lockKeys(coins: Iterable<Pick<WalletCoin, 'outpoint'>>): string[] {
  const keys: string[] = [];
  for (const {outpoint} of coins) keys.push(outpointMapKey(outpoint));
  return keys;
}

/** A block belongs on top of a position only when it says so itself. */
export function follows(block: Block, position: WalletPosition): boolean {
  assert(position.hash.length === 32, 'a position has a hash');
  return hashKey(block.header.previousHash) === hashKey(position.hash);
}

/** A coinbase may be spent in the block that is `maturityBlocks` above it, and the next block is tip + 1. */
function isMature(coin: WalletCoin, {tipHeight, maturityBlocks}: {readonly tipHeight: number; readonly maturityBlocks: number}): boolean {
  return !coin.isCoinbase || tipHeight + 1 - coin.height >= maturityBlocks;
}
