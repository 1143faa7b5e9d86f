/**
 * @module What others may ask of the pool's upstream: nodes in other processes, in the operator's order, of which one
 * serves. It answers what the local template source and the local chain answer, as far as a pool needs it, so that
 * nobody behind it has to know where the chain is.
 */
import type {Query} from '../../runtime/actor.js';
import type {Hash256} from '../../protocol/primitives/transaction.js';
import type {AcceptBlock, CheckProposal, GetBlock, GetCoinSetTotals, GetHashAtHeight, GetHeader, GetTip} from '../chain/messages.js';
import type {GetMempoolInfo} from '../mempool/messages.js';
import type {GetTemplate} from '../template/messages.js';

/** Of a node, as the operator should read it. Only `healthy` nodes serve. */
export type NodeState =
  | 'unknown' | 'healthy' | 'unreachable' | 'unauthorised'
  /** Answers late, or with what is no answer. */
  | 'failing'
  /** -28: loads its index. */
  | 'warming-up'
  /** -10, or says so itself: loads blocks. */
  | 'syncing'
  /** -9. */
  | 'no-peers'
  /** Another genesis block than the configured chain's, or than the other nodes'. */
  | 'wrong-chain';

export interface UpstreamNodeView {
  readonly name: string;
  readonly state: NodeState;
  /** Why, in words; empty when healthy. */
  readonly detail: string;
  readonly isServing: boolean;
  readonly hasBlockNotices: boolean;
  readonly height: number | undefined;
  readonly tipHash: Hash256 | undefined;
  /** Blocks behind the best node. */
  readonly lagBlocks: number;
  readonly peers: number | undefined;
  readonly version: string;
  /** Of the last answered question. */
  readonly latencyMs: number | undefined;
  readonly lastAnswerAgoMs: number | undefined;
  readonly failures: number;
}

export interface UpstreamHealth {
  /** True when no healthy node has confirmed the work for too long: miners wait. */
  readonly isStalled: boolean;
  readonly servingNode: string | undefined;
  /** Height of the block that miners work on. */
  readonly workHeight: number | undefined;
  readonly confirmedAgoMs: number | undefined;
  readonly nodes: readonly UpstreamNodeView[];
}

export type GetUpstreamHealth = Query<'upstream.getHealth', Record<never, never>, UpstreamHealth>;

/** What it answers of the chain: the nodes' best one. Their coin sets are not counted: that question fails. */
export type FollowedChainMessage = AcceptBlock | CheckProposal | GetTip | GetHeader | GetHashAtHeight | GetBlock | GetCoinSetTotals | GetMempoolInfo;
export type UpstreamMessage = GetUpstreamHealth | FollowedChainMessage | GetTemplate;

/** What one node said about a block of ours; BIP 22's reason in `detail`. */
export type NodeVerdict = 'accepted' | 'duplicate' | 'inconclusive' | 'rejected' | 'unanswered';

export type UpstreamEvent =
  | {readonly type: 'upstream.nodeDown'; readonly node: string; readonly state: NodeState; readonly detail: string}
  | {readonly type: 'upstream.nodeUp'; readonly node: string}
  /** Another node serves from now on. `from` is undefined for the first. */
  | {readonly type: 'upstream.servingChanged'; readonly from: string | undefined; readonly to: string; readonly reason: 'first' | 'failover' | 'fail-back' | 'newer-tip'}
  /** Nothing was heard for too long: no new jobs, and what miners have may be stale. */
  | {readonly type: 'upstream.stalled'; readonly sinceMs: number; readonly detail: string}
  | {readonly type: 'upstream.resumed'}
  | {readonly type: 'upstream.blockJudged'; readonly node: string; readonly hash: Hash256; readonly verdict: NodeVerdict; readonly detail: string};
