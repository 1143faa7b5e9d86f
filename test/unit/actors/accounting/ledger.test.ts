// Proves what the accounting books: a found block's life in entries that add up to zero, reached once whatever the chain
// does; entries of others once each and never out of an empty account; and that nothing of it is lost on a failing disk.
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import type {GetBalances, ListEntries, ListFoundBlocks, ListPayable, PostEntry} from '../../../../src/actors/accounting/messages.js';
import type {Posting} from '../../../../src/protocol/payout/ledger.js';
import type {ReplyOf} from '../../../../src/runtime/actor.js';
import {aPool, aPoolWithBlock, hashOf, REWARD_SATS, type Pool} from '../../../support/accounting-pool.js';

const ledger = suite('actors / accounting / ledger');

function anEntry(id: string, postings: readonly Posting[]): PostEntry['entry'] {
  return {id, kind: 'payout-planned', atMs: 1, postings};
}

function reservation(id: string, account: string, sats: bigint): PostEntry['entry'] {
  return anEntry(id, [{account: `payable/${account}`, sats}, {account: `paying/${account}`, sats: -sats}]);
}

const post = (pool: Pool, entry: PostEntry['entry']): Promise<ReplyOf<PostEntry>> => pool.ask<PostEntry>({type: 'accounting.postEntry', entry});
const payable = (pool: Pool, minimumSats = 1n, limit = 10): Promise<ReplyOf<ListPayable>> => pool.ask<ListPayable>({type: 'accounting.listPayable', minimumSats, limit});
const balances = (pool: Pool): Promise<ReplyOf<GetBalances>> => pool.ask<GetBalances>({type: 'accounting.getBalances'});
const kinds = async (pool: Pool): Promise<readonly string[]> =>
  (await pool.ask<ListEntries>({type: 'accounting.listEntries', limit: 100})).map(({entry}) => entry.kind).reverse();

async function tip(pool: Pool, height: number): Promise<void> {
  pool.sim.system.events.publish({type: 'chain.tipChanged', tip: {height}});
  await pool.sim.runUntilIdle();
}

async function leave(pool: Pool, isGone: boolean): Promise<void> {
  pool.sim.system.events.publish({type: isGone ? 'chain.blockDisconnected' : 'chain.blockConnected', height: 5, block: {header: {hash: hashOf(7)}}});
  await pool.sim.runUntilIdle();
}

async function aMaturePool(): Promise<Pool> {
  const pool = await aPoolWithBlock();
  await tip(pool, 7);
  return pool;
}

ledger('a block is credited, then matured: the reward moves from the coinbase to the wallet', async () => {
  const pool = await aPoolWithBlock();
  const feeSats = REWARD_SATS / 100n;
  assert.equal((({coinbaseImmatureSats, pendingSats, poolImmatureSats, sumSats}) => [coinbaseImmatureSats, pendingSats, poolImmatureSats, sumSats])(await balances(pool)),
    [REWARD_SATS, REWARD_SATS - feeSats, feeSats, 0n]);
  assert.equal(await payable(pool), []);
  await tip(pool, 7);
  const after = await balances(pool);
  assert.equal([after.coinbaseImmatureSats, after.pendingSats, after.walletAvailableSats, after.payableSats, after.poolFeesSats, after.sumSats],
    [0n, 0n, REWARD_SATS, REWARD_SATS - feeSats, feeSats, 0n]);
  assert.equal(await kinds(pool), ['block-credited', 'block-matured']);
});

ledger('a block that leaves and returns is booked each time, and once', async () => {
  const pool = await aMaturePool();
  const mature = await balances(pool);
  await leave(pool, true);
  assert.equal(Object.values(await balances(pool)).filter((sats) => sats !== 0n), [], 'an orphan leaves nothing');
  await leave(pool, true);
  await leave(pool, false);
  await leave(pool, false);
  assert.equal(await balances(pool), mature);
  assert.equal(await kinds(pool), ['block-credited', 'block-matured', 'block-orphaned', 'block-matured']);
});

ledger('who is owed enough is listed by address, page by page', async () => {
  const pool = await aMaturePool();
  const all = await payable(pool);
  assert.equal(all.map(({account}) => account), ['alice', 'bob']);
  assert.is(all[1]!.payableSats, (await pool.account('bob'))!.balanceSats);
  assert.equal((await payable(pool, all[1]!.payableSats + 1n)).map(({account}) => account), ['alice']);
  assert.equal(await payable(pool, 1n, 1), all.slice(0, 1));
  assert.equal(await pool.ask<ListPayable>({type: 'accounting.listPayable', minimumSats: 1n, limit: 5, after: 'alice'}), all.slice(1));
});

ledger('an entry is booked once; what it reserves is not payable again', async () => {
  const pool = await aMaturePool();
  const owed = (await pool.account('bob'))!.balanceSats;
  assert.equal(await post(pool, reservation('payout/1', 'bob', owed)), {ok: true, isNew: true});
  assert.equal(await post(pool, reservation('payout/1', 'bob', owed)), {ok: true, isNew: false});
  const bob = (await pool.account('bob'))!;
  assert.equal([bob.balanceSats, bob.payingSats], [0n, owed]);
  assert.equal((await payable(pool)).map(({account}) => account), ['alice']);
  assert.is((await balances(pool)).payingSats, owed);
});

ledger('ledger-entry-differs and ledger-overdrawn, also between entries of one write', async () => {
  const pool = await aMaturePool();
  const owed = (await pool.account('bob'))!.balanceSats;
  const code = (reply: ReplyOf<PostEntry>): string => (reply.ok ? String(reply.isNew) : reply.code);
  pool.store.isHeld = true;
  // The share's write holds the disk, so the four entries wait for the same one.
  void pool.record();
  await pool.sim.runUntilIdle();
  const replies = Promise.all([
    post(pool, reservation('payout/1', 'bob', owed - 1n)), post(pool, reservation('payout/1', 'bob', owed - 2n)),
    post(pool, reservation('payout/1', 'bob', owed - 1n)), post(pool, reservation('payout/2', 'bob', 2n)),
  ]);
  await pool.sim.runUntilIdle();
  pool.store.release();
  await pool.sim.runUntilIdle();
  assert.equal((await replies).map(code), ['true', 'ledger-entry-differs', 'false', 'ledger-overdrawn']);
  assert.is(code(await post(pool, reservation('payout/1', 'bob', owed))), 'ledger-entry-differs');
  assert.is(code(await post(pool, reservation('payout/3', 'bob', 1n))), 'true');
  assert.is((await balances(pool)).sumSats, 0n);
});

ledger('an entry that is wrong on its own, or uses a name of the accounting, is refused without a write', async () => {
  const pool = await aMaturePool();
  const writes = pool.store.appendCount;
  const code = async (entry: PostEntry['entry']): Promise<string> => {
    const reply = await post(pool, entry);
    return reply.ok ? 'ok' : reply.code;
  };
  assert.is(await code(anEntry('payout/1', [{account: 'payable/bob', sats: 1n}])), 'ledger-entry-unbalanced');
  assert.is(await code(reservation('block/1', 'bob', 1n)), 'ledger-entry-id');
  assert.is(pool.store.appendCount, writes);
});

ledger('ledger-unavailable: the disk refuses, and the same entry can be posted again', async () => {
  const pool = await aMaturePool();
  pool.store.isFailing = true;
  const refused = await post(pool, reservation('payout/1', 'bob', 1n));
  assert.is(refused.ok ? 'ok' : refused.code, 'ledger-unavailable');
  pool.store.isFailing = false;
  assert.equal(await post(pool, reservation('payout/1', 'bob', 1n)), {ok: true, isNew: true});
});

ledger('what the chain says while the disk refuses is booked when it takes again', async () => {
  const pool = await aPoolWithBlock();
  pool.store.isFailing = true;
  await tip(pool, 7);
  await leave(pool, true);
  await leave(pool, false);
  assert.is((await balances(pool)).payableSats, 0n);
  pool.store.isFailing = false;
  await pool.sim.advance(2_000);
  assert.is((await balances(pool)).walletAvailableSats, REWARD_SATS);
  assert.equal(await kinds(pool), ['block-credited', 'block-matured', 'block-orphaned', 'block-matured']);
});

ledger('a paid block that the chain leaves is a debt, which later earnings pay off', async () => {
  const pool = await aMaturePool();
  const owed = (await pool.account('bob'))!.balanceSats;
  await post(pool, reservation('payout/1', 'bob', owed));
  await post(pool, anEntry('payout/1/settled', [{account: 'paying/bob', sats: owed}, {account: 'wallet/available', sats: -owed}]));
  await leave(pool, true);
  assert.equal((({balanceSats, debtSats}) => [balanceSats, debtSats])((await pool.account('bob'))!), [0n, owed]);
  assert.equal(await payable(pool), []);
  assert.is((await balances(pool)).debtSats, owed);
  await leave(pool, false);
  assert.equal((({balanceSats, debtSats}) => [balanceSats, debtSats])((await pool.account('bob'))!), [0n, 0n]);
});

ledger('blocks from before the ledger are booked at the start, once', async () => {
  const pool = await aMaturePool();
  const [row] = pool.store.found.all();
  const old = await aPool();
  await old.store.inner.append({blocks: [{...row!, booked: 'none', bookings: 0}]});
  const chain = {activeHashes: new Set([7]), tipHeight: 20};
  for (let i = 0; i < 2; i += 1) {
    const again = await aPool({store: old.store, chain});
    assert.is((await balances(again)).walletAvailableSats, REWARD_SATS);
    assert.equal(await kinds(again), ['block-matured']);
  }
});

ledger('of a long history only the newest and the open blocks are in memory; the others are found when they matter', async () => {
  const pool = await aPoolWithBlock();
  await tip(pool, 7);
  const [template] = pool.store.found.all();
  // 6,000 newer blocks, confirmed long ago and booked.
  const blocks = Array.from({length: 6_000}, (_, index) => {
    const hash = new Uint8Array(32);
    new DataView(hash.buffer).setUint32(0, 1_000_000 + index, true);
    return {...template!, hash, height: 10 + index, shareSeq: 4, credits: [], rewardSats: 0n, feeSats: 0n, status: 'confirmed' as const, booked: 'mature' as const};
  });
  await pool.store.inner.append({blocks});
  const again = await aPool({store: pool.store, chain: {activeHashes: new Set([7, 0x40]), tipHeight: 7_000}});
  assert.is((await again.totals()).blocksFound, 6_001);
  const pages: number[] = [];
  let before: Uint8Array | undefined;
  for (;;) {
    const page = await again.ask<ListFoundBlocks>({type: 'accounting.listBlocks', limit: 1_000, ...(before !== undefined && {before})});
    if (page.length === 0) break;
    pages.push(...page.map(({height}) => height));
    before = page.at(-1)!.hash;
  }
  assert.equal(pages, [...Array.from({length: 6_000}, (_, index) => 6_009 - index), 5]);
  // The oldest leaves the chain: its credits are taken back though nobody had it in memory.
  await leave(again, true);
  assert.is(again.store.found.get(hashOf(7))!.status, 'orphaned');
  assert.is((await balances(again)).walletAvailableSats, 0n);
  assert.is((await again.totals()).blocksFound, 6_000);
});

ledger('a node that does not know a mature block yet takes nothing back; one that has left it does', async () => {
  const pool = await aMaturePool();
  const unknowing = await aPool({store: pool.store, chain: {activeHashes: new Set(), tipHeight: 2}});
  assert.is(unknowing.store.found.get(hashOf(7))!.status, 'confirmed');
  const left = await aPool({store: pool.store, chain: {activeHashes: new Set(), tipHeight: 20, sideHashes: new Set([7])}});
  assert.is(left.store.found.get(hashOf(7))!.status, 'orphaned');
  assert.is((await balances(left)).walletAvailableSats, 0n);
});

for (const [isLeft, booked] of [[true, 'block-orphaned'], [false, 'block-matured']] as const) {
  ledger(`a start matures nothing by height alone: first the chain says where the block stands (${booked})`, async () => {
    const before = await aPoolWithBlock();
    const chain = {activeHashes: new Set(isLeft ? [] : [7]), sideHashes: new Set(isLeft ? [7] : []), tipHeight: 20, isSilent: true};
    const pool = await aPool({store: before.store, chain});
    await tip(pool, 20);
    assert.equal(await payable(pool), [], 'nobody may be paid for it yet');
    chain.isSilent = false;
    await pool.sim.advance(60_000);
    assert.equal(await kinds(pool), ['block-credited', booked]);
  });
}

ledger('entries of one account', async () => {
  const pool = await aMaturePool();
  await post(pool, reservation('payout/1', 'bob', 1n));
  const listed = await pool.ask<ListEntries>({type: 'accounting.listEntries', limit: 10, account: 'payable/bob'});
  assert.equal(listed.map(({seq, entry}) => [seq, entry.kind]), [[3, 'payout-planned'], [2, 'block-matured']]);
  assert.equal((await pool.ask<ListEntries>({type: 'accounting.listEntries', limit: 10, account: 'payable/bob', before: 3})).map(({seq}) => seq), [2]);
});

ledger.run();
