/**
 * @module The way of a share through a session: looked up, hashed elsewhere, judged, made durable elsewhere, answered.
 * A block goes to the chain before its answer is written; a share is answered as accepted only when it is on disk.
 */
import {bytesToHex} from '../bytes/hex.js';
import {sha256d} from '../bytes/sha256.js';
import {hashKey} from '../bytes/hash-key.js';
import type {Hash256} from '../primitives/transaction.js';
import {judgeShare, stratumErrorOf} from './judge-share.js';
import type {ShareRejectReason} from './judge-share.js';
import type {ShareDifficulty} from './difficulty.js';
import type {ReplyQueue, ReplySlot} from './reply-queue.js';
import type {RequestId, SubmitFields} from './request.js';
import {errorLine, STRATUM_ERROR, trueLine} from './response.js';
import type {StratumErrorCode} from './response.js';
import type {SentJob, SessionJobs} from './session-jobs.js';
import type {ShareToHash} from './share.js';
import {shareHeader} from './share-header.js';
import type {SessionConfig, SessionEffect, SessionEvent, SessionRejectReason, SessionTime} from './session-types.js';
import type {SessionUser} from './session-users.js';
import type {Vardiff} from './vardiff.js';
import {grantVersionMask, rollVersion} from './version-rolling.js';

/** What the desk needs of its session. */
export interface ShareHost {
  readonly config: SessionConfig;
  readonly jobs: SessionJobs;
  readonly vardiff: Vardiff;
  readonly replies: ReplyQueue;
  readonly userAgent: string;
  readonly isSubscribed: boolean;
  /** What the client asked for; 0 when it did not negotiate version rolling. */
  readonly clientVersionMask: number;
  findUser(userName: string): SessionUser | undefined;
  /** Whose work this connection was given, when a submit names nobody that is known. */
  firstUser(): SessionUser | undefined;
  emit(effect: SessionEffect): void;
  /** A share was refused for this, and its answer is written. */
  shareRefused(reason: SessionRejectReason): void;
}

/** What a hashed share is refused for: by what it is, or by what was known before it was hashed. */
type HashedRejectReason = ShareRejectReason | ForeseenReject;
/** A share that will not count is hashed all the same: it might be a block. */
type ForeseenReject = 'unauthorised' | 'busy';

/**
 * All that a share is here, from its line to its answer, in one object: it is its own task for the hasher and its own
 * place in the queue of answers. Among a thousand sessions every object comes from a cold cache, some 50 ns each.
 */
interface PendingShare extends ShareToHash, ReplySlot {
  readonly shareId: number;
  readonly id: RequestId | undefined;
  readonly entry: SentJob;
  readonly account: string;
  readonly minerName: string;
  readonly receivedAtMs: number;
  readonly hasGrantedVersion: boolean;
  readonly hasTimeInRange: boolean;
  readonly foreseen: ForeseenReject | undefined;
  hash: Hash256 | undefined;
  /** Of the hash, made once. */
  key: string;
  /** What it was judged by and is credited with. */
  difficulty: ShareDifficulty;
  isBlock: boolean;
  rejection: HashedRejectReason | undefined;
  waitsForChain: boolean;
  waitsForDisk: boolean;
}

/** Who is told no, and in whose name it is counted. */
interface Refused {
  readonly id: RequestId | undefined;
  readonly slot: ReplySlot | undefined;
  readonly account: string;
  readonly minerName: string;
  readonly nowMs: number;
}

type ShareEvent<T extends SessionEvent['type']> = Extract<SessionEvent, {readonly type: T}>;

interface EarlierLine {
  readonly slot: ReplySlot;
  readonly receivedAtMs: number;
}

const EARLIER_LINES_MAX = 64;
const BUSY = {code: STRATUM_ERROR.other, text: 'The pool is busy, the share was not counted'} as const;
const UNAUTHORISED = {code: STRATUM_ERROR.unauthorised, text: 'Unauthorised user'} as const;

export class ShareDesk {
  accepted = 0;
  rejected = 0;
  paddedNonces = 0;
  lastRejectText: string | undefined;
  lastAcceptedMs: number;
  /** Start of the present run of rejects. */
  rejectingSinceMs: number | undefined;
  /** How many there are in it. */
  rejectsInRow = 0;
  private readonly host: ShareHost;
  private readonly retransmitWindowMs: number;
  /** Oldest first, and nearly always the oldest is the one that something is told of. */
  private readonly pending: PendingShare[] = [];
  /** With a window for retransmissions only. */
  private earlier: Map<string, EarlierLine> | undefined;
  private nextShareId = 1;

  constructor(host: ShareHost, nowMs: number) {
    this.host = host;
    this.retransmitWindowMs = host.config.limits.retransmitWindowMs;
    this.lastAcceptedMs = nowMs;
  }

  get inFlight(): number {
    return this.pending.length;
  }

  /**
   * @param line - as it came: only an exact repetition can be a retransmission.
   * @param fields - read before this returns; the caller may use the object again.
   */
  submit(id: RequestId | undefined, line: string, fields: SubmitFields, time: SessionTime): void {
    const {host} = this;
    if (this.repeatsVerdict(line, id, time)) return;
    const named = host.isSubscribed ? host.findUser(fields.userName) : undefined;
    const user = named ?? host.firstUser();
    const entry = host.jobs.find(fields.jobId);
    if (!host.isSubscribed || user === undefined || entry === undefined || fields.extranonce2.length !== host.config.extranonce2Size) {
      return this.refuseUnhashed({id, line, isNamed: named !== undefined, user, entry}, time);
    }
    if (fields.isNoncePadded) this.paddedNonces++;
    const isBusy = this.pending.length >= host.config.limits.sharesInFlightMax;
    const foreseen = named === undefined ? 'unauthorised' : isBusy ? 'busy' : undefined;
    const share = this.pendingShare({id, user, entry, foreseen}, fields, time);
    if (id !== undefined) {
      host.replies.add(share);
      this.remember(line, share, time);
    }
    this.pending.push(share);
    const hash = host.config.hashNow?.(share, entry.memo) ?? (isBusy ? entry.memo.hash(share) : undefined);
    // One that is hashed here in a crowd costs nothing that lasts: only a block is kept.
    if (hash !== undefined) return this.judge(share, hash, undefined, time.nowMs);
    host.emit({type: 'hashShare', shareId: share.shareId, task: taskOf(share)});
  }

  refuseMalformed(id: RequestId | undefined, text: string, nowMs: number): void {
    const slot = id === undefined ? undefined : this.host.replies.open();
    this.refuse({id, slot, account: '', minerName: '', nowMs}, 'malformed', {code: STRATUM_ERROR.other, text});
  }

  hashed(event: ShareEvent<'shareHashed'>, nowMs: number): void {
    const share = this.find(event.shareId);
    if (share === undefined || share.hash !== undefined) return;
    // Refused or failed: hashed here, because an unhashed share might have been a block.
    const header = event.outcome.ok ? event.outcome.header : shareHeader(share);
    this.judge(share, event.outcome.ok ? event.outcome.hash : sha256d(header), header, nowMs);
  }

  private judge(share: PendingShare, hash: Hash256, header: Uint8Array | undefined, nowMs: number): void {
    const {entry} = share;
    share.hash = hash;
    share.key = hashKey(hash);
    share.difficulty = entry.difficulty;
    const judgement = judgeShare({
      hash,
      networkTarget: entry.job.template.target,
      shareTarget: share.difficulty.target,
      isStale: entry.staleSinceMs !== undefined && share.receivedAtMs - entry.staleSinceMs > this.host.config.limits.staleGraceMs,
      isCounted: entry.counted?.has(share.key) === true,
      hasGrantedVersion: share.hasGrantedVersion,
      hasTimeInRange: share.hasTimeInRange,
    });
    share.isBlock = judgement.isBlock;
    // A block in spite of a crowd is a share like any other.
    share.rejection = share.foreseen === 'unauthorised' || (share.foreseen === 'busy' && !judgement.isBlock) ? share.foreseen : judgement.rejection;
    if (judgement.isBlock) this.submitCandidate(share, header ?? shareHeader(share));
    if (share.rejection === undefined) this.record(share);
    this.settle(share, nowMs);
  }

  candidateSettled(event: ShareEvent<'candidateSettled'>, nowMs: number): void {
    const share = this.find(event.shareId);
    if (share === undefined || !share.waitsForChain) return;
    share.waitsForChain = false;
    // The chain took it, so the work was good, whatever our own rules said. A duplicate has its credit already.
    if (event.isAccepted && share.rejection !== undefined && share.entry.counted?.has(share.key) !== true) {
      share.rejection = undefined;
      this.record(share);
    }
    this.settle(share, nowMs);
  }

  recorded(event: ShareEvent<'shareRecorded'>, nowMs: number): void {
    const share = this.find(event.shareId);
    if (share === undefined || !share.waitsForDisk) return;
    share.waitsForDisk = false;
    if (!event.ok) {
      // Not in the log, so the miner may send it again. In doubt it may not: the log could hold it twice.
      if (event.mayBeRecorded !== true) share.entry.counted?.delete(share.key);
      this.drop(share);
      return this.refuse(refusedOf(share, nowMs), 'busy', BUSY);
    }
    this.settle(share, nowMs);
  }

  private find(shareId: number): PendingShare | undefined {
    const oldest = this.pending[0];
    return oldest === undefined || oldest.shareId === shareId ? oldest : this.pending.find((share) => share.shareId === shareId);
  }

  private drop(share: PendingShare): void {
    if (this.pending[0] === share) this.pending.shift();
    else this.pending.splice(this.pending.indexOf(share), 1);
  }

  private pendingShare(
    known: {readonly id: RequestId | undefined; readonly user: SessionUser; readonly entry: SentJob; readonly foreseen: ForeseenReject | undefined},
    fields: SubmitFields, time: SessionTime,
  ): PendingShare {
    const {host} = this;
    const {id, user, entry, foreseen} = known;
    const {template} = entry.job;
    const mask = grantVersionMask({server: host.config.versionMask, client: host.clientVersionMask, jobVersion: template.version});
    const rolled = rollVersion({jobVersion: template.version, mask, bits: fields.versionBits ?? 0});
    const latestSec = Math.max(time.wallSec, template.curTimeSec) + host.config.limits.timeAheadSec;
    return {
      shareId: this.nextShareId++, id, text: undefined, sameAs: undefined, account: user.account, minerName: user.minerName, entry,
      job: entry.hashTaskJob, extranonce1: entry.extranonce1, extranonce2: fields.extranonce2,
      version: rolled.version, timeSec: fields.timeSec, nonce: fields.nonce,
      receivedAtMs: time.nowMs, difficulty: entry.difficulty,
      hasGrantedVersion: rolled.isGranted,
      hasTimeInRange: fields.timeSec >= template.minTimeSec && fields.timeSec <= latestSec,
      foreseen, hash: undefined, key: '', isBlock: false, rejection: undefined, waitsForChain: false, waitsForDisk: false,
    };
  }

  private submitCandidate(share: PendingShare, header: Uint8Array): void {
    share.waitsForChain = true;
    const {shareId, entry, extranonce1, extranonce2, account, minerName} = share;
    this.host.emit({type: 'submitCandidate', shareId, job: entry.job, extranonce1, extranonce2, header, hash: share.hash!, account, minerName});
  }

  /** Counted from now on, so that a second copy on its way is a duplicate. */
  private record(share: PendingShare): void {
    const hash = share.hash!;
    share.waitsForDisk = true;
    (share.entry.counted ??= new Set()).add(share.key);
    this.host.emit({
      type: 'recordShare', shareId: share.shareId,
      share: {
        account: share.account, minerName: share.minerName, target: share.difficulty.target,
        height: share.entry.job.template.height, hash, isBlock: share.isBlock,
        sessionId: this.host.config.sessionId, userAgent: this.host.userAgent,
      },
    });
  }

  private settle(share: PendingShare, nowMs: number): void {
    if (share.waitsForChain || share.waitsForDisk) return;
    this.drop(share);
    if (share.rejection !== undefined) return this.refuse(refusedOf(share, nowMs), share.rejection, this.errorOf(share));
    this.accepted++;
    if (this.accepted === 1) this.host.emit({type: 'proved'});
    this.lastAcceptedMs = nowMs;
    this.rejectingSinceMs = undefined;
    this.rejectsInRow = 0;
    this.host.vardiff.creditShare(share.difficulty.exponent, nowMs);
    if (share.id !== undefined) share.text = trueLine(share.id);
  }

  /** Nobody can tell which header it would have been, or whose: the only shares that are not hashed. */
  private refuseUnhashed(
    submit: {readonly id: RequestId | undefined; readonly line: string; readonly isNamed: boolean; readonly user: SessionUser | undefined; readonly entry: SentJob | undefined},
    time: SessionTime,
  ): void {
    const {host} = this;
    const {id, user} = submit;
    const slot = id === undefined ? undefined : host.replies.open();
    if (slot !== undefined) this.remember(submit.line, slot, time);
    const nobody = {id, slot, account: '', minerName: '', nowMs: time.nowMs};
    if (!host.isSubscribed) return this.refuse(nobody, 'not-subscribed', {code: STRATUM_ERROR.notSubscribed, text: 'Not subscribed'});
    if (user === undefined || (!submit.isNamed && submit.entry === undefined)) return this.refuse(nobody, 'unauthorised', UNAUTHORISED);
    const known = {...nobody, account: user.account, minerName: user.minerName};
    if (submit.entry === undefined) return this.refuse(known, 'unknown-job', {code: STRATUM_ERROR.jobNotFound, text: 'Job not found'});
    return this.refuse(known, 'malformed', {code: STRATUM_ERROR.other, text: `extranonce2 must be ${host.config.extranonce2Size * 2} hex digits`});
  }

  /** The reason must let the miner's owner understand: which hash, which difficulty. */
  private errorOf(share: PendingShare): {readonly code: StratumErrorCode; readonly text: string} {
    if (share.rejection === 'unauthorised') return UNAUTHORISED;
    if (share.rejection === 'busy') return BUSY;
    const error = stratumErrorOf(share.rejection!);
    if (share.rejection !== 'low-difficulty') return error;
    const leadingHex = bytesToHex(share.hash!.slice(20).reverse());
    return {code: error.code, text: `${error.text}: hash ${leadingHex}... is above the target of difficulty ${share.difficulty.text}`};
  }

  private refuse(who: Refused, reason: SessionRejectReason, error: {readonly code: StratumErrorCode; readonly text: string}): void {
    this.rejected++;
    this.lastRejectText = error.text;
    // Being busy is our fault and no reason to send the miner away.
    if (reason !== 'busy') {
      this.rejectingSinceMs ??= who.nowMs;
      this.rejectsInRow++;
    }
    if (who.slot !== undefined) who.slot.text = errorLine(who.id ?? null, error);
    this.host.emit({type: 'recordReject', account: who.account, minerName: who.minerName, reason});
    this.host.shareRefused(reason);
  }

  /** Some miners send a share again when its answer is late; within the window they get the same answer. */
  private repeatsVerdict(line: string, id: RequestId | undefined, time: SessionTime): boolean {
    if (this.retransmitWindowMs === 0 || id === undefined) return false;
    const first = this.earlier?.get(line);
    if (first === undefined || time.nowMs - first.receivedAtMs > this.retransmitWindowMs) return false;
    this.host.replies.open(first.slot);
    return true;
  }

  private remember(line: string, slot: ReplySlot, time: SessionTime): void {
    if (this.retransmitWindowMs === 0) return;
    const earlier = (this.earlier ??= new Map());
    earlier.delete(line);
    earlier.set(line, {slot, receivedAtMs: time.nowMs});
    if (earlier.size > EARLIER_LINES_MAX) earlier.delete(earlier.keys().next().value!);
  }
}

function refusedOf(share: PendingShare, nowMs: number): Refused {
  const {id, account, minerName} = share;
  return {id, slot: id === undefined ? undefined : share, account, minerName, nowMs};
}

/** What leaves this thread: without the rest of the share. */
function taskOf({job, extranonce1, extranonce2, version, timeSec, nonce}: PendingShare): ShareToHash {
  return {job, extranonce1, extranonce2, version, timeSec, nonce};
}
