/**
 * @module The jobs that one session was sent: each with the target it was sent under and the shares that it counted.
 * Jobs leave by the clock. Work that a tip change made stale stays known, so that it is answered as stale and its blocks
 * still reach the chain.
 */
import {bytesEqual} from '../bytes/compare.js';
import type {ShareDifficulty} from './difficulty.js';
import type {ShareJob} from './share.js';
import {ShareHashMemo} from './share-hash.js';
import type {StratumJob} from './stratum-job.js';

export interface SentJob {
  readonly job: StratumJob;
  readonly hashTaskJob: ShareJob;
  readonly extranonce1: Uint8Array;
  readonly memo: ShareHashMemo;
  /** When newer work was sent. Undefined: it is being mined, however old. */
  supersededAtMs: number | undefined;
  /** What its shares must meet: announced before it was sent, or since if that was easier. */
  difficulty: ShareDifficulty;
  /** When its tip was left. */
  staleSinceMs: number | undefined;
  /** Hashes of accepted shares, by hashKey; gone with the job. Absent until the first: most sessions find none on most jobs. */
  counted: Set<string> | undefined;
  /** Its transactions were asked for and sent. */
  isListed: boolean;
}

export class SessionJobs {
  /** In the order of sending. */
  private readonly byId = new Map<string, SentJob>();
  private newest: SentJob | undefined;
  private readonly lifetimeMs: number;

  constructor(lifetimeMs: number) {
    this.lifetimeMs = lifetimeMs;
  }

  get size(): number {
    return this.byId.size;
  }

  find(jobId: string): SentJob | undefined {
    return jobId === this.newest?.job.jobId ? this.newest : this.byId.get(jobId);
  }

  add(job: StratumJob, sent: {readonly extranonce1: Uint8Array; readonly difficulty: ShareDifficulty; readonly nowMs: number}): SentJob {
    const earlier = this.byId.get(job.jobId);
    // The same work again, should it ever come, has the shares that it had, and those that are still in hand.
    if (earlier !== undefined) earlier.counted ??= new Set();
    const entry: SentJob = {
      job,
      hashTaskJob: hashTaskJobOf(job),
      extranonce1: sent.extranonce1,
      memo: new ShareHashMemo(),
      supersededAtMs: undefined,
      difficulty: sent.difficulty,
      staleSinceMs: undefined,
      counted: earlier?.counted,
      isListed: false,
    };
    if (this.newest !== undefined) this.newest.supersededAtMs = sent.nowMs;
    this.newest = entry;
    this.byId.set(job.jobId, entry);
    return entry;
  }

  /** The chain builds on `previousHash` now. Also brings jobs back when a reorg returns to their tip. */
  moveTip(previousHash: Uint8Array, nowMs: number): void {
    for (const entry of this.byId.values()) {
      if (bytesEqual(entry.job.template.previousHash, previousHash)) entry.staleSinceMs = undefined;
      else entry.staleSinceMs ??= nowMs;
    }
  }

  /** An easier difficulty binds at once: some clients apply it to the work they have. A harder one only later jobs. */
  ease(difficulty: ShareDifficulty): void {
    for (const entry of this.byId.values()) {
      if (difficulty.exponent < entry.difficulty.exponent) entry.difficulty = difficulty;
    }
  }

  expire(nowMs: number): void {
    for (const [jobId, {supersededAtMs}] of this.byId) {
      if (supersededAtMs === undefined || nowMs - supersededAtMs <= this.lifetimeMs) return;
      this.byId.delete(jobId);
    }
  }
}

/** What a job is hashed by is made once for all sessions. */
const hashTaskJobs = new WeakMap<StratumJob, ShareJob>();

function hashTaskJobOf(job: StratumJob): ShareJob {
  let made = hashTaskJobs.get(job);
  if (made === undefined) {
    const {jobKey, coinbase1, coinbase2, branch, template} = job;
    made = {jobKey, coinbase1, coinbase2, branch, previousHash: template.previousHash, bits: template.bits};
    hashTaskJobs.set(job, made);
  }
  return made;
}
