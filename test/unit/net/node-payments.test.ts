// Proves how payouts read nodes elsewhere: what a block and a height that are not there look like, that the next node is asked
// when one is away, which answers to a transaction mean that the network has it, and which rate counts.
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {NodeError, type NodeRpc} from '../../../src/actors/upstream/ports.js';
import {nodeChainReader, nodeNetwork} from '../../../src/net/node-payments.js';
import {REGTEST} from '../../../src/protocol/chain/presets.js';
import {bytesToHex, hashToDisplayHex} from '../../../src/protocol/bytes/hex.js';

type Answers = Readonly<Record<string, unknown>>;

/** Answers by method; an Error is thrown, a method without an answer is unknown to the node. */
function aNode(answers: Answers, calls: string[] = []): NodeRpc {
  return {
    name: 'fake',
    call: (method, params) => {
      calls.push(`${method} ${JSON.stringify(params)}`);
      const answer = method in answers ? answers[method] : new NodeError('node-rpc-error', `fake: ${method}: Method not found (-32601)`, {rpcCode: -32601});
      return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer);
    },
    close: () => undefined,
  };
}

const away = new NodeError('node-unreachable', 'away');
const refused = (rpcCode: number, said: string): NodeError => new NodeError('node-rpc-error', `fake: sendrawtransaction: ${said} (${rpcCode})`, {rpcCode});
const GENESIS = hashToDisplayHex(REGTEST.genesisHash);

const payments = suite('net / node-payments');

payments('reads tip, heights and whole blocks', async () => {
  const calls: string[] = [];
  const reader = nodeChainReader([aNode({
    getblockchaininfo: {blocks: 7, bestblockhash: GENESIS}, getblockhash: GENESIS, getblock: bytesToHex(REGTEST.genesisBytes),
  }, calls)]);
  assert.equal(await reader.tip(), {height: 7, hash: REGTEST.genesisHash});
  assert.equal(await reader.hashAt(3), REGTEST.genesisHash);
  assert.equal((await reader.block(REGTEST.genesisHash))!.header.hash, REGTEST.genesisHash);
  assert.ok(calls.includes(`getblock ["${GENESIS}",false]`));
});

payments('what the node does not have is undefined, what it cannot say is an error', async () => {
  const reader = nodeChainReader([aNode({getblockhash: refused(-8, 'Block height out of range'), getblock: refused(-5, 'Block not found'), getblockchaininfo: {}})]);
  assert.is(await reader.hashAt(9), undefined);
  assert.is(await reader.block(REGTEST.genesisHash), undefined);
  await reader.tip().then(() => assert.unreachable(), (error: Error) => assert.match(error.message, 'no tip'));
  const busy = nodeChainReader([aNode({getblockhash: refused(-28, 'Loading block index...')})]);
  await busy.hashAt(1).then(() => assert.unreachable(), (error: {rpcCode?: number}) => assert.is(error.rpcCode, -28));
  const garbled = nodeChainReader([aNode({getblock: '00'})]);
  await garbled.block(REGTEST.genesisHash).then(() => assert.unreachable(), (error: Error) => assert.match(error.message, 'does not decode'));
});

payments('asks the next node when one is away, and says so when all are', async () => {
  assert.equal(await nodeChainReader([aNode({getblockhash: away}), aNode({getblockhash: GENESIS})]).hashAt(0), REGTEST.genesisHash);
  await nodeChainReader([aNode({getblockhash: away})]).hashAt(0).then(() => assert.unreachable(), (error: {code?: string}) => assert.is(error.code, 'node-unreachable'));
});

payments('a transaction is sent to all; one that has it is enough', async () => {
  const calls: string[] = [];
  const bytes = Uint8Array.of(1, 2);
  const network = nodeNetwork([aNode({sendrawtransaction: away}, calls), aNode({sendrawtransaction: 'txid'}, calls)]);
  assert.equal(await network.send(bytes), {ok: true});
  assert.equal(calls, ['sendrawtransaction ["0102"]', 'sendrawtransaction ["0102"]']);
  for (const known of [refused(-27, 'Transaction outputs already in utxo set'), refused(-26, 'txn-already-in-mempool'), refused(-26, 'txn-already-known')]) {
    assert.equal(await nodeNetwork([aNode({sendrawtransaction: known})]).send(bytes), {ok: true}, known.message);
  }
});

payments('a refusal keeps the node\'s word, and says more than a node that is away', async () => {
  const codeOf = async (...nodes: readonly NodeRpc[]): Promise<unknown> => (await nodeNetwork(nodes).send(Uint8Array.of(1)) as {code?: string}).code;
  assert.is(await codeOf(aNode({sendrawtransaction: away}), aNode({sendrawtransaction: refused(-26, 'min relay fee not met, 100 < 141')})), 'min relay fee not met');
  assert.is(await codeOf(aNode({sendrawtransaction: refused(-26, 'insufficient fee, rejecting replacement abcd; new feerate 1')})), 'insufficient fee');
  assert.is(await codeOf(aNode({sendrawtransaction: refused(-25, 'bad-txns-inputs-missingorspent')})), 'bad-txns-inputs-missingorspent');
  assert.is(await codeOf(aNode({sendrawtransaction: refused(-26, '64: non-mandatory-script-verify-flag (x)')})), 'non-mandatory-script-verify-flag');
  assert.is(await codeOf(aNode({sendrawtransaction: away})), 'network-unavailable');
});

payments('the highest of estimate and least rate counts, and nobody\'s word is no rate', async () => {
  const rate = (answers: Answers): Promise<bigint | undefined> => nodeNetwork([aNode(answers)]).feeRateSatsPerKvb();
  assert.is(await rate({estimatesmartfee: {feerate: 0.00012, blocks: 6}, getmempoolinfo: {mempoolminfee: 0.00001}}), 12_000n);
  assert.is(await rate({estimatesmartfee: {errors: ['Insufficient data'], blocks: 0}, getmempoolinfo: {mempoolminfee: 0.00005, minrelaytxfee: 0.00001}}), 5_000n);
  assert.is(await rate({estimatesmartfee: {fee: -1, blocks: 6}, getmempoolinfo: {size: 0}}), 1_000n);
  assert.is(await rate({estimatesmartfee: {feerate: 1e9}}), 1_000n);
  assert.is(await nodeNetwork([aNode({estimatesmartfee: away, getmempoolinfo: away})]).feeRateSatsPerKvb(), undefined);
});

payments.run();
