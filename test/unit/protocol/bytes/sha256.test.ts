/**
 * Our SHA-256 against @noble/hashes: every length around the padding borders, random lengths, and the midstate that
 * miners use. A disagreement would be a chain split.
 */
import {sha256 as nobleSha256} from '@noble/hashes/sha2.js';
import * as fc from 'fast-check';
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {bytesToHex} from '../../../../src/protocol/bytes/hex.js';
import {hash160} from '../../../../src/protocol/bytes/hash160.js';
import {
  sha256, sha256d, sha256dHeaderTail, sha256dInto, sha256dPair, sha256dRange, sha256Midstate,
} from '../../../../src/protocol/bytes/sha256.js';

const test = suite('protocol / bytes / sha256');

test('equals noble at every length from 0 to 300', () => {
  for (let length = 0; length <= 300; length++) {
    const message = Uint8Array.from({length}, (_, i) => (i * 37 + length) & 255);
    assert.is(bytesToHex(sha256(message)), bytesToHex(nobleSha256(message)), `length ${length}`);
    assert.is(bytesToHex(sha256d(message)), bytesToHex(nobleSha256(nobleSha256(message))), `length ${length}, twice`);
  }
});

test('equals noble over random bytes', () => {
  fc.assert(fc.property(fc.uint8Array({maxLength: 5000}), (message) => {
    assert.equal(sha256(message), nobleSha256(message));
  }), {numRuns: 300});
});

test('the midstate path gives the hash of the whole header', () => {
  fc.assert(fc.property(fc.uint8Array({minLength: 80, maxLength: 80}), (header) => {
    const hash = new Uint8Array(32);
    sha256dHeaderTail(sha256Midstate(header.subarray(0, 64)), header.subarray(64), hash);
    assert.equal(hash, nobleSha256(nobleSha256(header)));
  }), {numRuns: 300});
});

test('the result may overlap the message', () => {
  const message = Uint8Array.from({length: 64}, (_, i) => i);
  const expected = sha256d(message);
  sha256dInto(message, message);
  assert.equal(message.slice(0, 32), expected);
});

test('a range is hashed as its copy is, wherever it lies', () => {
  fc.assert(fc.property(fc.uint8Array({maxLength: 400}), fc.nat(), fc.nat(), (bytes, a, b) => {
    const [start, end] = [a % (bytes.length + 1), b % (bytes.length + 1)].sort((x, y) => x - y) as [number, number];
    assert.equal(sha256dRange(bytes, start, end), nobleSha256(nobleSha256(bytes.slice(start, end))));
  }), {numRuns: 300});
});

test('a pair in a merkle level gives the hash of its 64 bytes and touches nothing else', () => {
  fc.assert(fc.property(fc.uint8Array({minLength: 256, maxLength: 256}), fc.nat({max: 192}), fc.nat({max: 224}), (level, pairAt, outAt) => {
    const expected = level.slice();
    expected.set(nobleSha256(nobleSha256(level.slice(pairAt, pairAt + 64))), outAt);
    sha256dPair(level, pairAt, outAt);
    assert.equal(level, expected);
  }), {numRuns: 300});
});

test('a digest kept by the caller is not touched by later calls', () => {
  const first = sha256d(new Uint8Array(80));
  const copy = first.slice();
  sha256d(new Uint8Array([1]));
  assert.equal(first, copy);
});

test('hash160 of the empty string is the known constant', () => {
  assert.is(bytesToHex(hash160(new Uint8Array(0))), 'b472a266d0bd89c13706a4132ccfb16f7c3b9fcb');
});

test.run();
