/**
 * @module The mempool actor: transactions valid at the tip and not yet in a block. One transaction is admitted at a time,
 * from the question for its coins to the last signature, so two that spend the same coin can never both pass. Blocks
 * overtake waiting transactions.
 *
 * The chain may be ahead of the pool by blocks whose events still wait here; coins are then judged at the newer tip, and
 * the event that follows removes what the block made invalid.
 */
import type {ActorContext, ActorRef, ActorSpec, Behaviour, Protocol} from '../../runtime/actor.js';
import {AskError} from '../../runtime/actor.js';
import type {ChainSpec} from '../../protocol/chain/chain-spec.js';
import {Mempool, MEMPOOL_LIMITS} from '../../protocol/mempool/mempool.js';
import type {MempoolLimits} from '../../protocol/mempool/mempool.js';
import type {MempoolEntry} from '../../protocol/mempool/mempool-entry.js';
import {selectTemplate} from '../../protocol/mempool/select-template.js';
import type {OutPoint, Sats, Transaction} from '../../protocol/primitives/transaction.js';
import {decodeTransaction} from '../../protocol/primitives/transaction-codec.js';
import {consensusFlags, STANDARD_FLAGS} from '../../protocol/script/script-flags.js';
import {bytesEqual} from '../../protocol/bytes/compare.js';
import {assertNever, reject} from '../../protocol/verdict.js';
import type {ChainEvent, ChainMessage, CoinsAtTip, GetCoins, GetTip, TipView} from '../chain/messages.js';
import {acceptance, entryView, exceedsMaxFeeRate, gatherCoins, judgeAlone, judgeSpend, measure, refusal} from './behaviour.js';
import {DisconnectedTransactions} from './disconnected-transactions.js';
import type {MempoolEvent, MempoolInfo, MempoolMessage, TemplateSelection, TxOutcome} from './messages.js';
import type {SpendVerifier} from './ports.js';

type MempoolActorMessage =
  | MempoolMessage | ChainEvent
  | {readonly type: 'mempool.start'}
  /** The chain did not answer when the tip changed: judge the pool now. */
  | {readonly type: 'mempool.settleDue'; readonly tip: TipView}
  | {readonly type: 'mempool.expire'};

export const MEMPOOL_PROTOCOL: Protocol<MempoolActorMessage> = {
  kind: 'mempool',
  // A transaction of 100 kB a place: 100 MB at the very worst, while the senders bound what they have in flight.
  mailbox: {capacity: 1024, policy: 'refuse'},
  priority: ['mempool.start', 'mempool.settleDue', 'chain.blockConnected', 'chain.blockDisconnected', 'chain.tipChanged'],
  // A lost block event would leave confirmed transactions in the pool for ever.
  undroppable: ['mempool.start', 'mempool.settleDue', 'chain.blockConnected', 'chain.blockDisconnected', 'chain.tipChanged'],
};

export interface MempoolOptions {
  readonly spec: ChainSpec;
  readonly limits?: MempoolLimits;
}

export interface MempoolModules {
  readonly chain: ActorRef<ChainMessage>;
  readonly scripts: SpendVerifier;
}

/** The chain answers within a block's connection; more means that it hangs or is gone. */
const CHAIN_TIMEOUT_MS = 30_000;
/** After a question that the chain left unanswered. */
const RETRY_MS = 100;
const EXPIRY_INTERVAL_MS = 600_000;
/** Revalidation after a reorg asks for coins of this many entries at once: one message each way, a slice of work. */
const REVALIDATE_BATCH = 200;

type EvictionReason = Extract<MempoolEvent, {type: 'mempool.transactionEvicted'}>['reason'];

export function mempoolActor(options: MempoolOptions, modules: MempoolModules): ActorSpec<MempoolMessage> {
  const spec: ActorSpec<MempoolActorMessage> = {
    protocol: MEMPOOL_PROTOCOL,
    create: (ctx) => {
      ctx.events.subscribe<ChainEvent>(['chain.blockConnected', 'chain.blockDisconnected', 'chain.tipChanged'], ctx.self as ActorRef<ChainEvent>);
      ctx.timers.every('expire', EXPIRY_INTERVAL_MS, {type: 'mempool.expire'});
      ctx.tell(ctx.self, {type: 'mempool.start'});
      return new MempoolActor(options, modules);
    },
  };
  return spec as unknown as ActorSpec<MempoolMessage>;
}

interface SubmitRequest {
  readonly isTest: boolean;
  readonly maxFeeRateSatsPerKvb?: Sats | undefined;
}

class MempoolActor implements Behaviour<MempoolActorMessage> {
  readonly #spec: ChainSpec;
  readonly #modules: MempoolModules;
  readonly #limits: MempoolLimits;
  readonly #pool: Mempool;
  readonly #disconnected = new DisconnectedTransactions();
  /** A reorg happened and not every entry was judged since. */
  #isInDoubt = false;
  /** The tip that the pool's contents are right for. */
  #tip: TipView | undefined;

  constructor(options: MempoolOptions, modules: MempoolModules) {
    this.#spec = options.spec;
    this.#limits = options.limits ?? MEMPOOL_LIMITS;
    this.#modules = modules;
    this.#pool = new Mempool(this.#limits);
  }

  async receive(message: MempoolActorMessage, ctx: ActorContext<MempoolActorMessage>): Promise<void> {
    switch (message.type) {
      case 'mempool.start': return this.#start(ctx);
      case 'mempool.submit': return ctx.reply(await this.#submitBytes(message.txBytes, {isTest: false, maxFeeRateSatsPerKvb: message.maxFeeRateSatsPerKvb}, ctx));
      case 'mempool.test': return ctx.reply(await this.#submitBytes(message.txBytes, {isTest: true, maxFeeRateSatsPerKvb: message.maxFeeRateSatsPerKvb}, ctx));
      case 'chain.blockConnected': return this.#blockConnected(message.block.transactions, ctx);
      case 'chain.blockDisconnected': return this.#blockDisconnected(message, ctx);
      case 'chain.tipChanged': return this.#settle(message.tip, ctx);
      case 'mempool.settleDue': return this.#settle(message.tip, ctx);
      case 'mempool.expire': return this.#tellEvicted(this.#pool.expire(wallSec(ctx)), 'expired', ctx);
      default: return ctx.reply(this.#answer(message, ctx));
    }
  }

  inspect(): unknown {
    return {count: this.#pool.count, bytes: this.#pool.totalBytes, sequence: this.#pool.sequence, height: this.#tip?.height ?? -1};
  }

  #answer(message: Exclude<MempoolMessage, {type: 'mempool.submit' | 'mempool.test'}>, ctx: ActorContext<MempoolActorMessage>): unknown {
    switch (message.type) {
      case 'mempool.getInfo': return this.#info(ctx);
      case 'mempool.listTxids': return Array.from(this.#pool.entries(), (entry) => entry.transaction.txid);
      case 'mempool.getEntry': {
        const entry = this.#pool.get(message.txid);
        return entry === undefined ? null : entryView(entry);
      }
      case 'mempool.listEntries': return firstOf(this.#pool.entries(), message.limit).map(entryView);
      case 'mempool.findSpenders': return message.outpoints.map((outpoint) => this.#pool.spenderOf(outpoint)?.transaction.txid ?? null);
      case 'mempool.selectTemplate': return this.#select(message);
      default: return assertNever(message);
    }
  }

  #info(ctx: ActorContext<MempoolActorMessage>): MempoolInfo {
    const pool = this.#pool;
    return {
      count: pool.count, totalVsize: pool.totalVsize, totalBytes: pool.totalBytes, totalFeeSats: pool.totalFeeSats,
      maxBytes: this.#limits.bytesMax, maxCount: this.#limits.countMax,
      minFeeSatsPerKvb: pool.minFeeSatsPerKvb(wallSec(ctx)), minRelaySatsPerKvb: this.#limits.minRelaySatsPerKvb, sequence: pool.sequence,
    };
  }

  #select(message: {readonly reservedWeightWu: number; readonly reservedSigopCost: number}): TemplateSelection {
    const selection = selectTemplate(this.#pool.entries(), {
      maxWeightWu: this.#spec.maxBlockWeightWu, maxSigopCost: this.#spec.maxBlockSigopCost,
      reservedWeightWu: message.reservedWeightWu, reservedSigopCost: message.reservedSigopCost,
      minFeeSatsPerKvb: this.#limits.minRelaySatsPerKvb,
    });
    return {
      // Before the first tip is known nothing matches: the caller compares and asks again.
      previousHash: this.#tip?.hash ?? new Uint8Array(32), height: (this.#tip?.height ?? -1) + 1,
      sequence: this.#pool.sequence, transactions: selection.transactions, totalFeeSats: selection.totalFeeSats,
    };
  }

  async #start(ctx: ActorContext<MempoolActorMessage>): Promise<void> {
    const query: GetTip = {type: 'chain.getTip'};
    this.#noteTip(await ctx.ask<ChainMessage, GetTip>(this.#modules.chain, query, {timeoutMs: CHAIN_TIMEOUT_MS}));
  }

  /** An event that was on its way while the first tip was asked for may be older than the answer. */
  #noteTip(tip: TipView): void {
    if (this.#tip === undefined || tip.logSeq >= this.#tip.logSeq) this.#tip = tip;
  }

  async #submitBytes(txBytes: Uint8Array, request: SubmitRequest, ctx: ActorContext<MempoolActorMessage>): Promise<TxOutcome> {
    const decoded = decodeTransaction(txBytes);
    return decoded.ok ? this.#submit(decoded.value, request, ctx) : decoded;
  }

  /** Cheap checks first; the pool is not changed before everything is known. */
  async #submit(transaction: Transaction, request: SubmitRequest, ctx: ActorContext<MempoolActorMessage>): Promise<TxOutcome> {
    const twin = this.#pool.get(transaction.txid);
    if (twin !== undefined) {
      const isSame = bytesEqual(twin.transaction.wtxid, transaction.wtxid);
      if (isSame && !request.isTest) return acceptance(transaction, {vsize: twin.vsize, feeSats: twin.feeSats, already: true});
      return refusal(transaction, reject(isSame ? 'txn-already-in-mempool' : 'txn-same-nonwitness-data-in-mempool'));
    }
    const alone = judgeAlone(transaction, this.#spec);
    if (!alone.ok) return refusal(transaction, alone);
    if (this.#pool.hasFinalRival(transaction)) return refusal(transaction, reject('txn-mempool-conflict'));
    // One outpoint more than the inputs: if the transaction's own output is a coin, it is confirmed.
    const coinsAtTip = await this.#askCoins([...transaction.inputs.map(({prevout}) => prevout), {txid: transaction.txid, vout: 0}], ctx);
    if (coinsAtTip === undefined) return refusal(transaction, reject('chain-unavailable'));
    if (coinsAtTip.coins.at(-1) !== undefined) return refusal(transaction, reject('txn-already-known'));
    return this.#judgeWithCoins(transaction, {request, coinsAtTip}, ctx);
  }

  async #judgeWithCoins(
    transaction: Transaction, facts: {readonly request: SubmitRequest; readonly coinsAtTip: CoinsAtTip}, ctx: ActorContext<MempoolActorMessage>,
  ): Promise<TxOutcome> {
    const {request, coinsAtTip} = facts;
    const {tip} = coinsAtTip;
    const coins = gatherCoins(transaction, this.#pool, coinsAtTip);
    if (coins === undefined) return refusal(transaction, reject('bad-txns-inputs-missingorspent'));
    const spend = judgeSpend(transaction, coins, {spec: this.#spec, tip});
    if (!spend.ok) return refusal(transaction, spend);
    const measured = measure(transaction, coins, {spec: this.#spec, height: tip.height + 1});
    if (!measured.ok) return refusal(transaction, measured);
    const candidate = {transaction, feeSats: spend.value, ...measured.value, nowSec: wallSec(ctx), height: tip.height};
    if (exceedsMaxFeeRate(candidate, request.maxFeeRateSatsPerKvb)) return refusal(transaction, reject('max-fee-exceeded'));
    const fits = this.#pool.check(candidate);
    if (!fits.ok) return refusal(transaction, fits);
    const refused = await this.#refusedScript(transaction, coins.spentCoins, tip.height + 1);
    if (refused !== undefined) return refused;
    if (request.isTest) return acceptance(transaction, candidate);
    const admitted = this.#pool.admit(candidate);
    if (!admitted.ok) return refusal(transaction, admitted);
    ctx.events.publish<MempoolEvent>({type: 'mempool.transactionAdmitted', transaction, feeSats: candidate.feeSats, sequence: this.#pool.sequence});
    this.#tellEvicted(admitted.value.replaced, 'conflict', ctx);
    this.#tellEvicted(admitted.value.evicted, 'size-limit', ctx);
    return acceptance(transaction, candidate);
  }

  /** Policy first, because it nearly always holds; only a failure asks which kind it is. */
  async #refusedScript(transaction: Transaction, spentCoins: Parameters<SpendVerifier['verify']>[0][number]['spentCoins'], height: number): Promise<TxOutcome | undefined> {
    const spends = [{transaction, spentCoins}];
    const standard = await this.#modules.scripts.verify(spends, STANDARD_FLAGS);
    if (standard.ok) return undefined;
    if (standard.code === 'scripts-unavailable') return refusal(transaction, reject(standard.code, standard.detail));
    const mandatory = await this.#modules.scripts.verify(spends, consensusFlags(this.#spec.activation, height));
    if (!mandatory.ok && mandatory.code === 'scripts-unavailable') return refusal(transaction, reject(mandatory.code, mandatory.detail));
    return refusal(transaction, mandatory.ok
      ? reject('non-mandatory-script-verify-flag', standard.code) : reject('mandatory-script-verify-flag-failed', mandatory.code));
  }

  #blockConnected(transactions: readonly Transaction[], ctx: ActorContext<MempoolActorMessage>): void {
    const {confirmed, conflicts} = this.#pool.removeForBlock(transactions, wallSec(ctx));
    this.#tellEvicted(confirmed, 'confirmed', ctx);
    this.#tellEvicted(conflicts, 'conflict', ctx);
  }

  #blockDisconnected({block, height}: Extract<ChainEvent, {type: 'chain.blockDisconnected'}>, ctx: ActorContext<MempoolActorMessage>): void {
    this.#isInDoubt = true;
    const droppedCount = this.#disconnected.add(block);
    if (droppedCount > 0) ctx.log.warn({code: 'mempool-reorg-dropped', droppedCount, height}, 'a reorg took off more transactions than the pool takes back');
  }

  /**
   * After a reorg: takes back what it took off, then drops what the new branch made invalid. When the chain does not
   * answer for that, the pool stays with its old tip, so that nobody builds a block from it, and tries again.
   */
  async #settle(tip: TipView, ctx: ActorContext<MempoolActorMessage>): Promise<void> {
    if (this.#isInDoubt) {
      if (!(await this.#takeBack(tip, ctx)) || !(await this.#revalidate(ctx))) {
        ctx.timers.once('settle', RETRY_MS, {type: 'mempool.settleDue', tip});
        return;
      }
      this.#isInDoubt = false;
    }
    ctx.timers.cancel('settle');
    // Last: only now does the pool fit the tip, and a template may be selected for it.
    this.#noteTip(tip);
  }

  /** @returns false when the chain did not answer: what was not tried yet waits on. */
  async #takeBack(tip: TipView, ctx: ActorContext<MempoolActorMessage>): Promise<boolean> {
    const returning = this.#disconnected.take();
    let returnedCount = 0;
    for (const [index, transaction] of returning.entries()) {
      const outcome = await this.#submit(transaction, {isTest: false}, ctx);
      if (!outcome.ok && outcome.code === 'chain-unavailable') {
        this.#disconnected.putBack(returning.slice(index));
        return false;
      }
      if (outcome.ok) returnedCount += 1;
    }
    if (returning.length > 0) ctx.log.info({code: 'mempool-reorg', returnedCount, offeredCount: returning.length, height: tip.height}, 'transactions of disconnected blocks are back');
    return true;
  }

  /** Coins may be gone, coinbases immature again, lock times ahead again. Parents are judged before their children. @returns whether all were judged. */
  async #revalidate(ctx: ActorContext<MempoolActorMessage>): Promise<boolean> {
    const entries = [...this.#pool.entries()].sort((a, b) => a.ancestorCount - b.ancestorCount);
    for (let from = 0; from < entries.length; from += REVALIDATE_BATCH) {
      const batch = entries.slice(from, from + REVALIDATE_BATCH);
      const all = await this.#askCoins(batch.flatMap(({transaction}) => transaction.inputs.map(({prevout}) => prevout)), ctx);
      if (all === undefined) return false;
      let at = 0;
      for (const {transaction} of batch) {
        const end = at + transaction.inputs.length;
        const own = {tip: all.tip, coins: all.coins.slice(at, end), coinMedianTimesSec: all.coinMedianTimesSec.slice(at, end)};
        at = end;
        // A parent that failed took this one along.
        if (this.#pool.get(transaction.txid) === undefined) continue;
        const coins = gatherCoins(transaction, this.#pool, own);
        const holds = coins !== undefined && judgeSpend(transaction, coins, {spec: this.#spec, tip: all.tip}).ok;
        if (!holds) this.#tellEvicted(this.#pool.remove(transaction.txid), 'reorg', ctx);
      }
    }
    return true;
  }

  /** undefined when the chain does not answer: it hangs, or the node is stopping. */
  async #askCoins(outpoints: readonly OutPoint[], ctx: ActorContext<MempoolActorMessage>): Promise<CoinsAtTip | undefined> {
    try {
      return await ctx.ask<ChainMessage, GetCoins>(this.#modules.chain, {type: 'chain.getCoins', outpoints}, {timeoutMs: CHAIN_TIMEOUT_MS});
    } catch (error) {
      if (!(error instanceof AskError)) throw error;
      ctx.log.warn({code: 'mempool-chain-unavailable', reason: error.code}, 'the chain did not answer for coins');
      return undefined;
    }
  }

  #tellEvicted(entries: readonly MempoolEntry[], reason: EvictionReason, ctx: ActorContext<MempoolActorMessage>): void {
    for (const {transaction} of entries) {
      ctx.events.publish<MempoolEvent>({type: 'mempool.transactionEvicted', txid: transaction.txid, reason, sequence: this.#pool.sequence});
    }
  }
}

function wallSec(ctx: ActorContext<MempoolActorMessage>): number {
  return Math.floor(ctx.clock.wallMs() / 1000);
}

function firstOf<T>(items: Iterable<T>, limit: number): T[] {
  const first: T[] = [];
  for (const item of items) {
    if (first.length >= limit) break;
    first.push(item);
  }
  return first;
}
