/** Package selection: a child pays for its parent, order is topological, budgets hold, fees are those of what was taken. */
import * as fc from 'fast-check';
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {hashKey} from '../../../../src/protocol/bytes/hash-key.js';
import {weightWu} from '../../../../src/protocol/consensus/weight.js';
import {Mempool} from '../../../../src/protocol/mempool/mempool.js';
import {selectTemplate} from '../../../../src/protocol/mempool/select-template.js';
import type {TemplateBudget} from '../../../../src/protocol/mempool/select-template.js';
import type {Transaction} from '../../../../src/protocol/primitives/transaction.js';
import {anOutpoint, aSpend} from '../../../support/ledger-builder.js';

const test = suite('protocol / mempool / select-template');
const BUDGET: TemplateBudget = {maxWeightWu: 4_000_000, maxSigopCost: 80_000, reservedWeightWu: 4000, reservedSigopCost: 400, minFeeSatsPerKvb: 1000n};

function filled(list: readonly {transaction: Transaction; feeSats: bigint; sigopCost?: number}[]): Mempool {
  const mempool = new Mempool();
  for (const {transaction, feeSats, sigopCost = 0} of list) {
    const weight = weightWu(transaction, 4);
    const verdict = mempool.admit({transaction, feeSats, sigopCost, weightWu: weight, vsize: Math.ceil(weight / 4), nowSec: 0, height: 1});
    assert.ok(verdict.ok);
  }
  return mempool;
}
const txidsOf = (mempool: Mempool, budget: Partial<TemplateBudget> = {}) =>
  selectTemplate(mempool.entries(), {...BUDGET, ...budget}).transactions.map(({transaction}) => hashKey(transaction.txid));
const childOf = (transaction: Transaction, vout = 0) => aSpend([{txid: transaction.txid, vout}]);
const named = (...transactions: Transaction[]) => transactions.map(({txid}) => hashKey(txid));

test('the higher rate comes first', () => {
  const [low, high] = [aSpend([anOutpoint(1)]), aSpend([anOutpoint(2)])];
  assert.equal(txidsOf(filled([{transaction: low, feeSats: 100n}, {transaction: high, feeSats: 900n}])), named(high, low));
});

test('a child pays for its parent, which precedes it', () => {
  const poor = aSpend([anOutpoint(1)]);
  const rich = childOf(poor);
  const middle = aSpend([anOutpoint(2)]);
  const mempool = filled([{transaction: poor, feeSats: 70n}, {transaction: rich, feeSats: 3000n}, {transaction: middle, feeSats: 800n}]);
  assert.equal(txidsOf(mempool), named(poor, rich, middle));
  const room = 4000 + 2 * weightWu(poor, 4);
  assert.equal(txidsOf(mempool, {maxWeightWu: room}), named(poor, rich), 'the package goes before the better single one');
  assert.equal(txidsOf(mempool, {maxWeightWu: room - 1}), named(middle), 'or, where it does not fit, the single one');
});

test('a parent that is in for one child no longer weighs on the other', () => {
  const parent = aSpend([anOutpoint(1)], {outputs: 2});
  const [first, second] = [childOf(parent, 0), childOf(parent, 1)];
  const rival = aSpend([anOutpoint(2)]);
  const mempool = filled([{transaction: parent, feeSats: 75n}, {transaction: first, feeSats: 5000n}, {transaction: second, feeSats: 1500n}, {transaction: rival, feeSats: 1200n}]);
  assert.equal(txidsOf(mempool), named(parent, first, second, rival));
});

test('the sigop budget binds as the weight does', () => {
  const [a, b] = [aSpend([anOutpoint(1)]), aSpend([anOutpoint(2)])];
  const mempool = filled([{transaction: a, feeSats: 900n, sigopCost: 79_601}, {transaction: b, feeSats: 800n, sigopCost: 79_600}]);
  assert.equal(txidsOf(mempool), named(b));
});

test('packages below the wanted rate stay out', () => {
  const mempool = filled([{transaction: aSpend([anOutpoint(1)]), feeSats: 100n}]);
  assert.equal(txidsOf(mempool, {minFeeSatsPerKvb: 5000n}), []);
});

test('any mempool gives a topological selection within its budget, with its own fees', () => {
  const plan = fc.array(fc.record({parents: fc.array(fc.nat(), {maxLength: 2}), fee: fc.integer({min: 300, max: 9000}), sigops: fc.nat(30)}), {maxLength: 30});
  fc.assert(fc.property(plan, fc.integer({min: 0, max: 8000}), fc.integer({min: 0, max: 300}), (rows, room, sigopRoom) => {
    const mempool = new Mempool();
    const known: Transaction[] = [];
    rows.forEach(({parents, fee, sigops}, i) => {
      const prevouts = known.length === 0 ? [] : [...new Set(parents.map((pick) => known[pick % known.length]!))].map((parent) => ({txid: parent.txid, vout: i}));
      const transaction = aSpend([anOutpoint(i + 1), ...prevouts], {outputs: 30, scriptPubKey: new Uint8Array(0)});
      const weight = weightWu(transaction, 4);
      const verdict = mempool.admit({transaction, feeSats: BigInt(fee + weight), sigopCost: sigops, weightWu: weight, vsize: Math.ceil(weight / 4), nowSec: 0, height: 1});
      if (verdict.ok) known.push(transaction);
    });
    const selection = selectTemplate(mempool.entries(), {...BUDGET, maxWeightWu: 4000 + room, maxSigopCost: 400 + sigopRoom});
    const seen = new Set<string>();
    let weight = 0;
    let fees = 0n;
    let sigops = 0;
    for (const {transaction, feeSats, weightWu: own, sigopCost} of selection.transactions) {
      for (const {prevout} of transaction.inputs) {
        if (mempool.get(prevout.txid) !== undefined) assert.ok(seen.has(hashKey(prevout.txid)), 'a parent comes before its child');
      }
      seen.add(hashKey(transaction.txid));
      weight += own;
      fees += feeSats;
      sigops += sigopCost;
    }
    assert.is(seen.size, selection.transactions.length, 'nothing twice');
    assert.ok(weight <= room && sigops <= sigopRoom);
    assert.equal([selection.totalFeeSats, selection.totalWeightWu, selection.totalSigopCost], [fees, weight, sigops]);
    // Two transactions of at most 30 sigops each have room enough then.
    if (room === 8000 && sigopRoom >= 60 && rows.length < 3) assert.is(seen.size, mempool.count);
  }), {numRuns: 150});
});

test.run();
