// Proves that templates are what a miner may build on: valid by the node's own proposal check, on the tip at once, not
// more often than configured for the mempool's sake, and that longpoll callers are bounded and always answered.
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {MinedChain, MINER_KEY, aKey, aSpend} from '../../../support/mined-chain.js';
import {NodeHarness} from '../../../support/node-harness.js';
import type {NodeHarnessOptions} from '../../../support/node-harness.js';
import {buildHeader, encodeBlock} from '../../../../src/protocol/primitives/block-codec.js';
import {buildTransaction, decodeTransaction, NULL_HASH, NULL_VOUT} from '../../../../src/protocol/primitives/transaction-codec.js';
import {merkleRoot} from '../../../../src/protocol/consensus/merkle.js';
import {concatBytes} from '../../../../src/protocol/bytes/compare.js';
import {pushNumber} from '../../../../src/protocol/script/build-script.js';
import type {AwaitTemplate} from '../../../../src/actors/template/messages.js';
import type {BlockTemplate} from '../../../../src/protocol/mining/block-template.js';
import type {Transaction} from '../../../../src/protocol/primitives/transaction.js';

const FULL = 50_00000000n;

async function aNode(options: NodeHarnessOptions = {}): Promise<{node: NodeHarness; mined: MinedChain}> {
  const node = new NodeHarness(options);
  const mined = new MinedChain();
  await node.acceptAll(mined.mineMany(105));
  return {node, mined};
}

function aPayment(mined: MinedChain, height: number, feeSats = 10_000n): Transaction {
  return aSpend({from: [mined.coinbaseCoin(height)], key: MINER_KEY, outputs: [{valueSats: FULL - feeSats, scriptPubKey: aKey('a').scriptPubKey}]});
}

/** The block that the template describes, with the plainest coinbase, not mined. */
function proposalOf(template: BlockTemplate): Uint8Array {
  const coinbase = buildTransaction({
    inputs: [{prevout: {txid: NULL_HASH, vout: NULL_VOUT}, scriptSig: concatBytes(pushNumber(template.height), Uint8Array.of(1, 7)), witness: [NULL_HASH]}],
    outputs: [{valueSats: template.coinbaseValueSats, scriptPubKey: MINER_KEY.scriptPubKey}, {valueSats: 0n, scriptPubKey: template.witnessCommitment}],
  });
  const transactions = [coinbase, ...template.transactions.map(({bytes}) => {
    const decoded = decodeTransaction(bytes);
    if (!decoded.ok) throw new Error(decoded.code);
    return decoded.value;
  })];
  const header = buildHeader({
    version: template.version, previousHash: template.previousHash, merkleRoot: merkleRoot(transactions.map(({txid}) => txid)).root,
    timeSec: template.curTimeSec, bits: template.bits, nonce: 0,
  });
  return encodeBlock(header, transactions).bytes;
}

const template = suite('actors / template / actor');

template('a template with transactions passes the proposal check, to the last satoshi', async () => {
  const {node, mined} = await aNode();
  for (const [height, fee] of [[1, 5_000n], [2, 70_000n], [3, 6_000n]] as const) await node.submit(aPayment(mined, height, fee));
  await node.simulation.advance(5_000);
  const current = await node.currentTemplate();
  assert.is(current.transactions.length, 3);
  assert.is(current.coinbaseValueSats, FULL + 81_000n);
  assert.is(current.transactions[0]!.feeSats, 70_000n);
  assert.equal(await node.ask({type: 'chain.checkProposal', blockBytes: proposalOf(current)}), {ok: true});
  const greedy = await node.ask({type: 'chain.checkProposal', blockBytes: proposalOf({...current, coinbaseValueSats: current.coinbaseValueSats + 1n})});
  assert.is(greedy.ok ? 'ok' : greedy.code, 'bad-cb-amount');
});

template('a new tip makes a new template at once and says so', async () => {
  const {node, mined} = await aNode();
  node.templateEvents.length = 0;
  await node.accept(mined.mine());
  await node.simulation.runUntilIdle();
  assert.equal(node.templateEvents.map((event) => [event.template.height, event.isNewTip]), [[107, true]]);
  assert.equal(node.templateEvents[0]?.template.previousHash, mined.tip.header.hash);
});

template('while the mempool is silent a new tip still gives an empty template, within its moment', async () => {
  const {node, mined} = await aNode({template: {emptyAfterMs: 25}});
  await node.submit(aPayment(mined, 1));
  await node.settle(node.simulation.system.stop(node.mempool, 'now'));
  node.templateEvents.length = 0;
  await node.accept(mined.mine());
  await node.simulation.runUntilIdle();
  assert.is(node.templateEvents.length, 0);
  await node.simulation.advance(25);
  assert.equal(node.templateEvents.map((event) => [event.template.height, event.isNewTip, event.template.transactions.length]), [[107, true, 0]]);
});

template('changes of the mempool are gathered into one template an interval', async () => {
  const {node, mined} = await aNode({template: {refreshIntervalMs: 5_000}});
  await node.simulation.runUntilIdle();
  node.templateEvents.length = 0;
  for (const height of [1, 2, 3]) await node.submit(aPayment(mined, height));
  await node.simulation.advance(4_999);
  assert.is(node.templateEvents.length, 0);
  await node.simulation.advance(1);
  assert.equal(node.templateEvents.map((event) => [event.isNewTip, event.template.transactions.length]), [[false, 3]]);
  await node.simulation.advance(20_000);
  assert.is(node.templateEvents.length, 1);
});

template('longpoll: settles with the next template, or with the present one when the time is over', async () => {
  const {node, mined} = await aNode();
  const current = await node.currentTemplate();
  const next = node.template.ask<Extract<Parameters<typeof node.template.tell>[0], {type: 'template.await'}>>({type: 'template.await', longpollId: current.longpollId, maxWaitMs: 60_000}, {timeoutMs: 120_000});
  await node.accept(mined.mine());
  const settled = await node.settle(next);
  assert.is('ok' in settled ? 0 : settled.height, current.height + 1);
  const outdated = await node.askTemplate({type: 'template.await', longpollId: current.longpollId, maxWaitMs: 60_000});
  assert.is('ok' in outdated ? 0 : outdated.height, current.height + 1);
  const present = await node.currentTemplate();
  const waiting = node.template.ask<Extract<Parameters<typeof node.template.tell>[0], {type: 'template.await'}>>({type: 'template.await', longpollId: present.longpollId, maxWaitMs: 1_000}, {timeoutMs: 120_000});
  await node.simulation.advance(1_000);
  const timedOut = await node.settle(waiting);
  assert.is('ok' in timedOut ? '' : timedOut.longpollId, present.longpollId);
});

template('longpoll callers beyond the bound are answered at once', async () => {
  const {node} = await aNode({template: {waitersMax: 1}});
  const {longpollId} = await node.currentTemplate();
  node.template.tell({type: 'template.await', longpollId, maxWaitMs: 60_000});
  const first = node.template.ask<Extract<Parameters<typeof node.template.tell>[0], {type: 'template.await'}>>({type: 'template.await', longpollId, maxWaitMs: 60_000}, {timeoutMs: 120_000});
  const second = await node.askTemplate({type: 'template.await', longpollId, maxWaitMs: 60_000});
  assert.is('ok' in second ? '' : second.longpollId, longpollId);
  await node.simulation.advance(60_000);
  await node.settle(first);
});

template('a longpoll caller that has gone gives its place to the next', async () => {
  const {node} = await aNode({template: {waitersMax: 1}});
  const {longpollId} = await node.currentTemplate();
  const query = {type: 'template.await', longpollId, maxWaitMs: 60_000} as const;
  const gone = new AbortController();
  const first = node.template.ask<AwaitTemplate>(query, {timeoutMs: 120_000, signal: gone.signal}).catch(() => 'gone');
  await node.simulation.advance(10);
  gone.abort();
  assert.is(await first, 'gone');
  let isAnswered = false;
  const second = node.template.ask<AwaitTemplate>(query, {timeoutMs: 120_000}).finally(() => { isAnswered = true; });
  await node.simulation.advance(1_000);
  assert.not.ok(isAnswered);
  await node.simulation.advance(60_000);
  await node.settle(second);
});

template('the time of a template follows the clock and never falls to the median', async () => {
  const {node} = await aNode();
  const before = await node.currentTemplate();
  await node.simulation.advance(10_000);
  const after = await node.currentTemplate();
  assert.is(after.curTimeSec, before.curTimeSec + 10);
  assert.is(after.longpollId, before.longpollId);
  assert.ok(after.minTimeSec <= after.curTimeSec);
});

template.run();
