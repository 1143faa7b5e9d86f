/**
 * @module The front desk: takes connections within its limits, gives each a session and an extranonce1 of its own, and
 * speaks to all of them at once. It never touches a share.
 *
 * Who may connect is decided in `admission.ts`, who has to make room in `session-register.ts`. A session that fails is not
 * restarted: its connection's state is gone, and the miner reconnects.
 */
import type {ActorContext, ActorRef, ActorSpec, Behaviour, Message, PendingReply, Protocol, Signal} from '../../runtime/actor.js';
import type {LatencyHistogram} from '../../runtime/latency-histogram.js';
import {showMessageLine} from '../../protocol/stratum/response.js';
import type {EarlierSessions} from '../../protocol/stratum/session-memory.js';
import type {StratumJob} from '../../protocol/stratum/stratum-job.js';
import {assertNever} from '../../protocol/verdict.js';
import type {GetCurrentJob, JobEvent, JobFactoryMessage, JobsPaused} from '../job-factory/messages.js';
import type {DescribeSession, SessionEndReason, StratumSessionMessage} from '../stratum-session/messages.js';
import {Admission, isWithin, networkOfText, offenceOf} from './admission.js';
import type {AdmissionOptions} from './admission.js';
import {ConnectionCounters} from './connection-counts.js';
import {ExtranonceReserve} from './extranonce-reserve.js';
import {JobBroadcast} from './job-broadcast.js';
import type {Ban, BanNetwork, ConnectionTurnedAway, DrainMiningPool, ListSessions, MiningPoolMessage, Offence, RefusalReason, SessionView, UnbanNetwork} from './messages.js';
import type {BanStore, Connection, ExtranonceCounterStore} from './ports.js';
import {SessionExtranonces} from './session-extranonces.js';
import {SessionRegister} from './session-register.js';
import type {OpenSession} from './session-register.js';

/** What a new session is made from. */
export interface SessionFacts {
  readonly id: number;
  readonly connection: Connection;
  readonly extranonce1: Uint8Array;
  readonly miningPool: ActorRef<MiningPoolMessage>;
  /** What sessions before it left for clients that come back. */
  readonly earlier: EarlierSessions;
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
  readonly admission: AdmissionOptions;
  readonly bans: BanStore;
  /** From a new job to the last session that was handed it. */
  readonly broadcastLatency?: LatencyHistogram;
  /** Makes the session's actor; `spawn` makes it this pool's child. */
  readonly session: (facts: SessionFacts, spawn: <M extends Message>(spec: ActorSpec<M>) => ActorRef<M>) => ActorRef<StratumSessionMessage>;
}

type Internal =
  | {readonly type: 'miningPool.reserved'}
  | {readonly type: 'miningPool.reservationFailed'; readonly error: unknown}
  | {readonly type: 'miningPool.retryReservation'}
  | {readonly type: 'miningPool.jobSeen'; readonly job: StratumJob | null}
  | {readonly type: 'miningPool.broadcastSlice'}
  | {readonly type: 'miningPool.banStored'; readonly made: Ban | undefined}
  | {readonly type: 'miningPool.banNotStored'; readonly error: unknown}
  | {readonly type: 'miningPool.housekeep'}
  | {readonly type: 'miningPool.drainTimeUp'};
export type MiningPoolInbox = MiningPoolMessage | JobEvent | JobsPaused | Internal;
type Context = ActorContext<MiningPoolInbox>;
type PoolQuery = Extract<MiningPoolMessage, {readonly type: `miningPool.${'get' | 'list'}${string}` | 'miningPool.ban' | 'miningPool.unban' | 'miningPool.endSession' | 'miningPool.moveExtranonce'}>;
type SessionRef = ActorRef<StratumSessionMessage>;

const MAILBOX_CAPACITY = 16_384;
const DESCRIBE_TIMEOUT_MS = 2_000;
const JOB_TIMEOUT_MS = 5_000;
const RESERVATION_RETRY_MS = 1_000;
/** Connections that came before the first reservation was on disk. */
const WAITING_CONNECTIONS_MAX = 1_024;
const HOUSEKEEPING_MS = 10_000;

export const MINING_POOL_PROTOCOL: Protocol<MiningPoolInbox> = {
  kind: 'mining-pool',
  mailbox: {capacity: MAILBOX_CAPACITY, policy: 'refuse'},
  priority: ['jobs.published'],
  undroppable: [
    'jobs.published', 'jobs.paused', 'miningPool.broadcastSlice', 'miningPool.drain',
    'miningPool.sessionAuthorised', 'miningPool.sessionProved', 'miningPool.sessionEnding',
  ],
};

export function miningPoolActor(options: MiningPoolOptions): ActorSpec<MiningPoolInbox> {
  return {
    protocol: MINING_POOL_PROTOCOL,
    create: (ctx) => new MiningPool(options, ctx),
    supervision: {strategy: 'one-for-one', restartsMax: 1_000, windowMs: 60_000},
  };
}

class MiningPool implements Behaviour<MiningPoolInbox> {
  readonly #options: MiningPoolOptions;
  readonly #sessions = new SessionRegister();
  readonly #admission: Admission;
  readonly #reserve: ExtranonceReserve;
  readonly #extranonces: SessionExtranonces;
  readonly #counters = new ConnectionCounters();
  readonly #broadcast = new JobBroadcast<SessionRef>();
  #publishedAtMs = 0;
  #isReserving = false;
  #waiting: Connection[] = [];
  #job: StratumJob | undefined;
  #draining: {readonly replies: PendingReply<{abandonedSessions: number}>[]} | undefined;

  constructor(options: MiningPoolOptions, ctx: Context) {
    this.#options = options;
    this.#admission = new Admission(options.admission, options.bans.load());
    this.#reserve = new ExtranonceReserve({
      instancePrefix: options.instancePrefix, size: options.extranonce1Size, firstCounter: options.extranonceCounter.load(),
    });
    this.#extranonces = new SessionExtranonces(this.#reserve, () => ctx.clock.nowMs());
    ctx.events.subscribe<JobEvent | JobsPaused>(['jobs.published', 'jobs.paused'], ctx.self);
    ctx.pipeToSelf(ctx.ask<JobFactoryMessage, GetCurrentJob>(options.jobFactory, {type: 'jobs.getCurrent'}, {timeoutMs: JOB_TIMEOUT_MS}),
      (job) => ({type: 'miningPool.jobSeen', job}), () => ({type: 'miningPool.jobSeen', job: null}));
    ctx.timers.every('housekeep', HOUSEKEEPING_MS, {type: 'miningPool.housekeep'});
    this.#reserveMore(ctx);
  }

  receive(message: MiningPoolInbox, ctx: Context): void {
    switch (message.type) {
      case 'miningPool.connectionOpened': return this.#open(message.connection, ctx);
      case 'miningPool.connectionTurnedAway': return this.#turnedAway(message, ctx);
      case 'miningPool.sessionAuthorised':
        this.#sessions.authorised(message.sessionId);
        return;
      case 'miningPool.sessionProved': return this.#sessions.proved(message.sessionId);
      case 'miningPool.sessionEnding': return this.#ending(message.sessionId, message.reason);
      case 'jobs.published': return this.#publish(message.job, message.cleanJobs, ctx);
      case 'jobs.paused': return this.#pause(message.text, ctx);
      case 'miningPool.broadcastSlice': return this.#nextSlice(ctx);
      case 'miningPool.jobSeen':
        if (message.job !== null && this.#job === undefined) this.#publish(message.job, true, ctx);
        return;
      case 'miningPool.reserved': return this.#reserved(ctx);
      case 'miningPool.retryReservation':
        this.#isReserving = false;
        return this.#reserveMore(ctx);
      case 'miningPool.reservationFailed': return this.#reservationFailed(message.error, ctx);
      case 'miningPool.showMessage': return this.#showToAll(message.text, ctx);
      case 'miningPool.housekeep': return this.#housekeep(ctx);
      case 'miningPool.banStored': {
        const {made} = message;
        if (made !== undefined) ctx.log.info({code: 'address-banned', network: made.network, reason: made.reason, untilMs: made.untilMs}, 'an address is banned');
        return;
      }
      case 'miningPool.banNotStored':
        ctx.log.error({code: 'ban-not-stored', err: message.error}, 'a change of the bans is not on disk; it holds until the next start');
        return;
      case 'miningPool.drain': return this.#drain(message, ctx);
      case 'miningPool.drainTimeUp': return this.#drained();
      default: return this.#answer(message, ctx);
    }
  }

  #answer(query: PoolQuery, ctx: Context): void {
    switch (query.type) {
      case 'miningPool.getSessionCount':
        return ctx.reply({connected: this.#sessions.size, authorised: this.#sessions.authorisedCount, max: this.#options.sessionsMax});
      case 'miningPool.getConnectionCounts':
        return ctx.reply(this.#counters.view({
          bansInForce: this.#admission.bans.list(ctx.clock.wallMs()).length, pending: this.#sessions.pendingCount,
          proved: this.#sessions.provedCount, resumed: this.#extranonces.resumedCount,
        }));
      case 'miningPool.listSessions': return this.#list(query, ctx);
      case 'miningPool.listBans': return ctx.reply(this.#admission.bans.list(ctx.clock.wallMs()).slice(0, query.limit));
      case 'miningPool.ban': return this.#banNetwork(query, ctx);
      case 'miningPool.unban': return this.#unbanNetwork(query, ctx);
      case 'miningPool.endSession': {
        const session = this.#sessions.get(query.sessionId);
        if (session !== undefined) ctx.tell(session.ref, {type: 'stratumSession.end', text: query.text, reconnectWaitSec: undefined});
        return ctx.reply({ok: session !== undefined});
      }
      case 'miningPool.moveExtranonce': {
        const session = this.#sessions.get(query.sessionId);
        const extranonce1 = session === undefined ? undefined : this.#extranonces.allocate(query.sessionId);
        if (session !== undefined && extranonce1 !== undefined) ctx.tell(session.ref, {type: 'stratumSession.moveExtranonce', extranonce1});
        return ctx.reply({ok: extranonce1 !== undefined});
      }
      default: assertNever(query);
    }
  }

  signal(signal: Signal, ctx: Context): void {
    const session = this.#sessions.remove(signal.ref);
    if (session === undefined) return;
    this.#extranonces.ended(session.id);
    if (signal.reason === 'failed') {
      session.endReason = 'failed';
      ctx.log.error({code: 'session-failed', session: session.id, err: signal.error}, 'a Stratum session failed and was closed');
    }
    this.#counters.ended[session.endReason ?? 'left'] += 1;
    this.#judgeEnd(session, ctx);
    if (this.#sessions.size === 0 && this.#draining !== undefined) this.#drained();
  }

  inspect(): unknown {
    return {
      sessions: this.#sessions.size, authorised: this.#sessions.authorisedCount, refused: {...this.#counters.refused}, bans: this.#admission.bans.size,
      resumable: this.#extranonces.keptCount, job: this.#job?.jobId, isDraining: this.#draining !== undefined,
    };
  }

  #open(connection: Connection, ctx: Context): void {
    // Not told: a sender of many connections must not hold each for as long as it takes to read a farewell.
    if (this.#draining !== undefined) return this.#refuse(connection, 'draining');
    const {refusal, ...visitor} = this.#admission.judge(connection.remoteAddress, ctx.clock.wallMs());
    if (refusal !== undefined) return this.#refuse(connection, refusal);
    if (!visitor.isExempt && this.#sessions.openOf(visitor.sender) >= this.#options.sessionsPerAddressMax) return this.#refuse(connection, 'address-full');
    if (this.#sessions.staying >= this.#options.sessionsMax && !this.#makeRoom(ctx)) {
      connection.send(showMessageLine(`The pool is full: ${this.#options.sessionsMax} miners are connected.`));
      return this.#refuse(connection, 'pool-full');
    }
    const {id} = connection;
    const extranonce1 = this.#extranonces.allocate(id);
    if (this.#reserve.isLow) this.#reserveMore(ctx);
    if (extranonce1 === undefined) {
      // Nothing reserved yet: a moment at start-up, or a disk that does not answer.
      if (this.#isReserving && this.#waiting.length < WAITING_CONNECTIONS_MAX) this.#waiting.push(connection);
      else this.#refuse(connection, 'no-extranonce');
      return;
    }
    const ref = this.#options.session({id, connection, extranonce1, miningPool: ctx.self, earlier: this.#extranonces.earlierOf(id), job: this.#job},
      (spec) => ctx.spawn(spec, {name: `session-${id}`, onFailure: 'stop'}));
    this.#sessions.add({
      id, ref, connection, ...visitor, openedAtMs: ctx.clock.nowMs(), isAuthorised: false, isProved: false, isLeaving: false, endReason: undefined,
    });
    ctx.watch(ref);
    connection.deliverTo(ref);
  }

  #refuse(connection: Connection, reason: RefusalReason): void {
    this.#counters.refused[reason] += 1;
    connection.close(reason === 'pool-full' ? 'flush' : 'now');
  }

  /** Somebody who only sits there goes. @returns whether there was one. */
  #makeRoom(ctx: Context): boolean {
    const session = this.#sessions.leastWorthy(ctx.clock.nowMs());
    if (session === undefined) return false;
    this.#sessions.leaves(session);
    session.endReason = 'made-room';
    session.connection.close('now');
    return true;
  }

  #ending(sessionId: number, reason: SessionEndReason): void {
    const session = this.#sessions.get(sessionId);
    if (session !== undefined) session.endReason ??= reason;
  }

  /** What an ended session did may be held against its address. */
  #judgeEnd(session: OpenSession, ctx: Context): void {
    if (session.address === undefined || session.isExempt || this.#draining !== undefined) return;
    const nowMs = ctx.clock.wallMs();
    const offence = offenceOf(session.endReason ?? 'left', session.isProved)
      ?? (!session.isProved && this.#admission.endedFruitless(session.sender, nowMs) ? 'flood' : undefined);
    if (offence !== undefined) this.#offended(session, offence, ctx);
  }

  /** A handshake costs more than most sessions: who never ends one is counted like who never mines. */
  #turnedAway({remoteAddress, reason}: ConnectionTurnedAway, ctx: Context): void {
    this.#counters.refused[reason] += 1;
    if (reason !== 'tls-handshake') return;
    const nowMs = ctx.clock.wallMs();
    const visitor = this.#admission.judge(remoteAddress, nowMs);
    if (visitor.address === undefined || visitor.isExempt || visitor.refusal !== undefined) return;
    if (this.#admission.endedFruitless(visitor.sender, nowMs)) this.#offended(visitor, 'flood', ctx);
  }

  #offended({address, sender}: Pick<OpenSession, 'address' | 'sender'>, offence: Offence, ctx: Context): void {
    this.#counters.offences[offence] += 1;
    const ban = this.#admission.bans.offend(address!, {offence, honest: this.#sessions.provedOf(sender), nowMs: ctx.clock.wallMs()});
    if (ban === undefined) return;
    this.#counters.bansMade[offence] += 1;
    this.#store(this.#options.bans.put(ban), ctx, ban);
  }

  #store(stored: Promise<void>, ctx: Context, made?: Ban): void {
    ctx.pipeToSelf(stored, () => ({type: 'miningPool.banStored', made}), (error) => ({type: 'miningPool.banNotStored', error}));
  }

  /** Answered when it is on disk; in force at once. */
  #banNetwork({network: text, durationSec, note}: BanNetwork, ctx: Context): void {
    const network = networkOfText(text);
    if (network === undefined) return ctx.reply({ok: false, code: 'ban-network-malformed'});
    const nowMs = ctx.clock.wallMs();
    const ban = this.#admission.bans.ban(network, {note, nowMs, untilMs: durationSec === undefined ? null : nowMs + durationSec * 1_000});
    this.#counters.bansMade.operator += 1;
    let endedSessions = 0;
    for (const session of this.#sessions.all()) {
      if (session.isExempt || !isWithin(network, session.address)) continue;
      endedSessions += 1;
      ctx.tell(session.ref, {type: 'stratumSession.end', text: 'This address is banned from the pool.', reconnectWaitSec: undefined});
    }
    const reply = ctx.takeReply<{readonly ok: true; readonly ban: Ban; readonly endedSessions: number}>();
    const stored = this.#options.bans.put(ban);
    this.#store(stored, ctx, ban);
    stored.then(() => reply?.resolve({ok: true, ban, endedSessions}), (error: unknown) => reply?.reject(error));
  }

  #unbanNetwork({network: text}: UnbanNetwork, ctx: Context): void {
    const network = networkOfText(text);
    if (network === undefined) return ctx.reply({ok: false, code: 'ban-network-malformed'});
    const ban = this.#admission.bans.unban(network, ctx.clock.wallMs());
    if (ban === undefined) return ctx.reply({ok: false, code: 'ban-not-found'});
    const reply = ctx.takeReply<{readonly ok: true}>();
    const removed = this.#options.bans.remove([ban.network]);
    this.#store(removed, ctx);
    removed.then(() => reply?.resolve({ok: true}), (error: unknown) => reply?.reject(error));
  }

  #housekeep(ctx: Context): void {
    this.#extranonces.expire(ctx.clock.nowMs());
    const gone = this.#admission.bans.expire(ctx.clock.wallMs());
    if (gone.length > 0) this.#store(this.#options.bans.remove(gone), ctx);
  }

  #publish(job: StratumJob, cleanJobs: boolean, ctx: Context): void {
    this.#job = job;
    this.#publishedAtMs = ctx.clock.nowMs();
    if (this.#broadcast.start(job, cleanJobs, Array.from(this.#sessions.all(), ({ref}) => ref))) this.#nextSlice(ctx);
  }

  /** Whoever connects meanwhile waits for its first job; what the others have, they keep. */
  #pause(text: string, ctx: Context): void {
    this.#job = undefined;
    this.#showToAll(text, ctx);
  }

  #showToAll(text: string, ctx: Context): void {
    for (const {ref} of this.#sessions.all()) ctx.tell(ref, {type: 'stratumSession.showMessage', text});
  }

  #nextSlice(ctx: Context): void {
    const hasMore = this.#broadcast.nextSlice((ref, job, cleanJobs) => void ctx.tell(ref, {type: 'stratumSession.offerJob', job, cleanJobs}));
    if (hasMore) ctx.tell(ctx.self, {type: 'miningPool.broadcastSlice'});
    else this.#options.broadcastLatency?.observe(ctx.clock.nowMs() - this.#publishedAtMs);
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
    for (const connection of this.#waiting.splice(0)) this.#refuse(connection, 'no-extranonce');
    // Still counts as reserving: the pause keeps a dead disk from being asked a thousand times a second.
    ctx.timers.once('reserve', RESERVATION_RETRY_MS, {type: 'miningPool.retryReservation'});
  }

  #list({limit, afterId = 0}: ListSessions, ctx: Context): void {
    const reply = ctx.takeReply<readonly SessionView[]>();
    if (reply === undefined) return;
    const asked = [...this.#sessions.all()].filter(({id}) => id > afterId).slice(0, limit)
      .map(({ref}) => ctx.ask<StratumSessionMessage, DescribeSession>(ref, {type: 'stratumSession.describe'}, {timeoutMs: DESCRIBE_TIMEOUT_MS}));
    // A session that ends meanwhile is left out.
    void Promise.allSettled(asked).then((views) => reply.resolve(views.flatMap((view) => (view.status === 'fulfilled' ? [view.value] : []))));
  }

  #drain(message: DrainMiningPool, ctx: Context): void {
    const reply = ctx.takeReply<{abandonedSessions: number}>();
    this.#draining ??= {replies: []};
    if (reply !== undefined) this.#draining.replies.push(reply);
    for (const connection of this.#waiting.splice(0)) this.#refuse(connection, 'draining');
    for (const {ref} of this.#sessions.all()) {
      ctx.tell(ref, {type: 'stratumSession.end', text: message.text, reconnectWaitSec: message.reconnectWaitSec});
    }
    if (this.#sessions.size === 0) this.#drained();
    else ctx.timers.once('drain', message.timeoutMs, {type: 'miningPool.drainTimeUp'});
  }

  #drained(): void {
    for (const reply of this.#draining?.replies.splice(0) ?? []) reply.resolve({abandonedSessions: this.#sessions.size});
  }
}
