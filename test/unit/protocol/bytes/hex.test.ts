/** Hex is strict, and the display order of hashes is the reverse of the wire order. */
import * as fc from 'fast-check';
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {bytesToHex, displayHexToHash, hashToDisplayHex, hexToBytes} from '../../../../src/protocol/bytes/hex.js';
import {hashKey, keyToHash, outpointKey, outpointMapKey} from '../../../../src/protocol/bytes/hash-key.js';
import {bytesEqual, compareBytes, concatBytes, hashToInteger} from '../../../../src/protocol/bytes/compare.js';
import {hashes, uint32} from '../../../support/arbitraries.js';

const test = suite('protocol / bytes / hex');

test('bytes survive the round trip, in either letter case', () => {
  fc.assert(fc.property(fc.uint8Array(), (bytes) => {
    assert.equal(hexToBytes(bytesToHex(bytes)), bytes);
    assert.equal(hexToBytes(bytesToHex(bytes).toUpperCase()), bytes);
  }));
});

test('odd lengths, foreign characters and prefixes are refused', () => {
  for (const text of ['0', '0g', 'g0', ' 0', '0x00', '00 ', '／0', '@a', '`a', 'ĀĀ']) assert.is(hexToBytes(text), undefined, text);
});

test('a hash is displayed reversed and read back', () => {
  const hash = Uint8Array.from({length: 32}, (_, i) => i);
  assert.is(hashToDisplayHex(hash).slice(0, 4), '1f1e');
  assert.equal(displayHexToHash(hashToDisplayHex(hash)), hash);
  assert.is(displayHexToHash('00'), undefined);
  assert.is(displayHexToHash('0'.repeat(66)), undefined);
  assert.is(displayHexToHash('g'.repeat(64)), undefined);
});

test('map keys distinguish exactly what bytes distinguish', () => {
  fc.assert(fc.property(hashes, uint32, hashes, uint32, (txid, vout, otherTxid, otherVout) => {
    assert.equal(keyToHash(hashKey(txid)), txid);
    const key = outpointKey({txid, vout});
    assert.is(key.length, 36);
    assert.equal(keyToHash(outpointMapKey({txid, vout})), key);
    const same = bytesEqual(txid, otherTxid) && vout === otherVout;
    assert.is(outpointMapKey({txid, vout}) === outpointMapKey({txid: otherTxid, vout: otherVout}), same);
  }));
});

test('bytes compare as unsigned and a prefix comes first', () => {
  assert.ok(compareBytes(Uint8Array.of(0x80), Uint8Array.of(0x7f)) > 0);
  assert.ok(compareBytes(Uint8Array.of(1), Uint8Array.of(1, 0)) < 0);
  assert.is(compareBytes(Uint8Array.of(1, 2), Uint8Array.of(1, 2)), 0);
  assert.not.ok(bytesEqual(Uint8Array.of(1), Uint8Array.of(1, 0)));
  assert.equal(concatBytes(Uint8Array.of(1), new Uint8Array(0), Uint8Array.of(2, 3)), Uint8Array.of(1, 2, 3));
});

test('a hash as a number is little-endian', () => {
  fc.assert(fc.property(hashes, (hash) => {
    assert.is(hashToInteger(hash), BigInt(`0x${hashToDisplayHex(hash)}`));
  }));
});

test.run();
