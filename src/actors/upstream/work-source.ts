/**
 * @module The template in hand and how it is kept fresh: asked for at a new tip, by longpoll and every half minute; an
 * empty block first where the node is late; stale when nobody confirmed its tip for too long. Part of the upstream actor,
 * which tells it who the source is and which tip counts.
 */
import {bytesEqual} from '../../protocol/bytes/compare.js';
import {hashKey} from '../../protocol/bytes/hash-key.js';
import type {BlockTemplate} from '../../protocol/mining/block-template.js';
import type {Hash256} from '../../protocol/primitives/transaction.js';
import {assertNever} from '../../protocol/verdict.js';
import type {HeaderView} from '../chain/messages.js';
import type {TemplateEvent} from '../template/messages.js';
import type {UpstreamContext} from './actor.js';
import {emptyTemplate, isOnTip, type EmptyTemplateRules} from './empty-template.js';
import type {UpstreamEvent, UpstreamHealth} from './messages.js';
import {askHeader, askTemplate, faultOf, isSameHash, type TemplateReader, type UpstreamNode} from './node-link.js';
import type {NodeFault} from './node-watch.js';

export type WorkMessage =
  | {readonly type: 'upstream.templateSeen'; readonly index: number; readonly template: BlockTemplate; readonly isLongpoll: boolean; readonly ask: number}
  | {readonly type: 'upstream.templateFailed'; readonly index: number; readonly fault: NodeFault; readonly isLongpoll: boolean; readonly ask: number}
  | {readonly type: 'upstream.headerSeen'; readonly view: HeaderView | null}
  | {readonly type: 'upstream.emptyDue'}
  | {readonly type: 'upstream.longpollDue'};

export interface WorkSourceOptions {
  readonly staleAfterMs: number;
  readonly emptyRules: EmptyTemplateRules | undefined;
  readonly nowMs: number;
  readonly reader: TemplateReader;
}

/** How long a new tip waits for the node's template before an empty block goes out: a local node needs some ten. */
const EMPTY_AFTER_MS = 50;
/** Fees are asked for so often where no longpoll brings them. */
const REFRESH_MS = 30_000;
/** Each new job is work for every miner: fees alone make one so often at most. */
const FEES_INTERVAL_MS = 5_000;
/** After a failed or overtaken question. */
const RETRY_MS = 500;
/** A longpoll that is answered sooner, with no new tip, is none. */
const LONGPOLL_QUICK_MS = 1_000;
/** A tip that only its notice or its template has told, until the node itself names it. */
const PROVISIONAL_MS = 5_000;
/** A change of the source that stands so long is more than a node that was a moment late. */
const SETTLED_MS = 5_000;
const LEFT_TIPS_KEPT = 32;

export class WorkSource {
  readonly #options: WorkSourceOptions;
  #source: {readonly index: number; readonly node: UpstreamNode} | undefined;
  #sourceSinceMs: number;
  #tipHash: Hash256 | undefined;
  #tipView: HeaderView | undefined;
  #provisionalUntilMs = 0;
  readonly #leftTips = new Set<string>();
  #template: BlockTemplate | undefined;
  /** The last one of a node: what an empty block takes its rules from. */
  #whole: BlockTemplate | undefined;
  #wholeAtMs = -Infinity;
  #publishedAtMs = -Infinity;
  /** When a healthy node last confirmed that the work is on its tip. */
  #confirmedAtMs: number;
  #isStalled = false;
  #lastAsk = 0;
  /** Number of the question whose answer is waited for; 0 when none is. */
  #asking = 0;
  #nextAskAtMs = 0;
  #longpoll: {readonly ending: AbortController; readonly startedMs: number} | undefined;
  #isEmptyDue = false;

  constructor(options: WorkSourceOptions) {
    this.#options = options;
    this.#confirmedAtMs = options.nowMs;
    this.#sourceSinceMs = options.nowMs;
  }

  get tipHash(): Hash256 | undefined {
    return this.#tipHash;
  }

  /** The tip is newer than what the node said when it was last asked. */
  isProvisional(nowMs: number): boolean {
    return nowMs < this.#provisionalUntilMs;
  }

  isKnownTip(hash: Hash256): boolean {
    return isSameHash(hash, this.#tipHash) || this.#leftTips.has(hashKey(hash));
  }

  hasLeftSourceFor(nowMs: number): boolean {
    return nowMs - this.#sourceSinceMs >= SETTLED_MS;
  }

  receive(message: WorkMessage, ctx: UpstreamContext): void {
    switch (message.type) {
      case 'upstream.templateSeen': return this.#templateSeen(message, ctx);
      case 'upstream.templateFailed': return this.#templateFailed(message, ctx);
      case 'upstream.headerSeen':
        if (message.view !== null && isSameHash(message.view.header.hash, this.#tipHash)) this.#tipView = message.view;
        return this.#publishEmpty(ctx);
      case 'upstream.emptyDue':
        this.#isEmptyDue = true;
        return this.#publishEmpty(ctx);
      case 'upstream.longpollDue': return this.#startLongpoll(ctx);
      default: assertNever(message);
    }
  }

  /** Work that is on the right tip stays; the new source's own template follows within seconds. */
  setSource(source: {readonly index: number; readonly node: UpstreamNode} | undefined, ctx: UpstreamContext): void {
    this.#source = source;
    this.#sourceSinceMs = ctx.clock.nowMs();
    this.#endLongpoll();
    ctx.timers.cancel('longpoll');
    this.#asking = 0;
    this.#wholeAtMs = Math.min(this.#wholeAtMs, this.#sourceSinceMs - REFRESH_MS + FEES_INTERVAL_MS);
  }

  newTip(hash: Hash256, ctx: UpstreamContext, mode: 'named' | 'provisional' = 'named'): void {
    if (mode === 'provisional') this.#provisionalUntilMs = ctx.clock.nowMs() + PROVISIONAL_MS;
    if (isSameHash(hash, this.#tipHash)) return;
    this.#moveTo(hash);
    if (this.#source === undefined || isOnTip(this.#template, hash)) return;
    this.#isEmptyDue = false;
    ctx.timers.once('empty', EMPTY_AFTER_MS, {type: 'upstream.emptyDue'});
    if (this.#options.emptyRules !== undefined) {
      ctx.pipeToSelf(askHeader(this.#source.node, hash), (view) => ({type: 'upstream.headerSeen', view}), () => ({type: 'upstream.headerSeen', view: null}));
    }
    this.#ask(ctx);
  }

  confirm(tipHash: Hash256, nowMs: number): void {
    if (isSameHash(tipHash, this.#tipHash)) this.#provisionalUntilMs = 0;
    if (isOnTip(this.#template, tipHash)) this.#confirmedAtMs = nowMs;
  }

  tick(ctx: UpstreamContext): void {
    const nowMs = ctx.clock.nowMs();
    if (this.#source !== undefined && this.#asking === 0 && nowMs >= this.#nextAskAtMs && (this.#isStalled || !this.#isWhole() || nowMs - this.#wholeAtMs >= REFRESH_MS)) {
      this.#ask(ctx);
    }
    if (this.#isStalled || nowMs - this.#confirmedAtMs < this.#options.staleAfterMs) return;
    this.#isStalled = true;
    const sinceMs = nowMs - this.#confirmedAtMs;
    ctx.log.error({code: 'upstream-stalled', sinceMs}, 'no healthy node has confirmed the work: miners get no new jobs until one does');
    ctx.events.publish<UpstreamEvent>({type: 'upstream.stalled', sinceMs, detail: 'no healthy node'});
  }

  /** Never work on a tip that was left, and none that may have been. */
  get(ctx: UpstreamContext): void {
    if (this.#template === undefined || this.#isStalled || !isOnTip(this.#template, this.#tipHash)) {
      return ctx.reply({ok: false, code: 'template-not-ready', detail: this.#isStalled ? 'no healthy node' : 'no template of a node yet'});
    }
    ctx.reply(this.#atTime(this.#template, ctx.clock.nowMs()));
  }

  stop(): void {
    this.#endLongpoll();
  }

  health(nowMs: number): Pick<UpstreamHealth, 'isStalled' | 'workHeight' | 'confirmedAgoMs'> {
    return {isStalled: this.#isStalled, workHeight: this.#template?.height, confirmedAgoMs: this.#template === undefined ? undefined : nowMs - this.#confirmedAtMs};
  }

  inspect(): Readonly<Record<string, unknown>> {
    return {height: this.#template?.height ?? -1, transactions: this.#template?.transactions.length ?? 0, isStalled: this.#isStalled, hasLongpoll: this.#longpoll !== undefined};
  }

  #moveTo(hash: Hash256): void {
    if (this.#tipHash !== undefined) this.#leftTips.add(hashKey(this.#tipHash));
    this.#leftTips.delete(hashKey(hash));
    for (const oldest of this.#leftTips) {
      if (this.#leftTips.size <= LEFT_TIPS_KEPT) break;
      this.#leftTips.delete(oldest);
    }
    this.#tipHash = hash;
    this.#tipView = undefined;
  }

  #isWhole(): boolean {
    return this.#template !== undefined && this.#template === this.#whole && isOnTip(this.#template, this.#tipHash);
  }

  #ask(ctx: UpstreamContext): void {
    const {index, node} = this.#source!;
    this.#lastAsk += 1;
    const ask = this.#lastAsk;
    this.#asking = ask;
    ctx.pipeToSelf(askTemplate(node, {reader: this.#options.reader}),
      (template) => ({type: 'upstream.templateSeen', index, template, isLongpoll: false, ask}),
      (error) => ({type: 'upstream.templateFailed', index, fault: faultOf(error), isLongpoll: false, ask}));
  }

  #startLongpoll(ctx: UpstreamContext): void {
    const longpollId = this.#whole?.longpollId ?? '';
    if (this.#source === undefined || this.#longpoll !== undefined || longpollId === '') return;
    const {index, node} = this.#source;
    const ending = new AbortController();
    this.#longpoll = {ending, startedMs: ctx.clock.nowMs()};
    ctx.pipeToSelf(askTemplate(node, {reader: this.#options.reader, longpollId, signal: ending.signal}),
      (template) => ({type: 'upstream.templateSeen', index, template, isLongpoll: true, ask: 0}),
      (error) => ({type: 'upstream.templateFailed', index, fault: faultOf(error), isLongpoll: true, ask: 0}));
  }

  #endLongpoll(): void {
    this.#longpoll?.ending.abort();
    this.#longpoll = undefined;
  }

  #templateFailed({index, isLongpoll, ask, fault}: Extract<WorkMessage, {type: 'upstream.templateFailed'}>, ctx: UpstreamContext): void {
    if (index !== this.#source?.index) return;
    if (!isLongpoll) {
      if (ask !== this.#asking) return;
      this.#asking = 0;
      this.#nextAskAtMs = ctx.clock.nowMs() + RETRY_MS;
      return;
    }
    if (fault.code === 'node-call-aborted') return;
    this.#longpoll = undefined;
    ctx.timers.once('longpoll', fault.code === 'node-timeout' ? 0 : FEES_INTERVAL_MS, {type: 'upstream.longpollDue'});
  }

  #templateSeen(message: Extract<WorkMessage, {type: 'upstream.templateSeen'}>, ctx: UpstreamContext): void {
    const {index, template, isLongpoll, ask} = message;
    if (index !== this.#source?.index) return;
    const nowMs = ctx.clock.nowMs();
    const isNewTip = !isSameHash(template.previousHash, this.#tipHash);
    if (isLongpoll) {
      const isQuick = this.#longpoll !== undefined && nowMs - this.#longpoll.startedMs < LONGPOLL_QUICK_MS && !isNewTip;
      this.#longpoll = undefined;
      ctx.timers.once('longpoll', isQuick ? FEES_INTERVAL_MS : 0, {type: 'upstream.longpollDue'});
    } else if (ask === this.#asking) {
      this.#asking = 0;
    }
    if (isNewTip && (this.#leftTips.has(hashKey(template.previousHash)) || template.height < (this.#template?.height ?? 0))) {
      // An answer that was on its way when the tip moved. If the chain truly went back, the node's own word decides.
      this.#nextAskAtMs = nowMs + RETRY_MS;
      return;
    }
    if (isNewTip) {
      this.#provisionalUntilMs = nowMs + PROVISIONAL_MS;
      this.#moveTo(template.previousHash);
    }
    this.#whole = template;
    this.#wholeAtMs = nowMs;
    this.#confirmedAtMs = nowMs;
    this.#publish(template, ctx);
    if (this.#longpoll === undefined && !ctx.timers.has('longpoll')) this.#startLongpoll(ctx);
  }

  /** Only while no template for this tip went out, and only what is certain to be valid. */
  #publishEmpty(ctx: UpstreamContext): void {
    if (!this.#isEmptyDue || this.#tipView === undefined || this.#whole === undefined || isOnTip(this.#template, this.#tipHash)) return;
    const template = emptyTemplate({rules: this.#options.emptyRules, tip: this.#tipView, before: this.#whole, nowSec: Math.floor(ctx.clock.wallMs() / 1000)});
    if (template === undefined) return;
    ctx.log.info({code: 'upstream-empty-work', height: template.height}, 'the template of the new tip is late: an empty block first');
    this.#publish(template, ctx);
  }

  #publish(template: BlockTemplate, ctx: UpstreamContext): void {
    const before = this.#template;
    const nowMs = ctx.clock.nowMs();
    const isNewTip = before === undefined || !bytesEqual(before.previousHash, template.previousHash);
    // An empty block was only until the whole one comes.
    const isUrgent = isNewTip || this.#isStalled || before.longpollId.endsWith('-empty');
    this.#template = template;
    ctx.timers.cancel('empty');
    if (!isUrgent && (isSameWork(before, template) || nowMs - this.#publishedAtMs < FEES_INTERVAL_MS)) return;
    this.#publishedAtMs = nowMs;
    if (this.#isStalled) {
      this.#isStalled = false;
      ctx.log.info({code: 'upstream-resumed', height: template.height}, 'a node confirms the work again: miners get jobs');
      ctx.events.publish<UpstreamEvent>({type: 'upstream.resumed'});
    }
    ctx.events.publish<TemplateEvent>({type: 'template.changed', template, isNewTip});
  }

  /** The node's time, gone on since it answered: both clocks need not agree. */
  #atTime(template: BlockTemplate, nowMs: number): BlockTemplate {
    const elapsedSec = template === this.#whole ? Math.floor((nowMs - this.#wholeAtMs) / 1000) : 0;
    return elapsedSec > 0 ? {...template, curTimeSec: template.curTimeSec + elapsedSec} : template;
  }
}

/** Nothing in it would pay more or be judged differently. */
function isSameWork(left: BlockTemplate, right: BlockTemplate): boolean {
  return left.coinbaseValueSats === right.coinbaseValueSats && left.version === right.version && left.bits === right.bits
    && left.transactions.length === right.transactions.length && bytesEqual(left.witnessCommitment, right.witnessCommitment);
}
