/** @module JSON-RPC, family mining: templates (BIP 22, 23, 145), solved blocks, and the state of mining. */
import {hashToDisplayHex} from '../../protocol/bytes/hex.js';
import {bytesEqual} from '../../protocol/bytes/compare.js';
import {difficultyOfBits} from '../../protocol/consensus/pow/work.js';
import type {BlockTemplate} from '../../protocol/mining/block-template.js';
import {findWitnessCommitment} from '../../protocol/consensus/witness-commitment.js';
import type {Block} from '../../protocol/primitives/block.js';
import {decodeBlock, decodeHeader, encodeBlock} from '../../protocol/primitives/block-codec.js';
import {encodeTransaction, isCoinbase, NULL_HASH, transactionParts} from '../../protocol/primitives/transaction-codec.js';
import type {BlockOutcome} from '../../actors/chain/messages.js';
import {tipOf} from './chain-methods.js';
import {hex32, targetHex} from './header-json.js';
import type {JsonValue} from './json-text.js';
import {bytesOfHex, wrongType} from './params.js';
import {ask, type RpcCall, type RpcMethod} from './rpc-method.js';
import {RPC_CODE, RpcFault} from './rpc-fault.js';
import {templateJson} from './template-json.js';
import {TimeSlice} from './time-slice.js';

/** A longpoll answers at the latest after this, whatever happened: proxies close what is silent for longer. */
const LONGPOLL_MAX_WAIT_MS = 60_000;
const HASHRATE_BLOCKS = 120;

async function getBlockTemplate(call: RpcCall): Promise<JsonValue> {
  const request = call.params.objectOr('template_request');
  const mode = request['mode'] ?? 'template';
  if (mode === 'proposal') return await checkProposal(call, request);
  if (mode !== 'template') throw new RpcFault(RPC_CODE.invalidParameter, 'Invalid mode');
  const rules = request['rules'];
  if (!Array.isArray(rules) || !rules.includes('segwit')) {
    throw new RpcFault(RPC_CODE.invalidParameter, 'getblocktemplate must be called with the segwit rule set (call with {"rules": ["segwit"]})');
  }
  const longpollId = request['longpollid'];
  if (longpollId !== undefined && longpollId !== null && typeof longpollId !== 'string') throw wrongType('longpollid', 'string', longpollId);
  const template = typeof longpollId === 'string'
    ? await ask(call.services.template, {type: 'template.await', longpollId, maxWaitMs: LONGPOLL_MAX_WAIT_MS},
      {signal: AbortSignal.any([call.signal, call.closing]), timeoutMs: LONGPOLL_MAX_WAIT_MS + 10_000})
    : await ask(call.services.template, {type: 'template.get'}, call);
  return await templateJson(readyTemplate(template), new TimeSlice(call.services.clock));
}

export function readyTemplate(template: BlockTemplate | {readonly ok: false; readonly detail: string}): BlockTemplate {
  if ('ok' in template) throw new RpcFault(RPC_CODE.warmingUp, `no template yet: ${template.detail}`);
  return template;
}

/** BIP 23: everything about a block but its work. `null` is a yes. */
async function checkProposal(call: RpcCall, request: Readonly<Record<string, unknown>>): Promise<JsonValue> {
  const {data} = request;
  if (typeof data !== 'string') throw new RpcFault(RPC_CODE.wrongType, 'Missing data String key for proposal');
  const decoded = decodeBlock(bytesOfHex(data, 'Block decode failed'));
  if (!decoded.ok) throw new RpcFault(RPC_CODE.deserialization, 'Block decode failed');
  const block = decoded.value;
  const known = await ask(call.services.chain, {type: 'chain.getHeader', hash: block.header.hash}, call);
  if (known !== null) {
    if (known.status === 'invalid') return 'duplicate-invalid';
    return known.status === 'valid-scripts' ? 'duplicate' : 'duplicate-inconclusive';
  }
  const tip = await tipOf(call);
  if (!bytesEqual(block.header.previousHash, tip.hash)) return 'inconclusive-not-best-prevblk';
  const verdict = await ask(call.services.chain, {type: 'chain.checkProposal', blockBytes: block.bytes}, call);
  return verdict.ok ? null : verdict.code;
}

async function submitBlock(call: RpcCall): Promise<JsonValue> {
  const decoded = decodeBlock(call.params.bytes('hexdata', 'Block decode failed'));
  if (!decoded.ok) throw new RpcFault(RPC_CODE.deserialization, 'Block decode failed');
  const [first] = decoded.value.transactions;
  if (first === undefined || !isCoinbase(first)) throw new RpcFault(RPC_CODE.deserialization, 'Block does not start with a coinbase');
  const {bytes} = await withReservedValue(call, decoded.value);
  const outcome = await ask(call.services.chain, {type: 'chain.acceptBlock', blockBytes: bytes, source: {kind: 'rpc'}},
    {signal: call.signal, timeoutMs: 300_000});
  return bip22Result(outcome);
}

/**
 * Miners from before BIP 141 copy the commitment and know nothing of the coinbase's witness. Nothing commits to that
 * one item but the commitment itself, which the template made over zeros: so it is added here, as Bitcoin Core does.
 */
async function withReservedValue(call: RpcCall, block: Block): Promise<Block> {
  const [coinbase, ...others] = block.transactions;
  if (coinbase === undefined || coinbase.hasWitness || findWitnessCommitment(coinbase) === undefined) return block;
  const parent = await ask(call.services.chain, {type: 'chain.getHeader', hash: block.header.previousHash}, call);
  if (parent === null || parent.height + 1 < call.services.spec.activation.segwit) return block;
  const parts = transactionParts(coinbase);
  const inputs = parts.inputs.map((plain) => ({...plain, witness: [NULL_HASH]}));
  return encodeBlock(block.header, [encodeTransaction({...parts, inputs}), ...others]);
}

/** BIP 22: null is accepted; `inconclusive` is a good block that is not the best one. */
export function bip22Result(outcome: BlockOutcome): string | null {
  if (outcome.ok) return outcome.status === 'connected' ? null : outcome.status === 'duplicate' ? 'duplicate' : 'inconclusive';
  return outcome.status === 'duplicate-invalid' ? 'duplicate-invalid' : outcome.code;
}

/** Blocks arrive whole here; a header alone can be checked for what it is and for its parent, and is not kept. */
async function submitHeader(call: RpcCall): Promise<JsonValue> {
  const decoded = decodeHeader(call.params.bytes('hexdata', 'Block header decode failed'));
  if (!decoded.ok) throw new RpcFault(RPC_CODE.deserialization, 'Block header decode failed');
  const parent = await ask(call.services.chain, {type: 'chain.getHeader', hash: decoded.value.previousHash}, call);
  if (parent === null) throw new RpcFault(RPC_CODE.verify, `Must submit previous header (${hashToDisplayHex(decoded.value.previousHash)}) first`);
  const known = await ask(call.services.chain, {type: 'chain.getHeader', hash: decoded.value.hash}, call);
  if (known === null) throw new RpcFault(RPC_CODE.misc, 'this node takes whole blocks only: use submitblock');
  return null;
}

async function getMiningInfo(call: RpcCall): Promise<JsonValue> {
  const tip = await tipOf(call);
  const info = await ask(call.services.mempool, {type: 'mempool.getInfo'}, call);
  return {
    blocks: tip.height,
    bits: hex32(tip.header.bits),
    difficulty: difficultyOfBits(tip.header.bits),
    target: targetHex(tip.header.bits),
    networkhashps: await networkHashrate(call, HASHRATE_BLOCKS),
    pooledtx: info.count,
    chain: call.services.spec.rpcName,
    next: {height: tip.height + 1, bits: hex32(tip.nextBits), difficulty: difficultyOfBits(tip.nextBits), target: targetHex(tip.nextBits)},
    warnings: [],
  };
}

/**
 * Work of the last blocks over the time between the first and the last: an estimate, and so a float. The genesis block
 * is left out: it is years older than the chain that somebody starts on it today.
 */
async function networkHashrate(call: RpcCall, blockCount: number): Promise<number> {
  const tip = await tipOf(call);
  const count = Math.min(blockCount, tip.height - 1);
  if (count < 1) return 0;
  const startHash = await ask(call.services.chain, {type: 'chain.getHashAtHeight', height: tip.height - count}, call);
  const start = startHash === null ? null : await ask(call.services.chain, {type: 'chain.getHeader', hash: startHash}, call);
  if (start === null) return 0;
  const elapsedSec = tip.header.timeSec - start.header.timeSec;
  return elapsedSec <= 0 ? 0 : Number(tip.chainwork - start.chainwork) / elapsedSec;
}

export const MINING_METHODS: readonly RpcMethod[] = [
  {name: 'getblocktemplate', family: 'mining', params: ['template_request'], summary: 'The next block to mine (BIP 22, 23, 145), with longpoll and proposal mode.', run: getBlockTemplate},
  {name: 'submitblock', family: 'mining', params: ['hexdata', 'dummy'], summary: 'Takes a solved block; null means accepted, else the reason (BIP 22).', run: submitBlock},
  {name: 'submitheader', family: 'mining', params: ['hexdata'], summary: 'Says whether a header is known; headers alone are not kept.', run: submitHeader},
  {name: 'getmininginfo', family: 'mining', params: [], summary: 'Difficulty, hashrate and the next block.', run: getMiningInfo},
  {name: 'getnetworkhashps', family: 'mining', params: ['nblocks'], summary: 'Hashes per second of the network, from the last nblocks blocks.',
    run: async (call) => await networkHashrate(call, call.params.integerOr('nblocks', HASHRATE_BLOCKS, {min: 1, max: 1_000_000}))},
];
