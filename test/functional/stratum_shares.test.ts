// Proves the Stratum server's answers over real sockets with a miner written from the public protocol: the greeting in
// its order, each error code with a share that deserves it beside one that does not, and that what is answered is
// counted exactly once.
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {ALICE, BOB, START_EXPONENT, startFakePool} from '../support/fake-miner-pool.js';
import type {FakePool} from '../support/fake-miner-pool.js';
import {targetOfDifficulty} from '../support/stratum-client.js';
import type {Reply} from '../support/stratum-client.js';

const RIG = `${ALICE}.rig`;

async function withPool(use: (pool: FakePool) => Promise<void>, options: Parameters<typeof startFakePool>[0] = {}): Promise<void> {
  const pool = await startFakePool(options);
  try {
    await use(pool);
  } finally {
    await pool.stop();
  }
}

/** V1 errors are arrays of code, text and null, and a result that is not true stands beside them. */
function assertRefused(reply: Reply, code: number): void {
  assert.ok(Array.isArray(reply.error), JSON.stringify(reply));
  assert.is(reply.error![0], code, JSON.stringify(reply));
  assert.type(reply.error![1], 'string');
  assert.is(reply.error!.length, 3);
  assert.not.ok(reply.result);
}

const shares = suite('functional / stratum_shares');

shares('greets in the order that miners rely on: replies, difficulty, job', () => withPool(async (pool) => {
  const miner = await pool.miner();
  assert.match(miner.extranonce1, /^[0-9a-f]{8}$/);
  assert.is(miner.extranonce2Size, 8);
  assert.equal(miner.notifications.slice(0, 2).map(({method}) => method), ['mining.set_difficulty', 'mining.notify']);
  assert.is(miner.difficulty, 2 ** START_EXPONENT);
  assert.is(miner.job!.cleanJobs, true);
  for (const text of [miner.job!.version, miner.job!.bits, miner.job!.time]) assert.match(text, /^[0-9a-f]{8}$/);
}));

shares('a share is accepted and counted', () => withPool(async (pool) => {
  const miner = await pool.miner();
  const reply = await miner.submit(RIG, miner.mine());
  assert.equal([reply.result, reply.error], [true, null]);
  assert.is((await pool.account(ALICE))!.sharesAccepted, 1);
  assert.is(pool.store.lastShareSeq(), 1);
}));

shares('pipelined greetings are answered in order', () => withPool(async (pool) => {
  const miner = await pool.connect();
  miner.sendRaw('{"id":1,"method":"mining.configure","params":[["version-rolling"],{"version-rolling.mask":"ffffffff","version-rolling.min-bit-count":2}]}\n'
    + `{"id":2,"method":"mining.subscribe","params":["bitaxe"]}\n{"id":3,"method":"mining.authorize","params":["${RIG}","x"]}\n`);
  await miner.until(() => miner.replies.length === 3);
  assert.equal(miner.replies.map(({id}) => id), [1, 2, 3]);
  const granted = miner.replies[0]!.result as Record<string, unknown>;
  assert.is(granted['version-rolling'], true);
  // The template has bit 29 set: nothing outside BIP 320's mask, nothing that the template has.
  assert.is(granted['version-rolling.mask'], '1fffe000');
}));

shares('20: malformed fields, and never an exception', () => withPool(async (pool) => {
  const miner = await pool.miner();
  const share = miner.mine();
  const wrong = [
    {...share, extranonce2: share.extranonce2.slice(2)}, {...share, extranonce2: `${share.extranonce2.slice(2)}zz`}, {...share, extranonce2: `${share.extranonce2}00`},
    {...share, nonce: '0x123456'}, {...share, nonce: '123456789'}, {...share, time: 'ffff'}, {...share, time: ''}, {...share, nonce: ' 1234567'},
  ];
  for (const submitted of wrong) assertRefused(await miner.submit(RIG, submitted), 20);
  assert.is((await miner.submit(RIG, share)).result, true);
}));

shares('20: version bits that were never granted', () => withPool(async (pool) => {
  const miner = await pool.miner();
  assertRefused(await miner.submit(RIG, miner.mine({versionBits: 0x2000})), 20);
  const granted = await miner.request('mining.configure', [['version-rolling'], {'version-rolling.mask': '00ffe000'}]);
  assert.is((granted.result as Record<string, unknown>)['version-rolling.mask'], '00ffe000');
  assert.is((await miner.submit(RIG, miner.mine({versionBits: 0x2000}))).result, true);
  assertRefused(await miner.submit(RIG, miner.mine({versionBits: 0x10000000})), 20);
}));

shares('21: a job of an older tip, and a job that never was', () => withPool(async (pool) => {
  const miner = await pool.miner();
  const old = miner.mine();
  const {job} = miner;
  pool.newTip();
  await miner.until(() => miner.job !== job);
  assert.is(miner.job!.cleanJobs, true);
  assertRefused(await miner.submit(RIG, old), 21);
  assertRefused(await miner.submit(RIG, {...miner.mine(), jobId: 'ffffff'}), 21);
  assert.is((await miner.submit(RIG, miner.mine())).result, true);
}));

shares('a refresh without a new tip leaves old jobs valid', () => withPool(async (pool) => {
  const miner = await pool.miner();
  const first = miner.job!;
  for (let i = 0; i < 30; i += 1) {
    const {job} = miner;
    pool.refresh();
    await miner.until(() => miner.job !== job);
    assert.is(miner.job!.cleanJobs, false);
  }
  assert.is((await miner.submit(RIG, miner.mine({job: first}))).result, true);
}));

shares('every job is new work: the same search finds different shares', () => withPool(async (pool) => {
  const miner = await pool.miner();
  const first = miner.job!;
  pool.refresh();
  await miner.until(() => miner.job !== first);
  assert.not.equal(first.coinbase1, miner.job!.coinbase1);
}));

shares('22: a duplicate is known by its header, whatever its text', () => withPool(async (pool) => {
  const miner = await pool.miner();
  // A nonce with letters and a leading zero or not: the text has many forms, the header one.
  let share = miner.mine();
  while (!/[a-f]/.test(share.nonce)) share = miner.mine();
  assert.is((await miner.submit(RIG, share)).result, true);
  assertRefused(await miner.submit(RIG, share), 22);
  assertRefused(await miner.submit(RIG, {...share, nonce: share.nonce.toUpperCase()}), 22);
  assertRefused(await miner.submit(RIG, {...share, time: share.time.toUpperCase(), nonce: share.nonce}), 22);
  assert.is(pool.store.lastShareSeq(), 1);
}));

shares('23: above the target that was announced, to the last bit of what search can find', () => withPool(async (pool) => {
  const miner = await pool.miner();
  const target = targetOfDifficulty(miner.difficulty);
  assertRefused(await miner.submit(RIG, miner.mine({above: target, atMost: target * 4n})), 23);
  assert.is((await miner.submit(RIG, miner.mine({atMost: target, above: target / 2n}))).result, true);
}));

shares('24: unauthorised names', () => withPool(async (pool) => {
  const miner = await pool.connect();
  await miner.subscribe();
  assertRefused(await miner.request('mining.authorize', ['not an address.rig', 'x']), 24);
  assertRefused(await miner.request('mining.submit', [RIG, '1', '0'.repeat(16), '00000000', '00000000']), 24);
  const other = await pool.miner();
  assertRefused(await other.submit(`${BOB}.rig`, other.mine()), 24);
}));

shares('25: a submit before the subscription', () => withPool(async (pool) => {
  const miner = await pool.connect();
  assertRefused(await miner.request('mining.submit', [RIG, '1', '0'.repeat(16), '00000000', '00000000']), 25);
}));

shares('20: header times outside what a block may have', () => withPool(async (pool) => {
  const miner = await pool.miner();
  assertRefused(await miner.submit(RIG, miner.mine({time: '00000001'})), 20);
  assertRefused(await miner.submit(RIG, miner.mine({time: 'fffffff0'})), 20);
}));

shares('several miners share one connection, each counted by name', () => withPool(async (pool) => {
  const miner = await pool.miner(`${ALICE}.one`);
  assert.is((await miner.request('mining.authorize', [`${BOB}.two`, 'x'])).result, true);
  assert.is((await miner.submit(`${ALICE}.one`, miner.mine())).result, true);
  assert.is((await miner.submit(`${BOB}.two`, miner.mine())).result, true);
  assert.equal([(await pool.account(ALICE))!.sharesAccepted, (await pool.account(BOB))!.sharesAccepted], [1, 1]);
}));

shares('rejects are counted by their reason', () => withPool(async (pool) => {
  const miner = await pool.miner();
  const share = miner.mine();
  await miner.submit(RIG, share);
  await miner.submit(RIG, share);
  await miner.submit(RIG, {...share, jobId: 'ffffff'});
  await pool.eventually(async () => Object.keys((await pool.totals()).sharesRejected).length === 2);
  assert.is((await pool.totals()).sharesRejected.duplicate, 1);
}));

shares('extension methods are answered, unknown ones politely refused', () => withPool(async (pool) => {
  const miner = await pool.miner();
  assert.is((await miner.request('mining.extranonce.subscribe', [])).result, true);
  assert.ok((await miner.request('mining.suggest_difficulty', [2 ** START_EXPONENT])).error === null);
  const unknown = await miner.request('mining.make_coffee', []);
  assert.ok(Array.isArray(unknown.error));
  assert.is((await miner.submit(RIG, miner.mine())).result, true);
}));

shares.run();
