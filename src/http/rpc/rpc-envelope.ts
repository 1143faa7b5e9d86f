/**
 * @module JSON-RPC 1.0 and 2.0: from a request's text to the answer's text and HTTP status. Untrusted text in, always
 * JSON out; a fault of ours becomes -32603 and is handed to `onBug`.
 *
 * Status codes are Bitcoin Core's: version 1 answers an error with 400, 404 or 500, version 2 always with 200, a batch
 * with 200, notifications alone with 204.
 */
import {renderJson, type JsonValue} from './json-text.js';
import {Params} from './params.js';
import {RPC_CODE, RpcFault} from './rpc-fault.js';
import type {RpcMethod, RpcServices} from './rpc-method.js';

export interface RpcAnswer {
  readonly status: number;
  /** Empty for 204. */
  readonly body: string;
}

export interface RpcDispatch {
  readonly methods: ReadonlyMap<string, RpcMethod>;
  readonly services: RpcServices;
  readonly maxBatch: number;
  readonly signal: AbortSignal;
  readonly closing: AbortSignal;
  /** Hears of an exception that no method should have thrown. */
  readonly onBug: (method: string, error: unknown) => void;
}

interface Reply {
  readonly text: string;
  readonly rpcCode: number;
  readonly isVersion2: boolean;
  readonly isNotification: boolean;
}

type Outcome = {readonly ok: true; readonly result: string} | {readonly ok: false; readonly rpcCode: number; readonly message: string};

export async function answerRpc(text: string, dispatch: RpcDispatch): Promise<RpcAnswer> {
  let request: unknown;
  try {
    request = JSON.parse(text);
  } catch {
    return {status: 500, body: `${failureText(RPC_CODE.parseError, 'Parse error')}\n`};
  }
  if (Array.isArray(request)) return await answerBatch(request, dispatch);
  const reply = await answerOne(request, dispatch);
  if (reply.isNotification) return {status: 204, body: ''};
  return {status: reply.isVersion2 ? 200 : statusOf(reply.rpcCode), body: `${reply.text}\n`};
}

async function answerBatch(requests: readonly unknown[], dispatch: RpcDispatch): Promise<RpcAnswer> {
  if (requests.length > dispatch.maxBatch) {
    return {status: 500, body: `${failureText(RPC_CODE.invalidRequest, `at most ${dispatch.maxBatch} calls in a batch`)}\n`};
  }
  const replies: string[] = [];
  // One after the other: a batch takes no larger part of the node than a single call.
  for (const request of requests) {
    const reply = await answerOne(request, dispatch);
    if (!reply.isNotification) replies.push(reply.text);
  }
  if (replies.length === 0 && requests.length > 0) return {status: 204, body: ''};
  return {status: 200, body: `[${replies.join(',')}]\n`};
}

async function answerOne(request: unknown, dispatch: RpcDispatch): Promise<Reply> {
  if (typeof request !== 'object' || request === null || Array.isArray(request)) {
    return wrap({ok: false, rpcCode: RPC_CODE.invalidRequest, message: 'Invalid Request object'}, {id: null, isVersion2: false, isNotification: false});
  }
  const {id, method, params, jsonrpc} = request as Readonly<Record<string, unknown>>;
  const isVersion2 = jsonrpc === '2.0';
  const frame = {id: echoId(id), isVersion2, isNotification: isVersion2 && !Object.hasOwn(request, 'id')};
  const fault = (rpcCode: number, message: string): Reply => wrap({ok: false, rpcCode, message}, frame);
  if (jsonrpc !== undefined && jsonrpc !== '1.0' && jsonrpc !== '1.1' && !isVersion2) return fault(RPC_CODE.invalidRequest, 'JSON-RPC version not supported');
  if (method === undefined) return fault(RPC_CODE.invalidRequest, 'Missing method');
  if (typeof method !== 'string') return fault(RPC_CODE.invalidRequest, 'Method must be a string');
  if (params !== undefined && params !== null && typeof params !== 'object') return fault(RPC_CODE.invalidRequest, 'Params must be an array or object');
  const known = dispatch.methods.get(method);
  if (known === undefined) return fault(RPC_CODE.methodNotFound, 'Method not found');
  return wrap(await runMethod(known, params, dispatch), frame);
}

async function runMethod(method: RpcMethod, params: unknown, dispatch: RpcDispatch): Promise<Outcome> {
  try {
    const result = await method.run({params: new Params(method.params, params), services: dispatch.services, signal: dispatch.signal, closing: dispatch.closing});
    return {ok: true, result: renderJson(result)};
  } catch (error) {
    if (error instanceof RpcFault) return {ok: false, rpcCode: error.rpcCode, message: error.message};
    dispatch.onBug(method.name, error);
    return {ok: false, rpcCode: RPC_CODE.internalError, message: 'Internal error; the log of the node says more'};
  }
}

/** An id is a text, a number or null; anything else is not ours to repeat. */
function echoId(id: unknown): JsonValue {
  return typeof id === 'string' || typeof id === 'number' || typeof id === 'boolean' ? id : null;
}

function wrap(outcome: Outcome, frame: {readonly id: JsonValue; readonly isVersion2: boolean; readonly isNotification: boolean}): Reply {
  const rpcCode = outcome.ok ? 0 : outcome.rpcCode;
  const id = renderJson(frame.id);
  const error = outcome.ok ? 'null' : renderJson({code: outcome.rpcCode, message: outcome.message});
  let text: string;
  if (!frame.isVersion2) text = `{"result":${outcome.ok ? outcome.result : 'null'},"error":${error},"id":${id}}`;
  else if (outcome.ok) text = `{"jsonrpc":"2.0","result":${outcome.result},"id":${id}}`;
  else text = `{"jsonrpc":"2.0","error":${error},"id":${id}}`;
  return {text, rpcCode, isVersion2: frame.isVersion2, isNotification: frame.isNotification};
}

/** An answer to a request that could not be read, so that it has neither version nor id. */
export function failureText(rpcCode: number, message: string): string {
  return wrap({ok: false, rpcCode, message}, {id: null, isVersion2: false, isNotification: false}).text;
}

function statusOf(rpcCode: number): number {
  if (rpcCode === 0) return 200;
  if (rpcCode === RPC_CODE.invalidRequest) return 400;
  return rpcCode === RPC_CODE.methodNotFound ? 404 : 500;
}
