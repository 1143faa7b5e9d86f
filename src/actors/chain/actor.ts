/**
 * @module The chain actor: the one writer of headers, blocks and coins. Takes messages one at a time; while a block is
 * being proved the others wait in the mailbox, and the event loop does not, because all long work is sliced.
 *
 * A failing disk is fatal: the actor throws, its supervisor is to be told `escalate`, and the node stops. To restart the
 * actor over a store that may lack a commit would be to guess.
 */
import type {ActorContext, ActorSpec, Behaviour, PendingReply, Protocol} from '../../runtime/actor.js';
import type {ChainSpec} from '../../protocol/chain/chain-spec.js';
import type {HeaderRow} from '../../protocol/chain/header-tree.js';
import {hashToDisplayHex} from '../../protocol/bytes/hex.js';
import type {Block} from '../../protocol/primitives/block.js';
import type {Hash256} from '../../protocol/primitives/transaction.js';
import {assertNever, reject} from '../../protocol/verdict.js';
import type {Rejection, Verdict} from '../../protocol/verdict.js';
import {judgeArrivalInSteps, judgeProposalInSteps} from './behaviour.js';
import {BlockCache} from './block-cache.js';
import {Connector, ScriptsUnavailableError} from './connector.js';
import {decodeBlockInSlices} from './decode-block.js';
import {HeaderIndex} from './header-index.js';
import {LedgerWriter} from './ledger-writer.js';
import type {AcceptBlock, BlockOutcome, ChainEvent, ChainMessage, CoinsAtTip, GetCoins} from './messages.js';
import {OrphanBlocks} from './orphan-blocks.js';
import type {ChainPorts} from './ports.js';
import {TimeSlices} from './time-slices.js';

/** What the actor tells itself. */
type ChainActorMessage =
  | ChainMessage
  /** First of all: connect genesis, or go on where the last run stopped. */
  | {readonly type: 'chain.resume'}
  | {readonly type: 'chain.blockFlushed'; readonly ticket: number}
  | {readonly type: 'chain.flushFailed'; readonly error: unknown};

export const CHAIN_PROTOCOL: Protocol<ChainActorMessage> = {
  kind: 'chain',
  // Every block message may hold 4 MB, and its senders bound what they have in flight; queries are small.
  mailbox: {capacity: 512, policy: 'refuse'},
  priority: ['chain.resume', 'chain.acceptBlock', 'chain.blockFlushed', 'chain.flushFailed'],
  undroppable: ['chain.resume', 'chain.blockFlushed', 'chain.flushFailed'],
};

export interface ChainOptions {
  readonly spec: ChainSpec;
}

/** Spawn with `onFailure: 'escalate'`. */
export function chainActor(options: ChainOptions, ports: ChainPorts): ActorSpec<ChainMessage> {
  const spec: ActorSpec<ChainActorMessage> = {
    protocol: CHAIN_PROTOCOL,
    create: (ctx) => {
      const actor = new ChainActor(options, ports, ctx);
      ctx.tell(ctx.self, {type: 'chain.resume'});
      return actor;
    },
  };
  // Others see the public messages only.
  return spec as unknown as ActorSpec<ChainMessage>;
}

class ChainActor implements Behaviour<ChainActorMessage> {
  readonly #ports: ChainPorts;
  readonly #index: HeaderIndex;
  readonly #writer: LedgerWriter;
  readonly #connector: Connector;
  readonly #blocks = new BlockCache();
  readonly #orphans = new OrphanBlocks();
  readonly #slices: TimeSlices;
  /** Answers that wait for the disk. */
  readonly #unflushed = new Map<number, {readonly reply: PendingReply<BlockOutcome>; readonly outcome: BlockOutcome}>();
  #nextTicket = 1;
  #isReady = false;

  constructor(options: ChainOptions, ports: ChainPorts, ctx: ActorContext<ChainActorMessage>) {
    this.#ports = ports;
    this.#index = new HeaderIndex(options.spec);
    this.#index.restore(ports.store.headers(), ports.store.tip());
    this.#writer = new LedgerWriter(this.#index, ports.store);
    this.#slices = new TimeSlices(ctx.clock, ports.yieldTurn);
    this.#connector = new Connector({
      index: this.#index, writer: this.#writer, store: ports.store, scripts: ports.scripts, blocks: this.#blocks,
      publish: (event: ChainEvent) => ctx.events.publish(event), isStopping: ports.isStopping ?? (() => false),
    });
  }

  async receive(message: ChainActorMessage, ctx: ActorContext<ChainActorMessage>): Promise<void> {
    this.#slices.restart();
    if (!this.#isReady) await this.#resume(ctx);
    switch (message.type) {
      case 'chain.resume': return;
      case 'chain.acceptBlock': return this.#acceptBlock(message, ctx);
      case 'chain.checkProposal': return ctx.reply(await this.#checkProposal(message.blockBytes, ctx));
      case 'chain.invalidateBlock': return ctx.reply(await this.#invalidate(message.hash));
      case 'chain.reconsiderBlock': return ctx.reply(await this.#reconsider(message.hash));
      case 'chain.getUndo': return ctx.reply(this.#ports.store.undo(message.hash)?.spentByTx ?? null);
      case 'chain.getBlock': return ctx.reply(await this.#getBlock(message.hash));
      case 'chain.blockFlushed': return this.#answerFlushed(message.ticket);
      case 'chain.flushFailed': throw message.error;
      default: return ctx.reply(this.#answerFromIndex(message, ctx));
    }
  }

  inspect(): unknown {
    const tip = this.#index.tipRow();
    return {
      tip: tip === undefined ? null : hashToDisplayHex(this.#index.tree.hash(tip)), height: tip === undefined ? -1 : this.#index.tree.height(tip),
      headers: this.#index.tree.size, coins: this.#writer.totals.coinCount, logSeq: this.#writer.logSeq,
      orphans: this.#orphans.count, cachedBlocks: this.#blocks.count, unflushed: this.#unflushed.size,
    };
  }

  /** Genesis on the first start; after a crash in the middle of a reorg, the rest of it. */
  async #resume(ctx: ActorContext<ChainActorMessage>): Promise<void> {
    if (this.#index.tipRow() === undefined) await this.#connector.connectGenesis();
    const failures = await this.#connector.activateBest(this.#slices);
    this.#logFailures(failures, ctx);
    this.#isReady = true;
    const tip = this.#index.tipRow()!;
    ctx.log.info({code: 'chain-ready', height: this.#index.tree.height(tip), hash: hashToDisplayHex(this.#index.tree.hash(tip))}, 'the chain is loaded');
  }

  /** Queries that only read memory or single rows. */
  #answerFromIndex(
    message: Extract<ChainMessage, {type: 'chain.getTip' | 'chain.getHeader' | 'chain.getHashAtHeight' | 'chain.getCoins' | 'chain.getCoinSetTotals' | 'chain.getBranches'}>,
    ctx: ActorContext<ChainActorMessage>,
  ): unknown {
    const {tree} = this.#index;
    switch (message.type) {
      case 'chain.getTip': return this.#index.tipView(message.timeSec ?? wallSec(ctx), this.#writer.logSeq);
      case 'chain.getHeader': {
        const row = tree.find(message.hash);
        return row === undefined ? null : this.#index.headerView(row);
      }
      case 'chain.getHashAtHeight': {
        const row = this.#index.rowAtHeight(message.height);
        return row === undefined ? null : tree.hash(row);
      }
      case 'chain.getCoins': return this.#coinsAtTip(message, ctx);
      case 'chain.getCoinSetTotals': {
        const tip = this.#index.tipRow()!;
        return {height: tree.height(tip), bestHash: tree.hash(tip), ...this.#writer.totals, diskBytes: this.#ports.store.diskBytes()};
      }
      case 'chain.getBranches': return this.#index.branches();
      default: return assertNever(message);
    }
  }

  #coinsAtTip(message: GetCoins, ctx: ActorContext<ChainActorMessage>): CoinsAtTip {
    const tip = this.#index.tipRow()!;
    const coins = message.outpoints.map((outpoint) => this.#writer.coin(outpoint));
    return {
      tip: this.#index.tipView(wallSec(ctx), this.#writer.logSeq),
      coins,
      coinMedianTimesSec: coins.map((coin) => (coin === undefined ? undefined : this.#index.medianTimePastAt(tip, Math.max(coin.height - 1, 0)))),
    };
  }

  async #acceptBlock(message: AcceptBlock, ctx: ActorContext<ChainActorMessage>): Promise<void> {
    const reply = ctx.takeReply<BlockOutcome>();
    const decoded = await decodeBlockInSlices(message.blockBytes, this.#slices);
    const outcome: BlockOutcome = decoded.ok
      ? await this.#take(decoded.value, ctx)
      : {ok: false, code: decoded.code, ...(decoded.detail === undefined ? {} : {detail: decoded.detail}), status: 'invalid'};
    this.#logOutcome(message, outcome, ctx);
    if (decoded.ok && outcome.ok && outcome.status !== 'duplicate') await this.#takeOrphansOf(decoded.value, ctx);
    if (reply === undefined) return;
    // A peer sends a lost block again; whoever mined it here may be the only one to have it.
    if (message.source.kind === 'peer' || !outcome.ok || outcome.status === 'duplicate') return reply.resolve(outcome);
    const ticket = this.#nextTicket++;
    this.#unflushed.set(ticket, {reply, outcome});
    ctx.pipeToSelf(this.#ports.store.flushed(), () => ({type: 'chain.blockFlushed', ticket}), (error) => ({type: 'chain.flushFailed', error}));
  }

  #answerFlushed(ticket: number): void {
    const waiting = this.#unflushed.get(ticket);
    this.#unflushed.delete(ticket);
    waiting?.reply.resolve(waiting.outcome);
  }

  /** One decoded block to its outcome. */
  async #take(block: Block, ctx: ActorContext<ChainActorMessage>): Promise<BlockOutcome> {
    const judgement = await this.#slices.run(judgeArrivalInSteps(this.#index, block, wallSec(ctx)));
    const {hash} = block.header;
    switch (judgement.kind) {
      case 'answer': return judgement.outcome;
      case 'orphan':
        this.#orphans.add(block);
        ctx.log.debug({code: 'chain-orphan-kept', hash: hashToDisplayHex(hash), orphans: this.#orphans.count}, 'a block waits for its parent');
        return {...reject('prev-blk-not-found'), status: 'orphan', hash};
      case 'condemn': {
        const row = this.#index.add(block.header);
        await this.#condemn(row);
        return {...judgement.rejection, status: 'invalid', hash};
      }
      case 'store': return this.#store(block, ctx);
      default: return assertNever(judgement);
    }
  }

  async #store(block: Block, ctx: ActorContext<ChainActorMessage>): Promise<BlockOutcome> {
    const {tree} = this.#index;
    const {hash} = block.header;
    const row = this.#index.add(block.header);
    const height = tree.height(row);
    if (tree.parent(row) === this.#index.tipRow()) {
      const failure = await this.#connector.connectNew(row, block, this.#slices);
      if (failure !== undefined) await this.#condemn(row);
      return failure === undefined ? {ok: true, status: 'connected', hash, height} : {...failure, status: 'invalid', hash};
    }
    this.#index.noteBody(row, block.transactions.length);
    await this.#writer.storeBody(row, block);
    this.#blocks.add(block);
    const failures = await this.#connector.activateBest(this.#slices);
    this.#logFailures(failures, ctx);
    if (tree.isInvalid(row)) {
      const own = failures.get(row);
      return {...(own === undefined ? reject('bad-prevblk') : reject(own.code, own.detail)), status: 'invalid', hash};
    }
    return {ok: true, status: this.#index.isActive(row) ? 'connected' : 'side-branch', hash, height};
  }

  async #condemn(row: HeaderRow): Promise<void> {
    this.#index.noteInvalid(row);
    await this.#writer.storeHeader(row);
  }

  /** Blocks that waited for this one, and those that waited for them. */
  async #takeOrphansOf(parent: Block, ctx: ActorContext<ChainActorMessage>): Promise<void> {
    const parents = [parent];
    for (let next = parents.pop(); next !== undefined; next = parents.pop()) {
      for (const orphan of this.#orphans.takeChildrenOf(next.header.hash)) {
        const outcome = await this.#take(orphan, ctx);
        if (outcome.ok) parents.push(orphan);
      }
    }
  }

  async #checkProposal(blockBytes: Uint8Array, ctx: ActorContext<ChainActorMessage>): Promise<Verdict> {
    const decoded = await decodeBlockInSlices(blockBytes, this.#slices);
    if (!decoded.ok) return decoded;
    const judged = await this.#slices.run(judgeProposalInSteps(this.#index, decoded.value, wallSec(ctx)));
    if (!judged.ok) return judged;
    try {
      const proved = await this.#connector.prove(decoded.value, this.#index.tipRow()!, this.#slices);
      return proved.ok ? {ok: true} : proved;
    } catch (error) {
      // A question about a block that nobody mined is no reason to stop a node.
      if (error instanceof ScriptsUnavailableError) return reject('scripts-unavailable', error.message);
      throw error;
    }
  }

  async #invalidate(hash: Hash256): Promise<Verdict> {
    const row = this.#index.tree.find(hash);
    if (row === undefined) return reject('block-not-found');
    if (row === 0) return reject('genesis-not-invalidatable');
    this.#index.noteInvalid(row);
    await this.#connector.activateBest(this.#slices);
    if (this.#index.isActive(row)) return reject('chain-stopping', 'the block is still connected');
    // Last: on the disk, too, no connected block is ever marked.
    await this.#writer.storeHeader(row);
    return {ok: true};
  }

  async #reconsider(hash: Hash256): Promise<Verdict> {
    const row = this.#index.tree.find(hash);
    if (row === undefined) return reject('block-not-found');
    for (const lifted of this.#index.liftInvalid(row)) await this.#writer.storeHeader(lifted);
    await this.#connector.activateBest(this.#slices);
    return {ok: true};
  }

  async #getBlock(hash: Hash256): Promise<unknown> {
    const row = this.#index.tree.find(hash);
    if (row === undefined || !this.#index.tree.hasBody(row)) return null;
    return {block: await this.#connector.loadBlock(row, this.#slices), view: this.#index.headerView(row)};
  }

  #logOutcome(message: AcceptBlock, outcome: BlockOutcome, ctx: ActorContext<ChainActorMessage>): void {
    const {kind} = message.source;
    if (outcome.ok) {
      ctx.log.debug({code: 'chain-block-taken', status: outcome.status, height: outcome.height, hash: hashToDisplayHex(outcome.hash), from: kind}, 'a block was taken');
    } else {
      ctx.log.debug({code: 'chain-block-refused', reason: outcome.code, detail: outcome.detail, from: kind}, 'a block was refused');
    }
  }

  #logFailures(failures: ReadonlyMap<HeaderRow, Rejection>, ctx: ActorContext<ChainActorMessage>): void {
    for (const [row, {code, detail}] of failures) {
      ctx.log.warn({code: 'chain-branch-failed', reason: code, detail, hash: hashToDisplayHex(this.#index.tree.hash(row))}, 'a branch with more work broke a rule');
    }
  }
}

function wallSec(ctx: ActorContext<ChainActorMessage>): number {
  return Math.floor(ctx.clock.wallMs() / 1000);
}
