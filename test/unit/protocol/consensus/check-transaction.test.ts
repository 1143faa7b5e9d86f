/** Each code of the context-free transaction rules and of the spend rules: smallest violation, and its valid neighbour. */
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {REGTEST} from '../../../../src/protocol/chain/presets.js';
import {checkSpend} from '../../../../src/protocol/consensus/check-inputs.js';
import {checkTransaction} from '../../../../src/protocol/consensus/check-transaction.js';
import {encodeTransaction, NULL_VOUT} from '../../../../src/protocol/primitives/transaction-codec.js';
import type {Transaction} from '../../../../src/protocol/primitives/transaction.js';
import {aCoinbase, anOutpoint, aSpend, COIN, OP_TRUE} from '../../../support/ledger-builder.js';

const test = suite('protocol / consensus / check-transaction');
const MAX = REGTEST.maxMoneySats;

function codeOf(transaction: Transaction): string {
  const verdict = checkTransaction(transaction, REGTEST);
  return verdict.ok ? 'ok' : verdict.code;
}
const paying = (...values: bigint[]) => encodeTransaction({
  ...aSpend([anOutpoint(1)]), outputs: values.map((valueSats) => ({valueSats, scriptPubKey: OP_TRUE})),
});

test('an ordinary transaction passes', () => assert.is(codeOf(aSpend([anOutpoint(1), anOutpoint(2)])), 'ok'));
test('bad-txns-vin-empty', () => assert.is(codeOf(encodeTransaction({...aSpend([]), inputs: []})), 'bad-txns-vin-empty'));
test('bad-txns-vout-empty', () => assert.is(codeOf(paying()), 'bad-txns-vout-empty'));

test('bad-txns-oversize: a stripped size of a quarter of the block weight passes, one byte more does not', () => {
  const sized = (bytes: number) => aSpend([anOutpoint(1)], {scriptPubKey: new Uint8Array(bytes)});
  const around = sized(999_900).strippedSize - 999_900;
  assert.is(sized(1_000_000 - around).strippedSize, 1_000_000);
  assert.is(codeOf(sized(1_000_000 - around)), 'ok');
  assert.is(codeOf(sized(1_000_001 - around)), 'bad-txns-oversize');
});

test('bad-txns-vout-negative', () => {
  assert.is(codeOf(paying(0n)), 'ok');
  assert.is(codeOf(paying(-1n)), 'bad-txns-vout-negative');
});
test('bad-txns-vout-toolarge', () => {
  assert.is(codeOf(paying(MAX)), 'ok');
  assert.is(codeOf(paying(MAX + 1n)), 'bad-txns-vout-toolarge');
});
test('bad-txns-txouttotal-toolarge', () => {
  assert.is(codeOf(paying(MAX - 1n, 1n)), 'ok');
  assert.is(codeOf(paying(MAX, 1n)), 'bad-txns-txouttotal-toolarge');
});
test('bad-txns-inputs-duplicate (CVE-2018-17144)', () => {
  assert.is(codeOf(aSpend([anOutpoint(1, 0), anOutpoint(1, 1)])), 'ok');
  assert.is(codeOf(aSpend([anOutpoint(1, 0), anOutpoint(2), anOutpoint(1, 0)])), 'bad-txns-inputs-duplicate');
});
test('bad-cb-length: a coinbase script has 2 to 100 bytes', () => {
  for (const [length, expected] of [[1, 'bad-cb-length'], [2, 'ok'], [100, 'ok'], [101, 'bad-cb-length']] as const) {
    assert.is(codeOf(aCoinbase(1, {scriptSig: new Uint8Array(length)})), expected, `${length} bytes`);
  }
});
test('bad-txns-prevout-null', () => {
  const nullish = {txid: new Uint8Array(32), vout: NULL_VOUT};
  assert.is(codeOf(aSpend([anOutpoint(1), {...nullish, vout: NULL_VOUT - 1}])), 'ok');
  assert.is(codeOf(aSpend([anOutpoint(1), nullish])), 'bad-txns-prevout-null');
});

function spend(coins: readonly {valueSats: bigint; height?: number; isCoinbase?: boolean}[], outSats: bigint, height = 200): string {
  const spent = coins.map((coin) => ({scriptPubKey: OP_TRUE, height: 1, isCoinbase: false, ...coin}));
  const verdict = checkSpend(paying(outSats), spent, {height, spec: REGTEST});
  return verdict.ok ? `fee ${verdict.value}` : verdict.code;
}

test('bad-txns-premature-spend-of-coinbase: 99 blocks are not enough, 100 are', () => {
  assert.is(spend([{valueSats: COIN, height: 100, isCoinbase: true}], COIN, 199), 'bad-txns-premature-spend-of-coinbase');
  assert.is(spend([{valueSats: COIN, height: 100, isCoinbase: true}], COIN, 200), 'fee 0');
  assert.is(spend([{valueSats: COIN, height: 199}], COIN, 199), 'fee 0', 'other coins may be spent at once');
});
test('bad-txns-in-belowout', () => {
  assert.is(spend([{valueSats: 5n}, {valueSats: 5n}], 10n), 'fee 0');
  assert.is(spend([{valueSats: 5n}, {valueSats: 4n}], 10n), 'bad-txns-in-belowout');
});
test('bad-txns-inputvalues-outofrange', () => {
  assert.is(spend([{valueSats: MAX}], 1n), `fee ${MAX - 1n}`);
  assert.is(spend([{valueSats: MAX}, {valueSats: 1n}], 1n), 'bad-txns-inputvalues-outofrange');
  assert.is(spend([{valueSats: -1n}], 1n), 'bad-txns-inputvalues-outofrange');
});

test.run();
