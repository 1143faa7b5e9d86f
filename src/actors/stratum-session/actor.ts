/**
 * @module One Stratum connection as an actor: feeds the pure session machine (`protocol/stratum/session.ts`) and carries
 * out what it wants. Judges nothing itself; bounds what a connection may cost.
 *
 * Reading stops while too many shares are under way or the connection has used up its bytes of the second, so a flood
 * waits in the sender's kernel. A peer that does not read its answers is dropped. A connection that ends with shares
 * under way leaves the session standing until they are judged: one of them may be a block.
 */
import type {ActorContext, ActorRef, ActorSpec, Behaviour, Protocol} from '../../runtime/actor.js';
import type {LatencyHistogram} from '../../runtime/latency-histogram.js';
import {StratumSession} from '../../protocol/stratum/session.js';
import type {CloseReason, SessionConfig, SessionEffect, SessionEvent, SessionTime} from '../../protocol/stratum/session-types.js';
import type {EarlierSessions} from '../../protocol/stratum/session-memory.js';
import type {StratumJob} from '../../protocol/stratum/stratum-job.js';
import {assertNever} from '../../protocol/verdict.js';
import type {ShareHashOutcome, ShareHasher} from '../../workers/tasks.js';
import type {AccountingMessage} from '../accounting/messages.js';
import type {GetJobForAccount, JobFactoryMessage, SubmitCandidate} from '../job-factory/messages.js';
import type {SessionNews} from '../mining-pool/messages.js';
import type {SessionEndReason, SessionView, StratumSessionMessage} from './messages.js';
import type {SessionConnection} from './ports.js';
import {shareDispatchTo} from './share-dispatch.js';
import type {ShareDispatch, ShareRecorded} from './share-dispatch.js';

export interface StratumSessionOptions {
  readonly accounting: ActorRef<AccountingMessage>;
  readonly jobFactory: ActorRef<JobFactoryMessage>;
  readonly hasher: ShareHasher;
  /** What all sessions have in common of the machine's configuration. */
  readonly session: Omit<SessionConfig, 'sessionId' | 'extranonce1' | 'hashNow' | 'earlier'>;
  readonly limits: ConnectionLimits;
  /** How long accepted shares waited for their durable answer. */
  readonly submitLatency?: LatencyHistogram;
}

export interface ConnectionLimits {
  /** Answers that the peer has not read; more, and it is dropped. A notify has 1 to 3 kB. */
  readonly outputBytesMax: number;
  /** Read in one second; the rest waits. A proxy with a thousand shares a second sends 200 kB. */
  readonly inputBytesPerSecMax: number;
  /** Shares under way from which on reading stops, until half of them are done. */
  readonly sharesUnderWaySoftMax: number;
}

export const DEFAULT_CONNECTION_LIMITS: ConnectionLimits = {outputBytesMax: 262_144, inputBytesPerSecMax: 4_194_304, sharesUnderWaySoftMax: 128};

/** What the pool knows of a new session. */
export interface StratumSessionFacts {
  readonly id: number;
  readonly connection: SessionConnection;
  readonly extranonce1: Uint8Array;
  readonly miningPool: ActorRef<SessionNews>;
  readonly earlier: EarlierSessions;
  readonly job: StratumJob | undefined;
}

type Internal =
  | {readonly type: 'stratumSession.tick'}
  | {readonly type: 'stratumSession.shareHashed'; readonly shareId: number; readonly outcome: ShareHashOutcome}
  | ShareRecorded
  | {readonly type: 'stratumSession.candidateSettled'; readonly shareId: number; readonly isAccepted: boolean}
  | {readonly type: 'stratumSession.candidateLost'; readonly effect: CandidateEffect; readonly attempt: number; readonly error: unknown}
  | {readonly type: 'stratumSession.candidateRetry'; readonly effect: CandidateEffect; readonly attempt: number}
  | {readonly type: 'stratumSession.accountJob'; readonly job: StratumJob | null; readonly cleanJobs: boolean}
  | {readonly type: 'stratumSession.lingerOver'};
export type StratumSessionInbox = StratumSessionMessage | Internal;
type Context = ActorContext<StratumSessionInbox>;
type CandidateEffect = Extract<SessionEffect, {type: 'submitCandidate'}>;

/** Chunks of text that wait; from three quarters on the socket is paused. */
const MAILBOX_CAPACITY = 64;
const TICK_MS = 1_000;
const CANDIDATE_TIMEOUT_MS = 30_000;
/** The factory restarts within moments; a solved block is worth asking for a while. */
const CANDIDATE_ATTEMPTS_MAX = 20;
const CANDIDATE_RETRY_MS = 250;
const JOB_TIMEOUT_MS = 5_000;
/** Longest that a session outlives its connection for the shares in hand. */
const LINGER_MS = 60_000;

export const STRATUM_SESSION_PROTOCOL: Protocol<StratumSessionInbox> = {
  kind: 'stratum-session',
  mailbox: {capacity: MAILBOX_CAPACITY, policy: 'refuse'},
  priority: ['stratumSession.connectionClosed', 'stratumSession.end', 'stratumSession.shareRecorded'],
  undroppable: ['stratumSession.shareRecorded', 'stratumSession.connectionClosed', 'stratumSession.end', 'stratumSession.offerJob', 'stratumSession.lingerOver'],
};

export function stratumSessionActor(options: StratumSessionOptions, facts: StratumSessionFacts): ActorSpec<StratumSessionInbox> {
  return {protocol: STRATUM_SESSION_PROTOCOL, create: (ctx) => new SessionActor(options, facts, ctx)};
}

class SessionActor implements Behaviour<StratumSessionInbox> {
  readonly #options: StratumSessionOptions;
  readonly #facts: StratumSessionFacts;
  readonly #machine: StratumSession;
  readonly #dispatch: ShareDispatch;
  readonly #connectedAtSec: number;
  /** Authorised names, for their presence in the accounting. */
  readonly #present: {readonly account: string; readonly minerName: string}[] = [];
  /** SOLO: whose form of each job is asked for. */
  #jobAccount: string | undefined;
  #latestJob: StratumJob | undefined;
  #underWay = 0;
  #inputBytesLeft: number;
  #isPaused = false;
  #isGone = false;
  #goneAtMs = 0;
  /** Of the last tick: header times are bounded in hours, and the wall clock is not free to ask three times a share. */
  #wallSec: number;

  constructor(options: StratumSessionOptions, facts: StratumSessionFacts, ctx: Context) {
    this.#options = options;
    this.#facts = facts;
    this.#dispatch = shareDispatchTo(options.accounting, options.submitLatency && {clock: ctx.clock, latency: options.submitLatency});
    this.#inputBytesLeft = options.limits.inputBytesPerSecMax;
    this.#wallSec = Math.floor(ctx.clock.wallMs() / 1000);
    this.#connectedAtSec = this.#wallSec;
    this.#machine = new StratumSession(
      {...options.session, sessionId: facts.id, extranonce1: facts.extranonce1, earlier: facts.earlier, hashNow: options.hasher.hashNow}, this.#time(ctx),
    );
    ctx.timers.every('tick', TICK_MS, {type: 'stratumSession.tick'});
    if (facts.job !== undefined) this.#offer(facts.job, true, ctx);
  }

  receive(message: StratumSessionInbox, ctx: Context): void {
    switch (message.type) {
      case 'stratumSession.received': return this.#received(message.text, ctx);
      case 'stratumSession.shareHashed': {
        const {shareId, outcome} = message;
        this.#underWay -= 1;
        this.#feed({type: 'shareHashed', shareId, outcome: outcome.ok ? outcome : {ok: false}}, ctx);
        return this.#shareDone(ctx);
      }
      case 'stratumSession.shareRecorded':
        this.#underWay -= 1;
        this.#feed({type: 'shareRecorded', shareId: message.shareId, ok: message.ok, mayBeRecorded: message.mayBeRecorded}, ctx);
        return this.#shareDone(ctx);
      case 'stratumSession.candidateSettled':
        this.#underWay -= 1;
        this.#feed({type: 'candidateSettled', shareId: message.shareId, isAccepted: message.isAccepted}, ctx);
        return this.#shareDone(ctx);
      case 'stratumSession.candidateLost': return this.#candidateLost(message, ctx);
      case 'stratumSession.candidateRetry': return this.#submitCandidate(message.effect, message.attempt, ctx);
      case 'stratumSession.offerJob': return this.#offer(message.job, message.cleanJobs, ctx);
      case 'stratumSession.accountJob':
        if (message.job !== null) this.#feed({type: 'jobOffered', job: message.job, cleanJobs: message.cleanJobs}, ctx);
        return;
      case 'stratumSession.tick': return this.#tick(ctx);
      case 'stratumSession.moveExtranonce': return this.#feed({type: 'extranonceMoved', extranonce1: message.extranonce1}, ctx);
      case 'stratumSession.showMessage': return this.#feed({type: 'messageShown', text: message.text}, ctx);
      case 'stratumSession.end': return this.#feed({type: 'ended', text: message.text, reconnectWaitSec: message.reconnectWaitSec}, ctx);
      case 'stratumSession.connectionClosed': return this.#connectionClosed(ctx);
      case 'stratumSession.lingerOver': return ctx.stop(ctx.self, 'now');
      case 'stratumSession.describe': return ctx.reply(this.#view(ctx));
      default: assertNever(message);
    }
  }

  onStop(): void {
    this.#facts.connection.close(this.#isGone ? 'now' : 'flush');
    const memory = this.#isGone && this.#machine.isFinished ? this.#machine.memory(this.#goneAtMs) : undefined;
    if (memory !== undefined) this.#facts.earlier.keep(memory);
    for (const {account, minerName} of this.#present.splice(0)) this.#tellPresence(account, minerName, -1);
  }

  inspect(): unknown {
    return {remoteEndpoint: this.#facts.connection.remoteEndpoint, underWay: this.#underWay, isPaused: this.#isPaused, isGone: this.#isGone};
  }

  #received(text: string, ctx: Context): void {
    this.#inputBytesLeft -= text.length;
    this.#feed({type: 'received', text}, ctx);
    if (this.#inputBytesLeft <= 0 || this.#underWay >= this.#options.limits.sharesUnderWaySoftMax) {
      this.#isPaused = true;
      this.#facts.connection.pause();
    } else if (!this.#isPaused) {
      // Free when the socket reads; wakes it when the mailbox had gone over its soft limit.
      this.#facts.connection.resume();
    }
  }

  #feed(event: SessionEvent, ctx: Context): void {
    for (const effect of this.#machine.step(event, this.#time(ctx))) this.#carryOut(effect, ctx);
  }

  #carryOut(effect: SessionEffect, ctx: Context): void {
    switch (effect.type) {
      case 'send': return this.#send(effect.text, ctx);
      case 'hashShare': {
        const {shareId} = effect;
        this.#underWay += 1;
        return ctx.pipeToSelf(this.#options.hasher.hash(effect.task),
          (outcome) => ({type: 'stratumSession.shareHashed', shareId, outcome}),
          () => ({type: 'stratumSession.shareHashed', shareId, outcome: {ok: false, code: 'pool-failed'}}));
      }
      case 'recordShare':
        this.#underWay += 1;
        return this.#dispatch.record(effect.share, ctx.self, effect.shareId);
      case 'submitCandidate':
        this.#underWay += 1;
        return this.#submitCandidate(effect, 1, ctx);
      case 'recordReject':
        ctx.tell(this.#options.accounting, {type: 'accounting.recordReject', account: effect.account, minerName: effect.minerName, reason: effect.reason});
        return;
      case 'proved':
        ctx.tell(this.#facts.miningPool, {type: 'miningPool.sessionProved', sessionId: this.#facts.id});
        return;
      case 'authorised': return this.#authorised(effect.account, effect.minerName, ctx);
      case 'requestJob':
        this.#jobAccount = effect.account;
        if (this.#latestJob !== undefined) this.#requestJob(this.#latestJob, true, ctx);
        return;
      case 'close': return this.#close(effect.reason, ctx);
      default: assertNever(effect);
    }
  }

  #send(text: string, ctx: Context): void {
    const {connection} = this.#facts;
    if (this.#isGone) return;
    connection.send(text);
    if (connection.bufferedBytes() <= this.#options.limits.outputBytesMax) return;
    ctx.log.debug({code: 'session-slow-reader', remoteEndpoint: connection.remoteEndpoint}, 'a miner does not read its answers and is dropped');
    this.#tellEnding('slow-reader', ctx);
    connection.close('now');
  }

  #submitCandidate(effect: CandidateEffect, attempt: number, ctx: Context): void {
    const {shareId, job, extranonce1, extranonce2, header, hash, account, minerName} = effect;
    const candidate: SubmitCandidate = {type: 'jobs.submitCandidate', job, extranonce1, extranonce2, header, hash, account, minerName};
    ctx.pipeToSelf(ctx.ask<JobFactoryMessage, SubmitCandidate>(this.#options.jobFactory, candidate, {timeoutMs: CANDIDATE_TIMEOUT_MS}),
      ({ok}) => ({type: 'stratumSession.candidateSettled', shareId, isAccepted: ok}),
      (error) => ({type: 'stratumSession.candidateLost', effect, attempt, error}));
  }

  /** The factory did not take it: it is asked again, for a block is not a message to lose. */
  #candidateLost(lost: Extract<Internal, {type: 'stratumSession.candidateLost'}>, ctx: Context): void {
    const {effect, attempt, error} = lost;
    ctx.log.error({code: 'candidate-not-taken', attempt, err: error}, 'the job factory did not answer for a solved block');
    if (attempt < CANDIDATE_ATTEMPTS_MAX) {
      ctx.timers.once(`candidate-${effect.shareId}`, CANDIDATE_RETRY_MS, {type: 'stratumSession.candidateRetry', effect, attempt: attempt + 1});
      return;
    }
    this.#underWay -= 1;
    this.#feed({type: 'candidateSettled', shareId: effect.shareId, isAccepted: false}, ctx);
    this.#shareDone(ctx);
  }

  #offer(job: StratumJob, cleanJobs: boolean, ctx: Context): void {
    this.#latestJob = job;
    if (!this.#options.session.isJobPerAccount) this.#feed({type: 'jobOffered', job, cleanJobs}, ctx);
    else if (this.#jobAccount !== undefined) this.#requestJob(job, cleanJobs, ctx);
  }

  #requestJob(job: StratumJob, cleanJobs: boolean, ctx: Context): void {
    const query: GetJobForAccount = {type: 'jobs.getForAccount', jobKey: job.jobKey, account: this.#jobAccount!};
    ctx.pipeToSelf(ctx.ask<JobFactoryMessage, GetJobForAccount>(this.#options.jobFactory, query, {timeoutMs: JOB_TIMEOUT_MS}),
      (own) => ({type: 'stratumSession.accountJob', job: own, cleanJobs}), () => ({type: 'stratumSession.accountJob', job: null, cleanJobs}));
  }

  #authorised(account: string, minerName: string, ctx: Context): void {
    if (this.#present.length === 0) ctx.tell(this.#facts.miningPool, {type: 'miningPool.sessionAuthorised', sessionId: this.#facts.id});
    this.#present.push({account, minerName});
    this.#tellPresence(account, minerName, 1);
  }

  #tellPresence(account: string, minerName: string, change: 1 | -1): void {
    this.#options.accounting.tell({type: 'accounting.recordPresence', account, minerName, userAgent: '', change});
  }

  #tick(ctx: Context): void {
    this.#wallSec = Math.floor(ctx.clock.wallMs() / 1000);
    this.#inputBytesLeft = this.#options.limits.inputBytesPerSecMax;
    this.#feed({type: 'ticked'}, ctx);
    this.#resumeReading();
  }

  #shareDone(ctx: Context): void {
    this.#resumeReading();
    if (this.#isGone && this.#machine.isFinished && this.#underWay === 0) ctx.stop(ctx.self, 'now');
  }

  #resumeReading(): void {
    if (!this.#isPaused || this.#inputBytesLeft <= 0 || this.#underWay > this.#options.limits.sharesUnderWaySoftMax / 2) return;
    this.#isPaused = false;
    this.#facts.connection.resume();
  }

  #close(reason: CloseReason, ctx: Context): void {
    ctx.log.debug({code: 'session-closed', reason, remoteEndpoint: this.#facts.connection.remoteEndpoint}, 'the pool ends a connection');
    this.#tellEnding(reason, ctx);
    this.#facts.connection.close('flush');
  }

  #tellEnding(reason: SessionEndReason, ctx: Context): void {
    ctx.tell(this.#facts.miningPool, {type: 'miningPool.sessionEnding', sessionId: this.#facts.id, reason});
  }

  /** Shares that are under way are still judged and recorded: they were mined. */
  #connectionClosed(ctx: Context): void {
    this.#isGone = true;
    this.#goneAtMs = ctx.clock.nowMs();
    ctx.timers.cancel('tick');
    this.#feed({type: 'connectionLost'}, ctx);
    if (this.#machine.isFinished && this.#underWay === 0) ctx.stop(ctx.self, 'now');
    else ctx.timers.once('linger', LINGER_MS, {type: 'stratumSession.lingerOver'});
  }

  #view(ctx: Context): SessionView {
    const {userAgent, accounts, difficulty, hashrate, sharesAccepted, sharesRejected, lastRejectText} = this.#machine.describe(ctx.clock.nowMs());
    return {
      id: this.#facts.id, remoteEndpoint: this.#facts.connection.remoteEndpoint, userAgent, connectedAtSec: this.#connectedAtSec, accounts, difficulty, hashrate,
      sharesAccepted, sharesRejected, lastRejectText,
    };
  }

  #time(ctx: Context): SessionTime {
    return {nowMs: ctx.clock.nowMs(), wallSec: this.#wallSec};
  }
}
