/**
 * The four-lane SHA-256 against @noble/hashes: every length around the padding borders in every company of lanes, random
 * sets of ranges, and merkle levels of every size. A disagreement would be a chain split.
 */
import {sha256 as nobleSha256} from '@noble/hashes/sha2.js';
import * as fc from 'fast-check';
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {bytesToHex} from '../../../../src/protocol/bytes/hex.js';
import {LANES_SOURCE_MAX, prepareLanes, sha256dMany, sha256dPairs} from '../../../../src/protocol/bytes/sha256-lanes.js';

const test = suite('protocol / bytes / sha256-lanes');
const sha256d = (bytes: Uint8Array) => nobleSha256(nobleSha256(bytes));

function assertHashes(source: Uint8Array, ranges: readonly {readonly at: number; readonly length: number}[]): void {
  const digests = sha256dMany(source, Uint32Array.from(ranges, ({at}) => at), Uint32Array.from(ranges, ({length}) => length));
  assert.is(digests.length, 32 * ranges.length);
  ranges.forEach(({at, length}, i) => {
    assert.is(bytesToHex(digests.subarray(32 * i, 32 * i + 32)), bytesToHex(sha256d(source.slice(at, at + length))), `message ${i} of ${length} bytes`);
  });
}

test('this engine runs the vectors, so that the tests below prove them', () => {
  assert.ok(prepareLanes());
});

test('equals noble at every length from 0 to 300, four of a kind and all mixed', () => {
  const source = Uint8Array.from({length: 400}, (_, i) => (i * 151 + 7) & 255);
  for (let length = 0; length <= 300; length++) {
    assertHashes(source, [0, 1, 50, 100].map((at) => ({at, length})));
  }
  assertHashes(source, Array.from({length: 301}, (_, length) => ({at: length % 99, length})));
});

test('equals noble over random ranges of random bytes', () => {
  const range = fc.record({at: fc.nat(2000), length: fc.nat(2000)});
  fc.assert(fc.property(fc.uint8Array({minLength: 4000, maxLength: 4000}), fc.array(range, {maxLength: 30}), (source, ranges) => {
    assertHashes(source, ranges);
  }), {numRuns: 100});
});

test('a message may end where the source ends, also where the memory has to grow', () => {
  const source = Uint8Array.from({length: 300_001}, (_, i) => (i * 31) & 255);
  assertHashes(source, [{at: 0, length: 300_001}, {at: 1, length: 300_000}, {at: 2, length: 299_999}, {at: 300_000, length: 1}, {at: 300_001, length: 0}]);
});

test('a source larger than the lanes take gives the same hashes', () => {
  const source = new Uint8Array(LANES_SOURCE_MAX + 1);
  assertHashes(source, [{at: 0, length: 100}, {at: 5, length: 100}, {at: 7, length: 10}, {at: 9, length: 0}, {at: LANES_SOURCE_MAX - 9, length: 10}]);
});

test('every pair of a level is hashed in place, and the bytes behind the results are left alone or overwritten by none', () => {
  for (let pairs = 0; pairs <= 21; pairs++) {
    const level = Uint8Array.from({length: 64 * pairs + 32}, (_, i) => (i * 13 + pairs) & 255);
    const before = level.slice();
    sha256dPairs(level, pairs);
    for (let i = 0; i < pairs; i++) {
      assert.is(bytesToHex(level.subarray(32 * i, 32 * i + 32)), bytesToHex(sha256d(before.subarray(64 * i, 64 * i + 64))), `pair ${i} of ${pairs}`);
    }
    assert.equal(level.subarray(32 * pairs), before.subarray(32 * pairs));
  }
});

test.run();
