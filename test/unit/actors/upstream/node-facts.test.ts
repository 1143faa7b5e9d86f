// Proves that nothing that a node can answer makes the pool throw or believe a number that is none: every reader takes any
// JSON, and what does not fit is no answer. Seeded; PROPERTY_SEED=random draws another.
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import fc from 'fast-check';
import {hashIn, readBlock, readHeaderView, readHeight, readMempoolInfo, readPeerFacts, readTipFacts} from '../../../../src/actors/upstream/node-facts.js';
import {bytesToHex, hashToDisplayHex} from '../../../../src/protocol/bytes/hex.js';
import {REGTEST} from '../../../../src/protocol/chain/presets.js';

const test = suite('actors / upstream / node-facts');
const HASH = REGTEST.genesisHash;
const TIP = {bestblockhash: hashToDisplayHex(HASH), blocks: 7, chainwork: '10', initialblockdownload: false, chain: 'regtest'};
const RAW = bytesToHex(REGTEST.genesisBytes.subarray(0, 80));
const DETAILS = {height: 0, chainwork: '02', confirmations: 3, mediantime: 1_296_688_602, nTx: 1};

test('any JSON is read without a throw', () => {
  const names = ['bestblockhash', 'blocks', 'chainwork', 'initialblockdownload', 'height', 'confirmations', 'mediantime', 'connections', 'subversion', 'size', 'bytes', 'total_fee', 'mempoolminfee'];
  const json = fc.oneof(fc.jsonValue(), fc.dictionary(fc.constantFrom(...names), fc.oneof(fc.jsonValue(), fc.double(), fc.string({unit: fc.constantFrom(...'0123456789abcdef'), maxLength: 70}))));
  fc.assert(fc.property(json, json, (value, other) => {
    const tip = readTipFacts(value);
    if (tip !== undefined) assert.ok(Number.isSafeInteger(tip.height) && tip.height >= 0 && tip.chainwork >= 0n && tip.tipHash.length === 32);
    assert.ok((readPeerFacts(value).peers ?? 0) >= 0);
    assert.ok(readMempoolInfo(value).totalFeeSats >= 0n);
    assert.ok((readHeight(value) ?? 0) >= 0);
    assert.is(readHeaderView({raw: value, details: other, hashAtHeight: value}, HASH), undefined);
    assert.is(readBlock(value, HASH), undefined);
    assert.ok((hashIn(value)?.length ?? 32) === 32);
  }));
});

test('a tip needs its hash, its height and its work', () => {
  assert.equal(readTipFacts(TIP), {tipHash: HASH, height: 7, chainwork: 16n, isLoadingBlocks: false, chain: 'regtest'});
  for (const name of ['bestblockhash', 'blocks', 'chainwork'] as const) assert.is(readTipFacts({...TIP, [name]: undefined}), undefined, name);
  assert.is(readTipFacts({...TIP, blocks: -1}), undefined);
  assert.is(readTipFacts({...TIP, chainwork: '0x10'}), undefined);
});

test('a header or block must have the hash that was asked for; on the best chain is what the node has at its height', () => {
  const view = readHeaderView({raw: RAW, details: DETAILS, hashAtHeight: hashToDisplayHex(HASH)}, HASH);
  assert.equal([view?.height, view?.isActive, view?.confirmations, view?.chainwork], [0, true, 3, 2n]);
  assert.is(readHeaderView({raw: RAW, details: DETAILS, hashAtHeight: '22'.repeat(32)}, HASH)?.isActive, false);
  assert.is(readHeaderView({raw: RAW, details: DETAILS, hashAtHeight: null}, HASH)?.confirmations, -1);
  assert.is(readHeaderView({raw: RAW, details: DETAILS, hashAtHeight: null}, new Uint8Array(32)), undefined);
  assert.is(readHeaderView({raw: `${RAW}00`, details: DETAILS, hashAtHeight: null}, HASH), undefined);
  assert.equal(readBlock(bytesToHex(REGTEST.genesisBytes), HASH)?.header.hash, HASH);
  assert.is(readBlock(bytesToHex(REGTEST.genesisBytes), new Uint8Array(32)), undefined);
});

test('amounts of coins become whole satoshis', () => {
  const info = readMempoolInfo({size: 2, bytes: 300, usage: 900, total_fee: 0.1, mempoolminfee: 0.00001, minrelaytxfee: 1e-8});
  assert.equal([info.count, info.totalVsize, info.totalBytes, info.totalFeeSats, info.minFeeSatsPerKvb, info.minRelaySatsPerKvb], [2, 300, 900, 10_000_000n, 1_000n, 1n]);
  assert.is(readMempoolInfo({total_fee: 1e300}).totalFeeSats, 0n);
});

test.run();
