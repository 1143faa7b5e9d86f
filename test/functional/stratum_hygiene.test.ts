// Proves that outsiders cannot hurt the pool: hostile lines are answered or end the connection, never the process;
// floods, slow readers and idlers are dropped; no session outlives its connection; a storm of reconnects is served.
// Seeded: the seed is printed; it is a constant below.
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {SeededRandom} from '../../src/runtime/seeded-random.js';
import {createMemoryAccountingStore} from '../../src/storage/accounting-memory-store.js';
import {ALICE, startFakePool} from '../support/fake-miner-pool.js';
import type {FakePool, FakePoolOptions} from '../support/fake-miner-pool.js';

const RIG = `${ALICE}.rig`;
const FUZZ_SEED = 20_261_121;
const FUZZ_CONNECTIONS = 40;
const FUZZ_LINES = 100;

async function withPool(options: FakePoolOptions, use: (pool: FakePool) => Promise<void>): Promise<void> {
  const pool = await startFakePool(options);
  try {
    await use(pool);
  } finally {
    await pool.stop();
  }
}

const VALUES = ['null', 'true', '1e999', '-1', '""', '"x"', '[]', '{}', '[[]]', '"\\ud800"', '99999999999999999999', '"__proto__"', '{"__proto__":1}', '"0x1"', `"${'f'.repeat(200)}"`];
const METHODS = ['mining.subscribe', 'mining.authorize', 'mining.submit', 'mining.configure', 'mining.suggest_difficulty', 'mining.extranonce.subscribe', 'mining.get_transactions', 'client.get_version', 'mining.ping', 'toString', '__proto__', 'constructor'];

function aHostileLine(random: SeededRandom): string {
  const pick = <T>(items: readonly T[]): T => items[random.below(items.length)]!;
  switch (random.below(8)) {
    case 0: return Array.from({length: random.below(120)}, () => String.fromCharCode(random.below(256))).join('').replaceAll('\n', ' ');
    case 1: return '['.repeat(random.below(2_000));
    case 2: return pick(VALUES);
    case 3: return `{"id":${pick(VALUES)},"method":${pick(VALUES)},"params":${pick(VALUES)}}`;
    case 4: return `{"id":1,"method":"${pick(METHODS)}"}`;
    case 5: return `{"id":${random.below(9)},"method":"mining.submit","params":["${RIG}","${random.below(4)}","${'0'.repeat(random.below(20))}","${random.uint32().toString(16)}","${random.uint32().toString(16)}"]}`.slice(0, 20 + random.below(200));
    default: return `{"id":${random.below(99)},"method":"${pick(METHODS)}","params":[${Array.from({length: random.below(7)}, () => pick(VALUES)).join(',')}]}`;
  }
}

const hygiene = suite('functional / stratum_hygiene');

hygiene('thousands of hostile lines: no session fails, none is left over, honest miners go on', () => withPool({
  limits: {malformedLinesMax: 1_000_000},
}, async (pool) => {
  const random = new SeededRandom(FUZZ_SEED);
  const honest = await pool.miner();
  for (let i = 0; i < FUZZ_CONNECTIONS; i += 1) {
    const hostile = await pool.connect();
    if (i % 2 === 0) await hostile.start(RIG);
    for (let line = 0; line < FUZZ_LINES && !hostile.isClosed; line += 1) hostile.sendRaw(`${aHostileLine(random)}\n`);
    if (!hostile.isClosed) {
      const answered = hostile.request('mining.extranonce.subscribe', [], `last-${i}`);
      await Promise.race([answered.catch(() => undefined), hostile.closed()]);
    }
    hostile.end();
  }
  assert.is((await honest.submit(RIG, honest.mine())).result, true);
  await pool.eventually(async () => (await pool.sessionCount()) === 1);
  assert.is(pool.store.lastShareSeq(), 1);
  process.stdout.write(`note: stratum fuzz: ${FUZZ_CONNECTIONS * FUZZ_LINES} lines over ${FUZZ_CONNECTIONS} connections, seed ${FUZZ_SEED}\n`);
}));

hygiene('a line in one-byte segments, CRLF and two lines in one segment are understood', () => withPool({}, async (pool) => {
  const miner = await pool.connect();
  for (const byte of '{"id":1,"method":"mining.subscribe","params":[]}\r\n') miner.sendRaw(byte);
  await miner.until(() => miner.replies.length === 1);
  miner.sendRaw(`{"id":2,"method":"mining.authorize","params":["${RIG}","x"]}\n{"id":3,"method":"mining.extranonce.subscribe","params":[]}\n`);
  await miner.until(() => miner.replies.length === 3);
  assert.equal(miner.replies.map(({id}) => id), [1, 2, 3]);
}));

hygiene('a line without end is dropped with its connection', () => withPool({}, async (pool) => {
  const miner = await pool.connect();
  miner.sendRaw('x'.repeat(1_000_000));
  await miner.closed();
  await pool.eventually(async () => (await pool.sessionCount()) === 0);
}));

hygiene('a slow reader is dropped when its answers pile up', () => withPool({
  limits: {repliesQueuedMax: 1_000_000}, connectionLimits: {inputBytesPerSecMax: 1_000_000_000, outputBytesMax: 100_000},
}, async (pool) => {
  const miner = await pool.miner();
  miner.socket.pause();
  const lines = '{"id":1,"method":"mining.extranonce.subscribe","params":[]}\n'.repeat(2_000);
  let sentBytes = 0;
  while ((await pool.sessionCount()) > 0) {
    // The kernel takes some megabytes before anything piles up here.
    if (sentBytes < 64_000_000 && miner.socket.writableLength < 1_000_000) miner.sendRaw(lines);
    sentBytes += lines.length;
    await new Promise((resolve) => setImmediate(resolve));
  }
}));

hygiene('a flood waits in its sender, and the others are served meanwhile', () => withPool({connectionLimits: {inputBytesPerSecMax: 10_000}}, async (pool) => {
  const flooding = await pool.miner();
  const honest = await pool.miner();
  flooding.sendRaw('{"id":1,"method":"mining.extranonce.subscribe","params":[]}\n'.repeat(100_000));
  for (let i = 0; i < 5; i += 1) assert.is((await honest.submit(RIG, honest.mine())).result, true);
  assert.ok(flooding.replies.length < 20_000, `${flooding.replies.length}`);
}));

hygiene('who does not subscribe, or does not authorise, is sent away', () => withPool({
  limits: {subscribeTimeoutMs: 50, authorizeTimeoutMs: 50},
}, async (pool) => {
  const silent = await pool.connect();
  const half = await pool.connect();
  await half.subscribe();
  const whole = await pool.miner();
  await Promise.all([silent.closed(), half.closed()]);
  assert.is((await whole.submit(RIG, whole.mine())).result, true);
}));

hygiene('five hundred miners reconnect at once and all are served, each with its own extranonce1', () => withPool({}, async (pool) => {
  const first = await Promise.all(Array.from({length: 100}, () => pool.miner()));
  for (const miner of first) miner.end();
  const miners = await Promise.all(Array.from({length: 500}, () => pool.miner()));
  assert.is(new Set([...first, ...miners].map((miner) => miner.extranonce1)).size, 600);
  const replies = await Promise.all(miners.slice(0, 50).map((miner) => miner.submit(RIG, miner.mine())));
  assert.ok(replies.every(({result}) => result === true));
  await pool.eventually(async () => (await pool.sessionCount()) === 500);
  for (const miner of miners) miner.end();
  await pool.eventually(async () => (await pool.sessionCount()) === 0);
}));

hygiene('a drain says where to come back, answers what is in hand, and closes', async () => {
  const memory = createMemoryAccountingStore();
  let letThrough: () => void = () => undefined;
  let isInHand = false;
  const append: typeof memory.append = async (change) => {
    isInHand = true;
    await new Promise<void>((resolve) => {
      letThrough = resolve;
    });
    return memory.append(change);
  };
  await withPool({store: {...memory, append}}, async (pool) => {
    const miner = await pool.miner();
    const reply = miner.submit(RIG, miner.mine());
    await pool.eventually(() => isInHand);
    const drained = pool.pool.ask({type: 'miningPool.drain', text: 'restart in a moment', reconnectWaitSec: 7, timeoutMs: 5_000}, {timeoutMs: 10_000});
    await miner.until(() => miner.notifications.some(({method}) => method === 'client.reconnect'));
    assert.ok(miner.notifications.some(({method}) => method === 'client.show_message'));
    letThrough();
    assert.is((await reply).result, true);
    await miner.closed();
    assert.equal(await drained, {abandonedSessions: 0});
  });
});

hygiene.run();
