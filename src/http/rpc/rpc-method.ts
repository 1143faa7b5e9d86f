/**
 * @module What a method of the JSON-RPC is, and what it may reach: the node's actors, through their messages only.
 */
import {AskError, type ActorRef, type Message, type ReplyOf} from '../../runtime/actor.js';
import type {Clock} from '../../runtime/clock.js';
import type {ChainSpec} from '../../protocol/chain/chain-spec.js';
import type {ChainMessage} from '../../actors/chain/messages.js';
import type {MempoolMessage} from '../../actors/mempool/messages.js';
import type {TemplateMessage} from '../../actors/template/messages.js';
import type {JsonValue} from './json-text.js';
import type {Params} from './params.js';
import {RPC_CODE, RpcFault} from './rpc-fault.js';

export interface RpcServices {
  readonly spec: ChainSpec;
  readonly chain: ActorRef<ChainMessage>;
  readonly mempool: ActorRef<MempoolMessage>;
  readonly template: ActorRef<TemplateMessage>;
  readonly clock: Clock;
  readonly version: string;
  /** Asks the process for a clean stop. Returns at once. */
  readonly requestStop: (reason: string) => void;
}

export interface RpcCall {
  readonly params: Params;
  readonly services: RpcServices;
  /** Aborted when the client has gone: a longpoll ends then. */
  readonly signal: AbortSignal;
  /** Aborted when the port closes: what only waits, or may go on for long, ends then. All else is still answered. */
  readonly closing: AbortSignal;
}

export interface RpcMethod {
  readonly name: string;
  readonly family: 'blockchain' | 'mining' | 'rawtransactions' | 'mempool' | 'network' | 'control';
  /** Parameter names in positional order. */
  readonly params: readonly string[];
  /** One line for `help`. */
  readonly summary: string;
  run(call: RpcCall): Promise<JsonValue> | JsonValue;
}

/** An actor answers within this, or something is wrong with it. Block connection of the largest block takes seconds. */
const ASK_TIMEOUT_MS = 30_000;

/** The query of this `type` in the actor's own union, which states its reply. */
type QueryOf<M extends Message, T extends string> = Extract<M, {readonly type: T}>;

/** Asks an actor; what goes wrong on the way becomes an error for the caller. */
export async function ask<M extends Message, const T extends M['type']>(
  ref: ActorRef<M>, query: {readonly type: T} & QueryOf<M, T>, options: {readonly signal: AbortSignal; readonly timeoutMs?: number},
): Promise<ReplyOf<QueryOf<M, T>>> {
  try {
    return await ref.ask<QueryOf<M, T>>(query, {timeoutMs: options.timeoutMs ?? ASK_TIMEOUT_MS, signal: options.signal});
  } catch (error) {
    if (!(error instanceof AskError)) throw error;
    if (error.code === 'dead') throw new RpcFault(RPC_CODE.warmingUp, `${query.type}: this part of the node is not running`);
    throw new RpcFault(RPC_CODE.internalError, `${query.type}: ${error.code === 'refused' ? 'too busy, try again' : error.code}`);
  }
}
