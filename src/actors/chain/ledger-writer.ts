/**
 * @module The one writer of coins and headers. Each method is one commit: header, body, undo, coins, totals, tip and log
 * entry together. After the commit the index and the counters follow, so memory never runs ahead of the disk.
 */
import type {HeaderRow} from '../../protocol/chain/header-tree.js';
import type {BlockConnection} from '../../protocol/consensus/connect-block.js';
import {disconnectBlock} from '../../protocol/consensus/disconnect-block.js';
import {writeOutpointKey} from '../../protocol/bytes/hash-key.js';
import type {Block} from '../../protocol/primitives/block.js';
import type {Coin, OutPoint} from '../../protocol/primitives/transaction.js';
import {assert} from '../../protocol/verdict.js';
import type {HeaderIndex} from './header-index.js';
import type {ChainChange, ChainStore, CoinTotals} from './ports.js';

export class LedgerWriter {
  readonly #index: HeaderIndex;
  readonly #store: ChainStore;
  /** Of the row being read: a store keeps no key after it has answered. */
  readonly #readKey = new Uint8Array(36);
  #totals: CoinTotals;
  #logSeq: number;

  constructor(index: HeaderIndex, store: ChainStore) {
    this.#index = index;
    this.#store = store;
    this.#totals = store.totals();
    this.#logSeq = store.lastLogSeq();
  }

  get totals(): CoinTotals {
    return this.#totals;
  }

  get logSeq(): number {
    return this.#logSeq;
  }

  coin(outpoint: OutPoint): Coin | undefined {
    writeOutpointKey(this.#readKey, outpoint);
    return this.#store.coin(this.#readKey);
  }

  /** A side branch's block: kept, not connected. */
  async storeBody(row: HeaderRow, block: Block): Promise<void> {
    const hash = block.header.hash;
    await this.#store.commit({header: {hash, entry: this.#index.storedEntry(row)}, body: {hash, blockBytes: block.bytes}});
  }

  /** The header's entry as the index has it now: after a mark was set or lifted. */
  async storeHeader(row: HeaderRow): Promise<void> {
    await this.#store.commit({header: {hash: this.#index.tree.hash(row), entry: this.#index.storedEntry(row)}});
  }

  /** @param isBodyStored - false when the block came just now and stands on no disk yet. @returns its log number. */
  async connect(row: HeaderRow, block: Block, facts: {readonly connection: BlockConnection; readonly isBodyStored: boolean}): Promise<number> {
    const {connection, isBodyStored} = facts;
    const hash = block.header.hash;
    const height = this.#index.tree.height(row);
    const totals = {
      coinCount: this.#totals.coinCount + connection.added.length - connection.removed.length, totalSats: this.#totals.totalSats + connection.gainSats,
    };
    const seq = this.#logSeq + 1;
    const change: ChainChange = {
      header: {hash, entry: {...this.#index.storedEntry(row), status: 'connected'}},
      undo: {hash, undo: connection.undo},
      removedCoins: connection.removed.map(({outpoint}) => outpoint), addedCoins: connection.added,
      totals, tip: {hash, height}, log: {seq, kind: 'connect', hash, height},
    };
    await this.#store.commit(isBodyStored ? change : {...change, body: {hash, blockBytes: block.bytes}});
    this.#index.noteConnected(row);
    this.#totals = totals;
    this.#logSeq = seq;
    return seq;
  }

  /** Takes the tip's coins back. @returns its log number. */
  async disconnect(row: HeaderRow, block: Block): Promise<number> {
    const hash = block.header.hash;
    const height = this.#index.tree.height(row);
    const undo = this.#store.undo(hash);
    assert(undo !== undefined, 'a connected block has its undo record');
    const {removed, restored} = disconnectBlock(block, undo);
    const removedCoins = removed.map((outpoint) => {
      const coin = this.coin(outpoint);
      assert(coin !== undefined, 'the tip block left its unspent outputs in the coin set');
      return coin;
    });
    const totals = movedTotals(this.#totals, {added: restored, removed: removedCoins.map((coin) => ({coin}))});
    const seq = this.#logSeq + 1;
    const parentHash = block.header.previousHash;
    await this.#store.commit({
      removedCoins: removed, addedCoins: restored,
      totals, tip: {hash: parentHash, height: height - 1}, log: {seq, kind: 'disconnect', hash, height},
    });
    this.#index.noteDisconnected();
    this.#totals = totals;
    this.#logSeq = seq;
    return seq;
  }
}

interface MovedCoins {
  readonly added: readonly {readonly coin: Coin}[];
  readonly removed: readonly {readonly coin: Coin}[];
}

function movedTotals(totals: CoinTotals, {added, removed}: MovedCoins): CoinTotals {
  let totalSats = totals.totalSats;
  for (const {coin} of added) totalSats += coin.valueSats;
  for (const {coin} of removed) totalSats -= coin.valueSats;
  return {coinCount: totals.coinCount + added.length - removed.length, totalSats};
}
