/**
 * @module The front desk: takes connections within its limits, gives each a session and an extranonce1 of its own, and
 * speaks to all of them at once. It never touches a share.
 *
 * Jobs go out in slices, so that other actors and sockets get their turn between (a notify costs the kernel 7 to 9 us:
 * limits.md, section 5). A session that fails is not restarted: its connection's state is gone, and the miner reconnects.
 */
import type {ActorContext, ActorRef, ActorSpec, Behaviour, Message, PendingReply, Protocol, Signal} from '../../runtime/actor.js';
import {showMessageLine} from '../../protocol/stratum/response.js';
import type {StratumJob} from '../../protocol/stratum/stratum-job.js';
import {assertNever} from '../../protocol/verdict.js';
import type {GetCurrentJob, JobEvent, JobFactoryMessage} from '../job-factory/messages.js';
import type {DescribeSession, StratumSessionMessage} from '../stratum-session/messages.js';
import {ExtranonceReserve} from './extranonce-reserve.js';
import type {DrainMiningPool, MiningPoolMessage, SessionView} from './messages.js';
import type {Connection, ExtranonceCounterStore} from './ports.js';

/** What a new session is made from. */
export interface SessionFacts {
  readonly id: number;
  readonly connection: Connection;
  readonly extranonce1: Uint8Array;
  readonly miningPool: ActorRef<MiningPoolMessage>;
  /** The newest job, if there is one already. */
  readonly job: StratumJob | undefined;
}

export interface MiningPoolOptions {
  readonly jobFactory: ActorRef<JobFactoryMessage>;
  readonly extranonceCounter: ExtranonceCounterStore;
  /** Sets this instance apart from others with the same payout; empty for a single one. */
  readonly instancePrefix: Uint8Array;
  readonly extranonce1Size: number;
  readonly sessionsMax: number;
  readonly sessionsPerAddressMax: number;
  /** Makes the session's actor; `spawn` makes it this pool's child. */
  readonly session: (facts: SessionFacts, spawn: <M extends Message>(spec: ActorSpec<M>) => ActorRef<M>) => ActorRef<StratumSessionMessage>;
}

type Internal =
  | {readonly type: 'miningPool.reserved'}
  | {readonly type: 'miningPool.reservationFailed'; readonly error: unknown}
  | {readonly type: 'miningPool.retryReservation'}
  | {readonly type: 'miningPool.jobSeen'; readonly job: StratumJob | null}
  | {readonly type: 'miningPool.broadcastSlice'}
  | {readonly type: 'miningPool.drainTimeUp'};
export type MiningPoolInbox = MiningPoolMessage | JobEvent | Internal;
type Context = ActorContext<MiningPoolInbox>;
type SessionRef = ActorRef<StratumSessionMessage>;

const MAILBOX_CAPACITY = 16_384;
/** Sessions told per turn: about 2 ms of kernel time. */
const SLICE_SESSIONS = 256;
const DESCRIBE_TIMEOUT_MS = 2_000;
const JOB_TIMEOUT_MS = 5_000;
const RESERVATION_RETRY_MS = 1_000;
/** Connections that came before the first reservation was on disk. */
const WAITING_CONNECTIONS_MAX = 1_024;

export const MINING_POOL_PROTOCOL: Protocol<MiningPoolInbox> = {
  kind: 'mining-pool',
  mailbox: {capacity: MAILBOX_CAPACITY, policy: 'refuse'},
  priority: ['jobs.published'],
  undroppable: ['jobs.published', 'miningPool.broadcastSlice', 'miningPool.sessionAuthorised', 'miningPool.drain'],
};

export function miningPoolActor(options: MiningPoolOptions): ActorSpec<MiningPoolInbox> {
  return {
    protocol: MINING_POOL_PROTOCOL,
    create: (ctx) => new MiningPool(options, ctx),
    supervision: {strategy: 'one-for-one', restartsMax: 1_000, windowMs: 60_000},
  };
}

interface OpenSession {
  readonly ref: SessionRef;
  readonly remoteAddress: string;
  readonly extranonce1: Uint8Array;
  isAuthorised: boolean;
}

class MiningPool implements Behaviour<MiningPoolInbox> {
  readonly #options: MiningPoolOptions;
  readonly #sessions = new Map<number, OpenSession>();
  readonly #idOf = new Map<ActorRef<never>, number>();
  readonly #perAddress = new Map<string, number>();
  readonly #reserve: ExtranonceReserve;
  #isReserving = false;
  #authorisedCount = 0;
  #waiting: Connection[] = [];
  #job: StratumJob | undefined;
  #broadcast: {readonly job: StratumJob; readonly cleanJobs: boolean; readonly refs: readonly SessionRef[]; at: number} | undefined;
  #draining: {readonly replies: PendingReply<{abandonedSessions: number}>[]} | undefined;
  #refusedCount = 0;

  constructor(options: MiningPoolOptions, ctx: Context) {
    this.#options = options;
    this.#reserve = new ExtranonceReserve({
      instancePrefix: options.instancePrefix, size: options.extranonce1Size, firstCounter: options.extranonceCounter.load(),
    });
    ctx.events.subscribe<JobEvent>(['jobs.published'], ctx.self);
    ctx.pipeToSelf(ctx.ask<JobFactoryMessage, GetCurrentJob>(options.jobFactory, {type: 'jobs.getCurrent'}, {timeoutMs: JOB_TIMEOUT_MS}),
      (job) => ({type: 'miningPool.jobSeen', job}), () => ({type: 'miningPool.jobSeen', job: null}));
    this.#reserveMore(ctx);
  }

  receive(message: MiningPoolInbox, ctx: Context): void {
    switch (message.type) {
      case 'miningPool.connectionOpened': return this.#open(message.connection, ctx);
      case 'miningPool.sessionAuthorised': return this.#authorised(message.sessionId);
      case 'jobs.published': return this.#publish(message.job, message.cleanJobs, ctx);
      case 'miningPool.broadcastSlice': return this.#nextSlice(ctx);
      case 'miningPool.jobSeen':
        if (message.job !== null && this.#job === undefined) this.#publish(message.job, true, ctx);
        return;
      case 'miningPool.reserved': return this.#reserved(ctx);
      case 'miningPool.retryReservation':
        this.#isReserving = false;
        return this.#reserveMore(ctx);
      case 'miningPool.reservationFailed': return this.#reservationFailed(message.error, ctx);
      case 'miningPool.showMessage': {
        for (const {ref} of this.#sessions.values()) ctx.tell(ref, {type: 'stratumSession.showMessage', text: message.text});
        return;
      }
      case 'miningPool.getSessionCount':
        return ctx.reply({connected: this.#sessions.size, authorised: this.#authorisedCount, max: this.#options.sessionsMax});
      case 'miningPool.listSessions': return this.#list(message.limit, ctx);
      case 'miningPool.drain': return this.#drain(message, ctx);
      case 'miningPool.drainTimeUp': return this.#drained();
      default: assertNever(message);
    }
  }

  signal(signal: Signal, ctx: Context): void {
    const id = this.#idOf.get(signal.ref);
    const session = id === undefined ? undefined : this.#sessions.get(id);
    if (id === undefined || session === undefined) return;
    this.#idOf.delete(signal.ref);
    this.#sessions.delete(id);
    this.#reserve.release(session.extranonce1);
    if (session.isAuthorised) this.#authorisedCount -= 1;
    const left = (this.#perAddress.get(session.remoteAddress) ?? 1) - 1;
    if (left > 0) this.#perAddress.set(session.remoteAddress, left);
    else this.#perAddress.delete(session.remoteAddress);
    if (signal.reason === 'failed') ctx.log.error({code: 'session-failed', session: id, err: signal.error}, 'a Stratum session failed and was closed');
    if (this.#sessions.size === 0 && this.#draining !== undefined) this.#drained();
  }

  inspect(): unknown {
    return {sessions: this.#sessions.size, authorised: this.#authorisedCount, refused: this.#refusedCount, job: this.#job?.jobId, isDraining: this.#draining !== undefined};
  }

  #open(connection: Connection, ctx: Context): void {
    const fromAddress = this.#perAddress.get(connection.remoteAddress) ?? 0;
    // Not told: a sender of many connections must not hold each for as long as it takes to read a farewell.
    if (this.#draining !== undefined || fromAddress >= this.#options.sessionsPerAddressMax) return this.#refuse(connection);
    if (this.#sessions.size >= this.#options.sessionsMax) {
      connection.send(showMessageLine(`The pool is full: ${this.#options.sessionsMax} miners are connected.`));
      return this.#refuse(connection, 'flush');
    }
    const extranonce1 = this.#reserve.allocate();
    if (this.#reserve.isLow) this.#reserveMore(ctx);
    if (extranonce1 === undefined) {
      // Nothing reserved yet: a moment at start-up, or a disk that does not answer.
      if (this.#isReserving && this.#waiting.length < WAITING_CONNECTIONS_MAX) this.#waiting.push(connection);
      else this.#refuse(connection);
      return;
    }
    const {id} = connection;
    const ref = this.#options.session({id, connection, extranonce1, miningPool: ctx.self, job: this.#job},
      (spec) => ctx.spawn(spec, {name: `session-${id}`, onFailure: 'stop'}));
    this.#sessions.set(id, {ref, remoteAddress: connection.remoteAddress, extranonce1, isAuthorised: false});
    this.#idOf.set(ref, id);
    this.#perAddress.set(connection.remoteAddress, fromAddress + 1);
    ctx.watch(ref);
    connection.deliverTo(ref);
  }

  #refuse(connection: Connection, mode: 'flush' | 'now' = 'now'): void {
    this.#refusedCount += 1;
    connection.close(mode);
  }

  #authorised(sessionId: number): void {
    const session = this.#sessions.get(sessionId);
    if (session === undefined || session.isAuthorised) return;
    session.isAuthorised = true;
    this.#authorisedCount += 1;
  }

  /** A job that overtakes another one takes over its demand to drop older work. */
  #publish(job: StratumJob, cleanJobs: boolean, ctx: Context): void {
    this.#job = job;
    const isUnderWay = this.#broadcast !== undefined;
    const isClean = cleanJobs || (this.#broadcast?.cleanJobs ?? false);
    this.#broadcast = {job, cleanJobs: isClean, refs: Array.from(this.#sessions.values(), (session) => session.ref), at: 0};
    if (!isUnderWay) this.#nextSlice(ctx);
  }

  #nextSlice(ctx: Context): void {
    const broadcast = this.#broadcast;
    if (broadcast === undefined) return;
    const {job, cleanJobs, refs} = broadcast;
    const end = Math.min(refs.length, broadcast.at + SLICE_SESSIONS);
    for (let i = broadcast.at; i < end; i += 1) ctx.tell(refs[i]!, {type: 'stratumSession.offerJob', job, cleanJobs});
    broadcast.at = end;
    if (end < refs.length) ctx.tell(ctx.self, {type: 'miningPool.broadcastSlice'});
    else this.#broadcast = undefined;
  }

  #reserveMore(ctx: Context): void {
    if (this.#isReserving) return;
    this.#isReserving = true;
    ctx.pipeToSelf(this.#options.extranonceCounter.save(this.#reserve.nextReservation),
      () => ({type: 'miningPool.reserved'}), (error) => ({type: 'miningPool.reservationFailed', error}));
  }

  #reserved(ctx: Context): void {
    this.#reserve.granted();
    this.#isReserving = false;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const connection of waiting) this.#open(connection, ctx);
  }

  #reservationFailed(error: unknown, ctx: Context): void {
    ctx.log.error({code: 'extranonce-not-reserved', err: error}, 'extranonces could not be reserved on disk; new connections are refused until they are');
    for (const connection of this.#waiting.splice(0)) this.#refuse(connection);
    // Still counts as reserving: the pause keeps a dead disk from being asked a thousand times a second.
    ctx.timers.once('reserve', RESERVATION_RETRY_MS, {type: 'miningPool.retryReservation'});
  }

  #list(limit: number, ctx: Context): void {
    const reply = ctx.takeReply<readonly SessionView[]>();
    if (reply === undefined) return;
    const asked = [...this.#sessions.values()].slice(0, limit)
      .map(({ref}) => ctx.ask<StratumSessionMessage, DescribeSession>(ref, {type: 'stratumSession.describe'}, {timeoutMs: DESCRIBE_TIMEOUT_MS}));
    // A session that ends meanwhile is left out.
    void Promise.allSettled(asked).then((views) => reply.resolve(views.flatMap((view) => (view.status === 'fulfilled' ? [view.value] : []))));
  }

  #drain(message: DrainMiningPool, ctx: Context): void {
    const reply = ctx.takeReply<{abandonedSessions: number}>();
    this.#draining ??= {replies: []};
    if (reply !== undefined) this.#draining.replies.push(reply);
    for (const connection of this.#waiting.splice(0)) this.#refuse(connection);
    for (const {ref} of this.#sessions.values()) {
      ctx.tell(ref, {type: 'stratumSession.end', text: message.text, reconnectWaitSec: message.reconnectWaitSec});
    }
    if (this.#sessions.size === 0) this.#drained();
    else ctx.timers.once('drain', message.timeoutMs, {type: 'miningPool.drainTimeUp'});
  }

  #drained(): void {
    for (const reply of this.#draining?.replies.splice(0) ?? []) reply.resolve({abandonedSessions: this.#sessions.size});
  }
}
