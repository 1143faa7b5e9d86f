// Proves the coinbase at its borders (height push, script length, commitment), the branch against the full tree, whole
// blocks against the ledger's own checks, and the nonce search against plain hashing.
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import fc from 'fast-check';
import {bytesEqual, concatBytes, hashToInteger} from '../../../../src/protocol/bytes/compare.js';
import {bytesToHex} from '../../../../src/protocol/bytes/hex.js';
import {sha256d} from '../../../../src/protocol/bytes/sha256.js';
import {checkBlock, checkBlockContext} from '../../../../src/protocol/consensus/check-block.js';
import {merkleRoot} from '../../../../src/protocol/consensus/merkle.js';
import {countLegacySigops} from '../../../../src/protocol/consensus/sigops.js';
import {assembleBlock} from '../../../../src/protocol/mining/assemble-block.js';
import {addReservedWitness, buildCoinbaseHalves} from '../../../../src/protocol/mining/coinbase.js';
import {merkleBranch, merkleRootOfBranch} from '../../../../src/protocol/mining/merkle-branch.js';
import {scanNonces} from '../../../../src/protocol/mining/scan-nonces.js';
import {decodeBlock} from '../../../../src/protocol/primitives/block-codec.js';
import {decodeTransaction} from '../../../../src/protocol/primitives/transaction-codec.js';
import {REGTEST} from '../../../../src/protocol/chain/presets.js';
import {shareHeader} from '../../../../src/protocol/stratum/share-header.js';
import {aHash, anOutpoint, aSpend} from '../../../support/ledger-builder.js';
import {aJob, aTemplate, NOW_SEC, templateEntry} from '../../../support/mining-fixtures.js';

const mining = suite('protocol / mining / coinbase');

function coinbaseAt(height: number, options: {jobBytes?: Uint8Array; tag?: string} = {}) {
  const halves = buildCoinbaseHalves({
    height, jobBytes: options.jobBytes ?? new Uint8Array(8), extranonceSize: 12, tag: new TextEncoder().encode(options.tag ?? '/pithead/'),
    outputs: [{valueSats: 5_000_000_000n, scriptPubKey: Uint8Array.of(0x51)}], witnessCommitment: aTemplate().witnessCommitment,
  });
  const stripped = concatBytes(halves.coinbase1, new Uint8Array(12), halves.coinbase2);
  const decoded = decodeTransaction(stripped);
  assert.ok(decoded.ok);
  return {stripped, transaction: decoded.value};
}

const HEIGHT_PUSHES: readonly (readonly [number, string])[] = [
  [0, '00'], [1, '51'], [16, '60'], [17, '0111'], [127, '017f'], [128, '028000'], [32767, '02ff7f'], [32768, '03008000'], [8388608, '0400008000'],
];

for (const [height, push] of HEIGHT_PUSHES) {
  mining(`the script at height ${height} begins with ${push}`, () => {
    const {transaction} = coinbaseAt(height);
    const scriptSig = transaction.inputs[0]!.scriptSig;
    assert.is(bytesToHex(scriptSig.subarray(0, push.length / 2)), push);
    assert.ok(scriptSig.length >= 2 && scriptSig.length <= 100);
  });
}

mining('lock time and sequence follow BIP 54', () => {
  const {transaction} = coinbaseAt(500);
  assert.is(transaction.lockTime, 499);
  assert.is.not(transaction.inputs[0]!.sequence, 0xffffffff);
  assert.is(coinbaseAt(0).transaction.lockTime, 0);
});

mining('a long tag is cut so that the script has 100 bytes, and an empty one leaves no push', () => {
  assert.is(coinbaseAt(8_388_608, {tag: 'x'.repeat(500)}).transaction.inputs[0]!.scriptSig.length, 100);
  assert.is(coinbaseAt(500, {tag: ''}).transaction.inputs[0]!.scriptSig.length, 3 + 1 + 20);
});

mining('no job byte counts as a signature operation', () => {
  for (const byte of [0xac, 0xae, 0xad, 0xaf]) {
    assert.is(countLegacySigops(coinbaseAt(500, {jobBytes: new Uint8Array(8).fill(byte)}).transaction), 0);
  }
});

mining('the full form has the same txid and one reserved value of 32 zero bytes', () => {
  const {stripped, transaction} = coinbaseAt(500);
  const full = decodeTransaction(addReservedWitness(stripped));
  assert.ok(full.ok);
  assert.equal(full.value.txid, transaction.txid);
  assert.equal(full.value.inputs[0]!.witness, [new Uint8Array(32)]);
  assert.equal(full.value.outputs.at(-1)!.scriptPubKey, aTemplate().witnessCommitment);
});

mining('the branch folds to the root of the whole tree for 1 to 40 transactions', () => {
  for (let count = 0; count < 40; count++) {
    const txids = Array.from({length: count}, (_, index) => aHash(index + 10));
    assert.equal(merkleRootOfBranch(aHash(9), merkleBranch(txids)), merkleRoot([aHash(9), ...txids]).root);
  }
});

mining('a solved job becomes a block that the ledger accepts', () => {
  const witness = [new Uint8Array(64).fill(7)];
  const transactions = [aSpend([anOutpoint(5)], {witness}), aSpend([anOutpoint(6)]), aSpend([anOutpoint(7)], {witness})].map((transaction) => templateEntry(transaction));
  const template = aTemplate({transactions});
  const job = aJob({number: 7, template});
  const extranonce1 = Uint8Array.of(1, 2, 3, 4);
  const extranonce2 = new Uint8Array(8).fill(0xac);
  const header = shareHeader({job: {...job, previousHash: template.previousHash, bits: template.bits}, extranonce1, extranonce2, version: template.version, timeSec: NOW_SEC, nonce: 0});
  const scan = scanNonces({header, target: template.target, firstNonce: 0, countMax: 1000});
  assert.ok(scan.found);
  const block = decodeBlock(assembleBlock({template, coinbase1: job.coinbase1, extranonce1, extranonce2, coinbase2: job.coinbase2, header: scan.found.header}));
  assert.ok(block.ok);
  assert.equal(checkBlock(block.value, REGTEST), {ok: true});
  assert.equal(checkBlockContext(block.value, {height: template.height, parentMedianTimeSec: NOW_SEC - 601, spec: REGTEST}), {ok: true});
  assert.equal(block.value.header.hash, scan.found.hash);
});

mining('a search in slices finds what one search finds, and what it finds meets the target', () => {
  fc.assert(fc.property(fc.uint8Array({minLength: 80, maxLength: 80}), fc.integer({min: 1, max: 50}), (header, slice) => {
    const target = (1n << 250n) - 1n;
    const whole = scanNonces({header, target, firstNonce: 0, countMax: 2000});
    let at = 0;
    let found: typeof whole.found;
    while (found === undefined && at < 2000) {
      const part = scanNonces({header, target, firstNonce: at, countMax: slice});
      found = part.found;
      assert.ok(part.tried <= slice);
      at = part.nextNonce;
    }
    assert.is(found?.nonce, whole.found?.nonce);
    if (found === undefined) return;
    assert.equal(sha256d(found.header), found.hash);
    assert.ok(hashToInteger(found.hash) <= target);
    assert.ok(bytesEqual(found.header.subarray(0, 76), header.subarray(0, 76)));
  }), {numRuns: 30});
});

mining('the last nonce is tried and none after it', () => {
  const result = scanNonces({header: new Uint8Array(80), target: 0n, firstNonce: 0xfffffff0, countMax: 1000});
  assert.equal(result, {found: undefined, tried: 16, nextNonce: 0x1_0000_0000});
});

mining.run();
