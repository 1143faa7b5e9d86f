// Proves reorganisations: the most work wins whatever the order of arrival, a failing branch leads back, coins after a
// reorg equal those of a node that saw only the winning branch, and a stop between any two commits is made good.
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {MinedChain, MINER_KEY, aKey, aSpend, coinOf} from '../../../support/mined-chain.js';
import {ChainHarness} from '../../../support/chain-harness.js';
import {MortalChainStore} from '../../../support/faulty-store.js';
import {MemoryChainStore} from '../../../../src/storage/memory-chain-store.js';
import {verifyDatabase} from '../../../../src/storage/verify-database.js';
import {REGTEST} from '../../../../src/protocol/chain/presets.js';
import {hashKey} from '../../../../src/protocol/bytes/hash-key.js';
import {bytesEqual} from '../../../../src/protocol/bytes/compare.js';
import type {OwnedChainStore} from '../../../../src/storage/chain-store.js';
import type {BlockOutcome} from '../../../../src/actors/chain/messages.js';
import type {Block} from '../../../../src/protocol/primitives/block.js';

const summary = (outcome: BlockOutcome): string => (outcome.ok ? `${outcome.status} ${outcome.height}` : `${outcome.status}: ${outcome.code}`);
const FULL = 50_00000000n;

function coinsOf(store: OwnedChainStore): Map<string, string> {
  return new Map(Array.from(store.allCoins(), ({key, coin}) => [hashKey(key), `${coin.valueSats} ${coin.height} ${coin.isCoinbase}`]));
}

function assertClean(store: OwnedChainStore): void {
  const verdict = verifyDatabase({store, spec: REGTEST});
  assert.ok(verdict.ok, verdict.ok ? '' : `${verdict.code}: ${verdict.detail}`);
}

/** Two branches above height 102: `a` of `lengthA`, `b` one longer, each spending the same coins differently. */
function twoBranches(lengthA: number): {trunk: Block[]; a: Block[]; b: Block[]} {
  const mined = new MinedChain();
  const trunk = mined.mineMany(102);
  const other = mined.forkAt(102);
  const branch = (chain: MinedChain, name: string, length: number): Block[] => Array.from({length}, (_, i) => {
    const key = aKey(`${name}${i}`);
    // Even blocks spend a coinbase and, within the block, the output just made; a coin made and spent leaves no trace.
    if (i % 2 === 1) return chain.mine({extraNonce: name.charCodeAt(0)});
    const first = aSpend({from: [chain.coinbaseCoin(1 + i / 2)], key: MINER_KEY, outputs: [{valueSats: FULL / 2n, scriptPubKey: key.scriptPubKey}, {valueSats: FULL / 2n, scriptPubKey: MINER_KEY.scriptPubKey}]});
    const second = aSpend({from: [coinOf(first, 0, 0)], key, outputs: [{valueSats: FULL / 2n, scriptPubKey: key.scriptPubKey}]});
    return chain.mine({transactions: [first, second]});
  });
  return {trunk, a: branch(mined, 'a', lengthA), b: branch(other, 'b', lengthA + 1)};
}

const reorg = suite('actors / chain / reorg');

reorg('a reorg of depth 6 leaves the coins that a node without it has', async () => {
  const {trunk, a, b} = twoBranches(6);
  const store = new MemoryChainStore();
  const node = new ChainHarness({store});
  await node.acceptAll([...trunk, ...a]);
  node.events.length = 0;
  const outcomes = await node.acceptAll(b);
  assert.equal(outcomes.map(summary), [103, 104, 105, 106, 107, 108].map((height) => `side-branch ${height}`).concat('connected 109'));
  assert.equal(node.events.map((event) => (event.type === 'chain.tipChanged' ? `tip ${event.tip.height} -${event.disconnectedCount}` : `${event.type.slice(11)} ${event.height}`)), [
    ...[108, 107, 106, 105, 104, 103].map((height) => `Disconnected ${height}`),
    ...[103, 104, 105, 106, 107, 108, 109].map((height) => `Connected ${height}`), 'tip 109 -6',
  ]);
  const direct = new MemoryChainStore();
  await new ChainHarness({store: direct}).acceptAll([...trunk, ...b]);
  assert.equal(coinsOf(store), coinsOf(direct));
  assert.equal(store.totals(), direct.totals());
  assertClean(store);
});

reorg('of two branches of equal work the first to arrive stays', async () => {
  const mined = new MinedChain();
  const other = mined.forkAt(0);
  const node = new ChainHarness();
  const first = mined.mine();
  await node.accept(first);
  assert.is(summary(await node.accept(other.mine({extraNonce: 1}))), 'side-branch 1');
  assert.ok(bytesEqual((await node.tip()).hash, first.header.hash));
});

reorg('a branch that fails in its middle is marked, and the node is back where it was', async () => {
  const {trunk, a} = twoBranches(3);
  const other = new MinedChain(REGTEST, [new MinedChain().tip, ...trunk]);
  const good = other.mine({extraNonce: 5});
  const bad = other.mine({feesSats: 1n, extraNonce: 5});
  const onBad = other.mineMany(2, {extraNonce: 5});
  const store = new MemoryChainStore();
  const node = new ChainHarness({store});
  await node.acceptAll([...trunk, ...a]);
  const before = {coins: coinsOf(store), totals: store.totals(), tip: (await node.tip()).hash};
  assert.equal((await node.acceptAll([good, bad, onBad[0]!, onBad[1]!])).map(summary),
    ['side-branch 103', 'side-branch 104', 'side-branch 105', 'invalid: bad-prevblk']);
  assert.equal({coins: coinsOf(store), totals: store.totals(), tip: (await node.tip()).hash}, before);
  const last = node.events.at(-1);
  assert.ok(last?.type === 'chain.tipChanged' && last.tip.height === 105 && last.disconnectedCount === 0);
  assert.is(summary(await node.accept(bad)), 'duplicate-invalid: duplicate-invalid');
  assert.is((await node.ask({type: 'chain.getHeader', hash: good.header.hash}))?.status, 'valid-scripts');
  assertClean(store);
});

reorg('invalidateBlock walks back, reconsiderBlock walks forth', async () => {
  const {trunk, a} = twoBranches(4);
  const node = new ChainHarness();
  await node.acceptAll([...trunk, ...a]);
  assert.equal(await node.ask({type: 'chain.invalidateBlock', hash: a[1]!.header.hash}), {ok: true});
  assert.is((await node.tip()).height, 103);
  assert.equal(await node.ask({type: 'chain.reconsiderBlock', hash: a[3]!.header.hash}), {ok: true});
  assert.is((await node.tip()).height, 106);
  const unknown = await node.ask({type: 'chain.invalidateBlock', hash: new Uint8Array(32)});
  assert.is(unknown.ok ? 'ok' : unknown.code, 'block-not-found');
  const genesis = await node.ask({type: 'chain.invalidateBlock', hash: REGTEST.genesisHash});
  assert.is(genesis.ok ? 'ok' : genesis.code, 'genesis-not-invalidatable');
});

reorg('killed after any commit of a reorg, a restart finishes it', async () => {
  const {trunk, a, b} = twoBranches(2);
  const reference = new MortalChainStore();
  const undisturbed = new ChainHarness({store: reference});
  await undisturbed.acceptAll([...trunk, ...a]);
  const before = reference.commits;
  await undisturbed.acceptAll(b);
  const steps = reference.commits - before;
  // Three bodies stored, two disconnects, three connects.
  assert.is(steps, 8);
  for (let left = 0; left < steps; left++) {
    const store = new MortalChainStore();
    const node = new ChainHarness({store, seed: left + 1, onEscalation: () => undefined});
    await node.acceptAll([...trunk, ...a]);
    store.commitsLeft = left;
    await node.acceptAll(b).catch(() => undefined);
    assertClean(store);
    store.commitsLeft = Infinity;
    const again = new ChainHarness({store});
    // The last body may have been lost with the process: whoever mined it sends it again.
    await again.acceptAll(b);
    assert.ok(bytesEqual((await again.tip()).hash, b.at(-1)!.header.hash), `after ${left} commits`);
    assert.equal(coinsOf(store), coinsOf(reference));
    assertClean(store);
  }
});

reorg('a stop between any two commits of an invalidation leaves no active block that is marked', async () => {
  const {trunk, a} = twoBranches(3);
  for (let left = 0; left < 4; left++) {
    const store = new MortalChainStore();
    const node = new ChainHarness({store, seed: left + 1, onEscalation: () => undefined});
    await node.acceptAll([...trunk, ...a]);
    store.commitsLeft = left;
    await node.ask({type: 'chain.invalidateBlock', hash: a[0]!.header.hash}).catch(() => undefined);
    assertClean(store);
    store.commitsLeft = Infinity;
    const again = new ChainHarness({store});
    const height = (await again.tip()).height;
    // Not answered, so not promised: the chain is whole again.
    assert.is(height, 105, `after ${left} commits`);
    assert.ok((await again.ask({type: 'chain.invalidateBlock', hash: a[0]!.header.hash})).ok);
    assert.is((await new ChainHarness({store}).tip()).height, 102);
    assertClean(store);
  }
});

reorg('a walk ends between two blocks when the node stops, and the next start goes on', async () => {
  const {trunk, a} = twoBranches(6);
  const store = new MortalChainStore();
  const node = new ChainHarness({store, isStopping: () => store.commits >= trunk.length + a.length + 3});
  await node.acceptAll([...trunk, ...a]);
  const verdict = await node.ask({type: 'chain.invalidateBlock', hash: a[0]!.header.hash});
  assert.is(verdict.ok ? 'ok' : verdict.code, 'chain-stopping');
  assert.is(store.commits, trunk.length + a.length + 3);
  assertClean(store);
  assert.is((await new ChainHarness({store}).tip()).height, 108);
  assertClean(store);
});

reorg('the active tip is a tip, also when an invalidated block stands on it', async () => {
  const mined = new MinedChain();
  const node = new ChainHarness();
  const [first, second] = mined.mineMany(2);
  await node.acceptAll([first!, second!]);
  await node.ask({type: 'chain.invalidateBlock', hash: second!.header.hash});
  const branches = await node.ask({type: 'chain.getBranches'});
  assert.equal(branches.map(({height, branchLength, status}) => `${height} ${branchLength} ${status}`).sort(), ['1 0 active', '2 1 invalid']);
});

reorg('an invalid block stays invalid over a restart', async () => {
  const store = new MemoryChainStore();
  const bad = new MinedChain().mine({feesSats: 1n});
  await new ChainHarness({store}).accept(bad);
  assert.is(summary(await new ChainHarness({store}).accept(bad)), 'duplicate-invalid: duplicate-invalid');
});

reorg.run();
