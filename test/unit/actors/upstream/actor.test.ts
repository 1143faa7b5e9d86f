// Proves what a pool relies on when its nodes are elsewhere: the first healthy node gives the work; a tip that any healthy
// node has left is left at once, with an empty block when the template is late; every way in which a node can fail has its
// state and its successor; work comes back to a node that stands, later each time it falls; silence of all of them stops
// jobs and is told. In virtual time over scripted nodes: nothing depends on the machine.
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import type {GetTemplate} from '../../../../src/actors/template/messages.js';
import {NodeError} from '../../../../src/actors/upstream/ports.js';
import {rpcError, ScriptedTree, type Fault} from '../../../support/scripted-node.js';
import {anUpstreamWorld} from '../../../support/upstream-world.js';

const GET: GetTemplate = {type: 'template.get'};
const UNREACHABLE = new NodeError('node-unreachable', 'refused');

const test = suite('actors / upstream / actor');

test('the first node in order gives the work', async () => {
  const world = await anUpstreamWorld({nodes: 3});
  assert.is(world.templates.length, 1);
  assert.ok(world.templates[0]!.isNewTip);
  assert.is(world.templates[0]!.template.height, 11);
  assert.is(world.news.filter((line) => line.startsWith('serving')).join(), 'serving A: first');
  const {servingNode, isStalled, workHeight, nodes} = await world.health();
  assert.equal([servingNode, isStalled, workHeight], ['A', false, 11]);
  assert.equal(nodes.map(({name, state, isServing, peers, lagBlocks}) => [name, state, isServing, peers, lagBlocks]), [['A', 'healthy', true, 8, 0], ['B', 'healthy', false, 8, 0], ['C', 'healthy', false, 8, 0]]);
  assert.not.ok(world.nodes[1]!.called.includes('getblocktemplate'), 'the others are only asked how they stand');
  await world.stop();
});

test('the order counts at the start, too: a slow first node is waited for, a silent one not for long', async () => {
  const slow = await anUpstreamWorld({nodes: 2, prepare: ([a]) => void a!.delays.set('getblockchaininfo', 500)});
  await slow.advance(1_000);
  assert.is((await slow.health()).servingNode, 'A');
  assert.equal(slow.news.filter((line) => line.startsWith('serving')), ['serving A: first']);
  await slow.stop();
  const silent = await anUpstreamWorld({nodes: 2, prepare: ([a]) => void a!.faults.set('*', 'hang')});
  await silent.advance(1_500);
  assert.is((await silent.health()).servingNode, 'B');
  await silent.stop();
});

for (const [way, how, withinMs] of [['notice', {notices: true}, 20], ['longpoll', {longpolls: true}, 20], ['question', {}, 1_300]] as const) {
  test(`a new tip is heard of by ${way}, within ${withinMs} ms`, async () => {
    const world = await anUpstreamWorld({nodes: 1, hasNotices: way === 'notice'});
    await world.advance(2_000);
    const tip = world.tree.mine(world.nodes[0]!.tip);
    const movedAtMs = world.sim.clock.nowMs();
    world.nodes[0]!.moveTo(tip, how);
    await world.advance(withinMs);
    assert.is(world.workOn(), tip.hex);
    const {template, isNewTip, atMs} = world.templates.at(-1)!;
    assert.ok(isNewTip && atMs - movedAtMs <= withinMs);
    assert.is(template.coinbaseValueSats, 5_000_001_000n, 'the whole template, with fees');
    await world.stop();
  });
}

test('an empty block first when the template of a new tip is late, then the whole one; fees are left out', async () => {
  const world = await anUpstreamWorld({nodes: 1});
  const [node] = world.nodes;
  node!.delays.set('getblocktemplate', 700);
  const tip = world.tree.mine(node!.tip);
  node!.moveTo(tip, {notices: true});
  await world.advance(100);
  assert.is(world.workOn(), tip.hex);
  const empty = world.templates.at(-1)!;
  assert.ok(empty.isNewTip);
  assert.equal([empty.template.height, empty.template.bits, empty.template.transactions.length, empty.template.coinbaseValueSats], [12, 0x207fffff, 0, 5_000_001_000n]);
  assert.is(empty.template.witnessCommitment.length, 38);
  await world.advance(1_000);
  const whole = world.templates.at(-1)!;
  assert.equal([world.templates.length, whole.isNewTip, whole.template.longpollId.endsWith('-empty')], [3, false, false]);
  await world.stop();
});

test('no empty block where the target or the subsidy may change with it', async () => {
  for (const emptyRules of [undefined, {retargetIntervalBlocks: 12, halvingIntervalBlocks: 210_000}, {retargetIntervalBlocks: 0, halvingIntervalBlocks: 12}]) {
    const world = await anUpstreamWorld({nodes: 1, options: {emptyRules}});
    world.nodes[0]!.delays.set('getblocktemplate', 700);
    world.nodes[0]!.moveTo(world.tree.mine(world.nodes[0]!.tip), {notices: true});
    await world.advance(500);
    assert.is(world.templates.length, 1);
    assert.equal(await world.ask(GET), {ok: false, code: 'template-not-ready', detail: 'no template of a node yet'}, 'and none for the tip that was left');
    await world.advance(1_000);
    assert.is(world.templates.length, 2);
    await world.stop();
  }
});

test('a tip that another healthy node has left is left, and the first node serves again when it is there, too', async () => {
  const world = await anUpstreamWorld({nodes: 2});
  const [a, b] = world.nodes;
  const tip = world.tree.mine(a!.tip);
  b!.moveTo(tip, {notices: true});
  await world.advance(50);
  assert.is(world.workOn(), tip.hex);
  assert.is((await world.health()).servingNode, 'B');
  assert.is((await world.health()).nodes[0]!.lagBlocks, 1);
  a!.moveTo(tip, {notices: true});
  await world.advance(50);
  assert.is((await world.health()).servingNode, 'A');
  assert.is(world.news.filter((line) => line.startsWith('serving')).join(), 'serving A: first', 'a moment of lag is no news');
  await world.stop();
});

test('a node that stays behind is told about', async () => {
  const world = await anUpstreamWorld({nodes: 2});
  world.nodes[1]!.moveTo(world.tree.mine(world.nodes[1]!.tip), {notices: true});
  await world.advance(6_000);
  assert.is(world.news.at(-1), 'serving B: newer-tip');
  await world.stop();
});

test('of two tips with equal work the one that miners have stays', async () => {
  const world = await anUpstreamWorld({nodes: 2});
  const [a, b] = world.nodes;
  const ours = world.tree.mine(a!.tip);
  const rival = world.tree.mine(a!.tip);
  b!.moveTo(rival, {notices: true});
  await world.advance(50);
  a!.moveTo(ours, {notices: true});
  await world.advance(10_000);
  assert.is(world.workOn(), rival.hex, 'it came first');
  assert.is((await world.health()).servingNode, 'B');
  const next = world.tree.mine(ours);
  a!.moveTo(next, {notices: true});
  await world.advance(50);
  assert.is(world.workOn(), next.hex, 'more work decides');
  assert.is((await world.health()).servingNode, 'A');
  await world.stop();
});

test('an answer that was on its way when the tip moved is no work', async () => {
  const world = await anUpstreamWorld({nodes: 1, options: {emptyRules: undefined}});
  const [node] = world.nodes;
  const old = world.workOn();
  const tip = world.tree.mine(node!.tip);
  node!.moveTo(tip, {notices: true});
  await world.advance(50);
  const count = world.templates.length;
  node!.templateFields = {previousblockhash: old, height: 11, coinbasevalue: 7};
  await world.advance(40_000);
  assert.is(world.templates.length, count);
  assert.is(world.workOn(), tip.hex);
  await world.stop();
});

test('a chain that goes back by the node\'s own word is followed', async () => {
  const world = await anUpstreamWorld({nodes: 1});
  const [node] = world.nodes;
  const old = node!.tip;
  node!.moveTo(world.tree.mine(old), {notices: true});
  await world.advance(50);
  node!.moveTo(old);
  await world.advance(12_000);
  assert.is(world.workOn(), old.hex);
  await world.stop();
});

const DOWN: readonly (readonly [string, Record<string, Fault>, string, number])[] = [
  ['refused connections', {'*': UNREACHABLE}, 'unreachable', 1_300],
  ['a wrong password', {'*': new NodeError('node-unauthorised', '401')}, 'unauthorised', 1_300],
  ['-28, warming up', {'*': rpcError(-28, 'Loading block index')}, 'warming-up', 1_300],
  ['-10 for a template', {getblocktemplate: rpcError(-10, 'initial sync')}, 'syncing', 32_000],
  ['-9 for a template', {getblocktemplate: rpcError(-9, 'not connected')}, 'no-peers', 32_000],
  ['no answer', {'*': 'hang'}, 'failing', 10_000],
  ['a template that never comes', {getblocktemplate: 'hang'}, 'failing', 50_000],
  ['a full queue of calls', {'*': new NodeError('node-busy', '503')}, 'failing', 3_000],
];
for (const [what, faults, state, withinMs] of DOWN) {
  test(`${what}: the node is ${state}, the next one serves, and the jobs stay valid`, async () => {
    const world = await anUpstreamWorld({nodes: 2, hasNotices: false});
    await world.advance(1_000);
    for (const [method, fault] of Object.entries(faults)) world.nodes[0]!.faults.set(method, fault);
    await world.advance(withinMs);
    assert.ok(world.news.includes(`A ${state}`), world.news.join(', '));
    assert.is(world.news.at(-1), 'serving B: failover');
    assert.is((await world.health()).nodes[0]!.state, state);
    assert.equal(world.templates.filter(({isNewTip}) => isNewTip).length, 1, 'the tip is the same: nobody has to drop work');
    await world.stop();
  });
}

test('a template that must not be mined on puts its node out, with the reason', async () => {
  const world = await anUpstreamWorld({nodes: 2, prepare: ([a]) => {
    a!.templateFields = {rules: ['csv', '!newrule']};
  }});
  await world.advance(2_000);
  const {nodes, servingNode} = await world.health();
  assert.is(servingNode, 'B');
  assert.match(nodes[0]!.detail, /template-unknown-rule.*!newrule/);
  await world.stop();
});

test('another chain behind the port is never worked on, and a node that says it is loading blocks waits', async () => {
  const world = await anUpstreamWorld({nodes: 3, prepare: ([a, b]) => {
    const other = new ScriptedTree(7);
    a!.moveTo(other.chain(50));
    b!.isLoadingBlocks = true;
  }});
  await world.advance(2_000);
  const {nodes, servingNode} = await world.health();
  assert.is(servingNode, 'C');
  assert.equal(nodes.map(({state}) => state), ['wrong-chain', 'syncing', 'healthy']);
  await world.stop();
});

test('work goes back to a node that stands again, and later after each fall', async () => {
  const world = await anUpstreamWorld({nodes: 2, hasNotices: false});
  const [a] = world.nodes;
  const serving = async (): Promise<string | undefined> => (await world.health()).servingNode;
  for (const waitMs of [30_000, 60_000, 120_000]) {
    a!.faults.set('*', UNREACHABLE);
    await world.advance(2_000);
    assert.is(await serving(), 'B');
    a!.faults.clear();
    await world.advance(waitMs - 3_000);
    assert.is(await serving(), 'B', `not before ${waitMs} ms`);
    await world.advance(6_000);
    assert.is(await serving(), 'A');
  }
  assert.is(world.news.filter((line) => line.endsWith('fail-back')).length, 3);
  await world.stop();
});

test('a node that has just come back and hears of a tip first is worked on, and that is no fail-back', async () => {
  const world = await anUpstreamWorld({nodes: 2});
  const [a, b] = world.nodes;
  a!.faults.set('*', UNREACHABLE);
  await world.advance(2_000);
  a!.faults.clear();
  await world.advance(6_000);
  const tip = world.tree.mine(a!.tip);
  a!.moveTo(tip, {notices: true});
  await world.advance(50);
  assert.equal([world.workOn(), (await world.health()).servingNode], [tip.hex, 'A']);
  b!.moveTo(tip, {notices: true});
  await world.advance(50);
  const next = world.tree.mine(tip);
  b!.moveTo(next, {notices: true});
  a!.moveTo(next, {notices: true});
  await world.advance(1_000);
  assert.equal(world.news.filter((line) => line.startsWith('serving')), ['serving A: first', 'serving B: failover']);
  await world.advance(40_000);
  assert.is(world.news.at(-1), 'serving A: fail-back');
  await world.stop();
});

test('a node that has just come back serves at once when it is the only one', async () => {
  const world = await anUpstreamWorld({nodes: 2, hasNotices: false});
  for (const node of world.nodes) node.faults.set('*', UNREACHABLE);
  await world.advance(3_000);
  world.nodes[0]!.faults.clear();
  await world.advance(1_500);
  assert.is((await world.health()).servingNode, 'A');
  await world.stop();
});

test('silence of all nodes stops jobs after the set time and not before; the first answer brings them back', async () => {
  const world = await anUpstreamWorld({nodes: 2, hasNotices: false});
  await world.advance(5_000);
  for (const node of world.nodes) node.faults.set('*', UNREACHABLE);
  await world.advance(55_000);
  assert.ok('height' in (await world.ask(GET)), 'what miners have may still be right');
  await world.advance(7_000);
  assert.is(world.news.at(-1), 'stalled');
  assert.is((await world.health()).isStalled, true);
  assert.equal(await world.ask(GET), {ok: false, code: 'template-not-ready', detail: 'no healthy node'});
  const count = world.templates.length;
  world.nodes[1]!.faults.clear();
  await world.advance(2_000);
  assert.ok(world.news.includes('resumed'));
  assert.is(world.templates.length, count + 1);
  assert.ok('height' in (await world.ask(GET)));
  await world.stop();
});

test('a pool that starts before its nodes waits for them, and says so when it takes long', async () => {
  const world = await anUpstreamWorld({nodes: 1, prepare: ([a]) => a!.faults.set('*', UNREACHABLE)});
  await world.advance(61_000);
  assert.equal(world.news, ['A unreachable', 'stalled']);
  assert.is(world.templates.length, 0);
  world.nodes[0]!.faults.clear();
  await world.advance(6_000);
  assert.equal([world.templates.length, world.news.at(-1)], [1, 'resumed']);
  await world.stop();
});

test('fees alone make a job every few seconds at most, and a longpoll that answers at once is no endless loop', async () => {
  const world = await anUpstreamWorld({nodes: 1});
  const [node] = world.nodes;
  node!.hasLongpoll = false;
  node!.called.length = 0;
  let fees = 0;
  const stop = setFees();
  await world.advance(60_000);
  stop();
  assert.ok(world.templates.length <= 1 + 12, `${world.templates.length} jobs in a minute`);
  assert.ok(node!.called.filter((method) => method === 'getblocktemplate').length <= 20);
  assert.ok(world.templates.length >= 3, 'and they do come');
  assert.not.ok(world.templates.slice(1).some(({isNewTip}) => isNewTip));
  await world.stop();

  function setFees(): () => void {
    let isOn = true;
    const next = (): void => {
      if (!isOn) return;
      fees += 1;
      node!.templateFields = {coinbasevalue: 5_000_001_000 + fees};
      world.sim.system.after(100, next);
    };
    next();
    return () => {
      isOn = false;
    };
  }
});

test('header times follow the node\'s clock between its answers', async () => {
  const world = await anUpstreamWorld({nodes: 1});
  const first = world.templates[0]!.template.curTimeSec;
  await world.advance(20_000);
  const later = await world.ask(GET);
  assert.ok('height' in later && later.curTimeSec - first >= 19 && later.curTimeSec - first <= 21);
  await world.stop();
});

test.run();
