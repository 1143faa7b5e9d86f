/**
 * The mempool's rules at their borders, and its totals against a slow recount after random histories of admission,
 * blocks, removals and evictions.
 */
import * as fc from 'fast-check';
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {weightWu} from '../../../../src/protocol/consensus/weight.js';
import {Mempool, MEMPOOL_LIMITS} from '../../../../src/protocol/mempool/mempool.js';
import type {MempoolLimits} from '../../../../src/protocol/mempool/mempool.js';
import {ancestorsOf, descendantsOf} from '../../../../src/protocol/mempool/mempool-entry.js';
import {checkStandard, dustThreshold} from '../../../../src/protocol/mempool/policy.js';
import type {OutPoint, Transaction} from '../../../../src/protocol/primitives/transaction.js';
import {aCoinbase, anOutpoint, aSpend, OP_TRUE} from '../../../support/ledger-builder.js';

const test = suite('protocol / mempool / mempool');

function aMempool(limits: Partial<MempoolLimits> = {}) {
  const mempool = new Mempool({...MEMPOOL_LIMITS, ...limits});
  return {
    mempool,
    admit(transaction: Transaction, options: {feeSats?: bigint; nowSec?: number} = {}) {
      const vsize = Math.ceil(weightWu(transaction, 4) / 4);
      return mempool.admit({
        transaction, vsize, weightWu: weightWu(transaction, 4), sigopCost: 0, height: 1,
        feeSats: options.feeSats ?? BigInt(vsize), nowSec: options.nowSec ?? 0,
      });
    },
  };
}
const codeOf = (verdict: {ok: boolean; code?: string}) => (verdict.ok ? 'ok' : verdict.code);
const outOf = (transaction: Transaction, vout = 0): OutPoint => ({txid: transaction.txid, vout});

test('txn-already-in-mempool, and the same transaction with another witness', () => {
  const {admit} = aMempool();
  const signed = (n: number) => aSpend([anOutpoint(1)], {witness: [Uint8Array.of(n)]});
  assert.is(codeOf(admit(signed(1))), 'ok');
  assert.is(codeOf(admit(signed(1))), 'txn-already-in-mempool');
  assert.is(codeOf(admit(signed(2))), 'txn-same-nonwitness-data-in-mempool');
});
test('txn-mempool-conflict: the first seen stays', () => {
  const {admit, mempool} = aMempool();
  const first = aSpend([anOutpoint(1)]);
  admit(first);
  assert.is(codeOf(admit(aSpend([anOutpoint(2), anOutpoint(1)]), {feeSats: 100_000n})), 'txn-mempool-conflict');
  assert.equal(mempool.spenderOf(anOutpoint(1))?.transaction.txid, first.txid);
});
test('min relay fee not met: one satoshi for each virtual byte', () => {
  const {admit} = aMempool();
  const vsize = BigInt(aSpend([anOutpoint(1)]).bytes.length);
  assert.is(codeOf(admit(aSpend([anOutpoint(1)]), {feeSats: vsize - 1n})), 'min relay fee not met');
  assert.is(codeOf(admit(aSpend([anOutpoint(1)]), {feeSats: vsize})), 'ok');
});
test('too-long-mempool-chain: 25 in a row, by ancestors and by descendants, and by size', () => {
  const {admit} = aMempool();
  let last = aSpend([anOutpoint(1)], {outputs: 30});
  const root = last;
  admit(root);
  for (let i = 0; i < 24; i++) {
    last = aSpend([outOf(last)]);
    assert.is(codeOf(admit(last)), 'ok');
  }
  assert.is(codeOf(admit(aSpend([outOf(last)]))), 'too-long-mempool-chain');
  assert.is(codeOf(admit(aSpend([outOf(root, 1)]))), 'too-long-mempool-chain', 'a 26th descendant of the root');
  const big = aMempool({chainVsizeMax: 1000});
  const parent = aSpend([anOutpoint(1)], {scriptPubKey: new Uint8Array(600)});
  assert.is(codeOf(big.admit(parent)), 'ok');
  const room = 1000 - parent.bytes.length - aSpend([outOf(parent)], {scriptSig: new Uint8Array(260)}).bytes.length + 260;
  assert.is(codeOf(big.admit(aSpend([outOf(parent)], {scriptSig: new Uint8Array(room + 1)}))), 'too-long-mempool-chain');
  assert.is(codeOf(big.admit(aSpend([outOf(parent)], {scriptSig: new Uint8Array(room)}))), 'ok');
});

test('a full mempool evicts the lowest package and asks for more; the rate decays after a block', () => {
  const {admit, mempool} = aMempool({countMax: 3});
  const poor = aSpend([anOutpoint(1)]);
  const child = aSpend([outOf(poor)]);
  admit(poor, {feeSats: 200n});
  admit(child, {feeSats: 300n});
  admit(aSpend([anOutpoint(2)]), {feeSats: 1000n});
  const verdict = admit(aSpend([anOutpoint(3)]), {feeSats: 2000n});
  assert.ok(verdict.ok);
  assert.equal(verdict.value.evicted.map((entry) => entry.transaction.txid), [child.txid, poor.txid], 'never a parent without its child');
  assert.is(mempool.count, 2);
  const raised = mempool.minFeeSatsPerKvb(0);
  assert.ok(raised > 1000n);
  assert.is(mempool.minFeeSatsPerKvb(48 * 3600), raised, 'no decay before a block');
  mempool.removeForBlock([], 48 * 3600);
  assert.ok(mempool.minFeeSatsPerKvb(54 * 3600) < raised);
  assert.is(mempool.minFeeSatsPerKvb(480 * 3600), 1000n);
});
test('mempool full: the newcomer itself is the lowest', () => {
  const {admit, mempool} = aMempool({countMax: 1});
  admit(aSpend([anOutpoint(1)]), {feeSats: 1000n});
  assert.is(codeOf(admit(aSpend([anOutpoint(2)]), {feeSats: 100n})), 'mempool full');
  assert.is(mempool.count, 1);
  assert.is(codeOf(admit(aSpend([anOutpoint(3)]), {feeSats: 100n})), 'mempool min fee not met', 'the same spam does not return for free');
});
test('the bound in bytes counts the serialisation', () => {
  const one = aSpend([anOutpoint(1)]).bytes.length;
  const {admit, mempool} = aMempool({bytesMax: 2 * one});
  admit(aSpend([anOutpoint(1)]), {feeSats: 500n});
  admit(aSpend([anOutpoint(2)]), {feeSats: 600n});
  assert.is(mempool.totalBytes, 2 * one);
  admit(aSpend([anOutpoint(3)]), {feeSats: 700n});
  assert.is(mempool.count, 2);
  assert.is(mempool.spenderOf(anOutpoint(1)), undefined);
});

test('a block takes its transactions out, and rivals of them with their descendants', () => {
  const {admit, mempool} = aMempool();
  const [mined, kept, rival] = [aSpend([anOutpoint(1)]), aSpend([outOf(aSpend([anOutpoint(1)]))]), aSpend([anOutpoint(2)])];
  const rivalChild = aSpend([outOf(rival)]);
  for (const transaction of [mined, kept, rival, rivalChild]) assert.is(codeOf(admit(transaction)), 'ok');
  const winner = aSpend([anOutpoint(2)], {lockTime: 1});
  const {confirmed, conflicts} = mempool.removeForBlock([aCoinbase(1), mined, winner], 0);
  assert.equal(confirmed.map((entry) => entry.transaction.txid), [mined.txid]);
  assert.equal(conflicts.map((entry) => entry.transaction.txid), [rivalChild.txid, rival.txid]);
  assert.is(mempool.get(kept.txid)?.ancestorCount, 1, 'its parent is confirmed now');
});
test('after a reorg a transaction comes back above the children that stayed', () => {
  const {admit, mempool} = aMempool();
  const parent = aSpend([anOutpoint(1)]);
  const child = aSpend([outOf(parent)]);
  const grandchild = aSpend([outOf(child)]);
  for (const transaction of [parent, child, grandchild]) admit(transaction);
  mempool.removeForBlock([parent], 0);
  assert.is(codeOf(admit(parent)), 'ok');
  assert.is(mempool.get(parent.txid)?.descendantCount, 3);
  assert.is(mempool.get(grandchild.txid)?.ancestorCount, 3);
  assert.is(mempool.remove(parent.txid).length, 3);
  assert.is(mempool.totalFeeSats, 0n);
});
test('what waited for two weeks leaves with its children', () => {
  const {admit, mempool} = aMempool();
  const old = aSpend([anOutpoint(1)]);
  admit(old);
  admit(aSpend([outOf(old)]), {nowSec: 1_000_000});
  assert.is(mempool.expire(336 * 3600).length, 0);
  assert.is(mempool.expire(336 * 3600 + 1).length, 2);
});

test('totals equal a recount after random histories', () => {
  const step = fc.record({kind: fc.constantFrom('admit', 'admit', 'admit', 'block', 'remove', 'readmit'), pick: fc.nat(), more: fc.nat(), fee: fc.integer({min: 200, max: 5000})});
  fc.assert(fc.property(fc.array(step, {maxLength: 60}), (steps) => {
    const {admit, mempool} = aMempool({countMax: 20});
    const known: Transaction[] = [];
    steps.forEach(({kind, pick, more, fee}, i) => {
      const source = known[pick % Math.max(1, known.length)];
      if (kind === 'admit' || source === undefined) {
        const prevouts = [anOutpoint(1000 + i), ...(source === undefined || more % 3 === 0 ? [] : [outOf(source, more % 4)])];
        const transaction = aSpend(prevouts, {outputs: 4});
        known.push(transaction);
        admit(transaction, {feeSats: BigInt(fee)});
      } else if (kind === 'block') {
        const entry = mempool.get(source.txid);
        if (entry !== undefined) mempool.removeForBlock([...ancestorsOf(entry), entry].sort((a, b) => a.ancestorCount - b.ancestorCount).map((at) => at.transaction), i);
      } else if (kind === 'remove') mempool.remove(source.txid);
      else admit(source, {feeSats: 100_000n});
    });
    let bytes = 0;
    let fees = 0n;
    for (const entry of mempool.entries()) {
      bytes += entry.transaction.bytes.length;
      fees += entry.feeSats;
      const [up, down] = [[entry, ...ancestorsOf(entry)], [entry, ...descendantsOf(entry)]];
      assert.is(entry.ancestorCount, up.length);
      assert.is(entry.ancestorFeeSats, up.reduce((sum, at) => sum + at.feeSats, 0n));
      assert.is(entry.ancestorVsize, up.reduce((sum, at) => sum + at.vsize, 0));
      assert.is(entry.descendantCount, down.length);
      assert.is(entry.descendantFeeSats, down.reduce((sum, at) => sum + at.feeSats, 0n));
      assert.is(entry.descendantVsize, down.reduce((sum, at) => sum + at.vsize, 0));
      for (const {prevout} of entry.transaction.inputs) assert.is(mempool.spenderOf(prevout), entry);
    }
    assert.is(mempool.totalBytes, bytes);
    assert.is(mempool.totalFeeSats, fees);
    assert.ok(mempool.count <= 20);
  }), {numRuns: 150});
});

const standardCode = (transaction: Transaction, measured = {weightWu: 400, sigopCost: 0}) => codeOf(checkStandard(transaction, measured));
test('policy: each code at its border', () => {
  const p2wpkh = Uint8Array.from([0, 20, ...new Uint8Array(20)]);
  const paying = (options: Parameters<typeof aSpend>[1]) => aSpend([anOutpoint(1)], {scriptPubKey: p2wpkh, ...options});
  assert.is(standardCode(paying({})), 'ok');
  assert.is(standardCode(aCoinbase(1)), 'coinbase');
  for (const version of [0, 3, 0xffffffff]) assert.is(standardCode(paying({version})), 'version');
  assert.is(standardCode(paying({}), {weightWu: 400_001, sigopCost: 0}), 'tx-size');
  assert.is(standardCode(paying({}), {weightWu: 400_000, sigopCost: 16_000}), 'ok');
  assert.is(standardCode(paying({}), {weightWu: 400, sigopCost: 16_001}), 'bad-txns-too-many-sigops');
  assert.is(aSpend([anOutpoint(1)], {scriptPubKey: new Uint8Array(4)}).strippedSize, 64);
  assert.is(standardCode(aSpend([anOutpoint(1)], {scriptPubKey: new Uint8Array(4)})), 'tx-size-small');
  assert.is(standardCode(aSpend([anOutpoint(1)], {scriptPubKey: new Uint8Array(5)})), 'ok');
  assert.is(standardCode(paying({scriptSig: new Uint8Array(1650)})), 'ok');
  assert.is(standardCode(paying({scriptSig: new Uint8Array(1651)})), 'scriptsig-size');
  assert.is(standardCode(paying({valueSats: 294n})), 'ok');
  assert.is(standardCode(paying({valueSats: 293n})), 'dust');
  assert.is(standardCode(aSpend([anOutpoint(1)], {valueSats: 0n, outputs: 2, scriptPubKey: Uint8Array.of(0x6a, 1, 1)})), 'multi-op-return');
  assert.is(dustThreshold(Uint8Array.from([0x76, 0xa9, 0x14, ...new Uint8Array(20), 0x88, 0xac])), 546n);
  assert.is(dustThreshold(OP_TRUE), 474n);
});

test.run();
