/**
 * @module The local template source. A new tip makes a new template as soon as the mempool has answered for it, and
 * without transactions when the mempool needs longer than a moment: miners must leave the old block at once. Changes of
 * the mempool alone are gathered and make a new template every few seconds at most.
 */
import type {ActorContext, ActorRef, ActorSpec, Behaviour, PendingReply, Protocol} from '../../runtime/actor.js';
import type {ChainSpec} from '../../protocol/chain/chain-spec.js';
import type {BlockTemplate} from '../../protocol/mining/block-template.js';
import {bytesEqual} from '../../protocol/bytes/compare.js';
import {assertNever} from '../../protocol/verdict.js';
import type {ChainEvent, ChainMessage, GetTip, TipView} from '../chain/messages.js';
import type {MempoolEvent, MempoolMessage, SelectTemplate, TemplateSelection} from '../mempool/messages.js';
import {atTime, buildTemplate, RESERVED_SIGOP_COST, RESERVED_WEIGHT_WU} from './behaviour.js';
import type {AwaitTemplate, TemplateEvent, TemplateMessage} from './messages.js';

type TipChanged = Extract<ChainEvent, {type: 'chain.tipChanged'}>;
type TemplateActorMessage =
  | TemplateMessage | TipChanged | MempoolEvent
  | {readonly type: 'template.start'}
  | {readonly type: 'template.firstTip'; readonly tip: TipView}
  /** The mempool took too long: go without it. */
  | {readonly type: 'template.emptyDue'}
  | {readonly type: 'template.refreshDue'}
  | {readonly type: 'template.timeDue'}
  | {readonly type: 'template.selected'; readonly selection: TemplateSelection}
  | {readonly type: 'template.sourceFailed'; readonly error: unknown; readonly isTip: boolean}
  | {readonly type: 'template.waitOver'; readonly waiter: number};

type Reply = BlockTemplate | {readonly ok: false; readonly code: 'template-not-ready'; readonly detail: string};

export const TEMPLATE_PROTOCOL: Protocol<TemplateActorMessage> = {
  kind: 'template',
  mailbox: {capacity: 1024, policy: 'refuse'},
  priority: ['template.start', 'template.firstTip', 'chain.tipChanged', 'template.selected', 'template.emptyDue'],
  undroppable: ['template.start', 'template.firstTip', 'chain.tipChanged', 'template.selected', 'template.sourceFailed', 'template.waitOver'],
};

export interface TemplateOptions {
  readonly spec: ChainSpec;
  /** Least time between templates for the mempool's sake. Default 5 s: each one is work for every miner. */
  readonly refreshIntervalMs?: number;
  /** How long a new tip waits for the mempool before an empty template goes out. Default 25 ms. */
  readonly emptyAfterMs?: number;
  /** Longpoll callers at once; one more is answered at once. Default 1,000. */
  readonly waitersMax?: number;
}

export interface TemplateModules {
  readonly chain: ActorRef<ChainMessage>;
  readonly mempool: ActorRef<MempoolMessage>;
}

const REFRESH_INTERVAL_MS = 5_000;
const EMPTY_AFTER_MS = 25;
const WAITERS_MAX = 1_000;
/** Header times of unchanged work follow the clock this often. */
const TIME_INTERVAL_MS = 30_000;
const SOURCE_TIMEOUT_MS = 30_000;
/** After an unanswered question, and when the mempool had not heard of the tip yet. */
const RETRY_MS = 100;
const NOT_READY: Reply = {ok: false, code: 'template-not-ready', detail: 'the chain has not told its tip yet'};

export function templateActor(options: TemplateOptions, modules: TemplateModules): ActorSpec<TemplateMessage> {
  const spec: ActorSpec<TemplateActorMessage> = {
    protocol: TEMPLATE_PROTOCOL,
    create: (ctx) => {
      ctx.events.subscribe<TipChanged>(['chain.tipChanged'], ctx.self as ActorRef<TipChanged>);
      ctx.events.subscribe<MempoolEvent>(['mempool.transactionAdmitted', 'mempool.transactionEvicted'], ctx.self as ActorRef<MempoolEvent>);
      ctx.timers.every('time', TIME_INTERVAL_MS, {type: 'template.timeDue'});
      ctx.tell(ctx.self, {type: 'template.start'});
      return new TemplateActor(options, modules);
    },
  };
  return spec as unknown as ActorSpec<TemplateMessage>;
}

class TemplateActor implements Behaviour<TemplateActorMessage> {
  readonly #options: TemplateOptions;
  readonly #modules: TemplateModules;
  #tip: TipView | undefined;
  #template: BlockTemplate | undefined;
  readonly #waiters = new Map<number, PendingReply<Reply>>();
  #nextWaiter = 1;
  /** The tip for which a question to the mempool is on its way. */
  #selectingFor: TipView | undefined;
  /** The mempool's state in the template, to see whether a refresh would change anything. */
  #selectedSequence = -1;

  constructor(options: TemplateOptions, modules: TemplateModules) {
    this.#options = options;
    this.#modules = modules;
  }

  receive(message: TemplateActorMessage, ctx: ActorContext<TemplateActorMessage>): void {
    switch (message.type) {
      case 'template.start': return this.#askTip(ctx);
      case 'template.get': return ctx.reply(this.#current(ctx));
      case 'template.await': return this.#await(message, ctx);
      case 'chain.tipChanged': return this.#tipChanged(message.tip, ctx);
      case 'template.firstTip': return this.#firstTip(message.tip, ctx);
      case 'template.emptyDue': return this.#publishEmpty(ctx);
      case 'mempool.transactionAdmitted':
      case 'mempool.transactionEvicted': return this.#mempoolChanged(message.sequence, ctx);
      case 'template.refreshDue': return this.#select(ctx);
      case 'template.timeDue': return this.#publishTime(ctx);
      case 'template.selected': return this.#selected(message.selection, ctx);
      case 'template.sourceFailed': return this.#sourceFailed(message, ctx);
      case 'template.waitOver': return this.#waitOver(message.waiter, ctx);
      default: return assertNever(message);
    }
  }

  inspect(): unknown {
    return {height: this.#template?.height ?? -1, transactions: this.#template?.transactions.length ?? 0, waiters: this.#waiters.size};
  }

  #askTip(ctx: ActorContext<TemplateActorMessage>): void {
    const query: GetTip = {type: 'chain.getTip'};
    ctx.pipeToSelf(ctx.ask<ChainMessage, GetTip>(this.#modules.chain, query, {timeoutMs: SOURCE_TIMEOUT_MS}),
      (tip) => ({type: 'template.firstTip', tip}), (error) => ({type: 'template.sourceFailed', error, isTip: true}));
  }

  /** An event may have told a later tip while the question was on its way. */
  #firstTip(tip: TipView, ctx: ActorContext<TemplateActorMessage>): void {
    if (this.#tip === undefined) this.#tipChanged(tip, ctx);
  }

  #tipChanged(tip: TipView, ctx: ActorContext<TemplateActorMessage>): void {
    if (this.#tip !== undefined && tip.logSeq < this.#tip.logSeq) return;
    this.#tip = tip;
    if (!ctx.timers.has('empty')) ctx.timers.once('empty', this.#options.emptyAfterMs ?? EMPTY_AFTER_MS, {type: 'template.emptyDue'});
    this.#select(ctx);
  }

  #select(ctx: ActorContext<TemplateActorMessage>): void {
    if (this.#selectingFor !== undefined || this.#tip === undefined) return;
    this.#selectingFor = this.#tip;
    ctx.timers.cancel('refresh');
    const query: SelectTemplate = {type: 'mempool.selectTemplate', reservedWeightWu: RESERVED_WEIGHT_WU, reservedSigopCost: RESERVED_SIGOP_COST};
    ctx.pipeToSelf(ctx.ask<MempoolMessage, SelectTemplate>(this.#modules.mempool, query, {timeoutMs: SOURCE_TIMEOUT_MS}),
      (selection) => ({type: 'template.selected', selection}), (error) => ({type: 'template.sourceFailed', error, isTip: false}));
  }

  #selected(selection: TemplateSelection, ctx: ActorContext<TemplateActorMessage>): void {
    const askedFor = this.#selectingFor;
    this.#selectingFor = undefined;
    if (this.#tip === undefined) return;
    if (!bytesEqual(selection.previousHash, this.#tip.hash)) {
      // An answer for the old tip must not become a template. If the tip moved while the question was on its way, the
      // mempool takes the block before the next question; else it is behind, and a moment must pass.
      if (askedFor !== this.#tip) return this.#select(ctx);
      ctx.timers.once('refresh', RETRY_MS, {type: 'template.refreshDue'});
      return;
    }
    this.#selectedSequence = selection.sequence;
    this.#publish(buildTemplate({spec: this.#options.spec, tip: this.#tip, selection, nowSec: wallSec(ctx)}), ctx);
  }

  /** Only if no template for this tip went out meanwhile. */
  #publishEmpty(ctx: ActorContext<TemplateActorMessage>): void {
    if (this.#tip === undefined || this.#isForTip()) return;
    this.#publish(buildTemplate({spec: this.#options.spec, tip: this.#tip, selection: undefined, nowSec: wallSec(ctx)}), ctx);
  }

  #publish(template: BlockTemplate, ctx: ActorContext<TemplateActorMessage>): void {
    const before = this.#template;
    if (before?.longpollId === template.longpollId) return;
    const isNewTip = before === undefined || !bytesEqual(before.previousHash, template.previousHash);
    this.#template = template;
    ctx.timers.cancel('empty');
    ctx.events.publish<TemplateEvent>({type: 'template.changed', template, isNewTip});
    for (const reply of this.#waiters.values()) reply.resolve(template);
    for (const waiter of this.#waiters.keys()) ctx.timers.cancel(waiterKey(waiter));
    this.#waiters.clear();
  }

  #publishTime(ctx: ActorContext<TemplateActorMessage>): void {
    if (this.#template === undefined || !this.#isForTip()) return;
    const later = atTime(this.#template, wallSec(ctx));
    if (later === this.#template) return;
    this.#template = later;
    ctx.events.publish<TemplateEvent>({type: 'template.changed', template: later, isNewTip: false});
  }

  #mempoolChanged(sequence: number, ctx: ActorContext<TemplateActorMessage>): void {
    if (sequence === this.#selectedSequence || ctx.timers.has('refresh')) return;
    ctx.timers.once('refresh', this.#options.refreshIntervalMs ?? REFRESH_INTERVAL_MS, {type: 'template.refreshDue'});
  }

  #sourceFailed(message: {readonly error: unknown; readonly isTip: boolean}, ctx: ActorContext<TemplateActorMessage>): void {
    ctx.log.warn({code: 'template-source-failed', of: message.isTip ? 'chain' : 'mempool', err: message.error}, 'no answer for the template; asking again');
    if (message.isTip) {
      ctx.timers.once('start', RETRY_MS, {type: 'template.start'});
      return;
    }
    this.#selectingFor = undefined;
    ctx.timers.once('refresh', RETRY_MS, {type: 'template.refreshDue'});
  }

  /** A caller must never be given work on an old tip: between the event and the mempool's answer it gets an empty block. */
  #current(ctx: ActorContext<TemplateActorMessage>): Reply {
    if (this.#tip !== undefined && !this.#isForTip()) this.#publishEmpty(ctx);
    return this.#template === undefined ? NOT_READY : atTime(this.#template, wallSec(ctx));
  }

  #isForTip(): boolean {
    return this.#template !== undefined && this.#tip !== undefined && bytesEqual(this.#template.previousHash, this.#tip.hash);
  }

  #await(message: AwaitTemplate, ctx: ActorContext<TemplateActorMessage>): void {
    const isOther = this.#template !== undefined && this.#template.longpollId !== message.longpollId;
    const waitersMax = this.#options.waitersMax ?? WAITERS_MAX;
    if (this.#waiters.size >= waitersMax) this.#forgetGone(ctx);
    if (isOther || message.maxWaitMs <= 0 || this.#waiters.size >= waitersMax) return ctx.reply(this.#current(ctx));
    const reply = ctx.takeReply<Reply>();
    if (reply === undefined) return;
    const waiter = this.#nextWaiter++;
    this.#waiters.set(waiter, reply);
    ctx.timers.once(waiterKey(waiter), message.maxWaitMs, {type: 'template.waitOver', waiter});
  }

  /** A caller whose connection broke would hold its place until its time is over. */
  #forgetGone(ctx: ActorContext<TemplateActorMessage>): void {
    for (const [waiter, reply] of this.#waiters) {
      if (reply.isWaiting) continue;
      this.#waiters.delete(waiter);
      ctx.timers.cancel(waiterKey(waiter));
    }
  }

  #waitOver(waiter: number, ctx: ActorContext<TemplateActorMessage>): void {
    this.#waiters.get(waiter)?.resolve(this.#current(ctx));
    this.#waiters.delete(waiter);
  }
}

function waiterKey(waiter: number): string {
  return `wait-${waiter}`;
}

function wallSec(ctx: ActorContext<TemplateActorMessage>): number {
  return Math.floor(ctx.clock.wallMs() / 1000);
}
