/**
 * @module The payouts actor: keeps its view of the wallet at the chain's tip, carries open payouts on, and plans new ones and
 * consolidations when their time has come. It works in turns, one at a time; questions are answered in between.
 *
 * A turn that fails (disk, node, a port that does not answer) leaves nothing half done on disk, but perhaps in memory: what
 * is in memory is thrown away, and the next turn begins with what the disk says, as after a crash.
 */
import type {ActorContext, ActorRef, ActorSpec, Behaviour, PendingReply, Protocol} from '../../runtime/actor.js';
import {confirmationOf} from '../../protocol/payout/payout-machine.js';
import type {PayoutRecord} from '../../protocol/payout/payout-record.js';
import {assertNever, reject} from '../../protocol/verdict.js';
import type {ChainEvent} from '../chain/messages.js';
import {CoinFollower} from './coin-follower.js';
import type {CoinFollowerOptions} from './coin-follower.js';
import {PayoutDesk} from './payout-desk.js';
import type {PayoutDeskOptions, PayoutDeskPorts} from './payout-desk.js';
import type {GetPayout, ListPayouts, PayoutStatus, PayoutView, PayoutsEvent, PayoutsMessage} from './messages.js';
import type {ChainReader, WalletStore} from './ports.js';
import {viewOf} from './payout-view.js';

export interface PayoutsOptions {
  readonly desk: PayoutDeskOptions;
  readonly follower: CoinFollowerOptions;
  /** Between two planned payouts. */
  readonly intervalMs: number;
  /** Between two looks for coins to merge; undefined: none are merged. */
  readonly consolidationIntervalMs: number | undefined;
  /** Where the pool's coinbases pay to. */
  readonly address: string;
}

export interface PayoutsModules extends Omit<PayoutDeskPorts, 'follower' | 'onChange'> {
  readonly walletStore: WalletStore;
  readonly chain: ChainReader;
}

type TipChanged = Extract<ChainEvent, {type: 'chain.tipChanged'}>;
type Outcome = {readonly reply?: unknown};
type Internal =
  | TipChanged
  | {readonly type: 'payouts.tick'}
  | {readonly type: 'payouts.mergeDue'}
  | {readonly type: 'payouts.jobDone'; readonly outcome: Outcome}
  | {readonly type: 'payouts.jobFailed'; readonly error: unknown};
export type PayoutsInbox = PayoutsMessage | Internal;
type Context = ActorContext<PayoutsInbox>;
interface Job {
  readonly run: () => Promise<Outcome>;
  readonly reply?: PendingReply<unknown> | undefined;
}

const MAILBOX_CAPACITY = 1_024;
/** A node that is not in this process is asked for its tip this often; deadlines are looked at. */
const TICK_MS = 2_000;
/** Between two looks when a payout is due and cannot be planned. */
const MOMENT_MS = 250;
/** After a plan that could not be made. */
const RETRY_MS = 60_000;
/** Wishes of the operator that wait for the turn under way. */
const JOBS_WAITING_MAX = 32;
/** Payouts whose last news are remembered. */
const TOLD_MAX = 1_000;
const LIST_LIMIT_MAX = 1_000;
/** Codes that mean: wait, nobody has to look. */
const QUIET: ReadonlySet<string> = new Set(['payout-awaits-signature', 'payout-cancelled']);

export const PAYOUTS_PROTOCOL: Protocol<PayoutsInbox> = {
  kind: 'payouts',
  mailbox: {capacity: MAILBOX_CAPACITY, policy: 'refuse'},
  undroppable: ['payouts.jobDone', 'payouts.jobFailed', 'payouts.tick', 'payouts.mergeDue'],
};

export function payoutsActor(options: PayoutsOptions, modules: PayoutsModules): ActorSpec<PayoutsInbox> {
  return {protocol: PAYOUTS_PROTOCOL, create: (ctx) => new Payouts(options, modules, ctx)};
}

class Payouts implements Behaviour<PayoutsInbox> {
  readonly #options: PayoutsOptions;
  readonly #modules: PayoutsModules;
  readonly #ctx: Context;
  #follower: CoinFollower;
  #desk: PayoutDesk;
  #running: Job | undefined;
  readonly #waiting: Job[] = [];
  #isTurnWanted = false;
  #isMergeDue = false;
  /** Nothing is planned before: what hindered it will hinder it for a while. */
  #notBeforeMs = 0;
  #lastPayoutAtMs: number | undefined;
  #payable = {sats: 0n, count: 0};
  /** What the last attempt to plan said. */
  #problem: string | undefined;
  /** By payout: the problem that was told, the state that was logged. */
  readonly #told = new Map<number, string>();
  readonly #logged = new Map<number, string>();

  constructor(options: PayoutsOptions, modules: PayoutsModules, ctx: Context) {
    this.#options = options;
    this.#modules = modules;
    this.#ctx = ctx;
    this.#follower = this.#newFollower();
    this.#desk = this.#newDesk();
    this.#lastPayoutAtMs = modules.store.list({limit: 1, kind: 'payout'})[0]?.plannedAtMs;
    ctx.events.subscribe<TipChanged>(['chain.tipChanged'], ctx.self as unknown as ActorRef<TipChanged>);
    ctx.timers.every('tick', TICK_MS, {type: 'payouts.tick'});
    if (options.consolidationIntervalMs !== undefined) ctx.timers.every('merge', options.consolidationIntervalMs, {type: 'payouts.mergeDue'});
    this.#wantTurn();
  }

  receive(message: PayoutsInbox, ctx: Context): void {
    switch (message.type) {
      case 'chain.tipChanged':
      case 'payouts.tick': return this.#wantTurn();
      case 'payouts.mergeDue':
        this.#isMergeDue = true;
        return this.#wantTurn();
      case 'payouts.jobDone': return this.#jobDone(message.outcome);
      case 'payouts.jobFailed': return this.#jobFailed(message.error);
      case 'payouts.list': return ctx.reply(this.#list(message));
      case 'payouts.get': return ctx.reply(this.#get(message));
      case 'payouts.getStatus': return ctx.reply(this.#status());
      case 'payouts.runNow': return this.#command(async () => ({reply: await this.#runNow()}));
      case 'payouts.pause': return this.#command(async () => {
        await this.#desk.setPaused(message.isPaused);
        return {reply: {ok: true}};
      });
      case 'payouts.cancel': return this.#command(async () => {
        if (!await this.#follow()) return {reply: reject('payouts-not-synced')};
        return {reply: await this.#desk.cancel(message.id, ctx.clock.wallMs())};
      });
      default: return assertNever(message);
    }
  }

  inspect(): unknown {
    return {height: this.#follower.height, isSynced: this.#follower.isSynced, open: this.#desk.openRecords.length, problem: this.#problem};
  }

  #newFollower(): CoinFollower {
    return new CoinFollower(this.#options.follower, this.#modules.walletStore, this.#modules.chain);
  }

  #newDesk(): PayoutDesk {
    return new PayoutDesk(this.#options.desk, {...this.#modules, follower: this.#follower, onChange: (record) => this.#changed(record)});
  }

  #command(run: () => Promise<Outcome>): void {
    const reply = this.#ctx.takeReply<unknown>();
    if (this.#waiting.length >= JOBS_WAITING_MAX) return reply?.resolve(reject('payouts-busy'));
    this.#waiting.push({run, reply});
    this.#next();
  }

  #wantTurn(): void {
    this.#isTurnWanted = true;
    this.#next();
  }

  #next(): void {
    if (this.#running !== undefined) return;
    const job: Job | undefined = this.#waiting.shift() ?? this.#wantedTurn();
    if (job === undefined) return;
    this.#running = job;
    this.#ctx.pipeToSelf(job.run(), (outcome): PayoutsInbox => ({type: 'payouts.jobDone', outcome}), (error): PayoutsInbox => ({type: 'payouts.jobFailed', error}));
  }

  #wantedTurn(): Job | undefined {
    if (!this.#isTurnWanted) return undefined;
    this.#isTurnWanted = false;
    return {run: () => this.#turn()};
  }

  #jobDone({reply}: Outcome): void {
    this.#running?.reply?.resolve(reply);
    this.#running = undefined;
    this.#next();
  }

  #jobFailed(error: unknown): void {
    this.#ctx.log.warn({code: 'payouts-turn-failed', err: error}, 'a turn of the payouts failed; the next one begins with what is on disk');
    this.#running?.reply?.resolve(reject('payouts-turn-failed', error instanceof Error ? error.message : String(error)));
    this.#running = undefined;
    this.#follower = this.#newFollower();
    this.#desk = this.#newDesk();
    // Not at once: what failed now fails again. The tick comes.
    if (this.#waiting.length > 0) this.#next();
  }

  /** As far as the chain goes, with a pause for others after each bite. @returns whether the tip was reached. */
  async #follow(): Promise<boolean> {
    const before = this.#follower.height;
    if (await this.#follower.step(this.#desk.lockedCoins())) return true;
    // Still far behind: the next turn goes on at once.
    if (this.#follower.height !== before) this.#isTurnWanted = true;
    return false;
  }

  async #turn(): Promise<Outcome> {
    if (!await this.#follow()) return {};
    const nowMs = this.#ctx.clock.wallMs();
    await this.#desk.carryOn(nowMs);
    const {lastRunAtMs, isPaused} = this.#desk.settings;
    if (!isPaused && nowMs >= this.#dueAtMs(lastRunAtMs) && nowMs >= this.#notBeforeMs) await this.#pay(nowMs);
    if (this.#isMergeDue) {
      this.#isMergeDue = false;
      await this.#desk.consolidate(nowMs);
    }
    const next = this.#desk.settings;
    const leftMs = Math.max(this.#dueAtMs(next.lastRunAtMs), this.#notBeforeMs) - nowMs;
    // Not left to the tick: an interval of a second is one.
    if (!next.isPaused && leftMs < TICK_MS) this.#ctx.timers.once('due', Math.max(MOMENT_MS, leftMs), {type: 'payouts.tick'});
    return {};
  }

  async #runNow(): Promise<Awaited<ReturnType<PayoutDesk['pay']>>> {
    while (!await this.#follow()) if (!this.#isTurnWanted) return reject('payouts-not-synced');
    const nowMs = this.#ctx.clock.wallMs();
    await this.#desk.carryOn(nowMs);
    return this.#pay(nowMs);
  }

  async #pay(nowMs: number): Promise<Awaited<ReturnType<PayoutDesk['pay']>>> {
    const outcome = await this.#desk.pay(nowMs);
    const problem = outcome.ok ? undefined : outcome.code;
    if (problem !== undefined && problem !== this.#problem && !outcome.ok) {
      this.#ctx.log.warn({code: problem, detail: outcome.detail}, 'no payout was planned');
      this.#ctx.events.publish<PayoutsEvent>({type: 'payouts.problem', payout: undefined, code: problem, detail: outcome.detail ?? ''});
    }
    this.#problem = problem;
    if (problem !== undefined) this.#notBeforeMs = nowMs + RETRY_MS;
    const due = await this.#modules.ledger.listPayable(this.#options.desk.payout.thresholdSats);
    this.#payable = {sats: due.reduce((sum, {payableSats}) => sum + payableSats, 0n), count: due.length};
    return outcome;
  }

  #dueAtMs(lastRunAtMs: number | undefined): number {
    return lastRunAtMs === undefined ? 0 : lastRunAtMs + this.#options.intervalMs;
  }

  #changed(record: PayoutRecord): void {
    const {id, kind, state, problem} = record;
    const payout = this.#view(record);
    if (kind === 'payout') this.#lastPayoutAtMs = Math.max(this.#lastPayoutAtMs ?? 0, record.plannedAtMs);
    const isNews = this.#logged.get(id) !== state && (state === 'broadcast' || state === 'confirmed' || state === 'failed');
    this.#ctx.log[isNews ? 'info' : 'debug']({code: 'payout-changed', payout: id, kind, state, version: record.version, problem}, `a ${kind} is ${state}`);
    this.#logged.set(id, state);
    // Neither is asked again once it is over.
    if (state === 'failed' || state === 'confirmed') for (const known of [this.#logged, this.#told]) if (known.size > TOLD_MAX) known.clear();
    this.#ctx.events.publish<PayoutsEvent>({type: 'payouts.changed', payout});
    if (problem === undefined || QUIET.has(problem) || this.#told.get(id) === problem) return;
    this.#told.set(id, problem);
    this.#ctx.log.warn({payout: id, code: problem, state}, 'a payout needs a look');
    this.#ctx.events.publish<PayoutsEvent>({type: 'payouts.problem', payout, code: problem, detail: `${kind} ${id} is ${state}`});
  }

  #list({limit, before, account, kind}: ListPayouts): readonly PayoutView[] {
    return this.#modules.store.list({limit: Math.min(Math.max(0, limit), LIST_LIMIT_MAX), before, account, kind}).map((record) => this.#view(record));
  }

  #get({id}: GetPayout): PayoutView | null {
    const record = this.#modules.store.record(id);
    return record === undefined ? null : this.#view(record, Infinity);
  }

  #view(record: PayoutRecord, payeesMax?: number): PayoutView {
    const facts = record.coins.map(({outpoint}) => this.#follower.coins.get(outpoint)?.spentBy)
      .map((spentBy) => (spentBy === undefined ? {status: 'unspent' as const} : {status: 'spent' as const, spentBy}));
    return viewOf(record, record.confirmed ?? confirmationOf(record, facts), {tipHeight: this.#follower.height, ...(payeesMax !== undefined && {payeesMax})});
  }

  #status(): PayoutStatus {
    const {desk, intervalMs, address} = this.#options;
    const {isPaused, lastRunAtMs} = this.#desk.settings;
    const {spendableSats, immatureSats, lockedSats, coinCount} = this.#follower.coins.totals({
      tipHeight: this.#follower.height, maturityBlocks: desk.maturityBlocks, locked: this.#desk.lockedCoins(),
    });
    return {
      isPaused, signer: this.#modules.signer.kind, address, spendableSats, immatureSats, lockedSats, coinCount,
      payableSats: this.#payable.sats, payableCount: this.#payable.count, unresolvedCount: this.#desk.unresolvedCount,
      lastPayoutAtMs: this.#lastPayoutAtMs,
      nextRunAtMs: isPaused ? undefined : Math.max(this.#dueAtMs(lastRunAtMs), this.#ctx.clock.wallMs()),
      syncedHeight: this.#follower.height, thresholdSats: desk.payout.thresholdSats, intervalMs, confirmationsNeeded: desk.machine.confirmationsNeeded,
      feeFrom: desk.payout.feeFrom, problem: this.#follower.isSynced ? this.#problem : 'payouts-not-synced',
    };
  }
}

