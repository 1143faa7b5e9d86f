// Proves that a block of the pool reaches every node at once and is never given up too early or kept for ever; that found
// blocks can be followed on a chain elsewhere as on the one in the process, through reorganisations and from node to node.
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {assembleProposal} from '../../../../src/protocol/mining/assemble-block.js';
import {buildCoinbaseHalves} from '../../../../src/protocol/mining/coinbase.js';
import type {AcceptBlock, BlockOutcome, CheckProposal, GetBlock, GetHashAtHeight, GetHeader, GetTip} from '../../../../src/actors/chain/messages.js';
import type {GetMempoolInfo} from '../../../../src/actors/mempool/messages.js';
import {judgementOfError, judgementOfResult, verdictOf} from '../../../../src/actors/upstream/submission.js';
import {NodeError} from '../../../../src/actors/upstream/ports.js';
import type {AskError} from '../../../../src/runtime/actor.js';
import {hashToDisplayHex} from '../../../../src/protocol/bytes/hex.js';
import {rpcError} from '../../../support/scripted-node.js';
import {anUpstreamWorld, type UpstreamWorld} from '../../../support/upstream-world.js';

const UNREACHABLE = new NodeError('node-unreachable', 'refused');
const UNKNOWN = new Uint8Array(32).fill(9);

const test = suite('actors / upstream / blocks');

/** A block on the tip of the first node that no node has heard of. */
function solved(world: UpstreamWorld, parent = world.nodes[0]!.tip): AcceptBlock {
  return {type: 'chain.acceptBlock', blockBytes: world.tree.mine(parent).block.bytes, source: {kind: 'mining-pool'}};
}

function ancestor(from: ReturnType<UpstreamWorld['tree']['mine']>, height: number): typeof from {
  let each = from;
  while (each.height > height) each = each.parent!;
  return each;
}

async function outcomeOf(world: UpstreamWorld, block: AcceptBlock): Promise<string> {
  try {
    const outcome: BlockOutcome = await world.ask(block);
    return outcome.ok ? outcome.status : outcome.code;
  } catch (error) {
    return ((error as AskError).cause as {code: string}).code;
  }
}

test('a block goes to all nodes at once; the first that takes it decides, and new work follows', async () => {
  const world = await anUpstreamWorld({nodes: 3});
  world.nodes[0]!.delays.set('submitblock', 5_000);
  world.nodes[1]!.faults.set('submitblock', 'hang');
  const block = solved(world);
  const startMs = world.sim.clock.nowMs();
  assert.is(await outcomeOf(world, block), 'connected');
  assert.ok(world.sim.clock.nowMs() - startMs < 100, 'the miner does not wait for the slow ones');
  assert.equal(world.nodes.map(({submitted}) => submitted.length), [0, 0, 1]);
  await world.advance(70_000);
  assert.equal(world.nodes.map(({submitted}) => submitted.length), [1, 0, 1]);
  assert.equal([...world.judged].sort(), ['A accepted', 'B unanswered', 'C accepted']);
  assert.is(world.templates.at(-1)!.template.height, 12);
  await world.stop();
});

test('a block that is sent again is known, and stands where it stands', async () => {
  const world = await anUpstreamWorld({nodes: 2});
  const block = solved(world);
  await outcomeOf(world, block);
  await world.advance(100);
  assert.is(await outcomeOf(world, block), 'duplicate');
  const rival = solved(world, world.nodes[0]!.tip.parent);
  world.nodes[0]!.called.length = 0;
  assert.is(await outcomeOf(world, rival), 'side-branch', 'a rival of our own block is given to the nodes, and not preferred');
  assert.not.ok(world.nodes[0]!.called.includes('preciousblock'));
  await world.stop();
});

test('a block that is not the best one is not lost: the nodes are asked to prefer it', async () => {
  const world = await anUpstreamWorld({nodes: 1});
  const parent = world.nodes[0]!.tip;
  world.nodes[0]!.moveTo(world.tree.mine(parent), {notices: true});
  await world.advance(50);
  assert.is(await outcomeOf(world, solved(world, parent)), 'side-branch');
  assert.ok(world.nodes[0]!.called.includes('preciousblock'));
  await world.stop();
});

test('a block that every node refuses is refused with the reason; that one of them is silent keeps it', async () => {
  const world = await anUpstreamWorld({nodes: 2});
  for (const node of world.nodes) node.submitAnswer = 'bad-cb-amount';
  assert.is(await outcomeOf(world, solved(world)), 'bad-cb-amount');
  world.nodes[1]!.faults.set('submitblock', UNREACHABLE);
  assert.is(await outcomeOf(world, solved(world)), 'block-undecided');
  await world.stop();
});

test('with all nodes down a block is undecided, and taken when one is back', async () => {
  const world = await anUpstreamWorld({nodes: 2});
  const block = solved(world);
  for (const node of world.nodes) node.faults.set('*', UNREACHABLE);
  assert.is(await outcomeOf(world, block), 'block-undecided');
  world.nodes[1]!.faults.clear();
  assert.is(await outcomeOf(world, block), 'connected');
  await world.stop();
});

test('a block whose parent no node has waits, until the chain has gone on too far without it', async () => {
  const world = await anUpstreamWorld({nodes: 2});
  const [a, b] = world.nodes;
  b!.faults.set('*', UNREACHABLE);
  const parent = a!.tip;
  const block = solved(world);
  a!.faults.set('submitblock', rpcError(-1, 'database error'));
  assert.is(await outcomeOf(world, block), 'block-undecided');
  a!.moveTo(world.tree.chain(11, parent));
  assert.is(await outcomeOf(world, block), 'block-undecided', 'eleven blocks on top of its parent');
  a!.moveTo(world.tree.chain(1, a!.tip));
  assert.is(await outcomeOf(world, block), 'stale-prevblk', 'twelve');
  await world.stop();
});

for (const height of [3, 16, 17, 130, 300]) {
  test(`a block of height ${height} on a branch that is gone is stale by its height`, async () => {
    const world = await anUpstreamWorld({nodes: 1, height: height + 10});
    const fork = ancestor(world.nodes[0]!.tip, height - 2);
    const gone = world.tree.mine(fork);
    const block = solved(world, gone);
    assert.is(await outcomeOf(world, block), 'block-undecided', `its place is at ${height}, the tip eleven above`);
    world.nodes[0]!.moveTo(world.tree.chain(1, world.nodes[0]!.tip));
    assert.is(await outcomeOf(world, block), 'stale-prevblk');
    await world.stop();
  });
}

test('a node that comes back without the blocks of the pool is given them again, in their order', async () => {
  const world = await anUpstreamWorld({nodes: 2, hasNotices: false});
  const [a, b] = world.nodes;
  const before = a!.tip;
  for (let count = 0; count < 3; count += 1) {
    assert.is(await outcomeOf(world, solved(world)), 'connected');
    await world.advance(1_500);
  }
  const tip = a!.tip;
  for (const node of world.nodes) node.faults.set('*', UNREACHABLE);
  await world.advance(3_000);
  for (let each = tip; each !== before; each = each.parent!) b!.known.delete(each.hex);
  b!.tip = before;
  b!.faults.clear();
  await world.advance(3_000);
  assert.is(b!.tip.hex, tip.hex);
  assert.is(world.workOn(), tip.hex);
  await world.stop();
});

test('bytes that are no block are refused here', async () => {
  const world = await anUpstreamWorld({nodes: 1});
  assert.is(await outcomeOf(world, {...solved(world), blockBytes: new Uint8Array(79)}), 'header-decode-failed');
  await world.stop();
});

test('every answer of BIP 22, and bcoin\'s words for them', () => {
  const verdicts = ([result]: readonly unknown[]): string => judgementOfResult(result).verdict;
  assert.equal([null, 'duplicate', 'rejected: duplicate', 'inconclusive', 'duplicate-inconclusive', 'duplicate-invalid', 'high-hash', 'rejected: bad-txnmrklroot', 'rejected', '',
    'prev-blk-not-found', 'rejected: bad-prevblk', 'bad-prevblk'].map((result) => verdicts([result])), [
    'accepted', 'duplicate', 'duplicate', 'inconclusive', 'inconclusive', 'rejected', 'rejected', 'rejected', 'rejected', 'rejected', 'unanswered', 'unanswered', 'rejected']);
  assert.is(judgementOfResult('rejected: bad-txnmrklroot').detail, 'bad-txnmrklroot');
  assert.is(judgementOfError(rpcError(-22, 'Block decode failed')).verdict, 'rejected');
  assert.is(judgementOfError(rpcError(-28, 'warming up')).verdict, 'unanswered');
  assert.is(judgementOfError(UNREACHABLE).verdict, 'unanswered');
  assert.equal(verdictOf([]), {kind: 'open', reason: 'no node was asked'});
});

test('the chain is followed block by block; a reorganisation takes back first, on whichever node it is seen', async () => {
  const world = await anUpstreamWorld({nodes: 2});
  const [a, b] = world.nodes;
  const fork = a!.tip;
  const left = world.tree.chain(2, fork);
  a!.moveTo(left, {notices: true});
  await world.advance(100);
  const right = world.tree.chain(3, fork);
  b!.moveTo(right, {notices: true});
  await world.advance(100);
  assert.equal(world.chain.map((line) => line.split(' ').map((word, index) => (index === 0 || line.startsWith('tip') ? word : '')).join(' ').trim()), [
    'tip 10 -0', '+11', '+12', 'tip 12 -0', '-12', '-11', '+11', '+12', '+13', 'tip 13 -2',
  ]);
  assert.ok(world.chain.at(-2)!.endsWith(right.hex.slice(0, 8)));
  await world.stop();
});

test('a fork below the first tip that was heard of is followed, too', async () => {
  const world = await anUpstreamWorld({nodes: 1});
  const fork = world.nodes[0]!.tip.parent!.parent!;
  world.nodes[0]!.moveTo(world.tree.chain(4, fork), {notices: true});
  await world.advance(200);
  assert.is(world.chain.filter((line) => line.startsWith('-')).length, 2);
  assert.is(world.chain.at(-1), 'tip 12 -2');
  await world.stop();
});

test('a walk that breaks off goes on later, and tells nothing twice', async () => {
  const world = await anUpstreamWorld({nodes: 1, hasNotices: false});
  const [node] = world.nodes;
  node!.faults.set('getblock', UNREACHABLE);
  node!.moveTo(world.tree.chain(3, node!.tip));
  await world.advance(3_000);
  assert.equal(world.chain, ['tip 10 -0']);
  node!.faults.clear();
  await world.advance(3_000);
  assert.equal(world.chain.map((line) => line.split(' ')[0]), ['tip', '+11', '+12', '+13', 'tip']);
  await world.stop();
});

test('headers, blocks, hashes and the tip are answered as the local chain does, by the next node when one is away', async () => {
  const world = await anUpstreamWorld({nodes: 2});
  const [a] = world.nodes;
  const old = a!.tip.parent!;
  const header: GetHeader = {type: 'chain.getHeader', hash: old.block.header.hash};
  for (const isAway of [false, true]) {
    if (isAway) a!.faults.set('*', UNREACHABLE);
    const view = await world.ask(header);
    assert.equal([view?.height, view?.isActive, view?.confirmations, hashToDisplayHex(view!.header.hash)], [9, true, 2, old.hex]);
    assert.is(await world.ask<GetHeader>({type: 'chain.getHeader', hash: UNKNOWN}), null);
    assert.is(hashToDisplayHex((await world.ask<GetHashAtHeight>({type: 'chain.getHashAtHeight', height: 9}))!), old.hex);
    assert.is(await world.ask<GetHashAtHeight>({type: 'chain.getHashAtHeight', height: 99}), null);
    assert.equal((await world.ask<GetBlock>({type: 'chain.getBlock', hash: old.block.header.hash}))!.block.bytes, old.block.bytes);
    assert.is(await world.ask<GetBlock>({type: 'chain.getBlock', hash: UNKNOWN}), null);
    assert.is((await world.ask<GetTip>({type: 'chain.getTip'})).height, 10);
    assert.is((await world.ask<GetMempoolInfo>({type: 'mempool.getInfo'})).totalFeeSats, 12_345n);
  }
  const side = world.tree.mine(old);
  a!.faults.clear();
  a!.known.add(side.hex);
  const sideView = await world.ask<GetHeader>({type: 'chain.getHeader', hash: side.block.header.hash});
  assert.equal([sideView?.height, sideView?.isActive, sideView?.confirmations], [10, false, -1], 'whatever the node counts for it');
  await world.stop();
});

test('a block that the node in front has not got is asked of the others', async () => {
  const world = await anUpstreamWorld({nodes: 3});
  const [, b, c] = world.nodes;
  const ours = world.tree.mine(b!.tip);
  b!.faults.set('getblockheader', UNREACHABLE);
  c!.known.add(ours.hex);
  assert.is((await world.ask<GetHeader>({type: 'chain.getHeader', hash: ours.block.header.hash}))?.height, 11);
  assert.equal((await world.ask<GetBlock>({type: 'chain.getBlock', hash: ours.block.header.hash}))?.block.bytes, ours.block.bytes);
  c!.faults.set('*', UNREACHABLE);
  assert.is(await world.ask<GetHeader>({type: 'chain.getHeader', hash: ours.block.header.hash}), null, 'nobody who answers knows it');
  await world.stop();
});

test('a job is judged in advance by the node that gives the work', async () => {
  const world = await anUpstreamWorld({nodes: 2});
  const {template} = world.templates[0]!;
  const coinbase = buildCoinbaseHalves({height: template.height, jobBytes: new Uint8Array(8), extranonceSize: 8, tag: new Uint8Array(0), outputs: [{valueSats: 1n, scriptPubKey: Uint8Array.of(0x51)}], witnessCommitment: template.witnessCommitment});
  const work = {template, ...coinbase, branch: new Uint8Array(0), extranonceSize: 8};
  const judged = async (blockBytes: Uint8Array): Promise<string> => {
    const verdict = await world.ask<CheckProposal>({type: 'chain.checkProposal', blockBytes});
    return verdict.ok ? 'ok' : verdict.code;
  };
  assert.is(await judged(assembleProposal(work)), 'ok');
  assert.is(await judged(assembleProposal({...work, template: {...template, previousHash: UNKNOWN}})), 'inconclusive-not-best-prevblk');
  const broken = assembleProposal(work);
  broken[40]! ^= 1;
  assert.is(await judged(broken), 'bad-txnmrklroot');
  assert.is(await judged(broken.subarray(0, 100)), 'block-decode-failed');
  world.nodes[0]!.faults.set('getblocktemplate', rpcError(-32601, 'no proposals here'));
  assert.is(await judged(broken), 'ok', 'a node without proposals has nothing against it');
  await world.stop();
});

test('the tip waits for the first node; other questions fail when nobody answers', async () => {
  const world = await anUpstreamWorld({nodes: 1, prepare: ([a]) => a!.faults.set('*', UNREACHABLE)});
  const asked = world.upstream.ask<GetTip>({type: 'chain.getTip'}, {timeoutMs: 60_000});
  await world.advance(5_000);
  assert.is(await outcomeOf(world, solved(world)), 'block-undecided');
  world.nodes[0]!.faults.clear();
  await world.advance(2_000);
  assert.is((await asked).height, 10);
  await world.stop();
});

test.run();
