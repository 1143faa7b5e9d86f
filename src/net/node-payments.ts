/**
 * @module Payouts over nodes elsewhere, by JSON-RPC: reads blocks of the first node that answers, in the order given, and
 * sends transactions to all of them. Needs no wallet, no index and no history of the node: `getblockchaininfo`,
 * `getblockhash`, `getblock`, `estimatesmartfee`, `getmempoolinfo` and `sendrawtransaction` are all it asks.
 */
import type {ChainReader, PaymentNetwork} from '../actors/payouts/ports.js';
import type {NodeRpc} from '../actors/upstream/ports.js';
import {bytesToHex, displayHexToHash, hashToDisplayHex, hexToBytes} from '../protocol/bytes/hex.js';
import {decodeBlock} from '../protocol/primitives/block-codec.js';
import {reject, type Rejection} from '../protocol/verdict.js';

const TIMEOUT_MS = 30_000;
/** Blocks until which a payout shall confirm. */
const FEE_TARGET_BLOCKS = 6;
const SATS_PER_COIN = 1e8;
/** Of a node that knows no rate at all (a young test chain): what every node relays by default. */
const RELAY_RATE_SATS_PER_KVB = 1_000n;
/** RPC_INVALID_ADDRESS_OR_KEY, RPC_INVALID_PARAMETER, and Core's "already in block chain or mempool". */
const NOT_FOUND = -5;
const OUT_OF_RANGE = -8;
const ALREADY_KNOWN = -27;

type Call = (method: string, params: readonly unknown[]) => Promise<unknown>;

/** @param nodes - at least one; the first that answers is believed. */
export function nodeChainReader(nodes: readonly NodeRpc[]): ChainReader {
  const call = firstToAnswer(nodes);
  return {
    async tip() {
      const {blocks, bestblockhash} = (await call('getblockchaininfo', [])) as {blocks?: unknown; bestblockhash?: unknown};
      const hash = typeof bestblockhash === 'string' ? displayHexToHash(bestblockhash) : undefined;
      if (hash === undefined || !Number.isSafeInteger(blocks)) throw new Error('getblockchaininfo tells no tip');
      return {height: blocks as number, hash};
    },
    async hashAt(height) {
      const text = await orUndefined(call('getblockhash', [height]));
      return typeof text === 'string' ? displayHexToHash(text) : undefined;
    },
    async block(hash) {
      // `false`: the serialisation; Core takes it for verbosity 0, bcoin knows only this.
      const text = await orUndefined(call('getblock', [hashToDisplayHex(hash), false]));
      const bytes = typeof text === 'string' ? hexToBytes(text) : undefined;
      if (bytes === undefined) return undefined;
      const block = decodeBlock(bytes);
      if (!block.ok) throw new Error(`the node's block ${hashToDisplayHex(hash)} does not decode (${block.code})`);
      return block.value;
    },
  };
}

export function nodeNetwork(nodes: readonly NodeRpc[]): PaymentNetwork {
  const call = firstToAnswer(nodes);
  return {
    async feeRateSatsPerKvb() {
      const estimate = (await call('estimatesmartfee', [FEE_TARGET_BLOCKS]).catch(() => undefined)) as {feerate?: unknown; fee?: unknown} | undefined;
      const least = (await call('getmempoolinfo', []).catch(() => undefined)) as {mempoolminfee?: unknown; minrelaytxfee?: unknown} | undefined;
      if (estimate === undefined && least === undefined) return undefined;
      const rates = [estimate?.feerate, estimate?.fee, least?.mempoolminfee, least?.minrelaytxfee].map(rateOf).filter((rate) => rate !== undefined);
      return rates.reduce((highest, rate) => (rate > highest ? rate : highest), RELAY_RATE_SATS_PER_KVB);
    },
    async send(bytes) {
      const hex = bytesToHex(bytes);
      const answers = await Promise.all(nodes.map((node) => sendTo(node, hex)));
      if (answers.some(({ok}) => ok)) return {ok: true};
      // A refusal says more than a node that is away.
      return answers.find((answer) => !answer.ok && answer.code !== 'network-unavailable') ?? answers[0]!;
    },
  };
}

async function sendTo(node: NodeRpc, hex: string): Promise<{readonly ok: true} | Rejection> {
  try {
    await node.call('sendrawtransaction', [hex], {timeoutMs: TIMEOUT_MS});
    return {ok: true};
  } catch (error) {
    const {code, rpcCode, message} = error as {code?: unknown; rpcCode?: unknown; message?: unknown};
    if (code !== 'node-rpc-error') return reject('network-unavailable', String(message));
    if (rpcCode === ALREADY_KNOWN || /already[ -](in|known)/i.test(String(message))) return {ok: true};
    return reject(refusalOf(String(message)), String(message));
  }
}

/** The node's own word for it: what stands before the first comma or bracket ("min relay fee not met, 100 < 141"). */
function refusalOf(message: string): string {
  const said = /sendrawtransaction: (?:\d+: )?([^,(:]+)/.exec(message)?.[1]?.trim();
  return said === undefined || said === '' ? 'network-refused' : said;
}

function firstToAnswer(nodes: readonly NodeRpc[]): Call {
  return async (method, params) => {
    let failure: unknown;
    for (const node of nodes) {
      try {
        return await node.call(method, params, {timeoutMs: TIMEOUT_MS});
      } catch (error) {
        // What a node says of itself is an answer; only one that is away is passed over.
        if ((error as {code?: unknown}).code === 'node-rpc-error') throw error;
        failure ??= error;
      }
    }
    throw failure;
  };
}

async function orUndefined(call: Promise<unknown>): Promise<unknown> {
  try {
    return await call;
  } catch (error) {
    const {rpcCode} = error as {rpcCode?: unknown};
    if (rpcCode === NOT_FOUND || rpcCode === OUT_OF_RANGE) return undefined;
    throw error;
  }
}

/** Coins per 1,000 virtual bytes as JSON has them; zero and less mean that nobody knows. */
function rateOf(value: unknown): bigint | undefined {
  return typeof value === 'number' && value > 0 && value < 1 ? BigInt(Math.round(value * SATS_PER_COIN)) : undefined;
}
