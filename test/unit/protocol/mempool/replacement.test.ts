// Proves BIP 125 rule by rule, each at its border: who may be replaced, by what, for how much, and what leaves with it.
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {weightWu} from '../../../../src/protocol/consensus/weight.js';
import {Mempool, MEMPOOL_LIMITS} from '../../../../src/protocol/mempool/mempool.js';
import {buildTransaction} from '../../../../src/protocol/primitives/transaction-codec.js';
import type {OutPoint, Transaction} from '../../../../src/protocol/primitives/transaction.js';
import {anOutpoint, OP_TRUE} from '../../../support/ledger-builder.js';

const test = suite('protocol / mempool / replacement');

let differing = 0;
function spend(from: readonly OutPoint[], {sequence = 0xfffffffd, outputs = 1} = {}): Transaction {
  differing += 1;
  return buildTransaction({
    inputs: from.map((prevout) => ({prevout, sequence})),
    outputs: Array.from({length: outputs}, () => ({valueSats: BigInt(100_000 + differing), scriptPubKey: OP_TRUE})),
  });
}

function aMempool() {
  const mempool = new Mempool(MEMPOOL_LIMITS);
  const admit = (transaction: Transaction, feeSats: bigint) => mempool.admit({
    transaction, vsize: Math.ceil(weightWu(transaction, 4) / 4), weightWu: weightWu(transaction, 4), sigopCost: 0, height: 1, feeSats, nowSec: 0,
  });
  return {mempool, admit};
}
const codeOf = (verdict: {ok: boolean; code?: string}) => (verdict.ok ? 'ok' : verdict.code);
const outOf = (transaction: Transaction, vout = 0): OutPoint => ({txid: transaction.txid, vout});
const vsizeOf = (transaction: Transaction): bigint => BigInt(transaction.bytes.length);

test('the higher fee takes the place, with what built on the lower one', () => {
  const {mempool, admit} = aMempool();
  const first = spend([anOutpoint(1)]);
  const child = spend([outOf(first)]);
  admit(first, 1_000n);
  admit(child, 1_000n);
  const second = spend([anOutpoint(1)]);
  const verdict = admit(second, 2_000n + vsizeOf(second));
  assert.ok(verdict.ok);
  assert.equal(verdict.value.replaced.map(({transaction}) => transaction.txid), [child.txid, first.txid]);
  assert.is(mempool.count, 1);
  assert.is(mempool.totalFeeSats, 2_000n + vsizeOf(second));
  assert.equal(mempool.spenderOf(anOutpoint(1))?.transaction.txid, second.txid);
});

test('insufficient fee: all that leaves and its own relay, to the satoshi', () => {
  const {admit, mempool} = aMempool();
  const first = spend([anOutpoint(1)]);
  admit(first, 1_000n);
  admit(spend([outOf(first)]), 1_000n);
  const second = spend([anOutpoint(1)]);
  assert.is(codeOf(admit(second, 1_999n + vsizeOf(second))), 'insufficient fee');
  assert.is(mempool.count, 2);
  assert.is(codeOf(admit(second, 2_000n + vsizeOf(second))), 'ok');
});

test('insufficient fee: more money at no higher rate is no replacement', () => {
  const {admit} = aMempool();
  const first = spend([anOutpoint(1)]);
  admit(first, vsizeOf(first) * 10n);
  const large = spend([anOutpoint(1)], {outputs: 30});
  assert.is(codeOf(admit(large, vsizeOf(large) * 10n)), 'insufficient fee');
  assert.is(codeOf(admit(large, vsizeOf(large) * 10n + 1n)), 'ok');
});

test('txn-mempool-conflict: who did not say that it may be replaced stays', () => {
  const {admit, mempool} = aMempool();
  admit(spend([anOutpoint(1)], {sequence: 0xfffffffe}), 1_000n);
  const second = spend([anOutpoint(1)]);
  assert.ok(mempool.hasFinalRival(second));
  assert.is(codeOf(admit(second, 100_000n)), 'txn-mempool-conflict');
});

test('replacement-adds-unconfirmed and bad-txns-spends-conflicting-tx: what it builds on', () => {
  const {admit} = aMempool();
  const parent = spend([anOutpoint(1)], {outputs: 2});
  const other = spend([anOutpoint(2)]);
  const first = spend([outOf(parent), anOutpoint(3)]);
  for (const each of [parent, other, first]) admit(each, 1_000n);
  assert.is(codeOf(admit(spend([anOutpoint(3), outOf(other)]), 100_000n)), 'replacement-adds-unconfirmed');
  assert.is(codeOf(admit(spend([anOutpoint(3), outOf(first)]), 100_000n)), 'bad-txns-spends-conflicting-tx');
  assert.is(codeOf(admit(spend([anOutpoint(3), outOf(parent)]), 100_000n)), 'ok');
});

test('too many potential replacements: a hundred may leave', () => {
  const {admit} = aMempool();
  const fill = (count: number): OutPoint[] => Array.from({length: count}, (_, n) => {
    const outpoint = anOutpoint(1_000 + n);
    admit(spend([outpoint]), 1_000n);
    return outpoint;
  });
  const coins = fill(101);
  assert.is(codeOf(admit(spend(coins), 10_000_000n)), 'too many potential replacements');
  assert.is(codeOf(admit(spend(coins.slice(0, 100)), 10_000_000n)), 'ok');
});

test.run();
