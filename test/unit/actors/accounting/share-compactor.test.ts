// Proves that old shares become sums when nothing needs them any more, and not before; that a restart goes on from sums with
// the same window, round and credits; and that everything still adds up afterwards.
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import type {RecordShares} from '../../../../src/actors/accounting/messages.js';
import type {AccountingOptions} from '../../../../src/actors/accounting/actor.js';
import {CHUNK_SHARES} from '../../../../src/actors/accounting/share-window.js';
import type {AcceptedShare} from '../../../../src/protocol/stratum/share.js';
import {auditLedger} from '../../../../src/storage/audit-ledger.js';
import {auditPps} from '../../../../src/storage/audit-pps.js';
import {auditSplits} from '../../../../src/storage/audit-splits.js';
import {sharesByAccount} from '../../../../src/storage/share-totals.js';
import {verifyAccounting} from '../../../../src/storage/verify-accounting.js';
import {aPool, hashOf, HeldStore, TARGET, TERMS, type Pool} from '../../../support/accounting-pool.js';

const DAY_MS = 86_400_000;
const ACCOUNTS = ['alice', 'bob', 'carol'];
const compactor = suite('actors / accounting / share-compactor');

async function work(pool: Pool, count: number): Promise<void> {
  for (let done = 0; done < count;) {
    const size = Math.min(4_000, count - done);
    const shares = Array.from({length: size}, (_, index): AcceptedShare => ({
      account: ACCOUNTS[(done + index) % 3]!, minerName: '', target: TARGET, height: 1, hash: new Uint8Array(32).fill((done + index) & 255, 0, 3), isBlock: false, sessionId: 1, userAgent: '',
    }));
    const asked = pool.accounting.ask<RecordShares>({type: 'accounting.recordShares', shares}, {timeoutMs: 60_000});
    await pool.sim.runUntilIdle();
    await asked;
    done += size;
  }
}

async function find(pool: Pool, value: number): Promise<void> {
  const share = pool.record({account: 'alice', hash: hashOf(value), isBlock: true});
  await pool.sim.runUntilIdle();
  await share;
  const recorded = pool.recordBlock({hash: hashOf(value), height: value});
  await pool.sim.runUntilIdle();
  await recorded;
}

/** A window of a few hundred shares. */
function announce(pool: Pool): Promise<unknown> {
  pool.sim.system.events.publish({type: 'jobs.published', job: {template: {target: TARGET >> 7n, height: 1}}} as {type: string});
  return pool.sim.runUntilIdle();
}

async function aWorkedPool(count: number, options: Partial<AccountingOptions> = {}): Promise<Pool> {
  const pool = await aPool({options: {shareLogMs: DAY_MS, ...options}});
  await announce(pool);
  await work(pool, count);
  return pool;
}

function problemsOf({store}: Pool): unknown {
  return [verifyAccounting(store), auditLedger(store), auditSplits(store), auditPps(store)].filter(({ok}) => !ok);
}

/** The window, twice over, is in what follows the second chunk. */
const COUNT = 2 * CHUNK_SHARES + 2_500;

compactor('chunks become sums at once, and leave the log when they are old and nothing needs them', async () => {
  const pool = await aWorkedPool(COUNT);
  const before = new Map(sharesByAccount(pool.store));
  await pool.sim.advance(60_000);
  assert.equal([...pool.store.sums.chunks()].map(({firstSeq, lastSeq}) => [firstSeq, lastSeq]), [[1, CHUNK_SHARES], [CHUNK_SHARES + 1, 2 * CHUNK_SHARES]]);
  assert.is(pool.store.firstShareSeq(), 1, 'a day has not passed');
  assert.equal(problemsOf(pool), []);
  await pool.sim.advance(DAY_MS);
  assert.is(pool.store.sums.compactedSeq(), 2 * CHUNK_SHARES);
  assert.is(pool.store.firstShareSeq(), 2 * CHUNK_SHARES + 1);
  assert.equal([...sharesByAccount(pool.store)].sort(), [...before].sort());
  assert.equal(problemsOf(pool), []);
});

compactor('a restart goes on from sums: the same window, round and credits as without', async () => {
  const pool = await aWorkedPool(10);
  await find(pool, 7);
  await work(pool, COUNT);
  await announce(pool);
  await pool.sim.advance(60_000);
  const plain = new HeldStore();
  await plain.inner.append({shares: pool.store.sharesFrom(1, 1_000_000), blocks: pool.store.found.all()});
  const outcomes = [];
  for (const store of [pool.store, plain]) {
    let oldestRead = Infinity;
    const {sharesBackwards} = store;
    store.sharesBackwards = function* (fromSeq: number) {
      for (const row of sharesBackwards(fromSeq)) {
        oldestRead = Math.min(oldestRead, row.seq);
        yield row;
      }
    };
    const again = await aPool({store, options: {shareLogMs: DAY_MS}});
    await announce(again);
    const {windowFill, roundEffort} = await again.totals();
    await find(again, 9);
    outcomes.push({windowFill, roundEffort, credits: (await again.blocks())[0]!.credits});
    store.sharesBackwards = sharesBackwards;
  }
  assert.equal(outcomes[0], outcomes[1]);
  assert.ok(outcomes[0]!.roundEffort > 0 && outcomes[0]!.windowFill === 1);
});

compactor('the window of a block that is not settled stays, and one share before the chunk\'s end is enough', async () => {
  const pool = await aWorkedPool(CHUNK_SHARES - 10);
  pool.chain.activeHashes.add(7);
  await find(pool, 7);
  await work(pool, CHUNK_SHARES);
  await pool.sim.advance(2 * DAY_MS);
  assert.is(pool.store.sums.compactedSeq(), 0);
  pool.sim.system.events.publish({type: 'chain.blockConnected', height: 7, block: {header: {hash: hashOf(7)}}});
  pool.sim.system.events.publish({type: 'chain.tipChanged', tip: {height: 9}});
  await pool.sim.advance(60_000);
  assert.is(pool.store.sums.compactedSeq(), CHUNK_SHARES);
  assert.equal(problemsOf(pool), []);
  assert.is(pool.store.split(hashOf(7))!.shareRoot?.length, 32, 'the split stays');
});

compactor('PROP keeps its round, PPLNS what its window may grow to, and both nothing else', async () => {
  const prop = await aWorkedPool(COUNT, {terms: {...TERMS, scheme: 'PROP'}, shareLogMs: 0});
  await prop.sim.advance(120_000);
  assert.is(prop.store.sums.compactedSeq(), 0);
  // Its window of 100 blocks of work is 25,600 shares: a chunk and a half.
  const wide = await aPool({options: {shareLogMs: 0, windowFactorPpm: 100_000_000}});
  await announce(wide);
  await work(wide, COUNT);
  await wide.sim.advance(120_000);
  assert.is(wide.store.sums.compactedSeq(), 0);
  const unknown = await aPool({options: {shareLogMs: 0}});
  await work(unknown, COUNT);
  await unknown.sim.advance(120_000);
  assert.is(unknown.store.sums.compactedSeq(), 0, 'without a job nobody knows the window');
});

compactor('PPS keeps what is not booked', async () => {
  const pool = await aWorkedPool(COUNT, {terms: {...TERMS, scheme: 'PPS'}, shareLogMs: 0});
  await pool.sim.advance(50_000);
  assert.is(pool.store.sums.compactedSeq(), 0);
  await pool.sim.advance(30_000);
  assert.is(pool.store.sums.compactedSeq(), 2 * CHUNK_SHARES);
  assert.equal(problemsOf(pool), []);
});

compactor('a failing disk loses no sum', async () => {
  const pool = await aWorkedPool(COUNT, {shareLogMs: 0});
  pool.store.isFailing = true;
  await pool.sim.advance(30_000);
  pool.store.isFailing = false;
  await pool.sim.advance(60_000);
  assert.is(pool.store.sums.compactedSeq(), 2 * CHUNK_SHARES);
  assert.equal(problemsOf(pool), []);
});

compactor.run();
