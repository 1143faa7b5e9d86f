/**
 * @module What a Stratum session hears from outside: its connection and its front desk. One session is one connection.
 * All replies to the miner leave through the session's `Connection`; nobody else writes to it.
 */
import type {Query} from '../../runtime/actor.js';
import type {CloseReason} from '../../protocol/stratum/session-types.js';
import type {StratumJob} from '../../protocol/stratum/stratum-job.js';

/** Why a session ended: what the pool ends it for, or the other side. */
export type SessionEndReason = CloseReason | 'slow-reader' | 'made-room' | 'left' | 'failed';

/** One session as lists and pages show it. */
export interface SessionView {
  readonly id: number;
  readonly remoteEndpoint: string;
  readonly userAgent: string;
  readonly connectedAtSec: number;
  readonly accounts: readonly {readonly account: string; readonly minerName: string}[];
  readonly difficulty: number;
  readonly hashrate: number;
  readonly sharesAccepted: number;
  readonly sharesRejected: number;
  readonly lastRejectText: string | undefined;
}

/** What `net` tells about the connection. */
export type ConnectionMessage =
  /** latin1: one character per byte. Chunk borders mean nothing. */
  | {readonly type: 'stratumSession.received'; readonly text: string}
  /** The socket is gone: nothing can be sent any more. Sent exactly once. */
  | {readonly type: 'stratumSession.connectionClosed'; readonly reason: 'ended' | 'failed'};

/** A new job for everybody; a solo session asks for its own form of it. `cleanJobs` may be true though the job's is not: an older clean job was overtaken. */
export type OfferJob = {readonly type: 'stratumSession.offerJob'; readonly job: StratumJob; readonly cleanJobs: boolean};
/** Says goodbye as Stratum can, lets shares in hand finish, then closes. */
export type EndSession = {readonly type: 'stratumSession.end'; readonly text: string; readonly reconnectWaitSec: number | undefined};
export type ShowMessage = {readonly type: 'stratumSession.showMessage'; readonly text: string};
/** Other work space from the next job on, for a client that follows such changes; others keep what they have. */
export type MoveExtranonce = {readonly type: 'stratumSession.moveExtranonce'; readonly extranonce1: Uint8Array};
export type DescribeSession = Query<'stratumSession.describe', Record<never, never>, SessionView>;

export type StratumSessionMessage = ConnectionMessage | OfferJob | EndSession | ShowMessage | MoveExtranonce | DescribeSession;
