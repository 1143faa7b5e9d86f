// Proves that the offline check is quiet on every honest store, memory or LMDB, and that each kind of damage is named.
// Damage is done with ordinary commits to a copy of an honest chain of three blocks, one spend, and a side branch.
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {REGTEST} from '../../../src/protocol/chain/presets.js';
import {encodeBlock} from '../../../src/protocol/primitives/block-codec.js';
import type {ChainChange, ChainStore, StoredHeader} from '../../../src/actors/chain/ports.js';
import {openChainStore} from '../../../src/storage/chain-store.js';
import {MemoryChainStore} from '../../../src/storage/memory-chain-store.js';
import {verifyDatabase} from '../../../src/storage/verify-database.js';
import type {DiscrepancyCode, VerifyProgress} from '../../../src/storage/verify-database.js';
import {ChainHarness} from '../../support/chain-harness.js';
import {MinedChain, MINER_KEY, aBlock, aKey, aSpend} from '../../support/mined-chain.js';
import {aTemporaryDirectory} from '../../support/temporary-directory.js';

const mined = new MinedChain();
mined.mineMany(101);
const spend = aSpend({from: [mined.coinbaseCoin(1)], key: MINER_KEY, outputs: [{valueSats: 50_00000000n, scriptPubKey: aKey('a').scriptPubKey}]});
mined.mine({transactions: [spend]});
const side = aBlock({block: mined.block(100), height: 100}, {extraNonce: 9});
const tipHash = mined.tip.header.hash;
const firstHash = mined.block(1).header.hash;

async function fill(store: ChainStore): Promise<void> {
  const node = new ChainHarness({store});
  for (let height = 1; height <= mined.height; height++) await node.accept(mined.block(height));
  await node.accept(side);
  await node.stop();
}

async function anHonestStore(): Promise<MemoryChainStore> {
  const store = new MemoryChainStore();
  await fill(store);
  return store;
}

function codeOf(store: MemoryChainStore): string {
  const verdict = verifyDatabase({store, spec: REGTEST});
  return verdict.ok ? 'clean' : verdict.code;
}

const verify = suite('storage / verify-database');

verify('clean: empty, fresh, and with a chain; it reports how far it is', async () => {
  assert.is(codeOf(new MemoryChainStore()), 'clean');
  const store = await anHonestStore();
  const steps = new Set<VerifyProgress['step']>();
  const verdict = verifyDatabase({store, spec: REGTEST, onProgress: ({step}) => steps.add(step)});
  assert.ok(verdict.ok && verdict.height === 102 && verdict.headerCount === 104 && verdict.coinCount === 102 && verdict.logSeq === 103);
  assert.ok(steps.has('blocks') && steps.has('log'));
});

verify('clean after a restart on LMDB, and the node goes on where it was', async () => {
  const place = aTemporaryDirectory();
  const first = openChainStore({dataDirectory: place.path, chainName: 'regtest'});
  await fill(first);
  await first.close();
  const second = openChainStore({dataDirectory: place.path, chainName: 'regtest'});
  assert.ok(verifyDatabase({store: second, spec: REGTEST}).ok);
  const node = new ChainHarness({store: second});
  assert.is((await node.tip()).height, 102);
  assert.ok((await node.accept(aBlock({block: mined.tip, height: 102}))).ok);
  await node.stop();
  assert.ok(verifyDatabase({store: second, spec: REGTEST}).ok);
  await second.close();
  const readOnly = openChainStore({dataDirectory: place.path, chainName: 'regtest', readOnly: true});
  assert.ok(verifyDatabase({store: readOnly, spec: REGTEST}).ok);
  await readOnly.close();
  place.dispose();
});

function entryOf(store: MemoryChainStore, hash: Uint8Array): StoredHeader {
  for (const row of store.headers()) if (row.hash.every((byte, i) => byte === hash[i])) return row.entry;
  throw new Error('the header is stored');
}

const unspent = {txid: spend.txid, vout: 0};
const coinOfNobody = {valueSats: 1n, scriptPubKey: new Uint8Array(0), height: 1, isCoinbase: false};

const DAMAGES: readonly (readonly [DiscrepancyCode, (store: MemoryChainStore) => ChainChange])[] = [
  ['verify-header-hash', (store) => ({header: {hash: firstHash, entry: {...entryOf(store, firstHash), headerBytes: new Uint8Array(80)}}})],
  ['verify-header-height', (store) => ({header: {hash: firstHash, entry: {...entryOf(store, firstHash), height: 2}}})],
  ['verify-header-parent', (store) => {
    const orphan = aBlock({block: aBlock({block: mined.tip, height: 102}), height: 103});
    return {header: {hash: orphan.header.hash, entry: {...entryOf(store, firstHash), headerBytes: orphan.bytes.slice(0, 80), height: 104}}};
  }],
  ['verify-header-invalid', (store) => {
    const lazy = aBlock({block: mined.tip, height: 102}, {work: 'missing'});
    return {header: {hash: lazy.header.hash, entry: {...entryOf(store, firstHash), headerBytes: lazy.bytes.slice(0, 80), height: 103}}};
  }],
  ['verify-genesis-mismatch', (store) => {
    const lonely = aBlock({block: mined.tip, height: 102});
    return {header: {hash: lonely.header.hash, entry: {...entryOf(store, firstHash), headerBytes: lonely.bytes.slice(0, 80), height: 0}}};
  }],
  ['verify-tip-unknown', () => ({tip: {hash: new Uint8Array(32), height: 5}})],
  ['verify-tip-height', () => ({tip: {hash: tipHash, height: 5}})],
  ['verify-status', (store) => ({header: {hash: firstHash, entry: {...entryOf(store, firstHash), status: 'stored'}}})],
  ['verify-body-corrupt', () => ({body: {hash: firstHash, blockBytes: Uint8Array.of(1, 2, 3)}})],
  ['verify-body-mismatch', () => ({body: {hash: firstHash, blockBytes: mined.block(2).bytes}})],
  ['verify-body-invalid', () => ({body: {hash: firstHash, blockBytes: encodeBlock(mined.block(1).header, mined.block(2).transactions).bytes}})],
  ['verify-undo-mismatch', () => ({undo: {hash: tipHash, undo: {spentByTx: [[coinOfNobody]]}}})],
  ['verify-coin-unexpected', () => ({addedCoins: [{outpoint: {txid: firstHash, vout: 0}, coin: coinOfNobody}]})],
  ['verify-coin-mismatch', () => ({addedCoins: [{outpoint: unspent, coin: coinOfNobody}]})],
  ['verify-coin-missing', () => ({removedCoins: [unspent]})],
  ['verify-totals-mismatch', () => ({totals: {coinCount: 102, totalSats: 1n}})],
  ['verify-log-gap', () => ({log: {seq: 200, kind: 'connect', hash: tipHash, height: 102}})],
  ['verify-log-broken', () => ({log: {seq: 104, kind: 'disconnect', hash: firstHash, height: 1}})],
  ['verify-log-tip', () => ({log: {seq: 104, kind: 'disconnect', hash: tipHash, height: 102}})],
];
for (const [code, damage] of DAMAGES) {
  verify(code, async () => {
    const store = await anHonestStore();
    await store.commit(damage(store));
    assert.is(codeOf(store), code);
  });
}

/** A store that answers one question as if the row were gone. */
async function without(part: 'blockBytes' | 'undo' | 'tip', hash?: Uint8Array): Promise<MemoryChainStore> {
  const store = await anHonestStore();
  const original = store[part].bind(store) as (hash: Uint8Array) => unknown;
  Object.defineProperty(store, part, {value: (asked: Uint8Array) => (hash === undefined || asked.every((byte, i) => byte === hash[i]) ? undefined : original(asked))});
  return store;
}
verify('verify-body-missing, on the chain and on a side branch', async () => {
  assert.is(codeOf(await without('blockBytes', firstHash)), 'verify-body-missing');
  assert.is(codeOf(await without('blockBytes', side.header.hash)), 'verify-body-missing');
});
verify('verify-undo-missing', async () => assert.is(codeOf(await without('undo', tipHash)), 'verify-undo-missing'));
verify('verify-tip-missing', async () => assert.is(codeOf(await without('tip')), 'verify-tip-missing'));

verify('verify-block-invalid for a block that takes too much', async () => {
  const store = await anHonestStore();
  const greedy = aBlock({block: mined.tip, height: 102}, {feesSats: 1n});
  const {hash} = greedy.header;
  await store.commit({
    header: {hash, entry: {headerBytes: greedy.bytes.slice(0, 80), height: 103, arrival: 999, status: 'connected', txCount: 1}},
    body: {hash, blockBytes: greedy.bytes}, undo: {hash, undo: {spentByTx: []}}, tip: {hash, height: 103},
  });
  assert.is(codeOf(store), 'verify-block-invalid');
});

verify('verify-row-corrupt for a row of LMDB that does not decode', async () => {
  const place = aTemporaryDirectory();
  const {openDatabase} = await import('../../../src/storage/open-database.js');
  const raw = openDatabase({directory: `${place.path}/chain`, kind: 'chain', chainName: 'regtest', formatVersion: 1});
  const headers = raw.table('headers');
  await raw.batch((writer) => writer.put(headers, Uint8Array.of(1, 2, 3), Uint8Array.of(4)));
  await raw.close();
  const store = openChainStore({dataDirectory: place.path, chainName: 'regtest'});
  const verdict = verifyDatabase({store, spec: REGTEST});
  assert.is(verdict.ok ? 'clean' : verdict.code, 'verify-row-corrupt');
  await store.close();
  place.dispose();
});

verify.run();
