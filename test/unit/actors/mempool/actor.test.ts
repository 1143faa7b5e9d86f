// Proves what the mempool actor adds to the pure pool: coins asked of the chain, scripts run, one admission at a time,
// and what blocks and reorganisations do to waiting transactions.
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {MinedChain, MINER_KEY, aKey, aSpend, coinOf} from '../../../support/mined-chain.js';
import {NodeHarness} from '../../../support/node-harness.js';
import type {NodeHarnessOptions} from '../../../support/node-harness.js';
import {ASK_TIMEOUT_MS} from '../../../support/chain-harness.js';
import type {ActorRef} from '../../../../src/runtime/actor.js';
import type {ChainMessage, GetTip} from '../../../../src/actors/chain/messages.js';
import {mempoolActor} from '../../../../src/actors/mempool/actor.js';
import type {ListTxids, SelectTemplate, SubmitTransaction, TxOutcome} from '../../../../src/actors/mempool/messages.js';
import {REGTEST} from '../../../../src/protocol/chain/presets.js';
import {buildTransaction} from '../../../../src/protocol/primitives/transaction-codec.js';
import type {Transaction} from '../../../../src/protocol/primitives/transaction.js';

const summary = (outcome: TxOutcome): string => (outcome.ok ? (outcome.already === true ? 'already' : 'ok') : outcome.code);
const ALICE = aKey('alice');
const FULL = 50_00000000n;
const FEE = 10_000n;

/** A node on a chain of `height` blocks whose coinbases the miner can spend from height − 99 down. */
async function aNode(height = 105, options: NodeHarnessOptions = {}): Promise<{node: NodeHarness; mined: MinedChain}> {
  const node = new NodeHarness(options);
  const mined = new MinedChain();
  await node.acceptAll(mined.mineMany(height));
  return {node, mined};
}

function fromCoinbase(mined: MinedChain, height: number, overrides: Partial<Parameters<typeof aSpend>[0]> = {}): Transaction {
  return aSpend({from: [mined.coinbaseCoin(height)], key: MINER_KEY, outputs: [{valueSats: FULL - FEE, scriptPubKey: ALICE.scriptPubKey}], ...overrides});
}

function onTopOf(parent: Transaction, overrides: Partial<Parameters<typeof aSpend>[0]> = {}): Transaction {
  const coin = coinOf(parent, 0, 0);
  return aSpend({from: [coin], key: ALICE, outputs: [{valueSats: coin.coin.valueSats - FEE, scriptPubKey: ALICE.scriptPubKey}], ...overrides});
}

/** Hands the mempool's questions on to the chain, or fails them. */
function aGate(node: NodeHarness): {isOpen: boolean; readonly ref: ActorRef<ChainMessage>} {
  const gate = {isOpen: true, ref: node.simulation.system.spawn<ChainMessage>({
    protocol: {kind: 'chain-gate', mailbox: {capacity: 100, policy: 'refuse'}},
    create: () => ({receive: (message, ctx) => {
      const reply = ctx.takeReply<unknown>();
      if (!gate.isOpen) return reply?.reject(new Error('closed'));
      ctx.ask<ChainMessage, GetTip>(node.chain, message as GetTip, {timeoutMs: ASK_TIMEOUT_MS}).then((answer) => reply?.resolve(answer), (error: unknown) => reply?.reject(error));
    }}),
  }, {name: 'chain-gate'})};
  return gate;
}

const pool = suite('actors / mempool / actor');

pool('admits a valid transaction, and a child of it, and answers for both', async () => {
  const {node, mined} = await aNode();
  const parent = fromCoinbase(mined, 1);
  const child = onTopOf(parent);
  assert.is(summary(await node.submit(parent)), 'ok');
  assert.is(summary(await node.submit(child)), 'ok');
  assert.is(summary(await node.submit(child)), 'already');
  const info = await node.askMempool({type: 'mempool.getInfo'});
  assert.is(info.count, 2);
  assert.is(info.totalFeeSats, 2n * FEE);
  const entry = await node.askMempool({type: 'mempool.getEntry', txid: child.txid});
  assert.is(entry?.ancestorCount, 2);
  assert.equal(entry?.parents, [parent.txid]);
  const spenders = await node.askMempool({type: 'mempool.findSpenders', outpoints: [mined.coinbaseCoin(1).outpoint, mined.coinbaseCoin(2).outpoint]});
  assert.equal(spenders, [parent.txid, null]);
  assert.equal(node.mempoolEvents.map(({type}) => type), ['mempool.transactionAdmitted', 'mempool.transactionAdmitted']);
});

pool('mempool.test changes nothing', async () => {
  const {node, mined} = await aNode();
  const transaction = fromCoinbase(mined, 1);
  assert.is(summary(await node.askMempool({type: 'mempool.test', txBytes: transaction.bytes})), 'ok');
  assert.is((await node.askMempool({type: 'mempool.getInfo'})).count, 0);
  await node.submit(transaction);
  assert.is(summary(await node.askMempool({type: 'mempool.test', txBytes: transaction.bytes})), 'txn-already-in-mempool');
  const resigned = buildTransaction({...transaction, inputs: transaction.inputs.map((input) => ({...input, witness: [...input.witness, Uint8Array.of(1)]}))});
  assert.is(summary(await node.askMempool({type: 'mempool.test', txBytes: resigned.bytes})), 'txn-same-nonwitness-data-in-mempool');
});

pool('of two spends of one coin submitted at the same time exactly one passes', async () => {
  for (const seed of [1, 2, 3]) {
    const {node, mined} = await aNode(101, {seed});
    const rivals = [ALICE, aKey('bob')].map(({scriptPubKey}) => fromCoinbase(mined, 1, {outputs: [{valueSats: FULL - FEE, scriptPubKey}]}));
    const outcomes = await node.settle(Promise.all(rivals.map((rival) =>
      node.mempool.ask<Extract<Parameters<typeof node.mempool.tell>[0], {type: 'mempool.submit'}>>({type: 'mempool.submit', txBytes: rival.bytes}, {timeoutMs: 1000}))));
    assert.equal(outcomes.map(summary), ['ok', 'txn-mempool-conflict']);
  }
});

const REFUSALS: readonly (readonly [string, (mined: MinedChain) => Uint8Array])[] = [
  ['tx-decode-failed', () => Uint8Array.of(1, 2, 3)],
  ['coinbase', (mined) => mined.block(1).transactions[0]!.bytes],
  ['bad-txns-inputs-missingorspent', (mined) => onTopOf(fromCoinbase(mined, 1)).bytes],
  ['bad-txns-premature-spend-of-coinbase', (mined) => fromCoinbase(mined, 50).bytes],
  ['bad-txns-in-belowout', (mined) => fromCoinbase(mined, 1, {outputs: [{valueSats: FULL + 1n, scriptPubKey: ALICE.scriptPubKey}]}).bytes],
  ['min relay fee not met', (mined) => fromCoinbase(mined, 1, {outputs: [{valueSats: FULL - 50n, scriptPubKey: ALICE.scriptPubKey}]}).bytes],
  ['dust', (mined) => fromCoinbase(mined, 1, {outputs: [{valueSats: 1n, scriptPubKey: ALICE.scriptPubKey}]}).bytes],
  ['non-final', (mined) => fromCoinbase(mined, 1, {lockTime: 106}).bytes],
  ['non-BIP68-final', (mined) => fromCoinbase(mined, 1, {sequence: 106}).bytes],
  ['mandatory-script-verify-flag-failed', (mined) => fromCoinbase(mined, 1, {isSignatureWrong: true}).bytes],
];
for (const [code, make] of REFUSALS) {
  pool(code, async () => {
    const {node, mined} = await aNode();
    assert.is(summary(await node.askMempool({type: 'mempool.submit', txBytes: make(mined)})), code);
    assert.is((await node.askMempool({type: 'mempool.getInfo'})).count, 0);
  });
}

pool('lock times one step earlier pass: the valid neighbours', async () => {
  const {node, mined} = await aNode();
  assert.is(summary(await node.submit(fromCoinbase(mined, 1, {lockTime: 105}))), 'ok');
  assert.is(summary(await node.submit(fromCoinbase(mined, 2, {sequence: 104}))), 'ok');
});

pool('max-fee-exceeded', async () => {
  const {node, mined} = await aNode();
  const transaction = fromCoinbase(mined, 1);
  assert.is(summary(await node.askMempool({type: 'mempool.submit', txBytes: transaction.bytes, maxFeeRateSatsPerKvb: 1000n})), 'max-fee-exceeded');
  assert.is(summary(await node.askMempool({type: 'mempool.submit', txBytes: transaction.bytes, maxFeeRateSatsPerKvb: 100_000_000n})), 'ok');
});

pool('txn-already-known for a confirmed transaction', async () => {
  const {node, mined} = await aNode();
  const transaction = fromCoinbase(mined, 1);
  await node.accept(mined.mine({transactions: [transaction], feesSats: FEE}));
  assert.is(summary(await node.submit(transaction)), 'txn-already-known');
});

pool('a block takes out what it confirms and what it contradicts, with descendants', async () => {
  const {node, mined} = await aNode();
  const confirmed = fromCoinbase(mined, 1);
  const contradicted = fromCoinbase(mined, 2);
  const child = onTopOf(contradicted);
  for (const transaction of [confirmed, contradicted, child]) await node.submit(transaction);
  const rival = fromCoinbase(mined, 2, {outputs: [{valueSats: FULL - FEE, scriptPubKey: aKey('bob').scriptPubKey}]});
  await node.accept(mined.mine({transactions: [confirmed, rival], feesSats: 2n * FEE}));
  assert.is((await node.askMempool({type: 'mempool.getInfo'})).count, 0);
  const reasons = node.mempoolEvents.flatMap((event) => (event.type === 'mempool.transactionEvicted' ? [event.reason] : []));
  assert.equal(reasons, ['confirmed', 'conflict', 'conflict']);
});

pool('a reorg brings transactions back, parents before children, also above a child that waited', async () => {
  const {node, mined} = await aNode();
  const fork = mined.forkAt(105);
  const parent = fromCoinbase(mined, 1);
  const child = onTopOf(parent);
  const grandchild = onTopOf(child);
  await node.accept(mined.mine({transactions: [parent], feesSats: FEE}));
  await node.accept(mined.mine({transactions: [child], feesSats: FEE}));
  assert.is(summary(await node.submit(grandchild)), 'ok');
  await node.acceptAll(fork.mineMany(3, {extraNonce: 7}));
  const txids = await node.askMempool({type: 'mempool.listTxids'});
  assert.is(txids.length, 3);
  const entry = await node.askMempool({type: 'mempool.getEntry', txid: grandchild.txid});
  assert.is(entry?.ancestorCount, 3);
});

pool('a reorg drops what spends a coinbase that is gone or immature again', async () => {
  const {node, mined} = await aNode(205);
  const fork = mined.forkAt(104);
  const gone = aSpend({from: [mined.coinbaseCoin(105)], key: MINER_KEY, outputs: [{valueSats: FULL - FEE, scriptPubKey: ALICE.scriptPubKey}]});
  assert.is(summary(await node.submit(gone)), 'ok');
  const child = onTopOf(gone);
  assert.is(summary(await node.submit(child)), 'ok');
  const kept = fromCoinbase(mined, 1);
  await node.submit(kept);
  await node.acceptAll(fork.mineMany(102, {extraNonce: 7}));
  assert.is((await node.tip()).height, 206);
  assert.equal(await node.askMempool({type: 'mempool.listTxids'}), [kept.txid]);
});

pool('a chain that does not answer in the middle of a reorg costs nothing: the pool judges again when it does', async () => {
  const {node, mined} = await aNode(205);
  const fork = mined.forkAt(104);
  const gate = aGate(node);
  const mempool = node.simulation.system.spawn(mempoolActor({spec: REGTEST}, {chain: gate.ref, scripts: node.scripts}), {name: 'gated-mempool'});
  const submit = (transaction: Transaction): Promise<TxOutcome> => node.settle(mempool.ask<SubmitTransaction>({type: 'mempool.submit', txBytes: transaction.bytes}, {timeoutMs: ASK_TIMEOUT_MS}));
  const listTxids = (): Promise<readonly Uint8Array[]> => node.settle(mempool.ask<ListTxids>({type: 'mempool.listTxids'}, {timeoutMs: ASK_TIMEOUT_MS}));
  const immature = aSpend({from: [mined.coinbaseCoin(105)], key: MINER_KEY, outputs: [{valueSats: FULL - FEE, scriptPubKey: ALICE.scriptPubKey}]});
  assert.is(summary(await submit(immature)), 'ok');
  const mineds = fromCoinbase(mined, 1);
  await node.accept(mined.mine({transactions: [mineds], feesSats: FEE}));
  gate.isOpen = false;
  await node.acceptAll(fork.mineMany(103, {extraNonce: 7}));
  assert.is((await node.tip()).height, 207);
  await node.simulation.advance(1_000);
  const select = {type: 'mempool.selectTemplate', reservedWeightWu: 0, reservedSigopCost: 0} as const;
  // What was not judged at the new tip must not be offered for a block on it.
  const early = await node.settle(mempool.ask<SelectTemplate>(select, {timeoutMs: ASK_TIMEOUT_MS}));
  assert.not.equal(early.previousHash, fork.tip.header.hash);
  gate.isOpen = true;
  await node.simulation.advance(1_000);
  assert.equal(await listTxids(), [mineds.txid]);
  const late = await node.settle(mempool.ask<SelectTemplate>(select, {timeoutMs: ASK_TIMEOUT_MS}));
  assert.equal(late.previousHash, fork.tip.header.hash);
});

pool('expires after its time', async () => {
  const {node, mined} = await aNode(101, {limits: {expirySec: 3600}});
  await node.submit(fromCoinbase(mined, 1));
  await node.simulation.advance(3_000_000);
  assert.is((await node.askMempool({type: 'mempool.getInfo'})).count, 1);
  await node.simulation.advance(1_300_000);
  assert.is((await node.askMempool({type: 'mempool.getInfo'})).count, 0);
});

pool.run();
