/**
 * Every codec: decode(encode(x)) = x, encode(decode(b)) = b, and no bytes whatever make a decoder throw.
 */
import * as fc from 'fast-check';
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {hashToDisplayHex, hexToBytes} from '../../../../src/protocol/bytes/hex.js';
import {buildHeader, decodeBlock, decodeHeader, encodeBlock, encodeHeader} from '../../../../src/protocol/primitives/block-codec.js';
import {decodeCoin, encodeCoin} from '../../../../src/protocol/primitives/coin-codec.js';
import {decodeTransaction, encodeTransaction, isCoinbase, strippedBytes, transactionParts} from '../../../../src/protocol/primitives/transaction-codec.js';
import {decodeUndo, encodeUndo} from '../../../../src/protocol/primitives/undo-codec.js';
import type {Transaction} from '../../../../src/protocol/primitives/transaction.js';
import {coins, hashes, transactions, uint32} from '../../../support/arbitraries.js';
import {plainTransaction} from '../../../support/plain-transaction.js';

const test = suite('protocol / primitives / codecs');

function decoded(bytes: Uint8Array): Transaction {
  const verdict = decodeTransaction(bytes);
  if (!verdict.ok) throw new Error(verdict.detail);
  return verdict.value;
}

test('a transaction survives the round trip with its hashes and sizes', () => {
  fc.assert(fc.property(transactions, (transaction) => {
    assert.equal(plainTransaction(decoded(transaction.bytes)), transaction);
    assert.is(strippedBytes(transaction).length, transaction.strippedSize);
    assert.is(hashToDisplayHex(transaction.txid) === hashToDisplayHex(transaction.wtxid), !transaction.hasWitness);
  }));
});

test('the witness changes the wtxid and not the txid', () => {
  fc.assert(fc.property(transactions, (transaction) => {
    const inputs = transaction.inputs.map((input) => ({...input, witness: []}));
    assert.equal(encodeTransaction({...transaction, inputs}).txid, transaction.txid);
  }));
});

test('a block and its header survive the round trip', () => {
  const headers = fc.record({version: fc.integer(), previousHash: hashes, merkleRoot: hashes, timeSec: uint32, bits: uint32, nonce: uint32}, {noNullPrototype: true});
  fc.assert(fc.property(headers, fc.array(transactions, {maxLength: 4}), (fields, list) => {
    const header = buildHeader(fields);
    assert.equal(decodeHeader(encodeHeader(fields)), {ok: true, value: header});
    const block = encodeBlock(header, list);
    const verdict = decodeBlock(block.bytes);
    assert.ok(verdict.ok);
    assert.equal({...verdict.value, transactions: verdict.value.transactions.map(plainTransaction)}, block);
  }));
});

test('coins and undo records survive the round trip', () => {
  fc.assert(fc.property(coins, (coin) => {
    assert.equal(decodeCoin(encodeCoin(coin)), {ok: true, value: coin});
  }));
  fc.assert(fc.property(fc.array(fc.array(coins, {maxLength: 4}), {maxLength: 4}), (spentByTx) => {
    assert.equal(decodeUndo(encodeUndo({spentByTx})), {ok: true, value: {spentByTx}});
  }));
});

test('a P2WPKH coin of a million blocks takes at most 30 bytes', () => {
  const scriptPubKey = Uint8Array.from([0, 20, ...new Uint8Array(20).fill(7)]);
  assert.ok(encodeCoin({valueSats: 50_00000000n, scriptPubKey, height: 1_000_000, isCoinbase: true}).length <= 30);
});

test('random bytes never make a decoder throw', () => {
  fc.assert(fc.property(fc.uint8Array({maxLength: 400}), (bytes) => {
    for (const decode of [decodeTransaction, decodeHeader, decodeBlock, decodeCoin, decodeUndo]) assert.type(decode(bytes).ok, 'boolean');
  }), {numRuns: 2000});
});

test('what is decoded from mutated bytes encodes to the same bytes', () => {
  fc.assert(fc.property(transactions, fc.nat(), fc.nat(255), (transaction, at, byte) => {
    const mutated = transaction.bytes.slice();
    mutated[at % mutated.length] = byte;
    const verdict = decodeTransaction(mutated);
    if (verdict.ok) assert.equal(encodeTransaction(transactionParts(verdict.value)), plainTransaction(verdict.value));
  }), {numRuns: 1000});
});

test('every strict prefix of a block is refused', () => {
  fc.assert(fc.property(transactions, (transaction) => {
    const header = buildHeader({version: 1, previousHash: new Uint8Array(32), merkleRoot: new Uint8Array(32), timeSec: 0, bits: 0, nonce: 0});
    const bytes = encodeBlock(header, [transaction]).bytes;
    for (let length = 0; length < bytes.length; length++) assert.is(decodeBlock(bytes.subarray(0, length)).ok, false);
  }), {numRuns: 20});
});

test('tx-decode-failed: witness form without a witness, unknown flags', () => {
  const input = `${'11'.repeat(32)}0000000000ffffffff`;
  const output = '00'.repeat(9);
  const form = (flags: string, witness: string) => hexToBytes(`02000000${flags}01${input}01${output}${witness}00000000`)!;
  assert.ok(decodeTransaction(form('', '')).ok);
  assert.ok(decodeTransaction(form('0001', '0101ff')).ok);
  assert.equal(decodeTransaction(form('0001', '00')), {ok: false, code: 'tx-decode-failed', detail: 'witness form without a witness'});
  assert.equal(decodeTransaction(form('0002', '')), {ok: false, code: 'tx-decode-failed', detail: 'unknown transaction flags 2'});
  assert.equal(decodeTransaction(form('0003', '0101ff')), {ok: false, code: 'tx-decode-failed', detail: 'unknown transaction flags 3'});
});

test('an empty transaction decodes, so that the rule that forbids it can say its name', () => {
  const verdict = decodeTransaction(hexToBytes('01000000000000000000')!);
  assert.ok(verdict.ok && verdict.value.inputs.length === 0 && verdict.value.outputs.length === 0);
});

test('a coinbase has one input with the null outpoint', () => {
  const input = {prevout: {txid: new Uint8Array(32), vout: 0xffffffff}, scriptSig: new Uint8Array(2), sequence: 0, witness: []};
  assert.ok(isCoinbase({inputs: [input]}));
  assert.not.ok(isCoinbase({inputs: [input, input]}));
  assert.not.ok(isCoinbase({inputs: [{...input, prevout: {txid: new Uint8Array(32), vout: 0}}]}));
  assert.not.ok(isCoinbase({inputs: [{...input, prevout: {txid: new Uint8Array(32).fill(1), vout: 0xffffffff}}]}));
});

test.run();
