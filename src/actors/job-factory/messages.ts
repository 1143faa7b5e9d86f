/**
 * @module The job factory turns each template into one immutable Stratum job that all sessions share by reference.
 * A session asks once when it starts and then hears `jobs.published`.
 */
import type {Query} from '../../runtime/actor.js';
import type {StratumJob} from '../../protocol/stratum/stratum-job.js';
import type {Hash256} from '../../protocol/primitives/transaction.js';
import type {BlockOutcome} from '../chain/messages.js';

export type GetCurrentJob = Query<'jobs.getCurrent', Record<never, never>, StratumJob | null>;

/**
 * The job as one account must have it. The same job where the pool is paid; where the coinbase pays the miner (SOLO)
 * a job with the same id and a coinbase of its own. Null when the job is not kept any more, or the account is no address.
 */
export type GetJobForAccount = Query<'jobs.getForAccount', {readonly jobKey: number; readonly account: string}, StratumJob | null>;

/** A solved header: assembled to a block, written to disk, given to the chain before the miner is answered. */
export type SubmitCandidate = Query<'jobs.submitCandidate', {
  readonly job: StratumJob;
  readonly extranonce1: Uint8Array;
  readonly extranonce2: Uint8Array;
  readonly header: Uint8Array;
  readonly hash: Hash256;
  readonly account: string;
  readonly minerName: string;
}, BlockOutcome | {readonly ok: false; readonly code: 'chain-unavailable'; readonly status: 'invalid'}>;

export type JobFactoryMessage = GetCurrentJob | GetJobForAccount | SubmitCandidate;
export type JobEvent = {readonly type: 'jobs.published'; readonly job: StratumJob; readonly cleanJobs: boolean};
/** No work for the time being: sessions stay and are told `text`. */
export type JobsPaused = {readonly type: 'jobs.paused'; readonly text: string};
