/**
 * A decoded transaction reads its own bytes: every field as the encoder wrote it, many in one buffer, and none of that
 * buffer kept by one that was detached.
 */
import * as fc from 'fast-check';
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {ByteReader} from '../../../../src/protocol/bytes/byte-reader.js';
import {concatBytes} from '../../../../src/protocol/bytes/compare.js';
import {hashKey, outpointKey, outpointMapKey, writeOutpointKey} from '../../../../src/protocol/bytes/hash-key.js';
import {sha256d} from '../../../../src/protocol/bytes/sha256.js';
import {buildTransaction, decodeTransaction, detachedTransaction, readTransactions, strippedBytes} from '../../../../src/protocol/primitives/transaction-codec.js';
import type {Transaction} from '../../../../src/protocol/primitives/transaction.js';
import {transactions} from '../../../support/arbitraries.js';
import {plainTransaction} from '../../../support/plain-transaction.js';

const test = suite('protocol / primitives / wire-transaction');

/** All of `list` behind some bytes that belong to nobody, read as a block's are. */
function readAll(list: readonly Transaction[], before: Uint8Array): readonly Transaction[] {
  const reader = new ByteReader(concatBytes(before, ...list.map(({bytes}) => bytes)));
  reader.skip(before.length);
  const read: Transaction[] = [];
  while (read.length < list.length) read.push(...readTransactions(reader, list.length - read.length));
  assert.is(reader.remaining, 0);
  return read;
}

test('transactions that were read together are what was written, hashes too', () => {
  fc.assert(fc.property(fc.array(transactions, {maxLength: 8}), fc.uint8Array({maxLength: 9}), (list, before) => {
    const read = readAll(list, before);
    assert.equal(read.map(plainTransaction), list);
    for (const transaction of read) assert.equal(transaction.txid, sha256d(strippedBytes(transaction)));
  }));
});

test('hundreds are read in more than one batch, none lost and none twice', () => {
  const [transaction] = fc.sample(transactions, {numRuns: 1, seed: 7});
  const list = Array.from({length: 300}, () => transaction!);
  assert.equal(readAll(list, new Uint8Array(0)).map(plainTransaction), list);
});

test('large transactions are read four at a time, and the largest alone', () => {
  const ofSize = (size: number): Transaction => buildTransaction({
    inputs: [{prevout: {txid: new Uint8Array(32).fill(5), vout: 1}}], outputs: [{valueSats: 1n, scriptPubKey: new Uint8Array(size).fill(size)}],
  });
  for (const [size, count] of [[20_000, 4], [100_000, 3], [300_000, 1]] as const) {
    const list = Array.from({length: 5}, () => ofSize(size));
    const read = readTransactions(new ByteReader(concatBytes(...list.map(({bytes}) => bytes))), 5);
    assert.is(read.length, count, `${size} bytes each`);
    assert.equal(read.map(({txid, wtxid}) => [txid, wtxid]), list.slice(0, count).map(({txid, wtxid}) => [txid, wtxid]));
  }
});

test('a batch ends at its count', () => {
  const [transaction] = fc.sample(transactions, {numRuns: 1, seed: 8});
  assert.is(readTransactions(new ByteReader(concatBytes(transaction!.bytes, transaction!.bytes)), 1).length, 1);
});

test('an outpoint read in place has the keys of a plain one', () => {
  fc.assert(fc.property(fc.array(transactions, {minLength: 1, maxLength: 3}), (list) => {
    for (const [i, transaction] of readAll(list, Uint8Array.of(1)).entries()) {
      for (const [index, {prevout}] of transaction.inputs.entries()) {
        const plain = list[i]!.inputs[index]!.prevout;
        assert.is(outpointMapKey(prevout), outpointMapKey(plain));
        assert.is(outpointMapKey(prevout), hashKey(outpointKey(plain)));
        assert.equal(outpointKey(prevout), outpointKey(plain));
        const key = new Uint8Array(36).fill(0xff);
        writeOutpointKey(key, prevout);
        assert.equal(key, outpointKey(plain));
      }
    }
  }));
});

test('a detached transaction is the same and keeps no more than its own bytes', () => {
  fc.assert(fc.property(fc.array(transactions, {minLength: 2, maxLength: 4}), (list) => {
    for (const [i, transaction] of readAll(list, Uint8Array.of(1)).entries()) {
      const detached = detachedTransaction(transaction);
      assert.equal(plainTransaction(detached), list[i]);
      for (const view of [detached.bytes, detached.txid, detached.wtxid]) {
        assert.ok(view.buffer.byteLength <= Math.max(transaction.bytes.length, 64), `${view.buffer.byteLength} bytes`);
      }
      assert.is(detachedTransaction(detached), detached);
    }
  }));
  const [plain] = fc.sample(transactions, {numRuns: 1, seed: 9});
  assert.is(detachedTransaction(plain!), plain, 'built by hand: nothing to do');
  const alone = decodeTransaction(plain!.bytes.slice());
  assert.ok(alone.ok && detachedTransaction(alone.value) === alone.value, 'decoded out of its own bytes: nothing to do');
});

test.run();
