/**
 * @module What a load generator believes about a regtest chain: every block that it made or met, and the coins of one key
 * on the branch that it stands on. It judges nothing; it only has to know enough to build good blocks on any branch.
 */
import {decodeBlock} from '../../src/protocol/primitives/block-codec.js';
import type {Block} from '../../src/protocol/primitives/block.js';
import {hashToDisplayHex} from '../../src/protocol/bytes/hex.js';
import {outpointMapKey} from '../../src/protocol/bytes/hash-key.js';
import {bytesEqual} from '../../src/protocol/bytes/compare.js';
import {REGTEST} from '../../src/protocol/chain/presets.js';
import {coinOf, MINER_KEY, type SpendableCoin} from './mined-chain.js';

export interface ModelBlock {
  readonly id: string;
  readonly block: Block;
  readonly height: number;
  readonly parent: ModelBlock | undefined;
  /** Coins of the key that this block makes, and those that it takes, by outpoint. */
  readonly created: ReadonlyMap<string, SpendableCoin>;
  readonly spent: readonly string[];
}

export class ChainModel {
  readonly #blocks = new Map<string, ModelBlock>();
  /** Every coin of the key on any branch, so that a block that spends can be undone. */
  readonly #everyCoin = new Map<string, SpendableCoin>();
  readonly #coins = new Map<string, SpendableCoin>();
  #tip: ModelBlock;

  constructor() {
    const genesis = decodeBlock(REGTEST.genesisBytes);
    if (!genesis.ok) throw new Error('genesis decodes');
    this.#tip = {id: hashToDisplayHex(genesis.value.header.hash), block: genesis.value, height: 0, parent: undefined, created: new Map(), spent: []};
    this.#blocks.set(this.#tip.id, this.#tip);
  }

  get tip(): ModelBlock {
    return this.#tip;
  }

  get size(): number {
    return this.#blocks.size;
  }

  find(id: string): ModelBlock | undefined {
    return this.#blocks.get(id);
  }

  /** Takes a block whose parent is known. It does not become the tip. */
  add(block: Block): ModelBlock {
    const id = hashToDisplayHex(block.header.hash);
    const known = this.#blocks.get(id);
    if (known !== undefined) return known;
    const parent = this.#blocks.get(hashToDisplayHex(block.header.previousHash));
    if (parent === undefined) throw new Error(`the parent of ${id} is not in the model`);
    const height = parent.height + 1;
    const created = new Map<string, SpendableCoin>();
    for (const [index, transaction] of block.transactions.entries()) {
      for (const [vout, output] of transaction.outputs.entries()) {
        if (!bytesEqual(output.scriptPubKey, MINER_KEY.scriptPubKey)) continue;
        const coin = coinOf(transaction, vout, height);
        created.set(outpointMapKey(coin.outpoint), {...coin, coin: {...coin.coin, isCoinbase: index === 0}});
      }
    }
    for (const [key, coin] of created) this.#everyCoin.set(key, coin);
    const spent = block.transactions.slice(1).flatMap(({inputs}) => inputs.map(({prevout}) => outpointMapKey(prevout))).filter((key) => this.#everyCoin.has(key));
    const entry: ModelBlock = {id, block, height, parent, created, spent};
    this.#blocks.set(id, entry);
    return entry;
  }

  /** Stands on `target`: disconnects down to the fork and connects up again. */
  moveTo(target: ModelBlock): void {
    const path: ModelBlock[] = [];
    let up: ModelBlock = target;
    while (up.height > this.#tip.height) {
      path.push(up);
      up = up.parent!;
    }
    while (this.#tip.height > up.height) this.#disconnect();
    while (this.#tip !== up) {
      path.push(up);
      up = up.parent!;
      this.#disconnect();
    }
    for (const entry of path.reverse()) this.#connect(entry);
  }

  ancestorOf(entry: ModelBlock, depth: number): ModelBlock {
    let at = entry;
    for (let i = 0; i < depth && at.parent !== undefined; i++) at = at.parent;
    return at;
  }

  /** Coins of the key that a block on the tip may spend, worth at least `minSats`. */
  spendable(minSats: bigint): readonly SpendableCoin[] {
    const height = this.#tip.height + 1;
    return [...this.#coins.values()].filter(({coin}) => coin.valueSats >= minSats && (!coin.isCoinbase || coin.height + REGTEST.coinbaseMaturityBlocks <= height));
  }

  #connect(entry: ModelBlock): void {
    for (const [key, coin] of entry.created) this.#coins.set(key, coin);
    for (const key of entry.spent) this.#coins.delete(key);
    this.#tip = entry;
  }

  #disconnect(): void {
    const entry = this.#tip;
    for (const key of entry.spent) this.#coins.set(key, this.#everyCoin.get(key)!);
    for (const key of entry.created.keys()) this.#coins.delete(key);
    this.#tip = entry.parent!;
  }
}
