// Proves that the accounting counts the shares that each scheme says, across rounds, restarts and blocks in a hurry, and
// books donations; and that what it books adds up whatever the history.
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import fc from 'fast-check';
import type {GetBalances} from '../../../../src/actors/accounting/messages.js';
import {PAYOUT_SCHEMES, type RewardTerms} from '../../../../src/protocol/payout/schemes.js';
import {auditLedger} from '../../../../src/storage/audit-ledger.js';
import {auditPps} from '../../../../src/storage/audit-pps.js';
import {auditSplits} from '../../../../src/storage/audit-splits.js';
import {verifyAccounting} from '../../../../src/storage/verify-accounting.js';
import {aPool, hashOf, REWARD_SATS, TERMS, type Pool} from '../../../support/accounting-pool.js';

const schemes = suite('actors / accounting / schemes');

async function work(pool: Pool, ...accounts: readonly string[]): Promise<void> {
  const shares = accounts.map((account) => pool.record({account}));
  await pool.sim.runUntilIdle();
  await Promise.all(shares);
}

/** A share that is a block, and the block. */
async function find(pool: Pool, value: number, account: string): Promise<void> {
  const share = pool.record({account, hash: hashOf(value), isBlock: true});
  await pool.sim.runUntilIdle();
  await share;
  const recorded = pool.recordBlock({hash: hashOf(value), height: value, account});
  await pool.sim.runUntilIdle();
  await recorded;
}

const credited = async (pool: Pool, value: number): Promise<readonly string[]> =>
  (await pool.blocks()).find(({hash}) => hash[0] === value)!.credits.map(({account}) => account);

schemes('PROP: a round begins after the share of the block before, also across a restart', async () => {
  const options = {terms: {...TERMS, scheme: 'PROP'}} as const;
  const pool = await aPool({options});
  await work(pool, 'early', 'early');
  await find(pool, 7, 'alice');
  await work(pool, 'bob');
  const again = await aPool({options, store: pool.store});
  await work(again, 'carol');
  await find(again, 8, 'alice');
  assert.equal(await credited(again, 7), ['alice', 'early']);
  assert.equal(await credited(again, 8), ['alice', 'bob', 'carol']);
  const splits = [7, 8].map((value) => again.store.split(hashOf(value))!);
  assert.equal(splits.map(({firstSeq, lastSeq}) => [firstSeq, lastSeq]), [[1, 3], [4, 6]]);
  assert.ok(auditSplits(again.store).ok);
});

schemes('PROP: of two blocks in a moment each counts its own round, whichever is announced first', async () => {
  const pool = await aPool({options: {terms: {...TERMS, scheme: 'PROP'}}});
  await work(pool, 'early');
  const shares = [pool.record({account: 'first', hash: hashOf(7), isBlock: true}), pool.record({account: 'between'}), pool.record({account: 'second', hash: hashOf(8), isBlock: true})];
  await pool.sim.runUntilIdle();
  await Promise.all(shares);
  const recorded = [pool.recordBlock({hash: hashOf(8), height: 6}), pool.recordBlock({hash: hashOf(7), height: 5})];
  await pool.sim.runUntilIdle();
  await Promise.all(recorded);
  assert.equal(await credited(pool, 7), ['early', 'first']);
  assert.ok((await credited(pool, 8)).includes('second'));
  assert.ok(auditSplits(pool.store).ok);
});

schemes('PPLNS counts across rounds', async () => {
  const pool = await aPool();
  await work(pool, 'early');
  await find(pool, 7, 'alice');
  await find(pool, 8, 'bob');
  assert.equal(await credited(pool, 8), ['alice', 'bob', 'early']);
});

schemes('a donation is owed to its address, or stays with the pool', async () => {
  const given = async (facts: Partial<RewardTerms>): Promise<{readonly pool: Pool; readonly donations: bigint}> => {
    const pool = await aPool({options: {terms: {...TERMS, donationPpm: 5_000, ...facts}}});
    await find(pool, 5, 'alice');
    pool.sim.system.events.publish({type: 'chain.blockConnected', height: 5, block: {header: {hash: hashOf(5)}}});
    pool.sim.system.events.publish({type: 'chain.tipChanged', tip: {height: 9}});
    await pool.sim.runUntilIdle();
    return {pool, donations: (await pool.ask<GetBalances>({type: 'accounting.getBalances'})).poolDonationsSats};
  };
  const kept = await given({});
  assert.is(kept.donations, REWARD_SATS * 5_000n / 1_000_000n);
  const owed = await given({donationAccount: 'charity'});
  assert.is(owed.donations, 0n);
  assert.is(-owed.pool.store.ledger.balanceOf('payable/charity'), REWARD_SATS * 5_000n / 1_000_000n);
});

schemes('windowFill is known right after a restart', async () => {
  const pool = await aPool();
  await work(pool, ...Array.from({length: 4}, () => 'alice'));
  const job = {type: 'jobs.published', job: {template: {target: 0xffffn << 205n}}};
  const fill = async (own: Pool): Promise<number> => {
    own.sim.system.events.publish(job);
    await own.sim.runUntilIdle();
    return (await own.totals()).windowFill;
  };
  const before = await fill(pool);
  assert.ok(before > 0.2 && before < 0.3, `${before}`);
  assert.is(await fill(await aPool({store: pool.store})), before);
});

const aJob = (target: bigint, height = 1): {type: string} => ({type: 'jobs.published', job: {template: {target, height}}} as {type: string});
/** A share of the harness is this part of a block at the easier target. */
const EASY = 0xffffn << 207n;
const owed = (pool: Pool, account: string): bigint => -pool.store.ledger.balanceOf(`payable/${account}`);
const PPS = {terms: {...TERMS, scheme: 'PPS'}} as const;

async function aPpsPool(facts: Parameters<typeof aPool>[0] = {}): Promise<Pool> {
  const pool = await aPool({options: PPS, ...facts});
  pool.sim.system.events.publish(aJob(EASY));
  await pool.sim.runUntilIdle();
  return pool;
}

schemes('PPS: shares are credited by the minute, whole satoshis, the rest carried over', async () => {
  const pool = await aPpsPool();
  await work(pool, 'alice', 'alice', 'bob');
  assert.is(owed(pool, 'alice'), 0n);
  await pool.sim.advance(60_000);
  // Half a block's work each, of 50 coins less one per cent; the target's work is not quite a power of two.
  const each = owed(pool, 'bob');
  assert.ok(each > 2_474_900_000n && each < 2_475_100_000n, `${each}`);
  assert.ok(owed(pool, 'alice') - 2n * each <= 1n && owed(pool, 'alice') >= 2n * each);
  const totals = await pool.ask<GetBalances>({type: 'accounting.getBalances'});
  assert.is(-totals.poolRiskSats, totals.payableSats + totals.poolFeesSats, 'what shares cost is the pool\'s risk');
  await pool.sim.advance(120_000);
  assert.is(pool.store.ledger.lastEntrySeq(), 1, 'a minute without shares books nothing');
});

schemes('PPS: a tiny share is not lost: its fraction waits until it is a satoshi', async () => {
  const pool = await aPool({options: PPS});
  // A block is 2^33 times a share: each is worth about half a satoshi.
  pool.sim.system.events.publish(aJob((0xffffn << 208n) >> 33n));
  for (let minute = 0; minute < 6; minute += 1) {
    await work(pool, 'alice');
    await pool.sim.advance(60_000);
  }
  const worth = 4_950_000_000n * 6n * (2n ** 32n + 65_537n) / ((2n ** 256n) / (((0xffffn << 208n) >> 33n) + 1n));
  assert.is(owed(pool, 'alice'), worth);
  assert.ok(worth >= 3n);
});

schemes('PPS: a crash between share and booking books the share at the next start, at its own rate', async () => {
  const pool = await aPpsPool();
  await work(pool, 'alice');
  pool.sim.system.events.publish(aJob(EASY >> 4n));
  await work(pool, 'alice');
  await work(pool, 'alice');
  const again = await aPool({options: PPS, store: pool.store});
  await again.sim.advance(60_000);
  const total = owed(again, 'alice');
  assert.ok(total > 2_475_000_000n * 9n / 8n - 100_000n && total < 2_475_000_000n * 9n / 8n + 100_000n, `${total}`);
  assert.equal(auditPps(again.store), {ok: true, bookingCount: 2, checkedCount: 2});
});

schemes('PPS: a booking that the disk may have taken is not made again with more shares', async () => {
  const pool = await aPpsPool();
  await work(pool, 'alice');
  const {inner} = pool.store;
  const append = inner.append.bind(inner);
  // Written, and then the flush fails.
  pool.store.inner.append = async (change) => {
    await append(change);
    throw new Error('input/output error');
  };
  await pool.sim.advance(60_000);
  pool.store.inner.append = append;
  const once = owed(pool, 'alice');
  await work(pool, 'alice');
  await pool.sim.advance(60_000);
  assert.ok(owed(pool, 'alice') - 2n * once <= 1n, `${once} and then ${owed(pool, 'alice')}`);
  assert.ok(auditPps(pool.store).ok);
});

schemes('PPS: shares from before the scheme, and from while it was off, are never paid one by one', async () => {
  const before = await aPool();
  before.sim.system.events.publish(aJob(EASY));
  await work(before, 'alice');
  const on = await aPpsPool({store: before.store});
  await work(on, 'bob');
  await on.sim.advance(60_000);
  const off = await aPool({store: before.store});
  off.sim.system.events.publish(aJob(EASY));
  await work(off, 'carol');
  const again = await aPpsPool({store: before.store});
  await work(again, 'dave');
  await again.sim.advance(60_000);
  assert.equal(['alice', 'bob', 'carol', 'dave'].map((account) => owed(again, account) > 0n), [false, true, false, true]);
  assert.ok(auditPps(again.store).ok);
});

schemes('PPS: a found block refunds the pool; PPS+ shares out the fees of its transactions', async () => {
  for (const scheme of ['PPS', 'PPS+'] as const) {
    const pool = await aPool({options: {terms: {...TERMS, scheme}}});
    await find(pool, 5, 'alice');
    pool.sim.system.events.publish({type: 'chain.blockConnected', height: 5, block: {header: {hash: hashOf(5)}}});
    pool.sim.system.events.publish({type: 'chain.tipChanged', tip: {height: 9}});
    await pool.sim.runUntilIdle();
    const totals = await pool.ask<GetBalances>({type: 'accounting.getBalances'});
    assert.is(totals.poolRiskSats, scheme === 'PPS' ? REWARD_SATS : 5_000_000_000n);
    assert.is(totals.payableSats + totals.poolFeesSats, REWARD_SATS - totals.poolRiskSats);
  }
});

/** What may happen to a pool, in any order. */
const events = fc.oneof(
  fc.record({what: fc.constant('work' as const), account: fc.constantFrom('a', 'b', 'c'), count: fc.integer({min: 1, max: 5})}),
  fc.record({what: fc.constant('find' as const), account: fc.constantFrom('a', 'b')}),
  fc.record({what: fc.constant('tip' as const), by: fc.integer({min: 1, max: 4})}),
  fc.record({what: fc.constant('leave' as const), block: fc.nat()}),
  fc.record({what: fc.constant('return' as const), block: fc.nat()}),
  fc.record({what: fc.constant('restart' as const)}),
  fc.record({what: fc.constant('job' as const), height: fc.integer({min: 1, max: 3}), shift: fc.integer({min: 0, max: 3})}),
  fc.record({what: fc.constant('minute' as const)}),
  fc.record({what: fc.constant('disk fails' as const)}),
);

for (const scheme of PAYOUT_SCHEMES) {
  schemes(`${scheme}: after any history everything adds up and can be derived again`, async () => {
    const randomTerms = fc.record({feePpm: fc.integer({min: 0, max: 500_000}), donationPpm: fc.integer({min: 0, max: 500_000}), donationAccount: fc.constantFrom('', 'a', 'charity')});
    await fc.assert(fc.asyncProperty(randomTerms, fc.array(events, {maxLength: 14}), async (own, history) => {
      const options = {terms: {...own, scheme}, windowFactorPpm: 400_000, subsidyOf: (height: number) => 5_000_000_000n >> BigInt(height % 2)};
      const chain = {activeHashes: new Set<number>(), tipHeight: 10};
      let pool = await aPool({options, chain});
      const found: number[] = [];
      for (const event of history) {
        switch (event.what) {
          case 'work': await work(pool, ...Array.from({length: event.count}, () => event.account)); break;
          case 'find': {
            const value = found.push(found.length + 11) + 10;
            chain.activeHashes.add(value);
            await find(pool, value, event.account);
            break;
          }
          case 'tip':
            chain.tipHeight += event.by;
            pool.sim.system.events.publish({type: 'chain.tipChanged', tip: {height: chain.tipHeight}});
            break;
          case 'leave': case 'return': {
            const value = found[event.block % Math.max(1, found.length)];
            if (value === undefined) break;
            if (event.what === 'leave') chain.activeHashes.delete(value);
            else chain.activeHashes.add(value);
            pool.sim.system.events.publish({type: event.what === 'leave' ? 'chain.blockDisconnected' : 'chain.blockConnected', height: value, block: {header: {hash: hashOf(value)}}});
            break;
          }
          case 'job':
            pool.sim.system.events.publish(aJob(0xffffn << BigInt(195 + event.shift), event.height));
            break;
          case 'minute': await pool.sim.advance(60_000); break;
          case 'disk fails':
            pool.store.isFailing = true;
            pool.sim.system.events.publish({type: 'chain.tipChanged', tip: {height: (chain.tipHeight += 1)}});
            await pool.sim.advance(61_000);
            pool.store.isFailing = false;
            await pool.sim.advance(2_000);
            break;
          case 'restart':
            await pool.sim.runUntilIdle();
            pool = await aPool({options, chain, store: pool.store});
        }
        await pool.sim.runUntilIdle();
      }
      const verdicts = [verifyAccounting(pool.store), auditLedger(pool.store), auditSplits(pool.store), auditPps(pool.store)];
      assert.equal(verdicts.filter(({ok}) => !ok), []);
    }), {numRuns: 15});
  });
}

schemes.run();
