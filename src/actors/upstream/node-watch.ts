/**
 * @module What is known of each node, and which of them serves. Pure: facts in, a choice out.
 *
 * Rules, in order. Only a healthy node serves. Work is done only on the best tip that any healthy node has: a node that
 * lags is passed over while it lags. Among those that are left the operator's order decides, except that a node which
 * failed must stand for a while before work goes back to it, and longer each time it fails again: a node that flaps must
 * not drag the miners with it.
 */
import {bytesEqual} from '../../protocol/bytes/compare.js';
import type {Hash256} from '../../protocol/primitives/transaction.js';
import type {PeerFacts, TipFacts} from './node-facts.js';
import type {NodeState, UpstreamNodeView} from './messages.js';
import type {NodeErrorCode} from './ports.js';

export interface NodeRecord {
  readonly index: number;
  readonly name: string;
  state: NodeState;
  detail: string;
  /** Since when it is healthy without a break; meaningless otherwise. */
  healthySinceMs: number;
  /** How often it fell after it had been healthy; forgotten when it stood for long. */
  falls: number;
  failures: number;
  tip: TipFacts | undefined;
  peers: PeerFacts | undefined;
  hasBlockNotices: boolean;
  lastAnswerAtMs: number | undefined;
  latencyMs: number | undefined;
  /** Its genesis block was compared since it last came up. */
  isChainChecked: boolean;
}

export interface NodeFault {
  readonly code: NodeErrorCode | 'template-refused';
  readonly rpcCode?: number | undefined;
  readonly text: string;
}

/** After a second fall the wait doubles, up to 64 times the first. */
const FALLS_COUNTED_MAX = 6;
/** A node that stood this long starts anew. */
const FALLS_FORGOTTEN_MS = 3_600_000;

const RPC_NO_PEERS = -9;
const RPC_LOADING_BLOCKS = -10;
const RPC_WARMING_UP = -28;

export function newNode(index: number, name: string): NodeRecord {
  return {
    index, name, state: 'unknown', detail: '', healthySinceMs: 0, falls: 0, failures: 0, tip: undefined, peers: undefined, hasBlockNotices: false,
    lastAnswerAtMs: undefined, latencyMs: undefined, isChainChecked: false,
  };
}

/** The state that a fault puts a node in; undefined when the fault is about the question and not the node. */
export function stateOfFault(fault: NodeFault): NodeState | undefined {
  switch (fault.code) {
    case 'node-unreachable': return 'unreachable';
    case 'node-unauthorised': return 'unauthorised';
    case 'node-timeout':
    case 'node-busy':
    case 'node-answer-too-large':
    case 'node-answer-malformed':
    case 'template-refused': return 'failing';
    case 'node-call-aborted': return undefined;
    case 'node-rpc-error':
      if (fault.rpcCode === RPC_WARMING_UP) return 'warming-up';
      if (fault.rpcCode === RPC_LOADING_BLOCKS) return 'syncing';
      return fault.rpcCode === RPC_NO_PEERS ? 'no-peers' : undefined;
    default: return 'failing';
  }
}

/** @returns true when the node was healthy, or had not been heard of, and is down now. */
export function markDown(node: NodeRecord, fault: {readonly state: NodeState; readonly detail: string}, nowMs: number): boolean {
  const wasUp = node.state === 'healthy';
  const isNews = wasUp || node.state !== fault.state;
  if (wasUp) node.falls = nowMs - node.healthySinceMs > FALLS_FORGOTTEN_MS ? 1 : Math.min(FALLS_COUNTED_MAX, node.falls) + 1;
  node.failures += 1;
  node.state = fault.state;
  node.detail = fault.detail;
  return isNews;
}

/** @returns true when it was not healthy before. */
export function markHealthy(node: NodeRecord, nowMs: number): boolean {
  if (node.state === 'healthy') return false;
  node.state = 'healthy';
  node.detail = '';
  node.healthySinceMs = nowMs;
  return true;
}

export interface ChoiceFacts {
  readonly current: NodeRecord | undefined;
  /** What miners work on now; decides between tips of equal work. */
  readonly workOn: Hash256 | undefined;
  readonly failBackMs: number;
  readonly nowMs: number;
}

/** The node to take templates from; undefined when none is healthy. */
export function chooseNode(nodes: readonly NodeRecord[], facts: ChoiceFacts): NodeRecord | undefined {
  const ahead = nodesAhead(nodes, facts.workOn);
  const first = ahead[0];
  if (first === undefined) return undefined;
  const steady = ahead.find((node) => node === facts.current || isSteady(node, facts));
  return steady ?? first;
}

/** Healthy nodes at the best tip, in order: with the most work, and of several such tips the one that is worked on. */
export function nodesAhead(nodes: readonly NodeRecord[], workOn: Hash256 | undefined): readonly NodeRecord[] {
  const healthy = nodes.filter((node) => node.state === 'healthy' && node.tip !== undefined);
  const most = healthy.reduce((work, {tip}) => (tip!.chainwork > work ? tip!.chainwork : work), 0n);
  const best = healthy.filter(({tip}) => tip!.chainwork === most);
  const ours = workOn === undefined ? undefined : best.find(({tip}) => bytesEqual(tip!.tipHash, workOn));
  const tipHash = (ours ?? best[0])?.tip?.tipHash;
  return tipHash === undefined ? [] : best.filter(({tip}) => bytesEqual(tip!.tipHash, tipHash));
}

/** It never fell, or has stood for as long as its falls ask. */
export function isSteady(node: NodeRecord, {failBackMs, nowMs}: Pick<ChoiceFacts, 'failBackMs' | 'nowMs'>): boolean {
  return node.falls === 0 || nowMs - node.healthySinceMs >= failBackMs * 2 ** (node.falls - 1);
}

export function viewOf(node: NodeRecord, facts: {readonly isServing: boolean; readonly bestHeight: number | undefined; readonly nowMs: number}): UpstreamNodeView {
  return {
    name: node.name, state: node.state, detail: node.detail, isServing: facts.isServing, hasBlockNotices: node.hasBlockNotices,
    height: node.tip?.height, tipHash: node.tip?.tipHash,
    lagBlocks: node.tip === undefined || facts.bestHeight === undefined ? 0 : Math.max(0, facts.bestHeight - node.tip.height),
    peers: node.peers?.peers, version: node.peers?.version ?? '', latencyMs: node.latencyMs,
    lastAnswerAgoMs: node.lastAnswerAtMs === undefined ? undefined : facts.nowMs - node.lastAnswerAtMs, failures: node.failures,
  };
}
