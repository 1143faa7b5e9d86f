/**
 * @module The work of one session: which job it has, at which difficulty, with which version bits and extranonce1, and
 * what it is told when one of these changes. It hears of shares only through the vardiff that they feed.
 *
 * Whatever changes goes out before the notify that it holds for: clients take what they know when a job comes.
 */
import {bytesEqual} from '../bytes/compare.js';
import {exponentForTarget, shareDifficulty} from './difficulty.js';
import {notifyLine, setDifficultyLine, setExtranonceLine, setVersionMaskLine} from './response.js';
import {SessionJobs} from './session-jobs.js';
import type {SessionMemory} from './session-memory.js';
import type {SessionConfig} from './session-types.js';
import {freshWork, WORK_VARIANT_MAX} from './stratum-job.js';
import type {StratumJob} from './stratum-job.js';
import {Vardiff} from './vardiff.js';
import {grantVersionMask} from './version-rolling.js';

export class WorkDesk {
  jobs: SessionJobs;
  readonly vardiff: Vardiff;
  /** What the client asked for; 0 when it did not negotiate version rolling. */
  clientVersionMask = 0;
  /** It was given its first job. */
  isWorking = false;
  followsExtranonce = false;
  /** Lines to be sent after the answers that are ready. */
  notices = '';
  private readonly config: SessionConfig;
  private extranonce1: Uint8Array;
  private movedExtranonce1: Uint8Array | undefined;
  private announcedMask: number | undefined;
  private offered: StratumJob | undefined;
  private variants = 0;
  private earlier: SessionMemory | undefined;

  constructor(config: SessionConfig, nowMs: number) {
    this.config = config;
    this.extranonce1 = config.extranonce1;
    this.jobs = new SessionJobs(config.limits.jobLifetimeMs);
    this.vardiff = new Vardiff(config.vardiff, nowMs);
  }

  get currentExtranonce1(): Uint8Array {
    return this.extranonce1;
  }

  get hasJob(): boolean {
    return this.offered !== undefined;
  }

  /** @returns the mask for the answer. Granted anew with each template. */
  negotiateVersion(clientMask: number): number {
    this.clientVersionMask = clientMask;
    this.announcedMask = this.grantedMask(this.offered);
    return this.announcedMask;
  }

  /** From the next job on; ignored unless the client follows such changes. */
  moveExtranonce(extranonce1: Uint8Array): void {
    if (this.followsExtranonce) this.movedExtranonce1 = extranonce1;
  }

  /** The same job twice would be the same work twice, and answers to `requestJob` may be overtaken by newer jobs. */
  offer(job: StratumJob, {cleanJobs, nowMs}: {readonly cleanJobs: boolean; readonly nowMs: number}): void {
    const latest = this.offered ?? this.earlier?.offered;
    if (latest !== undefined && job.createdAtMs < latest.createdAtMs) return;
    if (this.offered?.jobId === job.jobId) return;
    const isNewTip = this.offered !== undefined && !bytesEqual(job.template.previousHash, this.offered.template.previousHash);
    this.take(job);
    this.jobs.moveTip(job.template.previousHash, nowMs);
    if (this.isWorking) this.deliver(job, cleanJobs || isNewTip, nowMs);
  }

  /** First work: the caller knows that the client is subscribed and allowed. */
  start(nowMs: number): void {
    if (this.isWorking || this.offered === undefined) return;
    this.isWorking = true;
    this.vardiff.startWork(nowMs);
    const exponent = this.vardiff.decide(nowMs, this.networkExponent(this.offered))?.exponent ?? this.vardiff.exponent;
    this.announceDifficulty(exponent, nowMs);
    // What an earlier session had of this job must not be mined again.
    if (this.jobs.find(this.offered.jobId) === undefined) this.deliver(this.offered, true, nowMs);
    else this.deliverFreshWork(nowMs);
  }

  /**
   * A difficulty that cannot wait goes out with new work of its own. Clean, because firmware of the S19 kind measures all
   * its shares by the latest difficulty; what it still sends for older jobs counts as before.
   */
  moveIfUrgent(nowMs: number): void {
    if (!this.isWorking || this.offered === undefined) return;
    const move = this.vardiff.decide(nowMs, this.networkExponent(this.offered));
    if (move?.isUrgent === true) this.deliverFreshWork(nowMs);
  }

  deliverFreshWork(nowMs: number): void {
    if (this.offered === undefined || this.variants >= WORK_VARIANT_MAX) return;
    this.variants++;
    this.deliver(freshWork(this.offered, {number: this.variants, nextJobKey: this.config.nextJobKey}), true, nowMs);
  }

  /** Goes on as the earlier session, with its jobs and the shares that counted. Before the first work only. */
  resume(memory: SessionMemory, nowMs: number): void {
    this.earlier = memory;
    this.extranonce1 = memory.extranonce1;
    this.jobs = memory.jobs;
    this.vardiff.recall(memory.exponent);
    const {offered} = this;
    this.offered = undefined;
    if (offered === undefined || offered.createdAtMs < memory.offered.createdAtMs) return;
    this.take(offered);
    // The tip may have moved at any time since it left: no grace for that.
    this.jobs.moveTip(offered.template.previousHash, Math.min(nowMs, memory.leftAtMs));
  }

  /** The jobs of another account are of no use where the coinbase pays the miner. */
  forgetJobsOfOthers(account: string): void {
    if (this.earlier === undefined || this.earlier.account === account) return;
    this.jobs = new SessionJobs(this.config.limits.jobLifetimeMs);
    this.earlier = undefined;
    this.offered = undefined;
  }

  /** @returns undefined when it never had work. */
  memory(of: Pick<SessionMemory, 'account' | 'userName' | 'userAgent' | 'leftAtMs'>): SessionMemory | undefined {
    if (!this.isWorking || this.offered === undefined) return undefined;
    return {...of, extranonce1: this.extranonce1, jobs: this.jobs, offered: this.offered, variants: this.variants, exponent: this.vardiff.provenExponent};
  }

  /** Variants go on counting where an earlier session of this extranonce1 had the same job. */
  private take(job: StratumJob): void {
    this.offered = job;
    this.variants = this.earlier?.offered.jobId === job.jobId ? this.earlier.variants : 0;
  }

  private deliver(job: StratumJob, cleanJobs: boolean, nowMs: number): void {
    const move = this.vardiff.decide(nowMs, this.networkExponent(job));
    if (move !== undefined) this.announceDifficulty(move.exponent, nowMs);
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
    this.jobs.add(job, {extranonce1: this.extranonce1, difficulty: shareDifficulty(this.vardiff.exponent), nowMs});
  }

  private announceDifficulty(exponent: number, nowMs: number): void {
    const difficulty = shareDifficulty(exponent);
    this.vardiff.announce(exponent, nowMs);
    this.notices += setDifficultyLine(difficulty.text);
    this.jobs.ease(difficulty);
  }

  private grantedMask(job: StratumJob | undefined): number {
    return grantVersionMask({server: this.config.versionMask, client: this.clientVersionMask, jobVersion: job?.template.version ?? 0});
  }

  private networkExponent(job: StratumJob): number {
    return exponentForTarget(job.template.target);
  }
}
