/**
 * @module What a Stratum session is told and what it wants done. Types only; the machine is in `session.ts`.
 * Numbers that decide patience and limits come from the configuration; their defaults and reasons are here.
 */
import type {Hash256} from '../primitives/transaction.js';
import type {ShareRejectReason} from './judge-share.js';
import type {AcceptedShare, ShareToHash} from './share.js';
import type {ShareHashMemo} from './share-hash.js';
import type {EarlierSessions} from './session-memory.js';
import type {StratumJob} from './stratum-job.js';
import type {VardiffOptions} from './vardiff.js';

export interface SessionLimits {
  /** How long a job is known after newer work was sent, by the clock and never by count. At least two minutes. */
  readonly jobLifetimeMs: number;
  /** Shares of the tip before count for so long: what was on its way when the block came. */
  readonly staleGraceMs: number;
  /** Within it, the same line again gets the first verdict; 0 answers 22. */
  readonly retransmitWindowMs: number;
  readonly subscribeTimeoutMs: number;
  readonly authorizeTimeoutMs: number;
  /** Without an accepted share. */
  readonly idleTimeoutMs: number;
  /** Nothing but rejects for so long: first new work, then the end, so that the miner tries anew or elsewhere. */
  readonly rejectsResendMs: number;
  /** Fewer are no pattern: a slow miner may have one bad share and then be silent for minutes. */
  readonly rejectsInRowMin: number;
  readonly rejectsCloseMs: number;
  readonly sharesInFlightMax: number;
  /** Answers that wait for an earlier one. */
  readonly repliesQueuedMax: number;
  /** Names kept for one connection: a farm's proxy has thousands of machines. */
  readonly namesMax: number;
  /** So many without an accepted share; one more with each. What is free is what ten thousand connections can take. */
  readonly namesFreeMax: number;
  readonly malformedLinesMax: number;
  /** A line that was begun and not ended for so long: an honest one is one segment, or the next is on its way. */
  readonly lineTimeoutMs: number;
  /** See session-conduct.ts. */
  readonly badSharesMin: number;
  readonly forgedJobsMin: number;
  /** Consensus allows 7,200 s ahead of the node's clock; less, because clocks differ. */
  readonly timeAheadSec: number;
}

export const DEFAULT_SESSION_LIMITS: SessionLimits = {
  jobLifetimeMs: 180_000,
  staleGraceMs: 1_000,
  retransmitWindowMs: 0,
  subscribeTimeoutMs: 15_000,
  authorizeTimeoutMs: 10_000,
  idleTimeoutMs: 7_200_000,
  rejectsResendMs: 60_000,
  rejectsInRowMin: 16,
  rejectsCloseMs: 180_000,
  sharesInFlightMax: 256,
  repliesQueuedMax: 1_024,
  namesMax: 4_096,
  namesFreeMax: 64,
  malformedLinesMax: 10,
  lineTimeoutMs: 60_000,
  badSharesMin: 200,
  forgedJobsMin: 500,
  timeAheadSec: 7_000,
};

export interface SessionConfig {
  readonly sessionId: number;
  /** What this session searches alone. */
  readonly extranonce1: Uint8Array;
  readonly extranonce2Size: number;
  /** Bits that the pool lets miners roll. */
  readonly versionMask: number;
  readonly vardiff: VardiffOptions;
  readonly limits: SessionLimits;
  /** SOLO: the coinbase pays the miner, so each account has its own form of a job, to be asked for. One account a session. */
  readonly isJobPerAccount: boolean;
  /** The payout address in its normal form. */
  readonly decodeAccount: (text: string) => {readonly ok: true; readonly account: string} | {readonly ok: false};
  /** Keys for work between two jobs; must never meet those of the job factory. */
  readonly nextJobKey: () => number;
  /** What earlier sessions left, for clients that come back. */
  readonly earlier?: EarlierSessions;
  readonly serverName: string;
  /**
   * Given where shares are hashed within the step that reads them, without `hashShare`. Undefined as an answer: this one
   * is for the threads.
   */
  readonly hashNow?: ((task: ShareToHash, memo: ShareHashMemo) => Hash256 | undefined) | undefined;
}

export interface SessionTime {
  /** Monotonic; differences only. */
  readonly nowMs: number;
  /** Seconds since the Unix epoch. */
  readonly wallSec: number;
}

export type SessionEvent =
  /** latin1 text as it came; chunk borders mean nothing. */
  | {readonly type: 'received'; readonly text: string}
  /** With isJobPerAccount: this account's form. An older job than the last one is ignored. */
  | {readonly type: 'jobOffered'; readonly job: StratumJob; readonly cleanJobs: boolean}
  /** Not ok (the threads refused): the session hashes it itself. */
  | {readonly type: 'shareHashed'; readonly shareId: number; readonly outcome: {readonly ok: true; readonly hash: Hash256; readonly header: Uint8Array} | {readonly ok: false}}
  /** ok: on disk. Not ok: not in the log, unless `mayBeRecorded` says that nobody knows (no answer in time). */
  | {readonly type: 'shareRecorded'; readonly shareId: number; readonly ok: boolean; readonly mayBeRecorded?: boolean}
  /** Accepted: the chain has the block, on whichever branch. */
  | {readonly type: 'candidateSettled'; readonly shareId: number; readonly isAccepted: boolean}
  /** From the next job on; ignored unless the client subscribed to such changes. */
  | {readonly type: 'extranonceMoved'; readonly extranonce1: Uint8Array}
  | {readonly type: 'messageShown'; readonly text: string}
  /** Planned end: shares in hand are answered first. */
  | {readonly type: 'ended'; readonly text: string; readonly reconnectWaitSec: number | undefined}
  /** The socket is gone. Shares in hand are still judged and recorded: one may be a block. */
  | {readonly type: 'connectionLost'}
  /** About once a second: patience and idle descent. */
  | {readonly type: 'ticked'};

export type SessionRejectReason = ShareRejectReason | 'unknown-job' | 'unauthorised' | 'not-subscribed' | 'malformed' | 'busy';

export type CloseReason =
  | 'line-too-long' | 'too-many-malformed-lines' | 'too-many-requests' | 'subscribe-timeout' | 'authorize-timeout'
  | 'line-timeout' | 'idle' | 'only-rejects' | 'bad-shares' | 'forged-jobs' | 'ended';

export type SessionEffect =
  /** Whole lines, in order; one write. */
  | {readonly type: 'send'; readonly text: string}
  | {readonly type: 'hashShare'; readonly shareId: number; readonly task: ShareToHash}
  /** Overtakes everything. */
  | {
    readonly type: 'submitCandidate'; readonly shareId: number; readonly job: StratumJob;
    readonly extranonce1: Uint8Array; readonly extranonce2: Uint8Array;
    readonly header: Uint8Array; readonly hash: Hash256; readonly account: string; readonly minerName: string;
  }
  | {readonly type: 'recordShare'; readonly shareId: number; readonly share: AcceptedShare}
  /** Unknown user: account is empty. */
  | {readonly type: 'recordReject'; readonly account: string; readonly minerName: string; readonly reason: SessionRejectReason}
  /** Its first share was accepted: told once. */
  | {readonly type: 'proved'}
  /** Once for each name. */
  | {readonly type: 'authorised'; readonly account: string; readonly minerName: string}
  /** Only with isJobPerAccount: answer with `jobOffered`. */
  | {readonly type: 'requestJob'; readonly account: string}
  /** No more is sent; what was sent may leave first. Shares in hand go on: stop when the session is finished. */
  | {readonly type: 'close'; readonly reason: CloseReason};

export interface SessionSummary {
  readonly userAgent: string;
  readonly accounts: readonly {readonly account: string; readonly minerName: string}[];
  readonly difficulty: number;
  /** Hashes per second. */
  readonly hashrate: number;
  readonly sharesAccepted: number;
  readonly sharesRejected: number;
  readonly lastRejectText: string | undefined;
  readonly sharesInFlight: number;
  readonly paddedNonces: number;
  readonly isAuthorised: boolean;
}
