// Proves over real sockets how sessions begin, come back and end: a client that reconnects has its work again and nothing
// twice; extranonces change where a client follows; senders that only hold sockets, or send what no miner sends, lose them
// and their right to come back, and honest miners are served all the while.
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import type {BanNetwork, GetConnectionCounts, ListBans, ListSessions, MoveSessionExtranonce, UnbanNetwork} from '../../src/actors/mining-pool/messages.js';
import {createMemoryBanStore} from '../../src/storage/ban-store.js';
import {ALICE, START_EXPONENT, startFakePool} from '../support/fake-miner-pool.js';
import type {FakePool, FakePoolOptions} from '../support/fake-miner-pool.js';
import {RawPeer} from '../support/load-peer.js';
import type {StratumClient} from '../support/stratum-client.js';

const RIG = `${ALICE}.rig`;
const ASK = {timeoutMs: 5_000};

async function withPool(options: FakePoolOptions, use: (pool: FakePool) => Promise<void>): Promise<void> {
  const pool = await startFakePool(options);
  try {
    await use(pool);
  } finally {
    await pool.stop();
  }
}

/** As `start`, naming an earlier session. */
async function comeBack(pool: FakePool, sessionId: string): Promise<StratumClient> {
  const client = await pool.connect();
  const {result} = await client.request('mining.subscribe', ['test-miner/1.0', sessionId]);
  client.extranonce1 = String((result as unknown[])[1]);
  client.extranonce2Size = Number((result as unknown[])[2]);
  assert.is((await client.request('mining.authorize', [RIG, 'x'])).result, true);
  await client.until(() => client.job !== undefined, 'a job');
  return client;
}

const sessions = suite('functional / stratum_sessions');

sessions('who comes back has its extranonce1, its jobs and its counted shares; nothing counts twice', () => withPool({}, async (pool) => {
  const first = await pool.miner();
  const job = first.job!;
  const [counted, late] = [first.mine(), first.mine()];
  assert.is((await first.submit(RIG, counted)).result, true);
  first.end();
  await pool.eventually(async () => (await pool.sessionCount()) === 0);
  const second = await comeBack(pool, first.extranonce1);
  assert.is(second.extranonce1, first.extranonce1);
  assert.is.not(second.job!.coinbase1, job.coinbase1, 'new work, although the template is the same');
  assert.is((await second.submit(RIG, counted)).error?.[0], 22);
  assert.is((await second.submit(RIG, late)).result, true);
  assert.is((await second.submit(RIG, second.mine())).result, true);
  assert.is(pool.store.lastShareSeq(), 3);
  assert.is((await pool.pool.ask<GetConnectionCounts>({type: 'miningPool.getConnectionCounts'}, ASK)).resumed, 1);
}));

sessions('while the old connection stands, and for a stranger\'s id, there is a new extranonce1', () => withPool({}, async (pool) => {
  const first = await pool.miner();
  const share = first.mine();
  assert.is((await first.submit(RIG, share)).result, true);
  const second = await comeBack(pool, first.extranonce1);
  const third = await comeBack(pool, 'feedbeef');
  assert.is(new Set([first, second, third].map(({extranonce1}) => extranonce1)).size, 3);
  assert.is((await second.submit(RIG, share)).error?.[0], 23, 'with another extranonce1 it is another hash');
  assert.is((await first.submit(RIG, first.mine())).result, true, 'the first one mines on');
}));

sessions('an extranonce1 changes with the next job, and shares of both count', () => withPool({}, async (pool) => {
  const miner = await pool.miner();
  await miner.request('mining.extranonce.subscribe', []);
  const {id} = (await pool.pool.ask<ListSessions>({type: 'miningPool.listSessions', limit: 1}, ASK))[0]!;
  assert.equal(await pool.pool.ask<MoveSessionExtranonce>({type: 'miningPool.moveExtranonce', sessionId: id}, ASK), {ok: true});
  const [before, oldJob] = [miner.extranonce1, miner.job!];
  const old = miner.mine();
  pool.refresh();
  await miner.until(() => miner.job !== oldJob, 'the next job');
  const told = miner.notifications.find(({method}) => method === 'mining.set_extranonce');
  assert.is.not(told!.params[0], before);
  miner.extranonce1 = String(told!.params[0]);
  assert.is((await miner.submit(RIG, old)).result, true);
  assert.is((await miner.submit(RIG, miner.mine())).result, true);
}));

sessions('a thousand miners reconnect at once: each is served, with its own extranonce1', () => withPool({}, async (pool) => {
  const startedMs = performance.now();
  const miners = await Promise.all(Array.from({length: 1_000}, () => pool.miner()));
  process.stdout.write(`note: 1,000 miners connected, authorised and with a job after ${((performance.now() - startedMs) / 1000).toFixed(2)} s\n`);
  assert.is(new Set(miners.map(({extranonce1}) => extranonce1)).size, 1_000);
  const replies = await Promise.all(miners.slice(0, 20).map((miner) => miner.submit(RIG, miner.mine())));
  assert.ok(replies.every(({result}) => result === true));
}));

sessions('sockets that dribble hold no miner up and are gone in time', () => withPool({
  limits: {subscribeTimeoutMs: 2_500}, vardiff: {exponentMax: START_EXPONENT},
}, async (pool) => {
  const honest = await Promise.all(Array.from({length: 5}, () => pool.miner()));
  const loris = await Promise.all(Array.from({length: 500}, () => RawPeer.connect(pool.server.port)));
  let at = 0;
  const text = '{"id":1,"method":"mining.subscribe","params":["slow/1"';
  let slowestMs = 0;
  while (loris.some(({isClosed}) => !isClosed)) {
    for (const peer of loris) peer.write(text[at % text.length]!);
    at += 1;
    const startedMs = performance.now();
    const replies = await Promise.all(honest.map((miner) => miner.submit(RIG, miner.mine())));
    slowestMs = Math.max(slowestMs, performance.now() - startedMs);
    assert.ok(replies.every(({result}) => result === true));
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  process.stdout.write(`note: 500 dribbling sockets: five shares mined and answered within ${slowestMs.toFixed(0)} ms at worst\n`);
  await pool.eventually(async () => (await pool.pool.ask<GetConnectionCounts>({type: 'miningPool.getConnectionCounts'}, ASK)).ended['subscribe-timeout'] === 500);
}));

sessions('a full pool: who only sits there makes room for a miner', () => withPool({pool: {sessionsMax: 20}}, async (pool) => {
  const miner = await pool.miner();
  assert.is((await miner.submit(RIG, miner.mine())).result, true);
  const sitting = await Promise.all(Array.from({length: 19}, () => RawPeer.connect(pool.server.port)));
  await pool.eventually(async () => (await pool.sessionCount()) === 20);
  let newcomer: StratumClient | undefined;
  // Refused as long as the others may still be about to say something: two seconds.
  for (let tries = 0; newcomer === undefined && tries < 100; tries += 1) {
    newcomer = await pool.miner().catch(() => undefined);
    if (newcomer === undefined) await new Promise((resolve) => setTimeout(resolve, 100));
  }
  assert.is((await newcomer!.submit(RIG, newcomer!.mine())).result, true);
  assert.is((await miner.submit(RIG, miner.mine())).result, true);
  await pool.eventually(() => sitting.some(({isClosed}) => isClosed));
}));

sessions('a peer that closes its half, and one that is silent for ever, leave no session', () => withPool({limits: {idleTimeoutMs: 2_500}}, async (pool) => {
  const half = await pool.miner();
  half.socket.end();
  await half.closed();
  const silent = await pool.miner();
  silent.socket.pause();
  await pool.eventually(async () => (await pool.sessionCount()) === 0);
}));

sessions('who sends what no miner sends is banned; who is connected mines on; an operator lifts it', () => withPool({
  pool: {admission: {allow: [], deny: [], bans: {durationMs: 600_000, offencesMax: 3}}, bans: createMemoryBanStore()},
}, async (pool) => {
  const honest = await pool.connect();
  await honest.start(RIG);
  for (let times = 0; times < 3; times += 1) {
    const hostile = await RawPeer.connect(pool.server.port);
    hostile.write('GET / HTTP/1.1\r\n'.repeat(20));
    await pool.eventually(() => hostile.isClosed);
  }
  await pool.eventually(async () => (await pool.pool.ask<ListBans>({type: 'miningPool.listBans', limit: 9}, ASK)).length === 1);
  const refused = await RawPeer.connect(pool.server.port);
  await pool.eventually(() => refused.isClosed);
  assert.is((await honest.submit(RIG, honest.mine())).result, true);
  assert.equal(await pool.pool.ask<UnbanNetwork>({type: 'miningPool.unban', network: '127.0.0.1'}, ASK), {ok: true});
  const again = await pool.miner();
  assert.is((await again.submit(RIG, again.mine())).result, true);
  const banned = await pool.pool.ask<BanNetwork>({type: 'miningPool.ban', network: '127.0.0.0/8', note: 'all of it'}, ASK);
  assert.is(banned.ok && banned.endedSessions, 2);
  await Promise.all([honest.closed(), again.closed()]);
  assert.ok(honest.notifications.some(({method, params}) => method === 'client.show_message' && String(params[0]).includes('banned')));
}));

sessions.run();
