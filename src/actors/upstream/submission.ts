/**
 * @module What several nodes say about one block, and what follows for the pool: taken, not best yet, refused for good,
 * or not judged. Pure; reasons are those of BIP 22.
 */
import type {NodeErrorCode} from './ports.js';
import type {NodeVerdict} from './messages.js';

export interface NodeJudgement {
  readonly node: string;
  readonly verdict: NodeVerdict;
  readonly detail: string;
}

/** Of `submitblock`'s result: null is taken, a text is BIP 22's reason. */
export function judgementOfResult(result: unknown): Omit<NodeJudgement, 'node'> {
  if (result === null || result === undefined) return {verdict: 'accepted', detail: ''};
  const text = String(result).slice(0, 200);
  // bcoin's words for a parent that it has not got; of Core, `bad-prevblk` is a parent that is invalid.
  if (text === 'rejected: bad-prevblk') return {verdict: 'unanswered', detail: text};
  const reason = text.replace(/^rejected:\s*/i, '');
  switch (reason) {
    case 'duplicate': return {verdict: 'duplicate', detail: reason};
    case 'inconclusive':
    case 'duplicate-inconclusive': return {verdict: 'inconclusive', detail: reason};
    // The parent is not there yet: the node says nothing about the block.
    case 'prev-blk-not-found': return {verdict: 'unanswered', detail: reason};
    default: return {verdict: 'rejected', detail: reason === '' ? 'rejected' : reason};
  }
}

/** -22: the bytes are no block; -25: the block breaks a rule. Every other fault is about the node. */
export function judgementOfError(error: {readonly code?: NodeErrorCode | string; readonly rpcCode?: number | undefined; readonly message: string}): Omit<NodeJudgement, 'node'> {
  const isAboutTheBlock = error.code === 'node-rpc-error' && (error.rpcCode === -22 || error.rpcCode === -25);
  return {verdict: isAboutTheBlock ? 'rejected' : 'unanswered', detail: error.message.slice(0, 200)};
}

export type SubmissionVerdict =
  /** On a node's best chain, or about to be. */
  | {readonly kind: 'accepted'}
  /** Known to a node: where it stands has to be asked. */
  | {readonly kind: 'known'; readonly nodes: readonly string[]}
  /** Every node refused it. */
  | {readonly kind: 'rejected'; readonly reason: string}
  /** Nobody took it and not everybody has answered: later again, unless the chain has gone on without it. */
  | {readonly kind: 'open'; readonly reason: string};

export function verdictOf(judgements: readonly NodeJudgement[]): SubmissionVerdict {
  if (judgements.some(({verdict}) => verdict === 'accepted')) return {kind: 'accepted'};
  const known = judgements.filter(({verdict}) => verdict === 'duplicate' || verdict === 'inconclusive');
  if (known.length > 0) return {kind: 'known', nodes: known.map(({node}) => node)};
  const rejection = judgements.find(({verdict}) => verdict === 'rejected');
  if (rejection !== undefined && judgements.every(({verdict}) => verdict === 'rejected')) return {kind: 'rejected', reason: rejection.detail};
  const silent = judgements.find(({verdict}) => verdict === 'unanswered');
  return {kind: 'open', reason: silent?.detail ?? 'no node was asked'};
}
