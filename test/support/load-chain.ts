/**
 * @module Load on a regtest node over JSON-RPC: blocks with real spends, competing branches that become reorgs or stay
 * beside, blocks that break a rule, loose transactions, and blocks that the node mines itself. It remembers what the node
 * acknowledged and, after the node was killed and started again, says what of that is missing.
 */
import {setTimeout as sleep} from 'node:timers/promises';
import {bytesToHex, hexToBytes} from '../../src/protocol/bytes/hex.js';
import {encodeAddress} from '../../src/protocol/address/address.js';
import {REGTEST} from '../../src/protocol/chain/presets.js';
import {decodeBlock} from '../../src/protocol/primitives/block-codec.js';
import type {Block} from '../../src/protocol/primitives/block.js';
import type {Transaction} from '../../src/protocol/primitives/transaction.js';
import type {SeededRandom} from '../../src/runtime/seeded-random.js';
import {ChainModel, type ModelBlock} from './load-model.js';
import {aBlock, aSpend, MINER_KEY} from './mined-chain.js';
import type {RpcAnswer, ServingNode} from './crash-child.js';
import type {CrashLoad} from './crash-campaign.js';

/** Enough for the first coinbases to be spendable. */
export const PRIMED_BLOCKS = 110;
const SPENDS_MAX = 6;
const REORG_DEPTH_MAX = 6;
const SPEND_MIN_SATS = 20_000n;
const FEE_SATS = 2_000n;
const IN_FLIGHT_MAX = 3;
const HEADERS_PER_BATCH = 100;
/** Given to a block whose parent the node has not taken yet: our own requests overtake each other. */
const EARLY = 'prev-blk-not-found';
/** RPC_IN_WARMUP: a node that stops says so in place of a verdict, which promises nothing. */
const NOT_SERVING = -28;

export class ChainLoad implements CrashLoad {
  readonly name = 'chain';
  readonly model = new ChainModel();
  readonly #random: SeededRandom;
  readonly #problems: string[] = [];
  /** Answered null: it was connected at that moment. */
  readonly #connected = new Set<string>();
  /** Answered `inconclusive`: stored beside the best branch. */
  readonly #stored = new Set<string>();
  readonly #refused = new Set<string>();
  #heightAcknowledged = 0;
  #extraNonce = 0;
  #isStopped = true;
  #running: Promise<void> = Promise.resolve();

  constructor(random: SeededRandom) {
    this.#random = random;
  }

  get acknowledgedCount(): number {
    return this.#connected.size + this.#stored.size;
  }

  /** Coins to spend, before anybody is killed. */
  async prime(node: ServingNode): Promise<void> {
    for (let i = 0; i < PRIMED_BLOCKS; i++) {
      const entry = this.#extend(this.model.tip, 0);
      this.model.moveTo(entry);
      this.#take(entry, await node.rpc.call('submitblock', bytesToHex(entry.block.bytes)));
    }
  }

  start(node: ServingNode): void {
    this.#isStopped = false;
    this.#running = this.#run(node);
  }

  async settle(): Promise<void> {
    this.#isStopped = true;
    await this.#running;
  }

  /** For the test of the check itself. */
  claimAcknowledged(entry: ModelBlock): void {
    this.#connected.add(entry.id);
    this.#heightAcknowledged = Math.max(this.#heightAcknowledged, entry.height);
  }

  async missing(node: ServingNode): Promise<readonly string[]> {
    const problems = this.#problems.splice(0);
    const ids = [...this.#connected, ...this.#stored];
    for (let at = 0; at < ids.length; at += HEADERS_PER_BATCH) {
      const part = ids.slice(at, at + HEADERS_PER_BATCH);
      const answers = await node.rpc.batch(part.map((id) => ({method: 'getblock', params: [id, 0]})));
      if (answers === undefined) return [...problems, 'the node died while it was asked for the acknowledged blocks'];
      for (const [index, answer] of answers.entries()) {
        const id = part[index]!;
        const sent = this.model.find(id)?.block.bytes;
        if (answer.error !== null) problems.push(`acknowledged block ${id} is missing: ${answer.error.message}`);
        else if (sent !== undefined && answer.result !== bytesToHex(sent)) problems.push(`block ${id} came back with other bytes`);
      }
    }
    const tip = await this.#follow(node);
    // Every regtest block has the same work, so more blocks is more work.
    if (tip.height < this.#heightAcknowledged) problems.push(`the tip has ${tip.height} blocks, ${this.#heightAcknowledged} were acknowledged`);
    for (let at: ModelBlock | undefined = tip; at !== undefined; at = at.parent) if (this.#refused.has(at.id)) problems.push(`refused block ${at.id} is on the active chain`);
    return problems;
  }

  async #run(node: ServingNode): Promise<void> {
    try {
      this.model.moveTo(await this.#follow(node));
      while (!this.#isStopped && await this.#act(node)) await sleep(this.#random.below(12));
    } catch (error) {
      // A node that dies answers nothing; everything else is a defect of the node or of this load.
      if (!String(error).includes('the connection died')) this.#problems.push(error instanceof Error ? error.stack ?? error.message : String(error));
    }
  }

  /** @returns false when the node is gone. */
  async #act(node: ServingNode): Promise<boolean> {
    const dice = this.#random.below(100);
    // Others may mine too: their branch is the one to build on, or to fork from.
    if (dice % 4 === 0) this.model.moveTo(await this.#follow(node));
    if (dice < 55) return await this.#grow(node, 1 + this.#random.below(4));
    if (dice < 75) return await this.#fork(node, 1 + this.#random.below(REORG_DEPTH_MAX), true);
    if (dice < 80) return await this.#fork(node, 1 + this.#random.below(REORG_DEPTH_MAX), false);
    if (dice < 85) return await this.#sendWrong(node);
    if (dice < 92) return await this.#sendTransactions(node);
    return await this.#letMine(node);
  }

  /** Some blocks on the tip, several on their way at one time. */
  async #grow(node: ServingNode, count: number): Promise<boolean> {
    const chain: ModelBlock[] = [];
    for (let i = 0; i < count; i++) {
      const entry = this.#extend(this.model.tip, this.#random.below(SPENDS_MAX + 1));
      this.model.moveTo(entry);
      chain.push(entry);
    }
    return await this.#submit(node, chain);
  }

  /** A branch from `depth` blocks below: longer than what it competes with, or exactly as long. */
  async #fork(node: ServingNode, depth: number, isLonger: boolean): Promise<boolean> {
    const home = this.model.tip;
    this.model.moveTo(this.model.ancestorOf(home, depth));
    const length = home.height - this.model.tip.height + (isLonger ? 1 : 0);
    const branch: ModelBlock[] = [];
    for (let i = 0; i < length; i++) {
      const entry = this.#extend(this.model.tip, this.#random.below(3));
      this.model.moveTo(entry);
      branch.push(entry);
    }
    if (!isLonger) this.model.moveTo(home);
    return await this.#submit(node, branch);
  }

  async #sendWrong(node: ServingNode): Promise<boolean> {
    const coin = this.model.spendable(SPEND_MIN_SATS)[0];
    if (coin === undefined) return true;
    const spend = aSpend({from: [coin], key: MINER_KEY, outputs: [{valueSats: coin.coin.valueSats, scriptPubKey: MINER_KEY.scriptPubKey}], isSignatureWrong: true});
    const entry = this.model.add(this.#mine(this.model.tip, [spend]));
    this.#refused.add(entry.id);
    const answer = await node.rpc.call('submitblock', bytesToHex(entry.block.bytes));
    // Beside the best branch nobody has looked at its signatures yet: `inconclusive` says so.
    if (answer?.error === null && answer.result === null) this.#problems.push(`a block with a wrong signature was taken: ${JSON.stringify(answer)}`);
    return answer !== undefined;
  }

  async #sendTransactions(node: ServingNode): Promise<boolean> {
    for (const transaction of this.#spends(1 + this.#random.below(4))) {
      if (await node.rpc.call('sendrawtransaction', bytesToHex(transaction.bytes)) === undefined) return false;
    }
    return true;
  }

  async #letMine(node: ServingNode): Promise<boolean> {
    const answer = await node.rpc.call('generatetoaddress', 1 + this.#random.below(2), encodeAddress(MINER_KEY.scriptPubKey, REGTEST.address));
    if (answer === undefined) return false;
    if (answer.error !== null && answer.error.code !== NOT_SERVING) this.#problems.push(`generatetoaddress: ${answer.error.message}`);
    const tip = await this.#follow(node);
    for (const id of (answer.result ?? []) as string[]) this.#connected.add(id);
    this.#heightAcknowledged = Math.max(this.#heightAcknowledged, tip.height);
    this.model.moveTo(tip);
    return true;
  }

  async #submit(node: ServingNode, blocks: readonly ModelBlock[]): Promise<boolean> {
    for (let at = 0; at < blocks.length; at += IN_FLIGHT_MAX) {
      const taken = await Promise.all(blocks.slice(at, at + IN_FLIGHT_MAX).map(async (entry) => {
        const answer = await node.rpc.call('submitblock', bytesToHex(entry.block.bytes));
        if (answer !== undefined) this.#take(entry, answer);
        return answer !== undefined;
      }));
      if (taken.includes(false)) return false;
    }
    return true;
  }

  #take(entry: ModelBlock, answer: RpcAnswer | undefined): void {
    const result = answer?.result;
    if (answer?.error === null && result === null) {
      this.#connected.add(entry.id);
      this.#heightAcknowledged = Math.max(this.#heightAcknowledged, entry.height);
    } else if (result === 'inconclusive') {
      this.#stored.add(entry.id);
    } else if (result !== EARLY && result !== 'duplicate' && answer?.error?.code !== NOT_SERVING) {
      this.#problems.push(`a good block at ${entry.height} was answered ${JSON.stringify(answer)}`);
    }
  }

  /** The node's tip; blocks that it mined itself are learned on the way. */
  async #follow(node: ServingNode): Promise<ModelBlock> {
    const unknown: Block[] = [];
    let id = await node.rpc.result<string>('getbestblockhash');
    const tipId = id;
    while (this.model.find(id) === undefined) {
      const bytes = hexToBytes(await node.rpc.result<string>('getblock', id, 0));
      const decoded = decodeBlock(bytes!);
      if (!decoded.ok) throw new Error(`the node gave a block that does not decode: ${id}`);
      unknown.push(decoded.value);
      id = bytesToHex(decoded.value.header.previousHash.slice().reverse());
    }
    for (const block of unknown.reverse()) this.model.add(block);
    return this.model.find(tipId)!;
  }

  #extend(parent: ModelBlock, spendCount: number): ModelBlock {
    return this.model.add(this.#mine(parent, spendCount === 0 ? [] : this.#spends(spendCount)));
  }

  #mine(parent: ModelBlock, transactions: readonly Transaction[]): Block {
    this.#extraNonce += 1;
    // One second after the other: the node's own blocks have the wall clock's time, and two hours ahead is the limit.
    return aBlock(parent, {transactions, extraNonce: this.#extraNonce, timeSec: parent.block.header.timeSec + 1});
  }

  #spends(count: number): Transaction[] {
    const coins = [...this.model.spendable(SPEND_MIN_SATS)];
    const spends: Transaction[] = [];
    while (spends.length < count && coins.length > 0) {
      const from = coins.splice(this.#random.below(coins.length), 1);
      const share = (from[0]!.coin.valueSats - FEE_SATS) / 2n;
      spends.push(aSpend({from, key: MINER_KEY, outputs: [share, share].map((valueSats) => ({valueSats, scriptPubKey: MINER_KEY.scriptPubKey}))}));
    }
    return spends;
  }
}
