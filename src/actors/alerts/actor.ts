/**
 * @module The alerts actor: hears events, looks at the pool every few seconds, and tells the webhooks what an operator
 * should know. Nothing waits for it; a webhook that is down holds nothing but its own queue.
 */
import type {ActorContext, ActorRef, ActorSpec, Behaviour, Protocol, ReplyOf} from '../../runtime/actor.js';
import {hashToDisplayHex} from '../../protocol/bytes/hex.js';
import {assertNever} from '../../protocol/verdict.js';
import type {AccountingEvent, AccountingMessage, FoundBlockView, GetWorkSums, ListFoundBlocks} from '../accounting/messages.js';
import type {JobEvent} from '../job-factory/messages.js';
import type {PayoutsEvent} from '../payouts/messages.js';
import type {UpstreamEvent} from '../upstream/messages.js';
import {AlertBook, type Condition} from './behaviour.js';
import {Delivery, type Destination} from './delivery.js';
import {blockNews, payoutCondition, upstreamFinding} from './news.js';
import type {Alert, AlertsMessage, AlertsView} from './messages.js';
import type {DiskSpace, WebhookSender} from './ports.js';
import {lookAtDisk, lookAtWork, OrphanWatch, ShareWatch, type Finding, type Thresholds} from './watch.js';

export interface AlertsOptions extends Thresholds {
  readonly destinations: readonly Destination[];
  readonly perMinute: number;
  readonly accounting: ActorRef<AccountingMessage>;
  readonly sender: WebhookSender;
  readonly disk: DiskSpace;
}

type Internal =
  | {readonly type: 'alerts.look'}
  | {readonly type: 'alerts.sumsSeen'; readonly sums: ReplyOf<GetWorkSums>}
  | {readonly type: 'alerts.blocksSeen'; readonly blocks: readonly FoundBlockView[]}
  | {readonly type: 'alerts.diskSeen'; readonly freeBytes: number}
  | {readonly type: 'alerts.lookFailed'; readonly what: string; readonly error: unknown}
  | {readonly type: 'alerts.deliver'; readonly destination: number}
  | {readonly type: 'alerts.delivered'; readonly destination: number; readonly status: number; readonly retryAfterMs: number | undefined}
  | {readonly type: 'alerts.undelivered'; readonly destination: number; readonly error: unknown};
type Heard = AccountingEvent | JobEvent | PayoutsEvent | UpstreamEvent;
export type AlertsInbox = AlertsMessage | Heard | Internal;
type Context = ActorContext<AlertsInbox>;

const MAILBOX_CAPACITY = 1_024;
const LOOK_MS = 10_000;
const ASK_TIMEOUT_MS = 8_000;
const SEND_TIMEOUT_MS = 10_000;
const BLOCKS_LOOKED_AT = 100;
const HEARD = [
  'accounting.blockFound', 'jobs.published', 'payouts.changed', 'payouts.problem',
  'upstream.nodeDown', 'upstream.nodeUp', 'upstream.servingChanged', 'upstream.stalled', 'upstream.resumed',
] as const;

export const ALERTS_PROTOCOL: Protocol<AlertsInbox> = {
  kind: 'alerts',
  mailbox: {capacity: MAILBOX_CAPACITY, policy: 'drop-oldest'},
  undroppable: ['alerts.look', 'alerts.deliver', 'alerts.delivered', 'alerts.undelivered'],
};

export function alertsActor(options: AlertsOptions): ActorSpec<AlertsInbox> {
  return {protocol: ALERTS_PROTOCOL, create: (ctx) => new Alerts(options, ctx)};
}

class Alerts implements Behaviour<AlertsInbox> {
  readonly #options: AlertsOptions;
  readonly #book = new AlertBook();
  readonly #shares: ShareWatch;
  readonly #orphans = new OrphanWatch();
  readonly #deliveries: readonly Delivery[];
  #workAtMs: number | undefined;

  constructor(options: AlertsOptions, ctx: Context) {
    this.#options = options;
    this.#shares = new ShareWatch(options);
    this.#deliveries = options.destinations.map((destination) => new Delivery(destination, options.perMinute));
    ctx.events.subscribe<Heard>([...HEARD], ctx.self);
    ctx.timers.every('look', LOOK_MS, {type: 'alerts.look'});
    this.#look(ctx);
  }

  receive(message: AlertsInbox, ctx: Context): void {
    switch (message.type) {
      case 'alerts.look': return this.#look(ctx);
      case 'alerts.sumsSeen': return this.#findings(this.#shares.look(message.sums.pool, ctx.clock.nowMs()), ctx);
      case 'alerts.blocksSeen': {
        const shown = message.blocks.map(({hash, height, status}) => ({hashHex: hashToDisplayHex(hash), height, status}));
        for (const condition of this.#orphans.look(shown)) this.#notice(condition, ctx);
        return;
      }
      case 'alerts.diskSeen': {
        const finding = lookAtDisk(message.freeBytes, this.#options);
        return this.#findings(finding === undefined ? [] : [finding], ctx);
      }
      case 'alerts.lookFailed': return ctx.log.debug({code: 'alerts-look-failed', what: message.what, err: message.error}, 'the alerts could not look; they look again');
      case 'alerts.deliver': return this.#deliver(message.destination, ctx);
      case 'alerts.delivered': return this.#delivered(message, ctx);
      case 'alerts.undelivered': return this.#failed(message.destination, {problem: reasonOf(message.error), isFinal: false}, ctx);
      case 'alerts.get': return ctx.reply(this.#view() satisfies AlertsView);
      case 'alerts.test':
        this.#notice({kind: 'test', severity: 'info', title: 'Test', text: 'The operator asked for this message. The webhook works.'}, ctx);
        return ctx.reply({destinations: this.#deliveries.length});
      default: return this.#heard(message, ctx);
    }
  }

  inspect(): unknown {
    return {active: this.#book.active.length, suppressed: this.#book.suppressedCount, destinations: this.#deliveries.map(({view}) => view)};
  }

  #heard(message: Heard, ctx: Context): void {
    switch (message.type) {
      case 'jobs.published':
        this.#workAtMs = ctx.clock.nowMs();
        return this.#findings([lookAtWork(0, this.#options)], ctx);
      case 'accounting.blockFound': return this.#notice(blockNews(message.block), ctx);
      case 'accounting.sharesLogged': return;
      case 'payouts.problem': return this.#findings([{raise: payoutCondition(message)}], ctx);
      case 'payouts.changed': {
        const {id, state, problem} = message.payout;
        if (problem === undefined) this.#findings([{resolve: `payout/${id}`, text: `Payout ${id} is ${state}.`}], ctx);
        return;
      }
      case 'upstream.blockJudged': return;
      case 'upstream.nodeDown':
      case 'upstream.nodeUp':
      case 'upstream.stalled':
      case 'upstream.resumed': return this.#findings([upstreamFinding(message)], ctx);
      case 'upstream.servingChanged':
        if (message.reason !== 'failover' && message.reason !== 'fail-back') return;
        return this.#notice({
          kind: 'failover', severity: message.reason === 'failover' ? 'warning' : 'info', title: message.reason === 'failover' ? 'Another node serves' : 'The first node serves again',
          text: `Work comes from ${message.to} now.`, facts: {from: message.from ?? 'none', to: message.to},
        }, ctx);
      default: assertNever(message);
    }
  }

  #look(ctx: Context): void {
    const {accounting, disk} = this.#options;
    if (this.#workAtMs !== undefined) this.#findings([lookAtWork(ctx.clock.nowMs() - this.#workAtMs, this.#options)], ctx);
    const lookFailed = (what: string) => (error: unknown): AlertsInbox => ({type: 'alerts.lookFailed', what, error});
    ctx.pipeToSelf(ctx.ask<AccountingMessage, GetWorkSums>(accounting, {type: 'accounting.getWorkSums', activeSinceMs: Infinity, limit: 1}, {timeoutMs: ASK_TIMEOUT_MS}),
      (sums): AlertsInbox => ({type: 'alerts.sumsSeen', sums}), lookFailed('shares'));
    ctx.pipeToSelf(ctx.ask<AccountingMessage, ListFoundBlocks>(accounting, {type: 'accounting.listBlocks', limit: BLOCKS_LOOKED_AT}, {timeoutMs: ASK_TIMEOUT_MS}),
      (blocks): AlertsInbox => ({type: 'alerts.blocksSeen', blocks}), lookFailed('blocks'));
    ctx.pipeToSelf(disk.freeBytes(), (freeBytes): AlertsInbox => ({type: 'alerts.diskSeen', freeBytes}), lookFailed('disk'));
  }

  #findings(findings: readonly Finding[], ctx: Context): void {
    const atMs = ctx.clock.wallMs();
    for (const finding of findings) {
      const alert = 'raise' in finding ? this.#book.raise(finding.raise, atMs) : this.#book.resolve(finding.resolve, finding.text, atMs);
      if (alert !== undefined) this.#tell(alert, ctx);
    }
  }

  #notice(condition: Omit<Condition, 'key'>, ctx: Context): void {
    this.#tell(this.#book.notice(condition, ctx.clock.wallMs()), ctx);
  }

  #tell(alert: Alert, ctx: Context): void {
    const {kind, state, severity, title, text} = alert;
    const facts = {code: 'alert', kind, state, severity, detail: text};
    if (state !== 'resolved' && severity === 'critical') ctx.log.warn(facts, title);
    // Whoever found it has logged it: a found block in two lines hides the lines between.
    else if (state === 'notice') ctx.log.debug(facts, title);
    else ctx.log.info(facts, title);
    this.#deliveries.forEach((delivery, index) => {
      if (!delivery.wants(alert)) return;
      delivery.put(alert);
      this.#deliver(index, ctx);
    });
  }

  #deliver(index: number, ctx: Context): void {
    const delivery = this.#deliveries[index]!;
    const nowMs = ctx.clock.nowMs();
    const alert = delivery.next(nowMs);
    if (alert === undefined) {
      const waitMs = delivery.waitMs(nowMs);
      if (waitMs !== undefined) ctx.timers.once(`deliver-${index}`, waitMs, {type: 'alerts.deliver', destination: index});
      return;
    }
    ctx.pipeToSelf(this.#options.sender.send(delivery.destination, alert, SEND_TIMEOUT_MS),
      ({status, retryAfterMs}): AlertsInbox => ({type: 'alerts.delivered', destination: index, status, retryAfterMs}),
      (error): AlertsInbox => ({type: 'alerts.undelivered', destination: index, error}));
  }

  #delivered({destination, status, retryAfterMs}: Extract<Internal, {type: 'alerts.delivered'}>, ctx: Context): void {
    if (status >= 200 && status < 300) {
      this.#deliveries[destination]!.succeeded();
      return this.#deliver(destination, ctx);
    }
    // What the receiver calls the sender's mistake stays one; a limit or a time-out does not.
    const isFinal = status < 500 && status !== 429 && status !== 408;
    this.#failed(destination, {problem: `HTTP ${status}`, isFinal, ...(retryAfterMs === undefined ? {} : {retryAfterMs})}, ctx);
  }

  #failed(index: number, about: Parameters<Delivery['failed']>[0], ctx: Context): void {
    const delivery = this.#deliveries[index]!;
    const isGivenUp = delivery.failed(about, ctx.clock.nowMs());
    if (isGivenUp) ctx.log.warn({code: 'alert-not-delivered', host: delivery.view.host, problem: about.problem}, 'a webhook did not take an alert; it is given up');
    this.#deliver(index, ctx);
  }

  #view(): AlertsView {
    return {active: this.#book.active, recent: this.#book.recent, destinations: this.#deliveries.map(({view}) => view)};
  }
}

/** Names no address: a webhook's is a secret. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return 'no answer';
  const {cause} = error as {cause?: {code?: unknown}};
  return error.name === 'TimeoutError' ? 'no answer in time' : typeof cause?.code === 'string' ? cause.code : 'no answer';
}
