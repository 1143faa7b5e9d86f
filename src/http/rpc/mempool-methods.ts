/** @module JSON-RPC, family mempool: what waits for a block, and what may join it. */
import {hashToDisplayHex} from '../../protocol/bytes/hex.js';
import {decodeTransaction} from '../../protocol/primitives/transaction-codec.js';
import type {Transaction} from '../../protocol/primitives/transaction.js';
import type {MempoolEntryView, TxOutcome} from '../../actors/mempool/messages.js';
import {isUnspendable} from '../../protocol/script/classify-script.js';
import {amountJson, JsonText, renderJson, type JsonValue} from './json-text.js';
import {bytesOfHex, wrongType} from './params.js';
import {ask, type RpcCall, type RpcMethod} from './rpc-method.js';
import {RPC_CODE, RpcFault} from './rpc-fault.js';
import {TimeSlice} from './time-slice.js';

/** 0.10 coins per 1,000 virtual bytes: a fee above it is more likely a slip than a wish. */
const MAX_FEE_RATE_SATS_PER_KVB = 10_000_000n;
const SATS_PER_COIN = 100_000_000n;
const TEST_ACCEPT_MAX = 25;
const BIP125_SEQUENCE_MAX = 0xfffffffd;
const NOT_DECODED = 'TX decode failed. Make sure the tx has at least one input.';

async function getMempoolInfo(call: RpcCall): Promise<JsonValue> {
  const info = await ask(call.services.mempool, {type: 'mempool.getInfo'}, call);
  return {
    loaded: true,
    size: info.count,
    bytes: info.totalVsize,
    usage: info.totalBytes,
    total_fee: amountJson(info.totalFeeSats),
    maxmempool: info.maxBytes,
    mempoolminfee: amountJson(info.minFeeSatsPerKvb),
    minrelaytxfee: amountJson(info.minRelaySatsPerKvb),
    unbroadcastcount: 0,
    fullrbf: false,
  };
}

export function mempoolEntryJson(entry: MempoolEntryView): JsonValue {
  return {
    vsize: entry.vsize,
    weight: entry.weightWu,
    time: entry.admittedAtSec,
    height: entry.admittedAtHeight,
    descendantcount: entry.descendantCount,
    descendantsize: entry.descendantVsize,
    ancestorcount: entry.ancestorCount,
    ancestorsize: entry.ancestorVsize,
    wtxid: hashToDisplayHex(entry.transaction.wtxid),
    fees: {
      base: amountJson(entry.feeSats),
      modified: amountJson(entry.feeSats),
      ancestor: amountJson(entry.ancestorFeeSats),
      descendant: amountJson(entry.descendantFeeSats),
    },
    depends: entry.parents.map(hashToDisplayHex),
    spentby: entry.children.map(hashToDisplayHex),
    'bip125-replaceable': entry.transaction.inputs.some((input) => input.sequence <= BIP125_SEQUENCE_MAX),
    unbroadcast: false,
  };
}

async function getRawMempool(call: RpcCall): Promise<JsonValue> {
  const {mempool} = call.services;
  if (!call.params.booleanOr('verbose', false)) {
    const txids = (await ask(mempool, {type: 'mempool.listTxids'}, call)).map(hashToDisplayHex);
    if (!call.params.booleanOr('mempool_sequence', false)) return txids;
    const info = await ask(mempool, {type: 'mempool.getInfo'}, call);
    return {txids, mempool_sequence: info.sequence};
  }
  const entries = await ask(mempool, {type: 'mempool.listEntries', limit: Number.MAX_SAFE_INTEGER}, call);
  const slice = new TimeSlice(call.services.clock);
  const parts: string[] = [];
  for (const entry of entries) {
    parts.push(`"${hashToDisplayHex(entry.transaction.txid)}":${renderJson(mempoolEntryJson(entry))}`);
    await slice.pause();
  }
  return new JsonText(`{${parts.join(',')}}`);
}

async function getMempoolEntry(call: RpcCall): Promise<JsonValue> {
  const entry = await ask(call.services.mempool, {type: 'mempool.getEntry', txid: call.params.hash('txid')}, call);
  if (entry === null) throw new RpcFault(RPC_CODE.invalidAddressOrKey, 'Transaction not in mempool');
  return mempoolEntryJson(entry);
}

async function sendRawTransaction(call: RpcCall): Promise<JsonValue> {
  const txBytes = call.params.bytes('hexstring', NOT_DECODED);
  const decoded = decodeTransaction(txBytes);
  if (!decoded.ok) throw new RpcFault(RPC_CODE.deserialization, NOT_DECODED);
  const maxBurnSats = call.params.amountOr('maxburnamount', 0n);
  if (decoded.value.outputs.some((output) => isUnspendable(output.scriptPubKey) && output.valueSats > maxBurnSats)) {
    throw new RpcFault(RPC_CODE.verify, 'Unspendable output exceeds maximum configured by user (maxburnamount)');
  }
  const outcome = await ask(call.services.mempool, {type: 'mempool.submit', txBytes, ...feeRateLimit(call)}, call);
  if (outcome.ok) return hashToDisplayHex(outcome.txid);
  throw new RpcFault(rpcCodeOfReject(outcome.code), outcome.detail === undefined ? outcome.code : `${outcome.code}, ${outcome.detail}`);
}

/** 0 means no limit. */
function feeRateLimit(call: RpcCall): {readonly maxFeeRateSatsPerKvb?: bigint} {
  const limit = call.params.amountOr('maxfeerate', MAX_FEE_RATE_SATS_PER_KVB);
  if (limit >= SATS_PER_COIN) throw new RpcFault(RPC_CODE.invalidParameter, 'Fee rates larger than or equal to 1BTC/kvB are not accepted');
  return limit === 0n ? {} : {maxFeeRateSatsPerKvb: limit};
}

/** Which of the three numeric codes a wallet expects for a reject string. */
export function rpcCodeOfReject(code: string): number {
  if (code === 'missing-inputs' || code === 'bad-txns-inputs-missingorspent' || code === 'max-fee-exceeded') return RPC_CODE.verify;
  return code === 'txn-already-known' ? RPC_CODE.alreadyInChain : RPC_CODE.verifyRejected;
}

async function testMempoolAccept(call: RpcCall): Promise<JsonValue> {
  const raw = call.params.array('rawtxs');
  if (raw.length === 0 || raw.length > TEST_ACCEPT_MAX) {
    throw new RpcFault(RPC_CODE.invalidParameter, `Array must contain between 1 and ${TEST_ACCEPT_MAX} transactions.`);
  }
  const limit = feeRateLimit(call);
  const transactions = raw.map((text) => {
    if (typeof text !== 'string') throw wrongType('rawtxs', 'array of strings', text);
    const decoded = decodeTransaction(bytesOfHex(text, NOT_DECODED));
    if (!decoded.ok) throw new RpcFault(RPC_CODE.deserialization, `${NOT_DECODED} ${decoded.detail ?? ''}`.trim());
    return decoded.value;
  });
  const results: JsonValue[] = [];
  for (const transaction of transactions) {
    results.push(testResultJson(transaction, await ask(call.services.mempool, {type: 'mempool.test', txBytes: transaction.bytes, ...limit}, call)));
  }
  return results;
}

function testResultJson(transaction: Transaction, outcome: TxOutcome): JsonValue {
  const ids = {txid: hashToDisplayHex(transaction.txid), wtxid: hashToDisplayHex(transaction.wtxid)};
  if (outcome.ok && outcome.already !== true) return {...ids, allowed: true, vsize: outcome.vsize, fees: {base: amountJson(outcome.feeSats)}};
  const code = outcome.ok ? 'txn-already-in-mempool' : outcome.code;
  return {
    ...ids,
    allowed: false,
    'reject-reason': code === 'bad-txns-inputs-missingorspent' ? 'missing-inputs' : code,
    'reject-details': outcome.ok || outcome.detail === undefined ? code : `${code}, ${outcome.detail}`,
  };
}

export const MEMPOOL_METHODS: readonly RpcMethod[] = [
  {name: 'getmempoolinfo', family: 'mempool', params: [], summary: 'Size, fees and limits of the mempool.', run: getMempoolInfo},
  {name: 'getrawmempool', family: 'mempool', params: ['verbose', 'mempool_sequence'], summary: 'Its txids, or with verbose its entries.', run: getRawMempool},
  {name: 'getmempoolentry', family: 'mempool', params: ['txid'], summary: 'One entry.', run: getMempoolEntry},
  {name: 'sendrawtransaction', family: 'mempool', params: ['hexstring', 'maxfeerate', 'maxburnamount'], summary: 'Checks a transaction and admits it.', run: sendRawTransaction},
  {name: 'testmempoolaccept', family: 'mempool', params: ['rawtxs', 'maxfeerate'], summary: 'Says of each transaction, by itself, whether it would be admitted.', run: testMempoolAccept},
];
