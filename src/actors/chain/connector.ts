/**
 * @module Moves the active chain: proves a block against the coins and its scripts, connects it, and walks from the tip
 * to the best branch. Each step is one commit, so a stop between any two leaves a chain that `activateBest` goes on from.
 */
import type {HeaderRow} from '../../protocol/chain/header-tree.js';
import {connectBlock, connectBlockInSteps} from '../../protocol/consensus/connect-block.js';
import type {BlockConnection} from '../../protocol/consensus/connect-block.js';
import type {Block} from '../../protocol/primitives/block.js';
import {consensusFlags} from '../../protocol/script/script-flags.js';
import {assert, reject} from '../../protocol/verdict.js';
import type {Rejection, Verdict} from '../../protocol/verdict.js';
import type {BlockCache} from './block-cache.js';
import {decodeBlockInSlices} from './decode-block.js';
import type {HeaderIndex} from './header-index.js';
import type {LedgerWriter} from './ledger-writer.js';
import type {ChainEvent} from './messages.js';
import type {ChainStore, ScriptVerifier} from './ports.js';
import type {TimeSlices} from './time-slices.js';

export interface ConnectorModules {
  readonly index: HeaderIndex;
  readonly writer: LedgerWriter;
  readonly store: ChainStore;
  readonly scripts: ScriptVerifier;
  readonly blocks: BlockCache;
  readonly publish: (event: ChainEvent) => void;
  /** See `ChainPorts`. */
  readonly isStopping: () => boolean;
}

/** Raised when the verifier could not work: nothing is known about the block, so nothing may be remembered about it. */
export class ScriptsUnavailableError extends Error {
  override readonly name = 'ScriptsUnavailableError';
}

export class Connector {
  readonly #modules: ConnectorModules;
  /** Why blocks failed during the walk in hand, by row. */
  readonly #failures = new Map<HeaderRow, Rejection>();

  constructor(modules: ConnectorModules) {
    this.#modules = modules;
  }

  /** Coins, fees and scripts of a block on top of `parent`, which must be the tip. Changes nothing. */
  async prove(block: Block, parent: HeaderRow, slices: TimeSlices): Promise<Verdict<BlockConnection>> {
    const {index, scripts, writer} = this.#modules;
    const height = index.tree.height(parent) + 1;
    const steps = connectBlockInSteps(block, {
      spec: index.spec, height,
      coin: (outpoint) => writer.coin(outpoint),
      medianTimePastAt: (at) => index.medianTimePastAt(parent, at),
    });
    // The coins stay as they are between two slices: this actor is their one writer and takes no other message meanwhile.
    const verdict = await slices.run(steps);
    if (!verdict.ok) return verdict;
    if (slices.isSpent()) await slices.next();
    const {spentByTx} = verdict.value.undo;
    const spends = spentByTx.map((spentCoins, i) => ({transaction: block.transactions[i + 1]!, spentCoins}));
    const proved = await scripts.verify(spends, consensusFlags(index.spec.activation, height));
    slices.restart();
    if (proved.ok) return verdict;
    if (proved.code === 'scripts-unavailable') throw new ScriptsUnavailableError(proved.detail ?? 'the script verifier refused the work');
    return reject('block-script-verify-flag-failed', `${proved.code}, transaction ${proved.spendIndex + 1} input ${proved.inputIndex}`);
  }

  /** A new block on the tip: proved in memory first, so that it takes one commit in all. */
  async connectNew(row: HeaderRow, block: Block, slices: TimeSlices): Promise<Rejection | undefined> {
    const {index, blocks} = this.#modules;
    const parent = index.tipRow();
    assert(parent !== undefined && index.tree.parent(row) === parent, 'a new block is connected on the tip');
    const previousHash = index.tree.hash(parent);
    const proved = await this.prove(block, parent, slices);
    if (!proved.ok) return proved;
    index.noteBody(row, block.transactions.length);
    await this.#commitConnection(row, block, {connection: proved.value, isBodyStored: false});
    blocks.add(block);
    this.#publishTip(previousHash, 0, block.header.timeSec);
    return undefined;
  }

  /** Genesis joins without judgement: it is the chain's definition. */
  async connectGenesis(): Promise<void> {
    const {index, writer} = this.#modules;
    const verdict = connectBlock(index.genesis, {spec: index.spec, height: 0, coin: () => undefined, medianTimePastAt: () => 0});
    assert(verdict.ok, 'genesis connects');
    await writer.connect(0, index.genesis, {connection: verdict.value, isBodyStored: false});
  }

  /**
   * Walks until the tip is the best branch that holds. A block that fails is marked with all that builds on it, and the
   * walk turns to what is best then: usually back. It ends early, between two blocks, when the node stops.
   * @returns why each block that failed on the way did.
   */
  async activateBest(slices: TimeSlices): Promise<ReadonlyMap<HeaderRow, Rejection>> {
    const {index, writer, isStopping} = this.#modules;
    this.#failures.clear();
    const startRow = index.tipRow();
    assert(startRow !== undefined, 'genesis is connected');
    let steps = 0;
    for (;;) {
      const tip = index.tipRow()!;
      const best = index.tree.best();
      if (best === tip || isStopping()) break;
      const path = index.tree.path(tip, best);
      for (const row of path.disconnect) {
        if (isStopping()) break;
        await this.#disconnect(row, slices);
        steps += 1;
      }
      for (const row of path.connect) {
        if (isStopping()) break;
        const failure = await this.#connectStored(row, slices);
        if (failure !== undefined) {
          this.#failures.set(row, failure);
          index.noteInvalid(row);
          await writer.storeHeader(row);
          break;
        }
        steps += 1;
      }
    }
    const endRow = index.tipRow()!;
    const fork = index.tree.forkOf(startRow, endRow);
    if (steps > 0) this.#publishTip(index.tree.hash(startRow), index.tree.height(startRow) - index.tree.height(fork), index.tree.timeAndBits(endRow).timeSec);
    return new Map(this.#failures);
  }

  /** From memory, or from the disk. @throws Error when a body that must be there is not. */
  async loadBlock(row: HeaderRow, slices: TimeSlices): Promise<Block> {
    const {index, blocks, store} = this.#modules;
    const hash = index.tree.hash(row);
    const cached = blocks.get(hash);
    if (cached !== undefined) return cached;
    const bytes = store.blockBytes(hash);
    assert(bytes !== undefined, 'a row with a body has its bytes in the store');
    const decoded = await decodeBlockInSlices(bytes, slices);
    assert(decoded.ok, 'a stored block decodes');
    blocks.add(decoded.value);
    return decoded.value;
  }

  async #connectStored(row: HeaderRow, slices: TimeSlices): Promise<Rejection | undefined> {
    const block = await this.loadBlock(row, slices);
    const proved = await this.prove(block, this.#modules.index.tipRow()!, slices);
    if (!proved.ok) return proved;
    await this.#commitConnection(row, block, {connection: proved.value, isBodyStored: true});
    return undefined;
  }

  async #commitConnection(row: HeaderRow, block: Block, facts: {readonly connection: BlockConnection; readonly isBodyStored: boolean}): Promise<void> {
    const {index, writer, publish} = this.#modules;
    const seq = await writer.connect(row, block, facts);
    publish({type: 'chain.blockConnected', seq, height: index.tree.height(row), block});
  }

  async #disconnect(row: HeaderRow, slices: TimeSlices): Promise<void> {
    const {index, writer, publish} = this.#modules;
    const block = await this.loadBlock(row, slices);
    const height = index.tree.height(row);
    const seq = await writer.disconnect(row, block);
    publish({type: 'chain.blockDisconnected', seq, height, block});
    slices.restart();
  }

  #publishTip(previousHash: Uint8Array, disconnectedCount: number, timeSec: number): void {
    const {index, writer, publish} = this.#modules;
    publish({type: 'chain.tipChanged', tip: index.tipView(timeSec, writer.logSeq), previousHash, disconnectedCount});
  }
}
