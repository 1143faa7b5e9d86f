/** Absolute and relative lock times at their borders; sequence bits are tested as unsigned. Sigops by script shape. */
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {areSequenceLocksMet, isFinalTransaction, medianTimePast, sequenceLocks} from '../../../../src/protocol/consensus/lock-times.js';
import {countSigops, sigopCost} from '../../../../src/protocol/consensus/sigops.js';
import {anOutpoint, aSpend, aCoinbase, COIN} from '../../../support/ledger-builder.js';

const test = suite('protocol / consensus / lock-times');

test('median time past is the middle, the upper one of an even number', () => {
  assert.is(medianTimePast([5]), 5);
  assert.is(medianTimePast([5, 1]), 5);
  assert.is(medianTimePast([9, 1, 5]), 5);
  assert.is(medianTimePast([1, 100, 20]), 20, 'numbers are not compared as text');
});

test('a lock time of a height ends with that height', () => {
  const locked = aSpend([anOutpoint(1)], {lockTime: 100, sequence: 0});
  assert.not.ok(isFinalTransaction(locked, {height: 100, timeSec: 2e9}));
  assert.ok(isFinalTransaction(locked, {height: 101, timeSec: 0}));
  assert.ok(isFinalTransaction(aSpend([anOutpoint(1)], {lockTime: 100}), {height: 1, timeSec: 0}), 'final sequences switch it off');
});

test('from 500,000,000 on a lock time is seconds', () => {
  const locked = aSpend([anOutpoint(1)], {lockTime: 500_000_000, sequence: 0});
  assert.not.ok(isFinalTransaction(locked, {height: 600_000_000, timeSec: 500_000_000}));
  assert.ok(isFinalTransaction(locked, {height: 0, timeSec: 500_000_001}));
  const highest = aSpend([anOutpoint(1)], {lockTime: 499_999_999, sequence: 0});
  assert.not.ok(isFinalTransaction(highest, {height: 1, timeSec: 2e9}));
});

const locksOf = (sequence: number, version = 2) =>
  sequenceLocks(aSpend([anOutpoint(1)], {sequence, version}), [50], (height) => 1_000_000 + height);
const met = (sequence: number, block: {height: number; parentMedianTimeSec: number}, version = 2) =>
  areSequenceLocksMet(locksOf(sequence, version), block);

test('a relative height: the coin must be that many blocks deep', () => {
  assert.not.ok(met(10, {height: 59, parentMedianTimeSec: 0}));
  assert.ok(met(10, {height: 60, parentMedianTimeSec: 0}));
});

test('a relative time: units of 512 s since the block before the coin', () => {
  const sequence = (1 << 22) | 2;
  assert.not.ok(met(sequence, {height: 1, parentMedianTimeSec: 1_000_049 + 1023}));
  assert.ok(met(sequence, {height: 1, parentMedianTimeSec: 1_000_049 + 1024}));
});

test('bit 31 switches off, version 1 too, and a "negative" version binds', () => {
  assert.equal(locksOf(0x8000000a), {height: -1, timeSec: -1});
  assert.equal(locksOf(0xffffffff), {height: -1, timeSec: -1});
  assert.equal(locksOf(10, 1), {height: -1, timeSec: -1});
  assert.equal(locksOf(10, 0xffffffff), {height: 59, timeSec: -1});
});

test('a coin of genesis is measured from genesis', () => {
  const locks = sequenceLocks(aSpend([anOutpoint(1)], {sequence: 1 << 22}), [0], (height) => 7 + height);
  assert.equal(locks, {height: -1, timeSec: 6});
});

test('sigops: crude and accurate counts', () => {
  assert.is(countSigops(Uint8Array.of(0xac, 0xad), false), 2);
  assert.is(countSigops(Uint8Array.of(0x53, 0xae), false), 20);
  assert.is(countSigops(Uint8Array.of(0x53, 0xae, 0x60, 0xaf), true), 3 + 16);
  assert.is(countSigops(Uint8Array.of(0x00, 0xae), true), 20, 'OP_0 is no key count');
  assert.is(countSigops(Uint8Array.of(0x01, 0xac, 0xac), false), 1, 'pushed bytes are no opcodes');
  assert.is(countSigops(Uint8Array.of(0xac, 0x4c), false), 1, 'a cut push ends the count');
  assert.is(countSigops(Uint8Array.of(0xac, 0x4d, 0xff, 0xff, 0xac), false), 1);
});

test('sigop cost: bare, P2SH, P2WPKH, P2WSH, wrapped, taproot', () => {
  const rules = {witnessScaleFactor: 4, hasSegwit: true};
  const cost = (scriptPubKey: number[], options: {scriptSig?: number[]; witness?: number[][]} = {}) => sigopCost(
    aSpend([anOutpoint(1)], {scriptSig: Uint8Array.from(options.scriptSig ?? []), witness: (options.witness ?? []).map((item) => Uint8Array.from(item))}),
    [{valueSats: COIN, scriptPubKey: Uint8Array.from(scriptPubKey), height: 1, isCoinbase: false}], rules);
  const zeros = (count: number) => new Array<number>(count).fill(0);
  const p2sh = [0xa9, 0x14, ...zeros(20), 0x87];
  assert.is(cost([0xac]), 0, 'the spent script itself counted when it was made');
  assert.is(cost(p2sh, {scriptSig: [0x02, 0x52, 0xae]}), 8);
  assert.is(cost(p2sh, {scriptSig: [0x61, 0x02, 0x52, 0xae]}), 0, 'not push-only');
  assert.is(cost([0, 20, ...zeros(20)]), 1);
  assert.is(cost([0, 32, ...zeros(32)], {witness: [[1], [0x53, 0xae]]}), 3);
  assert.is(cost(p2sh, {scriptSig: [22, 0, 20, ...zeros(20)]}), 1);
  assert.is(cost([0x51, 32, ...zeros(32)], {witness: [[0xac]]}), 0);
  assert.is(sigopCost(aCoinbase(1, {scriptSig: Uint8Array.of(0xac, 0xac)}), [], rules), 8);
});

test.run();
