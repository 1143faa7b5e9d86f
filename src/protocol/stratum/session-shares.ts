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
  findUser(userName: string): {readonly account: string; readonly minerName: string} | undefined;
  /** Whose work this connection was given, when a submit names nobody that is known. */
  firstUser(): {readonly account: string; readonly minerName: string} | undefined;
  emit(effect: SessionEffect): void;
  /** A share was refused for this, and its answer is written. */
  shareRefused(reason: SessionRejectReason): void;
}

/** What a hashed share is refused for: by what it is, or by what was known before it was hashed. */
type HashedRejectReason = ShareRejectReason | ForeseenReject;
/** A share that will not count is hashed all the same: it might be a block. */
type ForeseenReject = 'unauthorised' | 'busy';

interface PendingShare {
  readonly id: RequestId | undefined;
  readonly slot: ReplySlot | undefined;
  readonly entry: SentJob;
  readonly task: ShareToHash;
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
  private readonly pending = new Map<number, PendingShare>();
  private readonly earlier = new Map<string, EarlierLine>();
  private nextShareId = 1;

  constructor(host: ShareHost, nowMs: number) {
    this.host = host;
    this.lastAcceptedMs = nowMs;
  }

  get inFlight(): number {
    return this.pending.size;
  }

  /** @param line - as it came: only an exact repetition can be a retransmission. */
  submit(submit: {readonly id: RequestId | undefined; readonly line: string; readonly fields: SubmitFields}, time: SessionTime): void {
    const {id, fields} = submit;
    const {host} = this;
    if (this.repeatsVerdict(submit.line, id, time)) return;
    const slot = id === undefined ? undefined : host.replies.open();
    this.remember(submit.line, slot, time);
    if (!host.isSubscribed) return this.refuse(nobody(id, slot, time), 'not-subscribed', {code: STRATUM_ERROR.notSubscribed, text: 'Not subscribed'});
    const named = host.findUser(fields.userName);
    const user = named ?? host.firstUser();
    const entry = host.jobs.find(fields.jobId);
    if (user === undefined || (named === undefined && entry === undefined)) return this.refuse(nobody(id, slot, time), 'unauthorised', UNAUTHORISED);
    if (entry === undefined) return this.refuse({...nobody(id, slot, time), ...user}, 'unknown-job', {code: STRATUM_ERROR.jobNotFound, text: 'Job not found'});
    const known = {id, slot, account: user.account, minerName: user.minerName, nowMs: time.nowMs, entry};
    if (fields.extranonce2.length !== host.config.extranonce2Size) {
      return this.refuse(known, 'malformed', {code: STRATUM_ERROR.other, text: `extranonce2 must be ${host.config.extranonce2Size * 2} hex digits`});
    }
    if (fields.isNoncePadded) this.paddedNonces++;
    const isBusy = this.pending.size >= host.config.limits.sharesInFlightMax;
    const share = this.pendingShare(known, fields, {time, foreseen: named === undefined ? 'unauthorised' : isBusy ? 'busy' : undefined});
    if (isBusy || host.config.hashNow !== undefined) return this.hashHere(share, time.nowMs);
    const shareId = this.keep(share);
    host.emit({type: 'hashShare', shareId, task: share.task});
  }

  refuseMalformed(id: RequestId | undefined, text: string, nowMs: number): void {
    const slot = id === undefined ? undefined : this.host.replies.open();
    this.refuse({id, slot, account: '', minerName: '', nowMs}, 'malformed', {code: STRATUM_ERROR.other, text});
  }

  hashed(event: ShareEvent<'shareHashed'>, nowMs: number): void {
    const share = this.pending.get(event.shareId);
    if (share === undefined || share.hash !== undefined) return;
    // Refused or failed: hashed here, some 30 us, because an unhashed share might have been a block.
    const header = event.outcome.ok ? event.outcome.header : shareHeader(share.task);
    this.judge(event.shareId, share, {hash: event.outcome.ok ? event.outcome.hash : sha256d(header), header, nowMs});
  }

  private judge(shareId: number, share: PendingShare, {hash, header, nowMs}: {readonly hash: Hash256; readonly header: Uint8Array | undefined; readonly nowMs: number}): void {
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
    if (judgement.isBlock) this.submitCandidate(shareId, share, header ?? shareHeader(share.task));
    if (share.rejection === undefined) this.record(shareId, share);
    this.settle(shareId, share, nowMs);
  }

  candidateSettled(event: ShareEvent<'candidateSettled'>, nowMs: number): void {
    const share = this.pending.get(event.shareId);
    if (share === undefined || !share.waitsForChain) return;
    share.waitsForChain = false;
    // The chain took it, so the work was good, whatever our own rules said. A duplicate has its credit already.
    if (event.isAccepted && share.rejection !== undefined && share.entry.counted?.has(share.key) !== true) {
      share.rejection = undefined;
      this.record(event.shareId, share);
    }
    this.settle(event.shareId, share, nowMs);
  }

  recorded(event: ShareEvent<'shareRecorded'>, nowMs: number): void {
    const share = this.pending.get(event.shareId);
    if (share === undefined || !share.waitsForDisk) return;
    share.waitsForDisk = false;
    if (!event.ok) {
      // Not in the log, so the miner may send it again. In doubt it may not: the log could hold it twice.
      if (event.mayBeRecorded !== true) share.entry.counted?.delete(share.key);
      this.pending.delete(event.shareId);
      return this.refuse({...share, nowMs}, 'busy', BUSY);
    }
    this.settle(event.shareId, share, nowMs);
  }

  private pendingShare(
    known: {readonly id: RequestId | undefined; readonly slot: ReplySlot | undefined; readonly account: string; readonly minerName: string; readonly entry: SentJob},
    fields: SubmitFields, {time, foreseen}: {readonly time: SessionTime; readonly foreseen: ForeseenReject | undefined},
  ): PendingShare {
    const {host} = this;
    const {template} = known.entry.job;
    const mask = grantVersionMask({server: host.config.versionMask, client: host.clientVersionMask, jobVersion: template.version});
    const rolled = rollVersion({jobVersion: template.version, mask, bits: fields.versionBits ?? 0});
    const latestSec = Math.max(time.wallSec, template.curTimeSec) + host.config.limits.timeAheadSec;
    const task = {
      job: known.entry.hashTaskJob, extranonce1: known.entry.extranonce1, extranonce2: fields.extranonce2,
      version: rolled.version, timeSec: fields.timeSec, nonce: fields.nonce,
    };
    return {
      id: known.id, slot: known.slot, account: known.account, minerName: known.minerName,
      entry: known.entry, task, receivedAtMs: time.nowMs, difficulty: known.entry.difficulty,
      hasGrantedVersion: rolled.isGranted,
      hasTimeInRange: fields.timeSec >= template.minTimeSec && fields.timeSec <= latestSec,
      foreseen, hash: undefined, key: '', isBlock: false, rejection: undefined, waitsForChain: false, waitsForDisk: false,
    };
  }

  private keep(share: PendingShare): number {
    const shareId = this.nextShareId++;
    this.pending.set(shareId, share);
    return shareId;
  }

  /**
   * Where no other thread hashes, or too many shares are in hand: then this one costs nothing that lasts, some 30 us here,
   * and only a block is kept.
   */
  private hashHere(share: PendingShare, nowMs: number): void {
    const hash = this.host.config.hashNow?.(share.task) ?? sha256d(shareHeader(share.task));
    this.judge(this.keep(share), share, {hash, header: undefined, nowMs});
  }

  private submitCandidate(shareId: number, share: PendingShare, header: Uint8Array): void {
    share.waitsForChain = true;
    const {entry, task, account, minerName} = share;
    this.host.emit({
      type: 'submitCandidate', shareId, job: entry.job, extranonce1: task.extranonce1, extranonce2: task.extranonce2,
      header, hash: share.hash!, account, minerName,
    });
  }

  /** Counted from now on, so that a second copy on its way is a duplicate. */
  private record(shareId: number, share: PendingShare): void {
    const hash = share.hash!;
    share.waitsForDisk = true;
    (share.entry.counted ??= new Set()).add(share.key);
    this.host.emit({
      type: 'recordShare', shareId,
      share: {
        account: share.account, minerName: share.minerName, target: share.difficulty.target,
        height: share.entry.job.template.height, hash, isBlock: share.isBlock,
        sessionId: this.host.config.sessionId, userAgent: this.host.userAgent,
      },
    });
  }

  private settle(shareId: number, share: PendingShare, nowMs: number): void {
    if (share.waitsForChain || share.waitsForDisk) return;
    this.pending.delete(shareId);
    if (share.rejection !== undefined) return this.refuse({...share, nowMs}, share.rejection, this.errorOf(share));
    this.accepted++;
    if (this.accepted === 1) this.host.emit({type: 'proved'});
    this.lastAcceptedMs = nowMs;
    this.rejectingSinceMs = undefined;
    this.rejectsInRow = 0;
    this.host.vardiff.creditShare(share.difficulty.exponent, nowMs);
    if (share.slot !== undefined) share.slot.text = trueLine(share.id ?? null);
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

  private refuse(
    who: {readonly id: RequestId | undefined; readonly slot: ReplySlot | undefined; readonly account: string; readonly minerName: string; readonly nowMs: number},
    reason: SessionRejectReason, error: {readonly code: StratumErrorCode; readonly text: string},
  ): void {
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
    const windowMs = this.host.config.limits.retransmitWindowMs;
    if (windowMs === 0 || id === undefined) return false;
    const first = this.earlier.get(line);
    if (first === undefined || time.nowMs - first.receivedAtMs > windowMs) return false;
    this.host.replies.open(first.slot);
    return true;
  }

  private remember(line: string, slot: ReplySlot | undefined, time: SessionTime): void {
    if (this.host.config.limits.retransmitWindowMs === 0 || slot === undefined) return;
    this.earlier.delete(line);
    this.earlier.set(line, {slot, receivedAtMs: time.nowMs});
    if (this.earlier.size <= EARLIER_LINES_MAX) return;
    for (const oldest of this.earlier.keys()) {
      this.earlier.delete(oldest);
      return;
    }
  }
}

function nobody(id: RequestId | undefined, slot: ReplySlot | undefined, time: SessionTime) {
  return {id, slot, account: '', minerName: '', nowMs: time.nowMs};
}
