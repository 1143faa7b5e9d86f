/**
 * @module One Stratum job: an immutable view of a template with a coinbase that is unique to it.
 * All sessions share it by reference; what differs per session is the extranonce1 and, when the coinbase pays the miner
 * itself, the second coinbase half.
 */
import type {BlockTemplate} from '../mining/block-template.js';

export interface StratumJob {
  /** As sent on the wire: lower case, unique for the life of the process. */
  readonly jobId: string;
  /** The same as a number; key of the worker threads' caches. Forms of one job with other bytes have keys of their own. */
  readonly jobKey: number;
  readonly template: BlockTemplate;
  /** Coinbase without witness, up to the extranonces. Its last bytes are the job's own. */
  readonly coinbase1: Uint8Array;
  /** Coinbase after the extranonces. */
  readonly coinbase2: Uint8Array;
  /** Merkle branch, each step 32 bytes in internal order, concatenated. */
  readonly branch: Uint8Array;
  readonly createdAtMs: number;
  /** Set when miners must drop older jobs: the tip changed. */
  readonly cleanJobs: boolean;
}

/** At least this many bytes before the extranonces must be the job's own, so that one of them can tell variants apart. */
export const JOB_BYTES_MIN = 8;
/** One byte tells them apart, and 0 is the job itself. */
export const WORK_VARIANT_MAX = 255;

/**
 * The same template as new work, for a session that needs a notify between two jobs. Sending the same coinbase under
 * another id would not do: clients restart their extranonce2 with each id and would send the same shares twice.
 *
 * Sessions differ by their extranonce1, so variant 3 of a job is one object for all of them: ten thousand miners that come
 * down to their difficulty together need a handful, and the threads that hash keep as few.
 *
 * @param variant - number 1 to {@link WORK_VARIANT_MAX}, never twice for one job and session.
 */
export function freshWork(job: StratumJob, variant: {readonly number: number; readonly nextJobKey: () => number}): StratumJob {
  let known = variantsOf.get(job);
  if (known === undefined) variantsOf.set(job, known = new Map());
  let fresh = known.get(variant.number);
  if (fresh === undefined) {
    const coinbase1 = job.coinbase1.slice();
    const at = coinbase1.length - JOB_BYTES_MIN;
    coinbase1[at] = coinbase1[at]! ^ variant.number;
    fresh = {...job, jobId: `${job.jobId}v${variant.number.toString(16)}`, jobKey: variant.nextJobKey(), coinbase1};
    known.set(variant.number, fresh);
  }
  return fresh;
}

const variantsOf = new WeakMap<StratumJob, Map<number, StratumJob>>();
