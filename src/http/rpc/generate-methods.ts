/**
 * @module JSON-RPC `generatetoaddress`: mines on this process's CPU, for tests. Regtest and devnet only, where that is
 * possible. The search runs in slices, so that shares and other calls go on meanwhile.
 */
import {bytesEqual, concatBytes} from '../../protocol/bytes/compare.js';
import {hashToDisplayHex} from '../../protocol/bytes/hex.js';
import {sha256d} from '../../protocol/bytes/sha256.js';
import {assembleBlock} from '../../protocol/mining/assemble-block.js';
import type {BlockTemplate} from '../../protocol/mining/block-template.js';
import {buildCoinbaseHalves} from '../../protocol/mining/coinbase.js';
import {merkleBranch, merkleRootOfBranch} from '../../protocol/mining/merkle-branch.js';
import {scanNonces} from '../../protocol/mining/scan-nonces.js';
import {encodeHeader} from '../../protocol/primitives/block-codec.js';
import {decodeAddress} from '../../protocol/address/address.js';
import {tipOf} from './chain-methods.js';
import type {JsonValue} from './json-text.js';
import {bip22Result, readyTemplate} from './mining-methods.js';
import {ask, type RpcCall, type RpcMethod} from './rpc-method.js';
import {RPC_CODE, RpcFault} from './rpc-fault.js';
import {TimeSlice} from './time-slice.js';

/** About 1 ms of one core at 0.7 million hashes a second: a slice ends within the millisecond after its time is up. */
const NONCES_PER_STEP = 512;
const BLOCKS_MAX = 100_000;
const EXTRANONCE_SIZE = 4;
/** The template follows the tip within a turn or two of the loop; after this something is wrong. */
const TEMPLATE_WAIT_MS = 10_000;

async function generateToAddress(call: RpcCall): Promise<JsonValue> {
  const count = call.params.integer('nblocks', {min: 0, max: BLOCKS_MAX});
  const decoded = decodeAddress(call.params.text('address'), call.services.spec.address);
  if (!decoded.ok) throw new RpcFault(RPC_CODE.invalidAddressOrKey, 'Error: Invalid address');
  const triesMax = call.params.integerOr('maxtries', 1_000_000_000, {min: 1, max: Number.MAX_SAFE_INTEGER});
  const slice = new TimeSlice(call.services.clock);
  const hashes: string[] = [];
  let tries = 0;
  let refusals = 0;
  while (hashes.length < count && tries < triesMax && !isOver(call)) {
    const search = await mineOne(call, {script: decoded.value.scriptPubKey, triesMax: triesMax - tries, slice});
    tries += search.tried;
    if (search.blockBytes === undefined) continue;
    const outcome = await ask(call.services.chain, {type: 'chain.acceptBlock', blockBytes: search.blockBytes, source: {kind: 'generate'}},
      {signal: call.signal, timeoutMs: 300_000});
    const refusal = bip22Result(outcome);
    if (refusal === null && outcome.ok) {
      hashes.push(hashToDisplayHex(outcome.hash));
      continue;
    }
    // Somebody else's block came first: mine again on that one. Anything else is worth telling at once.
    refusals += 1;
    if ((refusal !== 'inconclusive' && refusal !== 'duplicate') || refusals > 100) throw new RpcFault(RPC_CODE.internalError, `the mined block was not accepted: ${refusal}`);
  }
  return hashes;
}

interface Search {
  readonly tried: number;
  /** Undefined when the tip moved first, or when the tries were used up. */
  readonly blockBytes: Uint8Array | undefined;
}

async function mineOne(call: RpcCall, order: {readonly script: Uint8Array; readonly triesMax: number; readonly slice: TimeSlice}): Promise<Search> {
  const template = await templateOnTip(call);
  const branch = merkleBranch(template.transactions.map((transaction) => transaction.txid));
  const halves = buildCoinbaseHalves({
    height: template.height,
    jobBytes: new Uint8Array([0]),
    extranonceSize: EXTRANONCE_SIZE,
    tag: new Uint8Array(),
    outputs: [{valueSats: template.coinbaseValueSats, scriptPubKey: order.script}],
    witnessCommitment: template.witnessCommitment,
  });
  let tried = 0;
  for (let extranonce = 0; tried < order.triesMax; extranonce++) {
    const extranonce2 = new Uint8Array([extranonce, extranonce >>> 8, extranonce >>> 16, extranonce >>> 24]);
    const coinbase = concatBytes(halves.coinbase1, extranonce2, halves.coinbase2);
    const header = encodeHeader({
      version: template.version,
      previousHash: template.previousHash,
      merkleRoot: merkleRootOfBranch(sha256d(coinbase), branch),
      timeSec: Math.max(template.minTimeSec, template.curTimeSec),
      bits: template.bits,
      nonce: 0,
    });
    let nextNonce = 0;
    while (nextNonce < 0x1_0000_0000 && tried < order.triesMax) {
      const step = scanNonces({header, target: template.target, firstNonce: nextNonce, countMax: NONCES_PER_STEP});
      tried += step.tried;
      nextNonce = step.nextNonce;
      if (step.found !== undefined) {
        const blockBytes = assembleBlock({template, coinbase1: halves.coinbase1, extranonce1: new Uint8Array(), extranonce2, coinbase2: halves.coinbase2, header: step.found.header});
        return {tried, blockBytes};
      }
      await order.slice.pause();
      if (isOver(call)) return {tried, blockBytes: undefined};
      // Work on a parent that is no longer the tip is lost: look every million hashes.
      if (nextNonce % 0x10_0000 === 0 && !bytesEqual((await tipOf(call)).hash, template.previousHash)) return {tried, blockBytes: undefined};
    }
  }
  return {tried, blockBytes: undefined};
}

/** Nobody waits any more, or the node stops: what was mined so far is the answer. */
function isOver(call: RpcCall): boolean {
  return call.signal.aborted || call.closing.aborted;
}

/** The template source hears of a new tip as a message; until then its template is of the block before. */
async function templateOnTip(call: RpcCall): Promise<BlockTemplate> {
  const tip = await tipOf(call);
  let template = readyTemplate(await ask(call.services.template, {type: 'template.get'}, call));
  const giveUpMs = call.services.clock.nowMs() + TEMPLATE_WAIT_MS;
  while (template.height <= tip.height) {
    if (call.services.clock.nowMs() > giveUpMs) throw new RpcFault(RPC_CODE.internalError, 'the template does not follow the tip');
    template = readyTemplate(await ask(call.services.template, {type: 'template.await', longpollId: template.longpollId, maxWaitMs: 1_000}, call));
  }
  return template;
}

export const GENERATE_METHODS: readonly RpcMethod[] = [
  {name: 'generatetoaddress', family: 'mining', params: ['nblocks', 'address', 'maxtries'], summary: 'Mines blocks on this CPU that pay to an address; for test chains.', run: generateToAddress},
];
