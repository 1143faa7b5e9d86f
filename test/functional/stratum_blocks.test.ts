// Proves what happens to a share that is a block: the chain has it before the miner has its answer, whatever a
// bookkeeping rule says of the share; the block that the chain gets pays whom it should, and the accounting knows it.
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {decodeAddress} from '../../src/protocol/address/address.js';
import {REGTEST} from '../../src/protocol/chain/presets.js';
import {ALICE, BOB, EASY_BITS, HARD_BITS, POOL_SCRIPT, startFakePool} from '../support/fake-miner-pool.js';
import type {FakePool, FakePoolOptions} from '../support/fake-miner-pool.js';
import {targetOfBits} from '../support/stratum-client.js';

const RIG = `${ALICE}.rig`;
const BLOCK_TARGET = targetOfBits(EASY_BITS);

async function withPool(options: FakePoolOptions, use: (pool: FakePool) => Promise<void>): Promise<void> {
  const pool = await startFakePool({bits: EASY_BITS, ...options});
  try {
    await use(pool);
  } finally {
    await pool.stop();
  }
}

function scriptOf(address: string): Uint8Array {
  const decoded = decodeAddress(address, REGTEST.address);
  if (!decoded.ok) throw new Error(decoded.code);
  return decoded.value.scriptPubKey;
}

const blocks = suite('functional / stratum_blocks');

blocks('a block reaches the chain before the miner is answered', () => withPool({}, async (pool) => {
  const miner = await pool.miner();
  const share = miner.mine({atMost: BLOCK_TARGET});
  const reply = await miner.submit(RIG, share);
  assert.is(pool.blocks.length, 1);
  assert.is(reply.result, true);
  assert.is(BigInt(`0x${Buffer.from(pool.blocks[0]!.header.hash).reverse().toString('hex')}`), share.hashValue);
  await pool.eventually(async () => (await pool.foundBlocks()).length === 1);
  assert.is((await pool.foundBlocks())[0]!.account, ALICE);
}));

blocks('under PPLNS the block pays the pool', () => withPool({}, async (pool) => {
  const miner = await pool.miner();
  await miner.submit(RIG, miner.mine({atMost: BLOCK_TARGET}));
  const [coinbase] = pool.blocks[0]!.transactions;
  assert.equal(Uint8Array.from(coinbase!.outputs[0]!.scriptPubKey), POOL_SCRIPT);
  await pool.eventually(async () => (await pool.foundBlocks()).length === 1);
  const [found] = await pool.foundBlocks();
  assert.is(found!.credits.reduce((sum, {sats}) => sum + sats, found!.feeSats), found!.rewardSats);
}));

blocks('under SOLO each miner works on a coinbase that pays it', () => withPool({scheme: 'SOLO'}, async (pool) => {
  const alice = await pool.miner();
  const bob = await pool.miner(`${BOB}.rig`);
  assert.is(alice.job!.jobId, bob.job!.jobId);
  await alice.submit(RIG, alice.mine({atMost: BLOCK_TARGET}));
  await bob.submit(`${BOB}.rig`, bob.mine({atMost: BLOCK_TARGET}));
  assert.equal(pool.blocks.map((block) => Uint8Array.from(block.transactions[0]!.outputs[0]!.scriptPubKey)), [scriptOf(ALICE), scriptOf(BOB)]);
}));

for (const [word, acceptBlock, code] of [
  ['and is a stale share when the chain does not want it', () => ({ok: false, code: 'stale-prevblk', status: 'invalid'}), 21],
  ['and is good work when the chain takes it', undefined, undefined],
] as const) {
  blocks(`a block on a stale job is handed over ${word}`, () => withPool(acceptBlock === undefined ? {} : {acceptBlock}, async (pool) => {
    const miner = await pool.miner();
    const share = miner.mine({atMost: BLOCK_TARGET});
    const {job} = miner;
    pool.newTip();
    await miner.until(() => miner.job !== job);
    const reply = await miner.submit(RIG, share);
    assert.is(pool.blocks.length, 1);
    assert.is(reply.error?.[0], code);
  }));
}

blocks('a block that the chain refuses is still a share', () => withPool({acceptBlock: () => ({ok: false, code: 'bad-cb-amount', status: 'invalid'})}, async (pool) => {
  const miner = await pool.miner();
  assert.is((await miner.submit(RIG, miner.mine({atMost: BLOCK_TARGET}))).result, true);
  await pool.eventually(async () => (await pool.foundBlocks()).length === 1);
  assert.is((await pool.foundBlocks())[0]!.status, 'rejected');
}));

blocks('a duplicate of a block is answered 22 and handed over once', () => withPool({}, async (pool) => {
  const miner = await pool.miner();
  const share = miner.mine({atMost: BLOCK_TARGET});
  assert.is((await miner.submit(RIG, share)).result, true);
  assert.is((await miner.submit(RIG, share)).error?.[0], 22);
  assert.is(pool.blocks.length, 1);
}));

blocks('rolled version bits are in the block', () => withPool({}, async (pool) => {
  const miner = await pool.miner();
  await miner.request('mining.configure', [['version-rolling'], {'version-rolling.mask': '1fffe000'}]);
  assert.is((await miner.submit(RIG, miner.mine({atMost: BLOCK_TARGET, versionBits: 0x00642000}))).result, true);
  assert.is(pool.blocks[0]!.header.version, 0x20642000);
}));

blocks('a share above the block target is no block', () => withPool({bits: HARD_BITS}, async (pool) => {
  const miner = await pool.miner();
  assert.is((await miner.submit(RIG, miner.mine())).result, true);
  assert.is(pool.blocks.length, 0);
}));

blocks.run();
