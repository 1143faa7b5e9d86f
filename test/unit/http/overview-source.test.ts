// Proves what the overview says, how often the actors are asked for it, and that a silent actor delays it by a bounded time
// only. Virtual time, fake actors, real blocks.
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {createSimulation, type Simulation} from '../../../src/runtime/sim/simulation.js';
import {hashToDisplayHex} from '../../../src/protocol/bytes/hex.js';
import {OverviewSource, type OverviewReading} from '../../../src/http/overview-source.js';
import {anAccount, FakeNode, HTTP_OPTIONS, REWARD_SATS} from './fake-node.js';

const START_SEC = 1_767_225_600;

interface Bench {
  readonly simulation: Simulation;
  readonly node: FakeNode;
  readonly source: OverviewSource;
  /** Runs until the answer is there, letting at most `withinMs` pass. */
  read(withinMs?: number): Promise<OverviewReading | undefined>;
}

function aBench(options: {readonly blocks?: number; readonly hasPool?: boolean} = {}): Bench {
  const simulation = createSimulation({seed: 7, wallStartMs: START_SEC * 1000});
  const node = new FakeNode(simulation.system);
  for (let i = 0; i < (options.blocks ?? 3); i += 1) node.addBlock({timeSec: START_SEC + i * 10, tag: i % 2 === 0 ? '/Pithead/' : ''});
  const {pool, ...rest} = node.modules();
  const source = new OverviewSource(HTTP_OPTIONS, options.hasPool === false ? rest : {...rest, pool: pool!});
  const read = async (withinMs = 0): Promise<OverviewReading | undefined> => {
    let result: {readonly reading: OverviewReading | undefined} | undefined;
    void source.read().then((reading) => { result = {reading}; });
    assert.ok(await simulation.runUntil(() => result !== undefined, withinMs), `no overview within ${withinMs} ms`);
    return result!.reading;
  };
  return {simulation, node, source, read};
}

const overviews = suite('http / overview-source');

overviews('says where the chain, the mempool and the pool stand', async () => {
  const {node, read} = aBench();
  node.mempool = {...node.mempool, count: 2, totalVsize: 282, totalFeeSats: 564n};
  node.accounts = [anAccount('bcrt1slow', {hashrate: 10}), anAccount('bcrt1fast', {hashrate: 123_456.789})];
  node.totals = {...node.totals, sharesAccepted: 84, sharesRejected: {stale: 2}, accountCount: 2};
  node.found = [{
    height: 3, hash: node.tip.header.hash, account: 'bcrt1fast', minerName: 'rig1', foundAtSec: START_SEC, status: 'pending', confirmations: 1,
    rewardSats: REWARD_SATS, effort: 0.75, credits: [], feeSats: 0n,
  }];
  const {overview} = (await read())!;
  assert.is(overview.chain.height, 3);
  assert.is(overview.chain.hash, hashToDisplayHex(node.tip.header.hash));
  assert.is(overview.chain.totalSats, (3n * REWARD_SATS).toString());
  assert.is(overview.atMs, START_SEC * 1000);
  assert.equal(overview.mempool, {count: 2, vsize: 282, totalFeeSats: '564', minFeeSatsPerKvb: '1000'});
  assert.equal(overview.blocks.map(({height, intervalSec, tag, rewardSats}) => [height, intervalSec, tag, rewardSats]), [
    [3, 10, '/Pithead/', '5000000000'], [2, 10, '', '5000000000'], [1, undefined, '/Pithead/', '5000000000'], [0, undefined, '', '5000000000'],
  ]);
  assert.equal(overview.pool?.rigs.map(({account, hashrate}) => [account, hashrate.last5m]), [['bcrt1fast', 123_500], ['bcrt1slow', 10]]);
  assert.is(overview.pool?.found[0]?.hash, overview.chain.hash);
  assert.is(overview.pool?.found[0]?.rewardSats, '5000000000');
  assert.equal(overview.delayed, []);
});

overviews('the network hashrate is the work of the blocks over the time that they took', async () => {
  const {read} = aBench({blocks: 40});
  // bits 207fffff: two hashes a block, one block in ten seconds.
  assert.is((await read())!.overview.chain.networkHashrate, 0.2);
});

overviews('a chain of nothing but its genesis has an overview', async () => {
  const {read} = aBench({blocks: 0});
  const {overview} = (await read())!;
  assert.is(overview.chain.height, 0);
  assert.is(overview.chain.networkHashrate, 0);
  assert.is(overview.blocks.length, 1);
});

overviews('shows 24 blocks and asks for each once', async () => {
  const {simulation, node, read} = aBench({blocks: 100});
  assert.is((await read())!.overview.blocks.length, 24);
  assert.is(node.asked.get('chain.getBlock'), 25);
  node.addBlock({timeSec: START_SEC + 2_000});
  await simulation.advance(250);
  assert.is((await read())!.overview.blocks[0]?.height, 101);
  assert.is(node.asked.get('chain.getBlock'), 26);
});

overviews('follows a reorganisation by hash', async () => {
  const {simulation, node, read} = aBench({blocks: 5});
  await read();
  node.blocks.splice(4);
  node.addBlock({timeSec: START_SEC + 77, tag: '/other/'});
  node.addBlock({timeSec: START_SEC + 80});
  await simulation.advance(250);
  const {overview} = (await read())!;
  assert.equal(overview.blocks.slice(0, 3).map(({height, tag}) => [height, tag]), [[5, ''], [4, '/other/'], [3, '/Pithead/']]);
});

overviews('a thousand viewers cost the actors one question each', async () => {
  const {simulation, node, source, read} = aBench();
  await read();
  await simulation.advance(250);
  node.asked.clear();
  let answers = 0;
  for (let i = 0; i < 1_000; i += 1) void source.read().then(() => { answers += 1; });
  await simulation.runUntil(() => answers === 1_000, 0);
  assert.is(answers, 1_000);
  assert.is(node.asked.get('chain.getTip'), 1);
  assert.is(node.asked.get('mempool.getInfo'), 1);
  assert.is(node.asked.get('accounting.getTotals'), 1);
});

overviews('four times a second at most, and the rigs once', async () => {
  const {simulation, node, source} = aBench();
  node.accounts = [anAccount('bcrt1one', {hashrate: 1})];
  for (let i = 0; i < 100; i += 1) {
    void source.read();
    await simulation.advance(10);
  }
  assert.is(node.asked.get('chain.getTip'), 4);
  assert.is(node.asked.get('accounting.getAccount'), 1);
});

overviews('asks nothing while nobody looks', async () => {
  const {simulation, node, read} = aBench();
  await read();
  node.asked.clear();
  await simulation.advance(60_000);
  assert.is(node.asked.size, 0);
});

overviews('a slow actor delays it by a quarter of a second; its last values go out and it is named', async () => {
  const {simulation, node, read} = aBench();
  await read();
  node.silent.add('accounting');
  node.addBlock({timeSec: START_SEC + 90});
  await simulation.advance(1_000);
  const before = simulation.clock.nowMs();
  const {overview} = (await read(250))!;
  assert.is(simulation.clock.nowMs() - before, 250);
  assert.is(overview.chain.height, 4);
  assert.equal(overview.delayed, ['pool', 'miners']);
  assert.is(overview.pool?.scheme, 'PPLNS');
});

overviews('a question that is under way is not asked again', async () => {
  const {simulation, node, read} = aBench();
  await read();
  node.silent.add('mempool');
  node.asked.clear();
  for (let i = 0; i < 8; i += 1) {
    await simulation.advance(250);
    await read(250);
  }
  assert.is(node.asked.get('mempool.getInfo'), 1);
});

overviews('recovers when the actor answers again, and has logged its silence once', async () => {
  const {simulation, node, read} = aBench();
  await read();
  node.silent.add('mempool');
  for (let i = 0; i < 30; i += 1) {
    await simulation.advance(500);
    await read(250);
  }
  assert.equal(node.logged.map(({code, part}) => [code, part]), [['overview-part-late', 'mempool']]);
  node.speakAgain('mempool');
  node.mempool = {...node.mempool, count: 9};
  await simulation.advance(10_000);
  await read(250);
  await simulation.advance(500);
  const {overview} = (await read(250))!;
  assert.is(overview.mempool.count, 9);
  assert.equal(overview.delayed, []);
});

overviews('without a first answer of the chain there is no overview, after two seconds', async () => {
  const {node, read} = aBench();
  node.silent.add('chain');
  assert.is(await read(2_000), undefined);
});

overviews('a dead chain is no reason to ask without pause', async () => {
  const {simulation, node, source, read} = aBench();
  await simulation.runUntilIdle();
  void node.system.stop(node.chain as never, 'now');
  await simulation.runUntilIdle();
  assert.is(await read(2_000), undefined);
  for (let i = 0; i < 50; i += 1) assert.is(await Promise.race([source.read(), simulation.runUntilIdle().then(() => 'pending')]), undefined);
  assert.is(node.asked.get('mempool.getInfo'), 1);
});

overviews('a node without a pool says so by leaving it out', async () => {
  const {read} = aBench({hasPool: false});
  const {overview} = (await read())!;
  assert.is(overview.pool, undefined);
  assert.equal(overview.delayed, []);
});

overviews('the tag of the content stays while only time passes, and changes with a value', async () => {
  const {simulation, node, read} = aBench();
  const first = (await read())!;
  await simulation.advance(30_000);
  const second = (await read())!;
  assert.is.not(second.overview.atMs, first.overview.atMs);
  assert.is(second.overview.node.uptimeSec, 30);
  assert.is(second.contentTag, first.contentTag);
  node.mempool = {...node.mempool, count: 1};
  await simulation.advance(250);
  assert.is.not((await read())!.contentTag, first.contentTag);
});

overviews.run();
