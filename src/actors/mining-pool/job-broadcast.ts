/**
 * @module A new job on its way to all sessions, some at a time, so that other actors and sockets get their turn between
 * (a notify costs the kernel 7 to 9 us: limits.md, section 5).
 */
import type {StratumJob} from '../../protocol/stratum/stratum-job.js';

/** Sessions told per turn: about 2 ms of kernel time. */
const SLICE_SESSIONS = 256;

export class JobBroadcast<T> {
  #underWay: {readonly job: StratumJob; readonly cleanJobs: boolean; readonly receivers: readonly T[]; at: number} | undefined;

  /** A job that overtakes another one takes over its demand to drop older work. @returns whether slices have to be asked for. */
  start(job: StratumJob, cleanJobs: boolean, receivers: readonly T[]): boolean {
    const isUnderWay = this.#underWay !== undefined;
    this.#underWay = {job, cleanJobs: cleanJobs || (this.#underWay?.cleanJobs ?? false), receivers, at: 0};
    return !isUnderWay;
  }

  /** Hands the next slice to `tell`. @returns whether more are to come. */
  nextSlice(tell: (receiver: T, job: StratumJob, cleanJobs: boolean) => void): boolean {
    const broadcast = this.#underWay;
    if (broadcast === undefined) return false;
    const {job, cleanJobs, receivers} = broadcast;
    const end = Math.min(receivers.length, broadcast.at + SLICE_SESSIONS);
    for (let i = broadcast.at; i < end; i += 1) tell(receivers[i]!, job, cleanJobs);
    broadcast.at = end;
    if (end < receivers.length) return true;
    this.#underWay = undefined;
    return false;
  }
}
