/**
 * @module One Stratum V1 session as a pure machine: events and the time in, effects out. No socket, no clock, no disk.
 *
 * It decides what each request is answered, which work a miner has and at what difficulty, and when the connection ends.
 * It does not hash, judge blocks, or know who is paid; the effects ask others to. The state is one mutable object that
 * never leaves the machine. Input from the wire never makes it throw.
 */
import {bytesToHex} from '../bytes/hex.js';
import {bytesEqual} from '../bytes/compare.js';
import {exponentAtLeast, exponentAtMost, exponentForTarget, shareDifficulty} from './difficulty.js';
import type {JsonValue} from './json-guard.js';
import {LineReader} from './line-codec.js';
import {ReplyQueue} from './reply-queue.js';
import {decodeLine} from './request.js';
import type {ConfigureWishes, RequestId, StratumRequest} from './request.js';
import {errorLine, hex32, notifyLine, reconnectLine, resultLine, setDifficultyLine, setExtranonceLine, setVersionMaskLine, showMessageLine, STRATUM_ERROR} from './response.js';
import type {StratumErrorCode} from './response.js';
import {SessionJobs} from './session-jobs.js';
import {ShareDesk} from './session-shares.js';
import type {ShareHost} from './session-shares.js';
import {SessionUsers} from './session-users.js';
import type {SessionUser} from './session-users.js';
import type {CloseReason, SessionConfig, SessionEffect, SessionEvent, SessionSummary, SessionTime} from './session-types.js';
import {freshWork, WORK_VARIANT_MAX} from './stratum-job.js';
import type {StratumJob} from './stratum-job.js';
import {fixedDifficultyOf, splitUserName} from './user-name.js';
import {Vardiff} from './vardiff.js';
import {grantVersionMask} from './version-rolling.js';

/** A short list would cost the miner nothing; a block's worth of transactions is megabytes of text. */
const TRANSACTIONS_BYTES_MAX = 65_536;

const NO_EFFECTS: readonly SessionEffect[] = [];

export class StratumSession implements ShareHost {
  readonly config: SessionConfig;
  readonly jobs: SessionJobs;
  readonly vardiff: Vardiff;
  readonly replies = new ReplyQueue();
  userAgent = '';
  isSubscribed = false;
  clientVersionMask = 0;
  private readonly shares: ShareDesk;
  private readonly reader = new LineReader();
  private readonly users: SessionUsers;
  private readonly openedAtMs: number;
  private subscribedAtMs = 0;
  private extranonce1: Uint8Array;
  private movedExtranonce1: Uint8Array | undefined;
  private followsExtranonce = false;
  private announcedMask: number | undefined;
  private isWorking = false;
  private offered: StratumJob | undefined;
  private variants = 0;
  private resentAtMs: number | undefined;
  private malformedLines = 0;
  private isEnding = false;
  private isClosed = false;
  private effects: SessionEffect[] = [];
  /** Notifications of this step; they follow the answers that are ready. */
  private notices = '';

  constructor(config: SessionConfig, time: SessionTime) {
    this.config = config;
    this.extranonce1 = config.extranonce1;
    this.jobs = new SessionJobs(config.limits.jobLifetimeMs);
    this.vardiff = new Vardiff(config.vardiff, time.nowMs);
    this.shares = new ShareDesk(this, time.nowMs);
    this.users = new SessionUsers({
      decodeAccount: config.decodeAccount, namesMax: config.limits.namesMax, namesFreeMax: config.limits.namesFreeMax,
      sharesAccepted: () => this.shares.accepted, onKept: (user) => this.emit({type: 'authorised', ...user}),
    });
    this.openedAtMs = time.nowMs;
  }

  step(event: SessionEvent, time: SessionTime): readonly SessionEffect[] {
    if (!this.isClosed || isShareEvent(event)) this.handle(event, time);
    this.flush();
    if (this.isEnding && this.shares.inFlight === 0) this.close('ended');
    const {effects} = this;
    if (effects.length === 0) return NO_EFFECTS;
    this.effects = [];
    return effects;
  }

  /** Closed, and no share in hand: nothing will come of it any more. */
  get isFinished(): boolean {
    return this.isClosed && this.shares.inFlight === 0;
  }

  describe(nowMs: number): SessionSummary {
    return {
      userAgent: this.userAgent,
      accounts: this.users.list(),
      difficulty: shareDifficulty(this.vardiff.exponent).value,
      hashrate: this.vardiff.hashrate(nowMs),
      sharesAccepted: this.shares.accepted,
      sharesRejected: this.shares.rejected,
      lastRejectText: this.shares.lastRejectText,
      sharesInFlight: this.shares.inFlight,
      paddedNonces: this.shares.paddedNonces,
      isAuthorised: this.users.size > 0,
    };
  }

  emit(effect: SessionEffect): void {
    this.effects.push(effect);
  }

  findUser(userName: string): SessionUser | undefined {
    return this.users.find(userName);
  }

  firstUser(): SessionUser | undefined {
    return this.users.first;
  }

  private handle(event: SessionEvent, time: SessionTime): void {
    switch (event.type) {
      case 'received': return this.receive(event.text, time);
      case 'jobOffered': return this.offer(event.job, event.cleanJobs, time);
      case 'shareHashed':
        this.shares.hashed(event, time.nowMs);
        return;
      case 'shareRecorded':
        this.shares.recorded(event, time.nowMs);
        if (!this.isClosed) this.moveIfUrgent(time);
        return;
      case 'candidateSettled':
        this.shares.candidateSettled(event, time.nowMs);
        return;
      case 'extranonceMoved':
        if (this.followsExtranonce) this.movedExtranonce1 = event.extranonce1;
        return;
      case 'messageShown':
        this.notices += showMessageLine(event.text);
        return;
      case 'ended':
        this.isEnding = true;
        this.notices += showMessageLine(event.text);
        if (event.reconnectWaitSec !== undefined) this.notices += reconnectLine(event.reconnectWaitSec);
        return;
      case 'connectionLost':
        this.isClosed = true;
        return;
      case 'ticked': return this.tick(time);
    }
  }

  private receive(text: string, time: SessionTime): void {
    const {lines, overflow} = this.reader.push(text);
    for (const line of lines) {
      this.handleLine(line, time);
      if (this.replies.length > this.config.limits.repliesQueuedMax) this.close('too-many-requests');
      if (this.isClosed) return;
    }
    if (overflow) this.close('line-too-long');
  }

  private handleLine(line: string, time: SessionTime): void {
    const decoded = decodeLine(line);
    switch (decoded.kind) {
      case 'reply': return;
      case 'malformed':
        this.malformedLines++;
        if (this.malformedLines > this.config.limits.malformedLinesMax) return this.close('too-many-malformed-lines');
        return this.answerError(null, STRATUM_ERROR.other, `Not a request: ${decoded.code}`);
      case 'refused':
        if (decoded.isSubmit) return this.shares.refuseMalformed(decoded.id, decoded.text, time.nowMs);
        return this.answerError(decoded.id, STRATUM_ERROR.other, decoded.text);
      case 'request':
        if (decoded.request.method === 'mining.submit') return this.shares.submit({id: decoded.id, line, fields: decoded.request}, time);
        return this.handleRequest(decoded.id, decoded.request, time);
    }
  }

  private handleRequest(id: RequestId | undefined, request: Exclude<StratumRequest, {readonly method: 'mining.submit'}>, time: SessionTime): void {
    switch (request.method) {
      case 'mining.subscribe': return this.subscribe(id, request, time);
      case 'mining.authorize': return this.authorize(id, request, time);
      case 'mining.configure': return this.answer(id, this.configure(request));
      case 'mining.suggest_difficulty':
        this.vardiff.suggest(exponentAtMost(request.difficulty) ?? this.vardiff.exponent);
        return this.answer(id, true);
      case 'mining.suggest_target':
        this.vardiff.suggest(exponentForTarget(request.target));
        return this.answer(id, true);
      case 'mining.extranonce.subscribe':
        this.followsExtranonce = true;
        return this.answer(id, true);
      case 'mining.get_transactions': return this.listTransactions(id, request.jobId);
      // An old Bitmain extension: known and not granted.
      case 'mining.multi_version': return this.answer(id, false);
      case 'mining.ping': return this.answer(id, 'pong');
      case 'mining.pong': return this.answer(id, true);
      case 'client.get_version': return this.answer(id, this.config.serverName);
    }
  }

  private subscribe(id: RequestId | undefined, request: Extract<StratumRequest, {readonly method: 'mining.subscribe'}>, time: SessionTime): void {
    if (!this.isSubscribed) {
      this.isSubscribed = true;
      this.subscribedAtMs = time.nowMs;
      this.userAgent = request.userAgent;
      if (request.resumeSessionId !== undefined) {
        const earlier = this.config.claimExtranonce1?.(request.resumeSessionId);
        if (earlier !== undefined && earlier.length === this.extranonce1.length) this.extranonce1 = earlier;
      }
    }
    // The extranonce1 names the session: it is what a client would want back.
    const name = bytesToHex(this.extranonce1);
    this.answer(id, [[['mining.set_difficulty', name], ['mining.notify', name]], name, this.config.extranonce2Size]);
    this.startWork(time);
  }

  private authorize(id: RequestId | undefined, request: Extract<StratumRequest, {readonly method: 'mining.authorize'}>, time: SessionTime): void {
    const {addressText, minerName} = splitUserName(request.userName);
    const decoded = this.config.decodeAccount(addressText);
    if (!decoded.ok) return this.answerError(id, STRATUM_ERROR.unauthorised, 'The user name must be a payout address of this chain, with .worker if you like');
    const {first} = this.users;
    const user = {account: decoded.account, minerName};
    if (this.config.isJobPerAccount && first !== undefined && first.account !== user.account) {
      return this.answerError(id, STRATUM_ERROR.unauthorised, 'One payout address per connection here: the blocks pay it directly');
    }
    if (!this.users.keep(request.userName, user) && !this.users.hasAccount(user.account)) {
      return this.answerError(id, STRATUM_ERROR.unauthorised, 'Too many names on one connection');
    }
    const fixed = fixedDifficultyOf(request.password);
    if (fixed !== undefined) this.vardiff.setFixed(exponentAtMost(fixed)!);
    this.answer(id, true);
    if (first === undefined) {
      this.shares.lastAcceptedMs = time.nowMs;
      if (this.config.isJobPerAccount) this.emit({type: 'requestJob', account: user.account});
    }
    this.startWork(time);
  }

  /** BIP 310. What we do not know is answered with false, never with true. */
  private configure(wishes: ConfigureWishes): JsonValue {
    const answers: {[name: string]: JsonValue} = {};
    for (const extension of wishes.extensions) answers[extension] = false;
    if (wishes.extensions.includes('version-rolling')) {
      this.clientVersionMask = wishes.versionMask ?? 0xffffffff;
      this.announcedMask = this.grantedMask(this.offered);
      answers['version-rolling'] = true;
      answers['version-rolling.mask'] = hex32(this.announcedMask);
    }
    if (wishes.extensions.includes('minimum-difficulty') && wishes.minimumDifficulty !== undefined) {
      this.vardiff.setFloor(exponentAtLeast(wishes.minimumDifficulty)!);
      answers['minimum-difficulty'] = true;
    }
    if (wishes.extensions.includes('subscribe-extranonce')) {
      this.followsExtranonce = true;
      answers['subscribe-extranonce'] = true;
    }
    return answers;
  }

  private listTransactions(id: RequestId | undefined, jobId: string): void {
    const entry = this.jobs.find(jobId);
    if (entry === undefined) return this.answerError(id, STRATUM_ERROR.jobNotFound, 'Job not found');
    // A request of 70 bytes is answered with up to 130,000: not for the asking again and again.
    if (entry.isListed) return this.answerError(id, STRATUM_ERROR.other, 'The transactions of this job were sent already');
    entry.isListed = true;
    const {transactions} = entry.job.template;
    const size = transactions.reduce((sum, {bytes}) => sum + bytes.length, 0);
    if (size > TRANSACTIONS_BYTES_MAX) return this.answerError(id, STRATUM_ERROR.other, `The transactions are larger than ${TRANSACTIONS_BYTES_MAX} bytes; ask a node`);
    this.answer(id, transactions.map(({bytes}) => bytesToHex(bytes)));
  }

  private offer(job: StratumJob, cleanJobs: boolean, time: SessionTime): void {
    // Answers to `requestJob` may be overtaken by newer jobs; and the same job twice would be the same work twice.
    if (this.offered !== undefined && (job.jobId === this.offered.jobId || job.createdAtMs < this.offered.createdAtMs)) return;
    const isNewTip = this.offered !== undefined && !bytesEqual(job.template.previousHash, this.offered.template.previousHash);
    this.offered = job;
    this.variants = 0;
    this.jobs.moveTip(job.template.previousHash, time.nowMs);
    if (this.isWorking) this.deliver(job, cleanJobs || isNewTip, time);
    else this.startWork(time);
  }

  /** First work: once the client is known, allowed, and there is something to do. */
  private startWork(time: SessionTime): void {
    if (this.isWorking || !this.isSubscribed || this.users.size === 0 || this.offered === undefined) return;
    this.isWorking = true;
    this.vardiff.startWork(time.nowMs);
    const exponent = this.vardiff.decide(time.nowMs, this.networkExponent(this.offered))?.exponent ?? this.vardiff.exponent;
    this.announceDifficulty(exponent, time);
    this.deliver(this.offered, true, time);
  }

  /** Difficulty, mask and extranonce1 before the notify: clients take what they know when a job comes. */
  private deliver(job: StratumJob, cleanJobs: boolean, time: SessionTime): void {
    const move = this.vardiff.decide(time.nowMs, this.networkExponent(job));
    if (move !== undefined) this.announceDifficulty(move.exponent, time);
    const mask = this.grantedMask(job);
    if (this.announcedMask !== undefined && mask !== this.announcedMask) {
      this.announcedMask = mask;
      this.notices += setVersionMaskLine(mask);
    }
    if (this.movedExtranonce1 !== undefined) {
      this.extranonce1 = this.movedExtranonce1;
      this.movedExtranonce1 = undefined;
      this.notices += setExtranonceLine(this.extranonce1, this.config.extranonce2Size);
    }
    this.notices += notifyLine(job, cleanJobs);
    this.jobs.add(job, {extranonce1: this.extranonce1, difficulty: shareDifficulty(this.vardiff.exponent), nowMs: time.nowMs});
  }

  private announceDifficulty(exponent: number, time: SessionTime): void {
    const difficulty = shareDifficulty(exponent);
    this.vardiff.announce(exponent, time.nowMs);
    this.notices += setDifficultyLine(difficulty.text);
    this.jobs.ease(difficulty);
  }

  /**
   * A difficulty that cannot wait goes out with new work of its own. Clean, because firmware of the S19 kind measures all
   * its shares by the latest difficulty; what it still sends for older jobs counts as before.
   */
  private moveIfUrgent(time: SessionTime): void {
    if (!this.isWorking || this.offered === undefined) return;
    const move = this.vardiff.decide(time.nowMs, this.networkExponent(this.offered));
    if (move?.isUrgent === true) this.deliverFreshWork(this.offered, time);
  }

  private deliverFreshWork(job: StratumJob, time: SessionTime): void {
    if (this.variants >= WORK_VARIANT_MAX) return;
    this.variants++;
    this.deliver(freshWork(job, {number: this.variants, jobKey: this.config.nextJobKey()}), true, time);
  }

  private tick(time: SessionTime): void {
    const {limits} = this.config;
    const {nowMs} = time;
    this.jobs.expire(nowMs);
    if (!this.isSubscribed) {
      if (nowMs - this.openedAtMs > limits.subscribeTimeoutMs) this.close('subscribe-timeout');
      return;
    }
    if (this.users.size === 0) {
      if (nowMs - this.subscribedAtMs > limits.authorizeTimeoutMs) this.close('authorize-timeout');
      return;
    }
    if (nowMs - this.shares.lastAcceptedMs > limits.idleTimeoutMs) return this.close('idle');
    this.followRejects(time);
    if (!this.isClosed) this.moveIfUrgent(time);
  }

  private followRejects(time: SessionTime): void {
    const since = this.shares.rejectingSinceMs;
    if (since === undefined || this.shares.rejectsInRow < this.config.limits.rejectsInRowMin) {
      this.resentAtMs = undefined;
      return;
    }
    if (time.nowMs - since > this.config.limits.rejectsCloseMs) return this.close('only-rejects');
    if (time.nowMs - since > this.config.limits.rejectsResendMs && this.resentAtMs === undefined && this.isWorking && this.offered !== undefined) {
      this.resentAtMs = time.nowMs;
      this.deliverFreshWork(this.offered, time);
    }
  }

  private grantedMask(job: StratumJob | undefined): number {
    return grantVersionMask({server: this.config.versionMask, client: this.clientVersionMask, jobVersion: job?.template.version ?? 0});
  }

  private networkExponent(job: StratumJob): number {
    return exponentForTarget(job.template.target);
  }

  private answer(id: RequestId | undefined, result: JsonValue): void {
    if (id !== undefined) this.replies.open().text = resultLine(id, result);
  }

  private answerError(id: RequestId | undefined, code: StratumErrorCode, text: string): void {
    if (id !== undefined) this.replies.open().text = errorLine(id, {code, text});
  }

  private flush(): void {
    const text = this.replies.takeReady() + this.notices;
    this.notices = '';
    if (text.length > 0 && !this.isClosed) this.emit({type: 'send', text});
  }

  private close(reason: CloseReason): void {
    if (this.isClosed) return;
    this.flush();
    this.isClosed = true;
    this.emit({type: 'close', reason});
  }
}

function isShareEvent(event: SessionEvent): boolean {
  return event.type === 'shareHashed' || event.type === 'shareRecorded' || event.type === 'candidateSettled';
}
