/** A coin set in a Map, for tests of connection: text keys, comparable as a whole. */
import {bytesToHex} from '../../src/protocol/bytes/hex.js';
import {outpointKey} from '../../src/protocol/bytes/hash-key.js';
import {connectBlock} from '../../src/protocol/consensus/connect-block.js';
import type {BlockConnection, ConnectContext} from '../../src/protocol/consensus/connect-block.js';
import {disconnectBlock} from '../../src/protocol/consensus/disconnect-block.js';
import type {Block, BlockUndo} from '../../src/protocol/primitives/block.js';
import {encodeCoin} from '../../src/protocol/primitives/coin-codec.js';
import type {Coin, OutPoint} from '../../src/protocol/primitives/transaction.js';

const keyOf = (outpoint: OutPoint) => bytesToHex(outpointKey(outpoint));

export class CoinSet {
  private readonly coins = new Map<string, Coin>();

  set(outpoint: OutPoint, coin: Coin): void {
    this.coins.set(keyOf(outpoint), coin);
  }

  readonly get = (outpoint: OutPoint): Coin | undefined => this.coins.get(keyOf(outpoint));

  get size(): number {
    return this.coins.size;
  }

  /** Key and stored form of every coin, sorted. */
  snapshot(): string[] {
    return [...this.coins].map(([key, coin]) => `${key} ${bytesToHex(encodeCoin(coin))}`).sort();
  }

  connect(block: Block, context: Omit<ConnectContext, 'coin'>): {ok: true; value: BlockConnection} | {ok: false; code: string} {
    const verdict = connectBlock(block, {...context, coin: this.get});
    if (!verdict.ok) return verdict;
    for (const {outpoint} of verdict.value.removed) {
      if (!this.coins.delete(keyOf(outpoint))) throw new Error('removed a coin that is not there');
    }
    for (const {outpoint, coin} of verdict.value.added) this.coins.set(keyOf(outpoint), coin);
    return verdict;
  }

  disconnect(block: Block, undo: BlockUndo): void {
    const change = disconnectBlock(block, undo);
    for (const outpoint of change.removed) {
      if (!this.coins.delete(keyOf(outpoint))) throw new Error('took away a coin that is not there');
    }
    for (const {outpoint, coin} of change.restored) {
      if (this.coins.has(keyOf(outpoint))) throw new Error('gave back a coin that is there');
      this.coins.set(keyOf(outpoint), coin);
    }
  }
}
