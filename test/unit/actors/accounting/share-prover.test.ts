// Proves that the pool publishes a root for each window and hands out proofs that hold against it, of windows over several
// chunks that begin inside a share; that roots survive a crash before they were written; and which questions are refused.
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import type {BlockSplitView, GetBlockSplit, GetShareProof} from '../../../../src/actors/accounting/messages.js';
import {bytesToHex} from '../../../../src/protocol/bytes/hex.js';
import {checkShareProof} from '../../../../src/protocol/payout/share-proof.js';
import type {ReplyOf} from '../../../../src/runtime/actor.js';
import {aPool, aPoolWithBlock, hashOf, TARGET, TERMS, type Pool} from '../../../support/accounting-pool.js';

const prover = suite('actors / accounting / share-prover');

/** Hashes that are worth the work of the harness's shares; the last byte of the number stays below the target. */
function shareHash(seq: number): Uint8Array {
  const hash = new Uint8Array(32);
  new DataView(hash.buffer).setUint32(0, seq, true);
  return hash;
}

async function proofOf(pool: Pool, query: Omit<GetShareProof, 'type'>): Promise<ReplyOf<GetShareProof>> {
  const asked = pool.accounting.ask<GetShareProof>({type: 'accounting.getShareProof', ...query}, {timeoutMs: 60_000});
  await pool.sim.advance(5_000);
  return asked;
}

const splitOf = (pool: Pool, value: number): Promise<BlockSplitView | null> => pool.ask<GetBlockSplit>({type: 'accounting.getBlockSplit', blockHash: hashOf(value)});
const codeOf = (reply: ReplyOf<GetShareProof>): string => (reply.ok ? 'ok' : reply.code);

/** 3,000 shares and a block whose window reaches back over some 2,000 of them and a part of one. */
async function aLargePool(): Promise<Pool> {
  const pool = await aPool({options: {windowFactorPpm: 100_000_000}});
  const shares = Array.from({length: 3_000}, (_, index) => pool.record({account: `miner${index % 7}`, hash: shareHash(index)}));
  await pool.sim.runUntilIdle();
  await Promise.all(shares);
  await find(pool, 7);
  return pool;
}

async function find(pool: Pool, value: number): Promise<void> {
  const share = pool.record({account: 'alice', hash: hashOf(value), isBlock: true, target: TARGET});
  await pool.sim.runUntilIdle();
  await share;
  // 100 times the work of a block at this target is that of 2,051.3 shares.
  const recorded = pool.recordBlock({hash: hashOf(value), height: value, target: (TARGET * 10_000n) / 205_130n});
  await pool.sim.runUntilIdle();
  await recorded;
  await pool.sim.advance(5_000);
}

prover('a root is published soon after the block; proofs of all miners hold against it and add up to the window', async () => {
  const pool = await aLargePool();
  const split = (await splitOf(pool, 7))!;
  assert.is(split.shareRoot?.length, 32);
  assert.ok(split.lastSeq - split.firstSeq > 2_048 && split.firstSeq > 1, `${split.firstSeq} to ${split.lastSeq}`);
  assert.ok(pool.store.split(hashOf(7))!.firstWork > 0n, 'the window begins inside a share');
  let work = 0n;
  for (const {account} of split.work.filter((own) => own.account !== 'alice')) {
    const reply = await proofOf(pool, {blockHash: hashOf(7), account});
    assert.ok(reply.ok, codeOf(reply));
    const checked = checkShareProof(reply.proof);
    assert.ok(checked.ok);
    assert.is(bytesToHex(reply.proof.root), bytesToHex(split.shareRoot!));
    work += checked.value.work;
  }
  assert.is(work + split.work.find(({account}) => account === 'alice')!.work, split.totalWork);
});

prover('the next window takes the chunks that were kept, and one share is proved from one chunk', async () => {
  const pool = await aLargePool();
  assert.ok(pool.store.treeChunk(1) !== undefined && pool.store.treeChunk(0) === undefined);
  let read = 0;
  const {inner} = pool.store;
  pool.store.sharesFrom = (seq, limit) => {
    read += limit;
    return inner.sharesFrom(seq, limit);
  };
  await find(pool, 8);
  assert.ok(read < 2_000, `${read} shares were read for the second root`);
  read = 0;
  const account = inner.sharesFrom(1_500, 1)[0]!.account;
  const reply = await proofOf(pool, {blockHash: hashOf(8), account, seq: 1_500});
  assert.ok(reply.ok, codeOf(reply));
  assert.ok(read < 3_000 && !reply.proof.isComplete);
  assert.equal(checkShareProof(reply.proof), {ok: true, value: {shareCount: 1, work: inner.sharesFrom(1_500, 1)[0]!.work}});
  assert.is(bytesToHex(reply.proof.root), bytesToHex((await splitOf(pool, 8))!.shareRoot!));
});

prover('a root that a crash kept from the disk is made at the next start', async () => {
  const pool = await aPoolWithBlock();
  const before = (await splitOf(pool, 7))!;
  assert.is(before.shareRoot, undefined, 'it takes a moment');
  const again = await aPool({store: pool.store});
  await again.sim.advance(1_000);
  assert.is((await splitOf(again, 7))!.shareRoot?.length, 32);
});

prover('a disk that refuses the root gets it again', async () => {
  const pool = await aPoolWithBlock();
  pool.store.isFailing = true;
  await pool.sim.advance(500);
  pool.store.isFailing = false;
  await pool.sim.advance(2_000);
  assert.is((await splitOf(pool, 7))!.shareRoot?.length, 32);
});

prover('what cannot be proved is refused by name', async () => {
  const pool = await aPoolWithBlock();
  const refused = async (query: Partial<GetShareProof>): Promise<string> => codeOf(await proofOf(pool, {blockHash: hashOf(7), account: 'bob', ...query}));
  assert.is(await refused({blockHash: hashOf(9)}), 'share-proof-no-window');
  assert.is(await refused({account: 'nobody'}), 'share-proof-no-shares');
  assert.is(await refused({seq: 2}), 'share-proof-no-shares', 'alice did that one');
  const {firstShareSeq} = pool.store;
  pool.store.firstShareSeq = () => 2;
  assert.is(await refused({}), 'share-proof-expired');
  pool.store.firstShareSeq = firstShareSeq;
  pool.store.sharesFrom = () => [];
  assert.is(await refused({}), 'share-proof-expired');
  const {split} = pool.store;
  pool.store.split = (hash) => ({...split(hash)!, lastSeq: 300_000});
  assert.is(await refused({}), 'share-proof-too-large');
});

prover('share-proof-busy', async () => {
  const pool = await aPoolWithBlock();
  const asked = Array.from({length: 40}, () => pool.accounting.ask<GetShareProof>({type: 'accounting.getShareProof', blockHash: hashOf(7), account: 'bob'}, {timeoutMs: 60_000}));
  await pool.sim.advance(5_000);
  const codes = (await Promise.all(asked)).map(codeOf);
  assert.equal(codes.filter((code) => code === 'share-proof-busy').length, 8);
});

prover('under SOLO there is no window and no root', async () => {
  const pool = await aPoolWithBlock({options: {terms: {...TERMS, scheme: 'SOLO'}}});
  await pool.sim.advance(1_000);
  assert.is((await splitOf(pool, 7))!.shareRoot, undefined);
  assert.is(codeOf(await proofOf(pool, {blockHash: hashOf(7), account: 'alice'})), 'share-proof-no-window');
});

prover.run();
