// Proves what the chain actor promises for one block at a time: connecting, refusing by kind, proposals, events in the
// order of the log, and queries. Reorganisations are in reorg.test.ts; restarts on a real disk in restart.test.ts.
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {MinedChain, MINER_KEY, aBlock, aKey, aSpend} from '../../../support/mined-chain.js';
import {ChainHarness, CountingSignatureVerifier} from '../../../support/chain-harness.js';
import {encodeBlock} from '../../../../src/protocol/primitives/block-codec.js';
import {hashToDisplayHex} from '../../../../src/protocol/bytes/hex.js';
import type {BlockOutcome} from '../../../../src/actors/chain/messages.js';

const summary = (outcome: BlockOutcome): string => (outcome.ok ? `${outcome.status} ${outcome.height}` : `${outcome.status}: ${outcome.code}`);

const chain = suite('actors / chain / actor');

chain('begins at genesis, whose coinbase is no coin', async () => {
  const node = new ChainHarness();
  const tip = await node.tip();
  assert.is(tip.height, 0);
  assert.is(hashToDisplayHex(tip.hash), '0f9188f13cb7b2c71f2a335e3a4fc328bf5beb436012afca590b1a11466e2206');
  assert.is(tip.logSeq, 1);
  const totals = await node.totals();
  assert.is(totals.coinCount, 0);
  assert.is(totals.totalSats, 0n);
  assert.is(node.store.lastLogSeq(), 1);
});

chain('connects blocks and counts their coins', async () => {
  const node = new ChainHarness();
  const mined = new MinedChain();
  const outcomes = await node.acceptAll(mined.mineMany(3));
  assert.equal(outcomes.map(summary), ['connected 1', 'connected 2', 'connected 3']);
  assert.is((await node.tip()).height, 3);
  const totals = await node.totals();
  assert.is(totals.coinCount, 3);
  assert.is(totals.totalSats, 150_00000000n);
});

chain('tells connects and the new tip in the order of the log', async () => {
  const node = new ChainHarness();
  await node.acceptAll(new MinedChain().mineMany(2));
  assert.equal(node.events.map((event) => (event.type === 'chain.tipChanged' ? `tip ${event.tip.height} ${event.disconnectedCount}` : `${event.type} ${event.height} ${event.seq}`)), [
    'chain.blockConnected 1 2', 'tip 1 0', 'chain.blockConnected 2 3', 'tip 2 0',
  ]);
});

chain('a block already here is a duplicate', async () => {
  const node = new ChainHarness();
  const block = new MinedChain().mine();
  await node.accept(block);
  assert.is(summary(await node.accept(block)), 'duplicate 1');
});

chain('high-hash', async () => {
  const node = new ChainHarness();
  assert.is(summary(await node.accept(new MinedChain().mine({work: 'missing'}))), 'invalid: high-hash');
});

chain('bad-diffbits, and its hash is not remembered as invalid', async () => {
  const node = new ChainHarness();
  const block = new MinedChain().mine({bits: 0x207ffffe});
  assert.is(summary(await node.accept(block)), 'invalid: bad-diffbits');
  assert.is(summary(await node.accept(block)), 'invalid: bad-diffbits');
});

chain('time-too-new is judged by the clock of the actor', async () => {
  const mined = new MinedChain();
  const genesisSec = mined.tip.header.timeSec;
  const node = new ChainHarness({nowSec: genesisSec});
  assert.is(summary(await node.accept(mined.mine({timeSec: genesisSec + 7201}))), 'invalid: time-too-new');
  assert.is(summary(await node.accept(aBlock({block: mined.block(0), height: 0}, {timeSec: genesisSec + 7200}))), 'connected 1');
});

chain('block-decode-failed for bytes that are no block, and the actor lives on', async () => {
  const node = new ChainHarness();
  for (const bytes of [new Uint8Array(0), new Uint8Array(80), Uint8Array.of(...new MinedChain().mine().bytes, 0), new Uint8Array(200).fill(255)]) {
    assert.is(summary(await node.accept(bytes)), 'invalid: block-decode-failed');
  }
  assert.is((await node.tip()).height, 0);
});

chain('bad-cb-amount condemns the hash: the second time it is duplicate-invalid', async () => {
  const node = new ChainHarness();
  const block = new MinedChain().mine({feesSats: 1n});
  assert.is(summary(await node.accept(block)), 'invalid: bad-cb-amount');
  assert.is(summary(await node.accept(block)), 'duplicate-invalid: duplicate-invalid');
  assert.is((await node.tip()).height, 0);
  const header = await node.ask({type: 'chain.getHeader', hash: block.header.hash});
  assert.is(header?.status, 'invalid');
});

chain('bad-prevblk for a child of an invalid block', async () => {
  const node = new ChainHarness();
  const mined = new MinedChain();
  await node.accept(mined.mine({feesSats: 1n}));
  assert.is(summary(await node.accept(mined.mine())), 'invalid: bad-prevblk');
});

chain('a mutated body does not condemn: the honest one still connects', async () => {
  const node = new ChainHarness();
  const mined = new MinedChain();
  await node.acceptAll(mined.mineMany(102));
  const spends = [1, 2].map((height) => aSpend({from: [mined.coinbaseCoin(height)], key: MINER_KEY, outputs: [{valueSats: 50_00000000n, scriptPubKey: aKey('a').scriptPubKey}]}));
  const honest = mined.mine({transactions: spends});
  // CVE-2012-2459: of three transactions the last one repeated gives the same merkle root.
  const repeated = encodeBlock(honest.header, [...honest.transactions, spends[1]!]);
  assert.is(summary(await node.accept(repeated)), 'mutated: bad-txns-duplicate');
  assert.is(summary(await node.accept(honest)), 'connected 103');
});

chain('prev-blk-not-found keeps the block, and its parent brings it in', async () => {
  const node = new ChainHarness();
  const [first, second, third] = new MinedChain().mineMany(3);
  assert.is(summary(await node.accept(third!)), 'orphan: prev-blk-not-found');
  assert.is(summary(await node.accept(second!)), 'orphan: prev-blk-not-found');
  assert.is(summary(await node.accept(first!)), 'connected 1');
  assert.is((await node.tip()).height, 3);
});

chain('spends a matured coinbase, and not one block earlier', async () => {
  const node = new ChainHarness();
  const mined = new MinedChain();
  await node.acceptAll(mined.mineMany(99));
  const spend = aSpend({from: [mined.coinbaseCoin(1)], key: MINER_KEY, outputs: [{valueSats: 49_00000000n, scriptPubKey: aKey('a').scriptPubKey}]});
  const early = aBlock({block: mined.tip, height: 99}, {transactions: [spend], feesSats: 1_00000000n});
  assert.is(summary(await node.accept(early)), 'invalid: bad-txns-premature-spend-of-coinbase');
  await node.accept(mined.mine());
  assert.is(summary(await node.accept(mined.mine({transactions: [spend], feesSats: 1_00000000n}))), 'connected 101');
  const {coins} = await node.ask({type: 'chain.getCoins', outpoints: [mined.coinbaseCoin(1).outpoint, {txid: spend.txid, vout: 0}]});
  assert.is(coins[0], undefined);
  assert.is(coins[1]?.valueSats, 49_00000000n);
  assert.is((await node.totals()).totalSats, 101n * 50_00000000n);
  const undo = await node.ask({type: 'chain.getUndo', hash: mined.tip.header.hash});
  assert.is(undo?.[0]?.[0]?.height, 1);
});

chain('block-script-verify-flag-failed for a wrong signature; nothing of the block stays', async () => {
  const node = new ChainHarness();
  const mined = new MinedChain();
  await node.acceptAll(mined.mineMany(101));
  const before = await node.totals();
  const spend = aSpend({from: [mined.coinbaseCoin(1)], key: MINER_KEY, outputs: [{valueSats: 1n, scriptPubKey: aKey('a').scriptPubKey}], isSignatureWrong: true});
  assert.is(summary(await node.accept(mined.mine({transactions: [spend]}))), 'invalid: block-script-verify-flag-failed');
  assert.equal(await node.totals(), before);
});

chain('a proved transaction is not checked again in its block', async () => {
  const signatures = new CountingSignatureVerifier();
  const node = new ChainHarness({signatures});
  const mined = new MinedChain();
  await node.acceptAll(mined.mineMany(101));
  const spend = aSpend({from: [mined.coinbaseCoin(1)], key: MINER_KEY, outputs: [{valueSats: 1n, scriptPubKey: aKey('a').scriptPubKey}]});
  const block = mined.mine({transactions: [spend]});
  assert.equal(await node.ask({type: 'chain.checkProposal', blockBytes: block.bytes}), {ok: true});
  assert.is(signatures.checks, 1);
  assert.is(summary(await node.accept(block)), 'connected 102');
  assert.is(signatures.checks, 1);
});

chain('a proposal needs no work and changes nothing', async () => {
  const node = new ChainHarness();
  const mined = new MinedChain();
  const proposal = mined.mine({work: 'missing'});
  assert.equal(await node.ask({type: 'chain.checkProposal', blockBytes: proposal.bytes}), {ok: true});
  assert.is((await node.tip()).height, 0);
  assert.is(await node.ask({type: 'chain.getHeader', hash: proposal.header.hash}), null);
  const greedy = new MinedChain().mine({feesSats: 1n, work: 'missing'});
  const verdict = await node.ask({type: 'chain.checkProposal', blockBytes: greedy.bytes});
  assert.is(verdict.ok ? 'ok' : verdict.code, 'bad-cb-amount');
});

chain('scripts-unavailable for a proposal while the verifier cannot work, and the node goes on', async () => {
  const escalations: unknown[] = [];
  const node = new ChainHarness({signatures: {verify: async () => ({ok: false, code: 'pool-stopped'})}, onEscalation: (_, error) => escalations.push(error)});
  const mined = new MinedChain();
  await node.acceptAll(mined.mineMany(101));
  const spend = aSpend({from: [mined.coinbaseCoin(1)], key: MINER_KEY, outputs: [{valueSats: 1n, scriptPubKey: aKey('a').scriptPubKey}]});
  const verdict = await node.ask({type: 'chain.checkProposal', blockBytes: mined.forkAt(101).mine({transactions: [spend]}).bytes});
  assert.is(verdict.ok ? 'ok' : verdict.code, 'scripts-unavailable');
  assert.is(summary(await node.accept(mined.mine())), 'connected 102');
  assert.equal(escalations, []);
});

chain('inconclusive-not-best-prevblk for a proposal that is not on the tip', async () => {
  const node = new ChainHarness();
  const mined = new MinedChain();
  await node.acceptAll(mined.mineMany(2));
  const stale = aBlock({block: mined.block(1), height: 1}, {extraNonce: 9});
  const verdict = await node.ask({type: 'chain.checkProposal', blockBytes: stale.bytes});
  assert.is(verdict.ok ? 'ok' : verdict.code, 'inconclusive-not-best-prevblk');
});

chain('answers for headers, heights and blocks, on and off the chain', async () => {
  const node = new ChainHarness();
  const mined = new MinedChain();
  await node.acceptAll(mined.mineMany(3));
  const side = aBlock({block: mined.block(1), height: 1}, {extraNonce: 9});
  assert.is(summary(await node.accept(side)), 'side-branch 2');
  const view = await node.ask({type: 'chain.getHeader', hash: mined.block(2).header.hash});
  assert.is(view?.confirmations, 2);
  assert.is(view?.status, 'valid-scripts');
  assert.equal(view?.nextHash, mined.block(3).header.hash);
  const sideView = await node.ask({type: 'chain.getHeader', hash: side.header.hash});
  assert.is(sideView?.confirmations, -1);
  assert.is(sideView?.status, 'stored');
  const got = await node.ask({type: 'chain.getBlock', hash: side.header.hash});
  assert.equal(got?.block.bytes, side.bytes);
  assert.equal(await node.ask({type: 'chain.getHashAtHeight', height: 2}), mined.block(2).header.hash);
  assert.is(await node.ask({type: 'chain.getHashAtHeight', height: 4}), null);
  assert.is(await node.ask({type: 'chain.getBlock', hash: new Uint8Array(32)}), null);
  const branches = await node.ask({type: 'chain.getBranches'});
  assert.equal(branches.map(({height, branchLength, status}) => [height, branchLength, status]).sort(), [[2, 1, 'valid-fork'], [3, 0, 'active']]);
});

chain('a failing disk ends the actor, and nothing was half done', async () => {
  const escalations: unknown[] = [];
  const node = new ChainHarness({onEscalation: (_, error) => escalations.push(error)});
  const mined = new MinedChain();
  await node.accept(mined.mine());
  const store = node.store;
  store.commit = async () => { throw new Error('disk full'); };
  let code: unknown;
  try {
    await node.accept(mined.mine());
  } catch (error) {
    code = (error as {code?: unknown}).code;
  }
  assert.ok(code === 'failed' || code === 'dead', String(code));
  await node.simulation.runUntilIdle();
  assert.match(String(escalations[0]), 'disk full');
  assert.is(store.tip()?.height, 1);
});

chain.run();
