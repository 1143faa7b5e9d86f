/**
 * @module One Stratum V1 session as a pure machine: events and the time in, effects out. No socket, no clock, no disk.
 *
 * It decides what each request is answered, which work a miner has and at what difficulty, and when the connection ends.
 * It does not hash, judge blocks, or know who is paid; the effects ask others to. The state is one mutable object that
 * never leaves the machine. Input from the wire never makes it throw.
 */
import {bytesToHex} from '../bytes/hex.js';
import {exponentAtLeast, exponentAtMost, exponentForTarget, shareDifficulty} from './difficulty.js';
import type {JsonValue} from './json-guard.js';
import {LineReader} from './line-codec.js';
import {ReplyQueue} from './reply-queue.js';
import {decodeLine} from './request.js';
import type {ConfigureWishes, RequestId, StratumRequest} from './request.js';
import {errorLine, hex32, reconnectLine, resultLine, showMessageLine, STRATUM_ERROR} from './response.js';
import type {StratumErrorCode} from './response.js';
import type {SessionJobs} from './session-jobs.js';
import {ShareConduct} from './session-conduct.js';
import type {SessionMemory} from './session-memory.js';
import {ShareDesk} from './session-shares.js';
import type {ShareHost} from './session-shares.js';
import {SessionUsers} from './session-users.js';
import type {SessionUser} from './session-users.js';
import type {CloseReason, SessionConfig, SessionEffect, SessionEvent, SessionRejectReason, SessionSummary, SessionTime} from './session-types.js';
import {WorkDesk} from './session-work.js';
import {SubmitPattern} from './submit-pattern.js';
import {fixedDifficultyOf, splitUserName} from './user-name.js';
import type {Vardiff} from './vardiff.js';

/** A short list would cost the miner nothing; a block's worth of transactions is megabytes of text. */
const TRANSACTIONS_BYTES_MAX = 65_536;

const NO_EFFECTS: SessionEffect[] = [];

export class StratumSession implements ShareHost {
  readonly config: SessionConfig;
  readonly replies = new ReplyQueue();
  userAgent = '';
  isSubscribed = false;
  private readonly work: WorkDesk;
  private readonly shares: ShareDesk;
  private readonly reader = new LineReader();
  private readonly users: SessionUsers;
  private readonly conduct: ShareConduct;
  /** What its submits look like; the next one rarely looks different. */
  private submits: SubmitPattern | undefined;
  /** Nobody compares lines as texts. */
  private readonly readsChunks: boolean;
  private readonly openedAtMs: number;
  /** When the unfinished line that is held was first seen, and how many lines there were by then. */
  private unfinishedSinceMs: number | undefined;
  private linesRead = 0;
  private linesReadThen = 0;
  private subscribedAtMs = 0;
  /** Of the first miner, as it was written. */
  private firstUserName = '';
  private resentAtMs: number | undefined;
  private malformedLines = 0;
  private isEnding = false;
  private isClosed = false;
  /** Of this step. Mostly one: a list of one is a third of what `push` onto an empty list makes. */
  private effects = NO_EFFECTS;

  constructor(config: SessionConfig, time: SessionTime) {
    this.config = config;
    this.readsChunks = config.limits.retransmitWindowMs === 0;
    this.work = new WorkDesk(config, time.nowMs);
    this.shares = new ShareDesk(this, time.nowMs);
    this.conduct = new ShareConduct(config.limits);
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
    this.effects = NO_EFFECTS;
    return effects;
  }

  get jobs(): SessionJobs {
    return this.work.jobs;
  }

  get vardiff(): Vardiff {
    return this.work.vardiff;
  }

  get clientVersionMask(): number {
    return this.work.clientVersionMask;
  }

  /** Closed, and no share in hand: nothing will come of it any more. */
  get isFinished(): boolean {
    return this.isClosed && this.shares.inFlight === 0;
  }

  /** For its successor, once it is finished. @returns undefined when there is nothing to remember. */
  memory(leftAtMs: number): SessionMemory | undefined {
    const {first} = this.users;
    return first === undefined ? undefined : this.work.memory({account: first.account, userName: this.firstUserName, userAgent: this.userAgent, leftAtMs});
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
    if (this.effects === NO_EFFECTS) this.effects = [effect];
    else this.effects.push(effect);
  }

  findUser(userName: string): SessionUser | undefined {
    return this.users.find(userName);
  }

  firstUser(): SessionUser | undefined {
    return this.users.first;
  }

  shareRefused(reason: SessionRejectReason): void {
    const misconduct = this.conduct.rejected(reason, this.shares.accepted);
    if (misconduct !== undefined) this.close(misconduct);
  }

  private handle(event: SessionEvent, time: SessionTime): void {
    switch (event.type) {
      case 'received': return this.receive(event.text, time);
      case 'jobOffered':
        this.work.offer(event.job, {cleanJobs: event.cleanJobs, nowMs: time.nowMs});
        return this.startWork(time);
      case 'shareHashed':
        this.shares.hashed(event, time.nowMs);
        return;
      case 'shareRecorded':
        this.shares.recorded(event, time.nowMs);
        if (!this.isClosed && this.vardiff.isRiseDue(time.nowMs)) this.work.moveIfUrgent(time.nowMs);
        return;
      case 'candidateSettled':
        this.shares.candidateSettled(event, time.nowMs);
        return;
      case 'extranonceMoved': return this.work.moveExtranonce(event.extranonce1);
      case 'messageShown':
        this.work.notices += showMessageLine(event.text);
        return;
      case 'ended':
        this.isEnding = true;
        this.work.notices += showMessageLine(event.text);
        if (event.reconnectWaitSec !== undefined) this.work.notices += reconnectLine(event.reconnectWaitSec);
        return;
      case 'connectionLost':
        this.isClosed = true;
        return;
      case 'ticked': return this.tick(time);
    }
  }

  private receive(text: string, time: SessionTime): void {
    if (this.readsChunks && this.reader.pendingLength === 0 && this.submits?.read(text, text.length - 1) === true && text.endsWith('\n')) {
      // One whole line, like those before: what nearly every chunk is. It has no line end inside, nor has the pattern.
      this.linesRead++;
      return this.shares.submit(this.submits.id, text, this.submits, time);
    }
    const {lines, overflow} = this.reader.push(text);
    this.linesRead += lines.length;
    for (const line of lines) {
      this.handleLine(line, time);
      if (this.replies.length > this.config.limits.repliesQueuedMax) this.close('too-many-requests');
      if (this.isClosed) return;
    }
    if (overflow) this.close('line-too-long');
  }

  private handleLine(line: string, time: SessionTime): void {
    if (this.submits?.read(line) === true) return this.shares.submit(this.submits.id, line, this.submits, time);
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
        if (decoded.request.method !== 'mining.submit') return this.handleRequest(decoded.id, decoded.request, time);
        this.submits = SubmitPattern.of(line, decoded.request);
        return this.shares.submit(decoded.id, line, decoded.request, time);
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
        this.work.followsExtranonce = true;
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
      const memory = request.resumeSessionId === undefined ? undefined : this.config.earlier?.claim(request.resumeSessionId);
      if (memory !== undefined) this.work.resume(memory, time.nowMs);
    }
    // The extranonce1 names the session: it is what a client would want back.
    const name = bytesToHex(this.work.currentExtranonce1);
    this.answer(id, [[['mining.set_difficulty', name], ['mining.notify', name]], name, this.config.extranonce2Size]);
    this.startWork(time);
  }

  private authorize(id: RequestId | undefined, request: Extract<StratumRequest, {readonly method: 'mining.authorize'}>, time: SessionTime): void {
    const {addressText, minerName, difficulty} = splitUserName(request.userName);
    const decoded = this.config.decodeAccount(addressText);
    if (!decoded.ok) return this.answerError(id, STRATUM_ERROR.unauthorised, 'The user name must be a payout address of this chain, with .worker if you like');
    const {first} = this.users;
    const user = {account: decoded.account, minerName};
    if (first === undefined) this.greet(request, user.account);
    if (this.config.isJobPerAccount && first !== undefined && first.account !== user.account) {
      return this.answerError(id, STRATUM_ERROR.unauthorised, 'One payout address per connection here: the blocks pay it directly');
    }
    if (!this.users.keep(request.userName, user) && !this.users.hasAccount(user.account)) {
      return this.answerError(id, STRATUM_ERROR.unauthorised, 'Too many names on one connection');
    }
    // The password is the more deliberate of the two places.
    const wanted = fixedDifficultyOf(request.password) ?? difficulty;
    if (wanted !== undefined) this.vardiff.want(exponentAtMost(wanted)!);
    this.answer(id, true);
    if (first === undefined) {
      this.shares.lastAcceptedMs = time.nowMs;
      if (this.config.isJobPerAccount) this.emit({type: 'requestJob', account: user.account});
    }
    this.startWork(time);
  }

  /** The first miner of this connection: it may have been here before. */
  private greet({userName}: {readonly userName: string}, account: string): void {
    this.firstUserName = userName;
    const {config, work} = this;
    if (config.isJobPerAccount) work.forgetJobsOfOthers(account);
    const recalled = config.earlier?.recallExponent(userName, this.userAgent);
    if (recalled !== undefined) this.vardiff.recall(recalled);
  }

  /** BIP 310. What we do not know is answered with false, never with true. */
  private configure(wishes: ConfigureWishes): JsonValue {
    const answers: {[name: string]: JsonValue} = {};
    for (const extension of wishes.extensions) answers[extension] = false;
    if (wishes.extensions.includes('version-rolling')) {
      answers['version-rolling'] = true;
      answers['version-rolling.mask'] = hex32(this.work.negotiateVersion(wishes.versionMask ?? 0xffffffff));
    }
    if (wishes.extensions.includes('minimum-difficulty') && wishes.minimumDifficulty !== undefined) {
      this.vardiff.setFloor(exponentAtLeast(wishes.minimumDifficulty)!);
      answers['minimum-difficulty'] = true;
    }
    if (wishes.extensions.includes('subscribe-extranonce')) {
      this.work.followsExtranonce = true;
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

  /** First work: once the client is known, allowed, and there is something to do. */
  private startWork(time: SessionTime): void {
    if (this.isSubscribed && this.users.size > 0) this.work.start(time.nowMs);
  }

  private tick(time: SessionTime): void {
    const {limits} = this.config;
    const {nowMs} = time;
    this.jobs.expire(nowMs);
    if (this.hasStalledLine(nowMs)) return this.close('line-timeout');
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
    if (!this.isClosed) this.work.moveIfUrgent(nowMs);
  }

  /** Bytes that dribble in must not hold a place for ever. */
  private hasStalledLine(nowMs: number): boolean {
    if (this.reader.pendingLength === 0 || this.linesRead !== this.linesReadThen) {
      this.linesReadThen = this.linesRead;
      this.unfinishedSinceMs = this.reader.pendingLength === 0 ? undefined : nowMs;
      return false;
    }
    this.unfinishedSinceMs ??= nowMs;
    return nowMs - this.unfinishedSinceMs > this.config.limits.lineTimeoutMs;
  }

  private followRejects(time: SessionTime): void {
    const since = this.shares.rejectingSinceMs;
    if (since === undefined || this.shares.rejectsInRow < this.config.limits.rejectsInRowMin) {
      this.resentAtMs = undefined;
      return;
    }
    if (time.nowMs - since > this.config.limits.rejectsCloseMs) return this.close('only-rejects');
    if (time.nowMs - since > this.config.limits.rejectsResendMs && this.resentAtMs === undefined && this.work.isWorking) {
      this.resentAtMs = time.nowMs;
      this.work.deliverFreshWork(time.nowMs);
    }
  }

  private answer(id: RequestId | undefined, result: JsonValue): void {
    if (id !== undefined) this.replies.open().text = resultLine(id, result);
  }

  private answerError(id: RequestId | undefined, code: StratumErrorCode, text: string): void {
    if (id !== undefined) this.replies.open().text = errorLine(id, {code, text});
  }

  private flush(): void {
    const text = this.replies.takeReady() + this.work.notices;
    this.work.notices = '';
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
