/** @module JSON-RPC, family blockchain: the tip, headers, blocks, branches and the coin set. */
import {bytesToHex, hashToDisplayHex} from '../../protocol/bytes/hex.js';
import {encodeHeader} from '../../protocol/primitives/block-codec.js';
import {difficultyOfBits} from '../../protocol/consensus/pow/work.js';
import {weightWu} from '../../protocol/consensus/weight.js';
import type {Block} from '../../protocol/primitives/block.js';
import type {Coin, Hash256} from '../../protocol/primitives/transaction.js';
import type {HeaderView, TipView} from '../../actors/chain/messages.js';
import {amountJson, JsonText, renderJson, type JsonValue} from './json-text.js';
import {headerJson, hex256, hex32, targetHex} from './header-json.js';
import {ask, type RpcCall, type RpcMethod} from './rpc-method.js';
import {RPC_CODE, RpcFault} from './rpc-fault.js';
import {TimeSlice} from './time-slice.js';
import {scriptPubKeyJson, transactionJson} from './transaction-json.js';

const HEIGHT_MAX = 0x7fffffff;

export async function tipOf(call: RpcCall): Promise<TipView> {
  return await ask(call.services.chain, {type: 'chain.getTip'}, call);
}

export async function headerOf(call: RpcCall, hash: Hash256): Promise<HeaderView> {
  const view = await ask(call.services.chain, {type: 'chain.getHeader', hash}, call);
  if (view === null) throw new RpcFault(RPC_CODE.invalidAddressOrKey, 'Block not found');
  return view;
}

async function getBlockchainInfo(call: RpcCall): Promise<JsonValue> {
  const tip = await tipOf(call);
  const totals = await ask(call.services.chain, {type: 'chain.getCoinSetTotals'}, call);
  return {
    chain: call.services.spec.rpcName,
    blocks: tip.height,
    headers: tip.height,
    bestblockhash: hashToDisplayHex(tip.hash),
    bits: hex32(tip.header.bits),
    target: targetHex(tip.header.bits),
    difficulty: difficultyOfBits(tip.header.bits),
    time: tip.header.timeSec,
    mediantime: tip.medianTimePastSec,
    verificationprogress: 1,
    initialblockdownload: false,
    chainwork: hex256(tip.chainwork),
    size_on_disk: totals.diskBytes,
    pruned: false,
    warnings: [],
  };
}

async function getBlockHash(call: RpcCall): Promise<JsonValue> {
  const height = call.params.integer('height', {min: 0, max: HEIGHT_MAX});
  const hash = await ask(call.services.chain, {type: 'chain.getHashAtHeight', height}, call);
  if (hash === null) throw new RpcFault(RPC_CODE.invalidParameter, 'Block height out of range');
  return hashToDisplayHex(hash);
}

async function getBlockHeader(call: RpcCall): Promise<JsonValue> {
  const view = await headerOf(call, call.params.hash('blockhash'));
  return call.params.booleanOr('verbose', true) ? headerJson(view) : bytesToHex(encodeHeader(view.header));
}

async function getBlock(call: RpcCall): Promise<JsonValue> {
  const hash = call.params.hash('blockhash');
  const verbosity = readVerbosity(call, 'verbosity', 1);
  const found = await ask(call.services.chain, {type: 'chain.getBlock', hash}, call);
  if (found === null) {
    await headerOf(call, hash);
    throw new RpcFault(RPC_CODE.misc, 'Block not available: only its header is known');
  }
  const {block, view} = found;
  if (verbosity === 0) return bytesToHex(block.bytes);
  const undo = verbosity >= 2 ? await ask(call.services.chain, {type: 'chain.getUndo', hash}, call) : null;
  return {
    ...headerJson({...view, txCount: block.transactions.length}),
    strippedsize: block.strippedSize,
    size: block.bytes.length,
    weight: weightWu(block, call.services.spec.witnessScaleFactor),
    tx: verbosity === 1
      ? block.transactions.map((transaction) => hashToDisplayHex(transaction.txid))
      : await renderTransactions(call, block, {undo, withPrevouts: verbosity >= 3}),
  };
}

/** A full block has thousands of transactions: rendered a slice at a time. */
async function renderTransactions(
  call: RpcCall, block: Block, options: {readonly undo: readonly (readonly Coin[])[] | null; readonly withPrevouts: boolean},
): Promise<JsonText> {
  const slice = new TimeSlice(call.services.clock);
  const parts: string[] = [];
  for (const [index, transaction] of block.transactions.entries()) {
    const spent = index === 0 ? undefined : options.undo?.[index - 1];
    parts.push(renderJson(transactionJson(transaction, {spec: call.services.spec, spent, withPrevouts: options.withPrevouts, withHex: true})));
    await slice.pause();
  }
  return new JsonText(`[${parts.join(',')}]`);
}

/** A number, or `true`/`false` as older clients send it. */
export function readVerbosity(call: RpcCall, name: string, absent: number): number {
  const raw = call.params.raw(name);
  if (typeof raw === 'boolean') return raw ? 1 : 0;
  return call.params.integerOr(name, absent, {min: 0, max: 3});
}

async function getChainTips(call: RpcCall): Promise<JsonValue> {
  const branches = await ask(call.services.chain, {type: 'chain.getBranches'}, call);
  return branches.map((branch) => ({height: branch.height, hash: hashToDisplayHex(branch.hash), branchlen: branch.branchLength, status: branch.status}));
}

async function getTxOut(call: RpcCall): Promise<JsonValue> {
  const outpoint = {txid: call.params.hash('txid'), vout: call.params.integer('n', {min: 0, max: 0xffffffff})};
  const {services} = call;
  const {tip, coins} = await ask(services.chain, {type: 'chain.getCoins', outpoints: [outpoint]}, call);
  let coin = coins[0];
  let confirmations = coin === undefined ? 0 : tip.height - coin.height + 1;
  if (call.params.booleanOr('include_mempool', true)) {
    const [spender] = await ask(services.mempool, {type: 'mempool.findSpenders', outpoints: [outpoint]}, call);
    if (spender !== null && spender !== undefined) return null;
    if (coin === undefined) {
      const entry = await ask(services.mempool, {type: 'mempool.getEntry', txid: outpoint.txid}, call);
      const output = entry?.transaction.outputs[outpoint.vout];
      if (output !== undefined) coin = {valueSats: output.valueSats, scriptPubKey: output.scriptPubKey, height: tip.height + 1, isCoinbase: false};
      confirmations = 0;
    }
  }
  if (coin === undefined) return null;
  return {
    bestblock: hashToDisplayHex(tip.hash),
    confirmations,
    value: amountJson(coin.valueSats),
    scriptPubKey: scriptPubKeyJson(coin.scriptPubKey, services.spec),
    coinbase: coin.isCoinbase,
  };
}

/** Running totals, kept with every block: no scan, and so no hash of the set. */
async function getTxOutSetInfo(call: RpcCall): Promise<JsonValue> {
  const hashType = call.params.textOr('hash_type', 'none');
  if (hashType !== 'none') throw new RpcFault(RPC_CODE.invalidParameter, `'${hashType.slice(0, 40)}' is not a valid hash_type here; this node keeps totals only: none`);
  const totals = await ask(call.services.chain, {type: 'chain.getCoinSetTotals'}, call);
  return {
    height: totals.height,
    bestblock: hashToDisplayHex(totals.bestHash),
    txouts: totals.coinCount,
    disk_size: totals.diskBytes,
    total_amount: amountJson(totals.totalSats),
  };
}

async function changeValidity(call: RpcCall, type: 'chain.invalidateBlock' | 'chain.reconsiderBlock'): Promise<JsonValue> {
  const hash = call.params.hash('blockhash');
  await headerOf(call, hash);
  const verdict = await ask(call.services.chain, {type, hash}, {signal: call.signal, timeoutMs: 300_000});
  if (!verdict.ok) throw new RpcFault(RPC_CODE.misc, verdict.detail === undefined ? verdict.code : `${verdict.code}: ${verdict.detail}`);
  return null;
}

export const CHAIN_METHODS: readonly RpcMethod[] = [
  {name: 'getblockchaininfo', family: 'blockchain', params: [], summary: 'The chain, its tip, difficulty and work.', run: getBlockchainInfo},
  {name: 'getblockcount', family: 'blockchain', params: [], summary: 'Height of the tip.', run: async (call) => (await tipOf(call)).height},
  {name: 'getbestblockhash', family: 'blockchain', params: [], summary: 'Hash of the tip.', run: async (call) => hashToDisplayHex((await tipOf(call)).hash)},
  {name: 'getdifficulty', family: 'blockchain', params: [], summary: 'Difficulty of the tip.', run: async (call) => difficultyOfBits((await tipOf(call)).header.bits)},
  {name: 'getblockhash', family: 'blockchain', params: ['height'], summary: 'Hash of the block at a height of the active chain.', run: getBlockHash},
  {name: 'getblockheader', family: 'blockchain', params: ['blockhash', 'verbose'], summary: 'A header as fields, or as hex with verbose=false.', run: getBlockHeader},
  {name: 'getblock', family: 'blockchain', params: ['blockhash', 'verbosity'], summary: 'A block: 0 hex, 1 with txids, 2 with transactions and fees, 3 with spent outputs.', run: getBlock},
  {name: 'getchaintips', family: 'blockchain', params: [], summary: 'Tips of all known branches.', run: getChainTips},
  {name: 'gettxout', family: 'blockchain', params: ['txid', 'n', 'include_mempool'], summary: 'An unspent output, or null.', run: getTxOut},
  {name: 'gettxoutsetinfo', family: 'blockchain', params: ['hash_type'], summary: 'Totals of the unspent outputs.', run: getTxOutSetInfo},
  {name: 'invalidateblock', family: 'blockchain', params: ['blockhash'], summary: 'Marks a block and all after it as invalid.', run: async (call) => await changeValidity(call, 'chain.invalidateBlock')},
  {name: 'reconsiderblock', family: 'blockchain', params: ['blockhash'], summary: 'Takes that mark away again.', run: async (call) => await changeValidity(call, 'chain.reconsiderBlock')},
];
