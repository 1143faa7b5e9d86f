/**
 * @module What the pool needs of a node that is not in this process: calls over JSON-RPC, and word of a new block.
 * Whoever else speaks to that node (a wallet, payouts) uses the same port. The edge is `net/node-rpc.ts`.
 */
export type NodeErrorCode =
  /** No connection: refused, no route, no such name, or broken before an answer. */
  | 'node-unreachable'
  | 'node-timeout'
  /** Wrong password or cookie, or this machine is not in the node's `rpcallowip`. */
  | 'node-unauthorised'
  /** The node's own queue of calls is full. */
  | 'node-busy'
  | 'node-answer-too-large'
  | 'node-answer-malformed'
  /** The node answered with an error of its own: `rpcCode` has it. */
  | 'node-rpc-error'
  | 'node-call-aborted';

/** Why a call got no result. Read `code`, not the class: an error that crossed a thread has lost its class. */
export class NodeError extends Error {
  override readonly name = 'NodeError';
  readonly code: NodeErrorCode;
  /** Bitcoin's number (-5, -8, -9 no peers, -10 initial download, -28 warming up ...), with `node-rpc-error` only. */
  readonly rpcCode: number | undefined;
  constructor(code: NodeErrorCode, text: string, facts: {readonly rpcCode?: number; readonly cause?: unknown} = {}) {
    super(text, facts.cause === undefined ? undefined : {cause: facts.cause});
    this.code = code;
    this.rpcCode = facts.rpcCode;
  }
}

export interface NodeCallOptions {
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
  /**
   * False: never sent a second time by itself. A kept connection may break at the moment of a call, and whether the node
   * read it nobody knows; a call that only asks, or that is idempotent by its content, is then repeated once. Default true.
   */
  readonly isRepeatable?: boolean;
  /** `urgent` calls have connections of their own: a flood of others must not hold them. Default `ordinary`. */
  readonly lane?: 'urgent' | 'ordinary';
}

/** JSON-RPC of one node. */
export interface NodeRpc {
  /** `host:port`, for people; carries no secret. */
  readonly name: string;
  /** @returns the `result`, as parsed JSON: untrusted. Rejects with a {@link NodeError}. */
  call(method: string, params: readonly unknown[], options: NodeCallOptions): Promise<unknown>;
  /** Ends kept connections; calls under way fail as aborted. */
  close(): void;
}

/** A node's notifications of new blocks (ZeroMQ `hashblock`, `rawblock`). */
export interface BlockNotices {
  /** `heard` is called for each new tip of that node, `connected` whenever the subscription stands or falls. Returns how to end it. */
  subscribe(listener: {heard(hash: Uint8Array): void; connected(isConnected: boolean): void}): () => void;
}
