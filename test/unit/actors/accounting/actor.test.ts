// Proves what the accounting promises its askers: an answer only after the disk, one write for many shares, numbers
// without gaps, credits that add up to the reward, and statuses that follow the chain through reorgs and restarts.
// The actors run under the simulator; the disk is a memory store whose writes the test lets through.
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import type {RecordShares} from '../../../../src/actors/accounting/messages.js';
import type {ReplyOf} from '../../../../src/runtime/actor.js';
import {aPool, aPoolWithBlock, hashOf, HeldStore, REWARD_SATS, TERMS} from '../../../support/accounting-pool.js';

const accounting = suite('actors / accounting / actor');

accounting('answers a share only when it is on disk', async () => {
  const pool = await aPool();
  pool.store.isHeld = true;
  let answer: ReplyOf<RecordShares> | undefined;
  void pool.record().then((reply) => {
    answer = reply;
  });
  await pool.sim.runUntilIdle();
  assert.is(answer, undefined);
  pool.store.release();
  await pool.sim.runUntilIdle();
  assert.equal(answer, {ok: true, seq: 1});
});

accounting('one write serves all the shares that wait, in the order of their numbers', async () => {
  const pool = await aPool();
  pool.store.isHeld = true;
  const first = pool.record();
  await pool.sim.runUntilIdle();
  const others = Array.from({length: 50}, () => pool.record());
  await pool.sim.runUntilIdle();
  assert.is(pool.store.appendCount, 1);
  pool.store.release();
  await pool.sim.runUntilIdle();
  assert.equal(await first, {ok: true, seq: 1});
  assert.equal((await Promise.all(others)).map((reply) => (reply.ok ? reply.seq : 0)), Array.from({length: 50}, (_, index) => index + 2));
  assert.is(pool.store.appendCount, 2);
});

accounting('log-unavailable: the disk refuses, no number is used up, and the next share is taken', async () => {
  const pool = await aPool();
  pool.store.isFailing = true;
  const refused = pool.record();
  await pool.sim.runUntilIdle();
  assert.equal(await refused, {ok: false, code: 'log-unavailable'});
  pool.store.isFailing = false;
  const taken = pool.record();
  await pool.sim.runUntilIdle();
  assert.equal(await taken, {ok: true, seq: 1});
});

accounting('numbers go on after a restart, and statistics come back from the log', async () => {
  const pool = await aPool();
  const shares = [pool.record(), pool.record({account: 'bob'}), pool.record()];
  await pool.sim.runUntilIdle();
  await Promise.all(shares);
  const again = await aPool({store: pool.store});
  const next = again.record();
  await again.sim.runUntilIdle();
  assert.equal(await next, {ok: true, seq: 4});
  assert.is((await again.account('alice'))?.sharesAccepted, 3);
  assert.is((await again.totals()).lastShareSeq, 4);
});

accounting('stopping writes what was taken before it ends', async () => {
  const pool = await aPool();
  pool.store.isHeld = true;
  const shares = [pool.record(), pool.record()];
  await pool.sim.runUntilIdle();
  const late = pool.record();
  await pool.sim.runUntilIdle();
  const stopped = pool.sim.system.stop(pool.accounting);
  await pool.sim.runUntilIdle();
  pool.store.release();
  await pool.sim.runUntilIdle();
  await stopped;
  assert.is(pool.store.lastShareSeq(), 3);
  assert.ok((await Promise.all([...shares, late])).every((reply) => reply.ok));
});

accounting('PPLNS credits add up to the reward exactly, and follow the work', async () => {
  const pool = await aPoolWithBlock();
  const [block] = await pool.blocks();
  const credits = new Map(block!.credits.map(({account, sats}) => [account, sats]));
  assert.is(block!.feeSats, REWARD_SATS / 100n);
  assert.is(block!.credits.reduce((sum, {sats}) => sum + sats, block!.feeSats), REWARD_SATS);
  // One share against three, each satoshi somewhere.
  assert.is(credits.get('bob'), (REWARD_SATS - block!.feeSats) / 4n);
  assert.ok(credits.get('alice')! - credits.get('bob')! * 3n <= 3n);
  assert.is((await pool.account('bob'))!.pendingSats, credits.get('bob'));
  assert.is((await pool.account('bob'))!.balanceSats, 0n);
});

accounting('shares after the block never count', async () => {
  const pool = await aPool();
  pool.chain.activeHashes.add(7);
  const shares = [pool.record({hash: hashOf(7), isBlock: true}), ...Array.from({length: 20}, () => pool.record({account: 'late'}))];
  await pool.sim.runUntilIdle();
  await Promise.all(shares);
  const recorded = pool.recordBlock();
  await pool.sim.runUntilIdle();
  await recorded;
  assert.equal((await pool.blocks())[0]!.credits.map(({account}) => account), ['alice']);
});

accounting('a block announced before its share is logged ends its window with that share', async () => {
  const pool = await aPool();
  const before = pool.record({account: 'bob'});
  await pool.sim.runUntilIdle();
  await before;
  const recorded = pool.recordBlock();
  await pool.sim.runUntilIdle();
  const share = pool.record({hash: hashOf(7), isBlock: true});
  await pool.sim.runUntilIdle();
  assert.equal(await share, {ok: true, seq: 2});
  assert.equal(await recorded, {ok: true});
  assert.equal((await pool.blocks())[0]!.credits.map(({account}) => account), ['alice', 'bob']);
});

accounting('a block whose share was never accepted is credited after a moment', async () => {
  const pool = await aPool();
  const before = pool.record({account: 'bob'});
  await pool.sim.runUntilIdle();
  await before;
  const recorded = pool.recordBlock();
  await pool.sim.advance(3_000);
  assert.equal(await recorded, {ok: true});
  assert.equal((await pool.blocks())[0]!.credits.map(({account}) => account), ['bob']);
});

accounting('shares that come while a block waits for its own never count for it', async () => {
  const pool = await aPool();
  const before = pool.record({account: 'bob'});
  await pool.sim.runUntilIdle();
  await before;
  const recorded = pool.recordBlock();
  await pool.sim.advance(100);
  const after = pool.record({account: 'late'});
  await pool.sim.advance(3_000);
  await after;
  assert.equal(await recorded, {ok: true});
  const [block] = await pool.blocks();
  assert.equal(block!.credits.map(({account}) => account), ['bob']);
  assert.ok(Math.abs((await pool.blocks())[0]!.effort - 1 / 8) < 1e-5);
});

accounting('the same block announced twice is one block', async () => {
  const pool = await aPoolWithBlock();
  const again = pool.recordBlock();
  await pool.sim.runUntilIdle();
  assert.equal(await again, {ok: true});
  assert.is((await pool.blocks()).length, 1);
  assert.is((await pool.totals()).blocksFound, 1);
});

accounting('pending becomes confirmed with maturity, and the balance moves over', async () => {
  const pool = await aPoolWithBlock();
  const owed = (await pool.account('bob'))!.pendingSats;
  for (const height of [5, 6]) {
    pool.sim.system.events.publish({type: 'chain.tipChanged', tip: {height}});
    await pool.sim.runUntilIdle();
    assert.is((await pool.blocks())[0]!.status, 'pending');
  }
  pool.sim.system.events.publish({type: 'chain.tipChanged', tip: {height: 7}});
  await pool.sim.runUntilIdle();
  const [block] = await pool.blocks();
  assert.is(block!.status, 'confirmed');
  assert.is(block!.confirmations, 3);
  assert.equal([(await pool.account('bob'))!.pendingSats, (await pool.account('bob'))!.balanceSats], [0n, owed]);
  assert.is(pool.store.found.all()[0]!.status, 'confirmed');
});

accounting('a reorg takes the credits away, and gives them back when the block returns', async () => {
  const pool = await aPoolWithBlock();
  const owed = (await pool.account('bob'))!.pendingSats;
  const header = {hash: hashOf(7)};
  pool.sim.system.events.publish({type: 'chain.tipChanged', tip: {height: 5}});
  pool.sim.system.events.publish({type: 'chain.blockDisconnected', height: 5, block: {header}});
  pool.sim.system.events.publish({type: 'chain.tipChanged', tip: {height: 6}});
  await pool.sim.runUntilIdle();
  assert.is((await pool.blocks())[0]!.status, 'orphaned');
  assert.is((await pool.account('bob'))!.pendingSats, 0n);
  assert.is(pool.store.found.all()[0]!.status, 'orphaned');
  pool.sim.system.events.publish({type: 'chain.blockConnected', height: 5, block: {header}});
  pool.sim.system.events.publish({type: 'chain.tipChanged', tip: {height: 6}});
  await pool.sim.runUntilIdle();
  assert.is((await pool.blocks())[0]!.status, 'pending');
  assert.is((await pool.account('bob'))!.pendingSats, owed);
});

accounting('a restart asks the chain where its blocks stand', async () => {
  const pool = await aPoolWithBlock();
  const again = await aPool({store: pool.store, chain: {activeHashes: new Set([7]), tipHeight: 20}});
  assert.is((await again.blocks())[0]!.status, 'confirmed');
  const orphaned = await aPool({store: (await aPoolWithBlock()).store, chain: {activeHashes: new Set(), tipHeight: 20}});
  assert.is((await orphaned.blocks())[0]!.status, 'orphaned');
});

accounting('a chain that is silent at the start is asked again until it says where blocks stand', async () => {
  const {store} = await aPoolWithBlock();
  const chain = {activeHashes: new Set([7]), tipHeight: 20, isSilent: true};
  const again = await aPool({store, chain});
  await again.sim.advance(60_000);
  assert.is((await again.blocks())[0]!.status, 'pending');
  chain.isSilent = false;
  await again.sim.advance(60_000);
  assert.is((await again.blocks())[0]!.status, 'confirmed');
});

accounting('a block that the chain refused is kept without credits', async () => {
  const pool = await aPool();
  const recorded = pool.recordBlock({accepted: false});
  await pool.sim.advance(3_000);
  assert.equal(await recorded, {ok: true});
  assert.equal((await pool.blocks()).map(({status, credits, feeSats}) => ({status, credits, feeSats})), [{status: 'rejected', credits: [], feeSats: 0n}]);
});

accounting('a block that pays its finder owes nothing', async () => {
  const pool = await aPool({options: {terms: {...TERMS, scheme: 'SOLO'}}});
  const share = pool.record({hash: hashOf(7), isBlock: true});
  await pool.sim.runUntilIdle();
  await share;
  const recorded = pool.recordBlock({paysFinderDirectly: true});
  await pool.sim.runUntilIdle();
  await recorded;
  const [block] = await pool.blocks();
  assert.equal(block!.credits, [{account: 'alice', sats: REWARD_SATS - block!.feeSats}]);
  assert.is((await pool.account('alice'))!.pendingSats, 0n);
});

accounting('rejects are counted by reason, for known accounts by name', async () => {
  const pool = await aPool();
  const share = pool.record();
  await pool.sim.runUntilIdle();
  await share;
  for (const account of ['alice', 'alice', 'nobody']) pool.accounting.tell({type: 'accounting.recordReject', account, minerName: 'rig', reason: 'stale'});
  assert.equal((await pool.totals()).sharesRejected, {stale: 3});
  assert.equal((await pool.account('alice'))!.sharesRejected, {stale: 2});
  assert.is(await pool.account('nobody'), null);
});

accounting('hashrate settles on the rate of the work, from a young start on', async () => {
  const pool = await aPool();
  // Ten shares of 2^32 hashes a minute: some 716 MH/s.
  for (let i = 0; i < 30; i += 1) {
    const share = pool.record();
    await pool.sim.advance(6_000);
    await share;
  }
  const {last1m, last5m, last1h} = (await pool.account('alice'))!.hashrate;
  for (const rate of [last1m, last5m, last1h]) assert.ok(Math.abs(rate / (2 ** 32 / 6) - 1) < 0.1, `${rate}`);
});

accounting('presence counts the sessions of a rig', async () => {
  const pool = await aPool();
  const share = pool.record();
  await pool.sim.runUntilIdle();
  await share;
  for (const change of [1, 1, -1] as const) pool.accounting.tell({type: 'accounting.recordPresence', account: 'alice', minerName: 'rig', userAgent: 'x', change});
  assert.is((await pool.account('alice'))!.rigs[0]!.connected, 1);
});

accounting('a restart with more open blocks than the chain has room for questions learns the fate of each', async () => {
  const store = new HeldStore();
  const heights = Array.from({length: 200}, (_, index) => index + 1);
  await store.inner.append({blocks: heights.map((height) => ({
    hash: hashOf(height), height: 1_000, shareSeq: 0, account: 'alice', minerName: 'rig', foundAtSec: 1, rewardSats: 10n, feeSats: 0n, status: 'pending' as const,
    roundWork: 1n, expectedWork: 1n, credits: [{account: 'alice', sats: 10n}], paysFinderDirectly: true, donationSats: 0n, donationAccount: '', riskSats: 0n, booked: 'none' as const, bookings: 0,
  }))});
  const pool = await aPool({store, chain: {activeHashes: new Set(heights.filter((height) => height % 2 === 1)), tipHeight: 1_000}});
  await pool.sim.runUntilIdle();
  const statuses = new Map(store.found.all().map(({hash, status}) => [hash[0]!, status]));
  assert.equal(heights.filter((height) => statuses.get(height) !== (height % 2 === 1 ? 'pending' : 'orphaned')), []);
});

accounting('the pool rate after a restart is that of the log, not all of it at once', async () => {
  const pool = await aPool();
  for (let i = 0; i < 100; i += 1) {
    const share = pool.record();
    await pool.sim.advance(6_000);
    await share;
  }
  const rows = pool.store.sharesFrom(1, 1_000);
  // Written anew with the times of a log whose last share is as old as the restarted pool's clock.
  const again = new HeldStore();
  const lastMs = rows.at(-1)!.atMs;
  const startMs = (await aPool()).sim.system.clock.wallMs();
  await again.inner.append({shares: rows.map((row) => ({...row, atMs: row.atMs - lastMs + startMs}))});
  const {last1m, last5m, last1h} = (await (await aPool({store: again})).totals()).hashrate;
  for (const rate of [last1m, last5m, last1h]) assert.ok(Math.abs(rate / (2 ** 32 / 6) - 1) < 0.15, `${rate}`);
});

accounting('confirmations of a matured block go on after a restart, and nothing is orphaned on the way', async () => {
  const pool = await aPoolWithBlock();
  const chain = {activeHashes: new Set([7]), tipHeight: 6};
  const writesBefore = pool.store.appendCount;
  const pending = await aPool({store: pool.store, chain});
  assert.is(pool.store.appendCount, writesBefore, 'a restart that changes nothing writes nothing');
  assert.equal((await pending.blocks()).map(({status, confirmations}) => ({status, confirmations})), [{status: 'pending', confirmations: 2}]);
  chain.tipHeight = 20;
  assert.is((await (await aPool({store: pool.store, chain})).blocks())[0]!.status, 'confirmed');
  assert.is((await (await aPool({store: pool.store, chain})).blocks())[0]!.confirmations, 16);
});

accounting('found blocks that the chain refused or left are not counted as found', async () => {
  const pool = await aPoolWithBlock();
  pool.chain.activeHashes.add(9);
  const refused = pool.recordBlock({hash: hashOf(8), accepted: false});
  const second = pool.recordBlock({hash: hashOf(9), height: 6});
  await pool.sim.advance(3_000);
  await Promise.all([refused, second]);
  assert.is((await pool.totals()).blocksFound, 2);
  pool.sim.system.events.publish({type: 'chain.blockDisconnected', height: 6, block: {header: {hash: hashOf(9)}}});
  pool.sim.system.events.publish({type: 'chain.tipChanged', tip: {height: 6}});
  await pool.sim.runUntilIdle();
  assert.is((await pool.totals()).blocksFound, 1);
  assert.equal((await pool.blocks()).map(({status}) => status).sort(), ['orphaned', 'pending', 'rejected']);
});

accounting('a round begins with the first share after a block, also when two blocks were logged before either was announced', async () => {
  const pool = await aPool();
  const shares = [pool.record(), pool.record({hash: hashOf(7), isBlock: true}), pool.record({hash: hashOf(8), isBlock: true}), pool.record()];
  await pool.sim.runUntilIdle();
  await Promise.all(shares);
  const blocks = [pool.recordBlock(), pool.recordBlock({hash: hashOf(8), height: 6})];
  await pool.sim.runUntilIdle();
  await Promise.all(blocks);
  const effort = new Map((await pool.blocks()).map((block) => [block.height, block.effort]));
  // A share is an eighth of a block.
  assert.ok(Math.abs(effort.get(5)! - 2 / 8) < 1e-5, `${effort.get(5)}`);
  assert.ok(Math.abs(effort.get(6)! - 1 / 8) < 1e-5, `${effort.get(6)}`);
});

accounting.run();
