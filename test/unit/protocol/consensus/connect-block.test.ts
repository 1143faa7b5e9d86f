/**
 * Connection at each reject code's border, and the property that a reorg stands on: connect, then disconnect, leaves
 * the coin set as it was, for random blocks with chains of spends inside.
 */
import * as fc from 'fast-check';
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import type {ChainSpec} from '../../../../src/protocol/chain/chain-spec.js';
import {REGTEST} from '../../../../src/protocol/chain/presets.js';
import {connectBlockInSteps} from '../../../../src/protocol/consensus/connect-block.js';
import {disconnectBlock} from '../../../../src/protocol/consensus/disconnect-block.js';
import {decodeUndo, encodeUndo} from '../../../../src/protocol/primitives/undo-codec.js';
import type {Coin, OutPoint, Transaction} from '../../../../src/protocol/primitives/transaction.js';
import {CoinSet} from '../../../support/coin-set.js';
import {aBlock, aCoinbase, anOutpoint, aSpend, COIN, OP_TRUE} from '../../../support/ledger-builder.js';

const test = suite('protocol / consensus / connect-block');
const HEIGHT = 120;
const medianTimePastAt = (height: number) => 1_600_000_000 + height * 600;

function aCoin(fields: Partial<Coin> = {}): Coin {
  return {valueSats: COIN, scriptPubKey: OP_TRUE, height: 5, isCoinbase: false, ...fields};
}
function setOf(...coins: readonly [OutPoint, Coin][]): CoinSet {
  const set = new CoinSet();
  for (const [outpoint, coin] of coins) set.set(outpoint, coin);
  return set;
}
function codeOf(set: CoinSet, transactions: readonly Transaction[], options: {coinbase?: Transaction; spec?: ChainSpec} = {}): string {
  const block = aBlock([options.coinbase ?? aCoinbase(HEIGHT), ...transactions]);
  const verdict = set.connect(block, {spec: options.spec ?? REGTEST, height: HEIGHT, medianTimePastAt});
  return verdict.ok ? `fees ${verdict.value.feesSats}` : verdict.code;
}

test('fees are what inputs leave over', () => {
  assert.is(codeOf(setOf([anOutpoint(1), aCoin()]), [aSpend([anOutpoint(1)], {valueSats: COIN - 7n})]), 'fees 7');
});
test('bad-txns-inputs-missingorspent: never there, spent before, spent twice in the block, made later in the block', () => {
  assert.is(codeOf(setOf(), [aSpend([anOutpoint(1)])]), 'bad-txns-inputs-missingorspent');
  const twice = [aSpend([anOutpoint(1)]), aSpend([anOutpoint(1)], {lockTime: 1})];
  assert.is(codeOf(setOf([anOutpoint(1), aCoin()]), twice), 'bad-txns-inputs-missingorspent');
  const parent = aSpend([anOutpoint(1)]);
  const child = aSpend([{txid: parent.txid, vout: 0}]);
  assert.is(codeOf(setOf([anOutpoint(1), aCoin()]), [child, parent]), 'bad-txns-inputs-missingorspent');
  assert.is(codeOf(setOf([anOutpoint(1), aCoin()]), [parent, child]), 'fees 0');
  const rival = aSpend([{txid: parent.txid, vout: 0}], {lockTime: 1});
  assert.is(codeOf(setOf([anOutpoint(1), aCoin()]), [parent, child, rival]), 'bad-txns-inputs-missingorspent');
});
test('bad-txns-premature-spend-of-coinbase, also of the same block', () => {
  const spend = [aSpend([anOutpoint(1)])];
  assert.is(codeOf(setOf([anOutpoint(1), aCoin({isCoinbase: true, height: HEIGHT - 99})]), spend), 'bad-txns-premature-spend-of-coinbase');
  assert.is(codeOf(setOf([anOutpoint(1), aCoin({isCoinbase: true, height: HEIGHT - 100})]), spend), 'fees 0');
  const coinbase = aCoinbase(HEIGHT);
  assert.is(codeOf(setOf(), [aSpend([{txid: coinbase.txid, vout: 0}])], {coinbase}), 'bad-txns-premature-spend-of-coinbase');
});
test('bad-txns-in-belowout', () => {
  assert.is(codeOf(setOf([anOutpoint(1), aCoin()]), [aSpend([anOutpoint(1)], {valueSats: COIN + 1n})]), 'bad-txns-in-belowout');
});
test('bad-txns-accumulated-fee-outofrange', () => {
  const rich = aCoin({valueSats: REGTEST.maxMoneySats});
  const set = () => setOf([anOutpoint(1), rich], [anOutpoint(2), rich]);
  const burn = (n: number, valueSats: bigint) => aSpend([anOutpoint(n)], {valueSats});
  assert.is(codeOf(set(), [burn(1, 1n), burn(2, REGTEST.maxMoneySats - 1n)]), `fees ${REGTEST.maxMoneySats}`);
  assert.is(codeOf(set(), [burn(1, 1n), burn(2, REGTEST.maxMoneySats - 2n)]), 'bad-txns-accumulated-fee-outofrange');
});
test('bad-txns-nonfinal: a relative lock', () => {
  const locked = (blocks: number) => [aSpend([anOutpoint(1)], {sequence: blocks})];
  assert.is(codeOf(setOf([anOutpoint(1), aCoin({height: 100})]), locked(20)), 'fees 0');
  assert.is(codeOf(setOf([anOutpoint(1), aCoin({height: 100})]), locked(21)), 'bad-txns-nonfinal');
  const beforeCsv = {...REGTEST, activation: {...REGTEST.activation, csv: 1000}};
  assert.is(codeOf(setOf([anOutpoint(1), aCoin({height: 100})]), locked(21), {spec: beforeCsv}), 'fees 0');
});
test('bad-blk-sigops: P2SH operations count with the coins', () => {
  const p2sh = aCoin({scriptPubKey: Uint8Array.from([0xa9, 0x14, ...new Uint8Array(20), 0x87])});
  const spend = aSpend([anOutpoint(1)], {scriptSig: Uint8Array.of(2, 0x52, 0xae)});
  const limited = (maxBlockSigopCost: number) => ({spec: {...REGTEST, maxBlockSigopCost}});
  assert.is(codeOf(setOf([anOutpoint(1), p2sh]), [spend], limited(8)), 'fees 0');
  assert.is(codeOf(setOf([anOutpoint(1), p2sh]), [spend], limited(7)), 'bad-blk-sigops');
});
test('bad-cb-amount: subsidy and fees, to the satoshi', () => {
  const spend = [aSpend([anOutpoint(1)], {valueSats: COIN - 10n})];
  const claiming = (valueSats: bigint) => ({coinbase: aCoinbase(HEIGHT, {valueSats})});
  assert.is(codeOf(setOf([anOutpoint(1), aCoin()]), spend, claiming(50n * COIN + 10n)), 'fees 10');
  assert.is(codeOf(setOf([anOutpoint(1), aCoin()]), spend, claiming(50n * COIN + 11n)), 'bad-cb-amount');
});
test('bad-txns-BIP30: an unspent coinbase may not be overwritten; other repeats matter only before BIP 34', () => {
  const coinbase = aCoinbase(HEIGHT);
  assert.is(codeOf(setOf([{txid: coinbase.txid, vout: 0}, aCoin()]), [], {coinbase}), 'bad-txns-BIP30');
  const spend = aSpend([anOutpoint(1)]);
  const set = () => setOf([anOutpoint(1), aCoin()], [{txid: spend.txid, vout: 0}, aCoin()]);
  assert.is(codeOf(set(), [spend], {spec: {...REGTEST, activation: {...REGTEST.activation, bip34: 500}}}), 'bad-txns-BIP30');
});

test('outputs that cannot be spent never enter the set, and genesis adds nothing', () => {
  const set = setOf([anOutpoint(1), aCoin()]);
  assert.is(codeOf(set, [aSpend([anOutpoint(1)], {scriptPubKey: Uint8Array.of(0x6a), valueSats: 0n})]), `fees ${COIN}`);
  assert.is(set.size, 1, 'the coinbase only');
  const empty = setOf();
  assert.ok(empty.connect(aBlock([aCoinbase(0)]), {spec: REGTEST, height: 0, medianTimePastAt}).ok);
  assert.is(empty.size, 0);
});
test('the coins of every transaction are listed for its scripts, in input order', () => {
  const set = setOf([anOutpoint(1), aCoin()], [anOutpoint(2), aCoin({valueSats: 3n})]);
  const verdict = set.connect(aBlock([aCoinbase(HEIGHT), aSpend([anOutpoint(1), anOutpoint(2)])]), {spec: REGTEST, height: HEIGHT, medianTimePastAt});
  assert.ok(verdict.ok);
  assert.equal(verdict.value.undo.spentByTx.map((coins) => coins.map((coin) => coin.valueSats)), [[COIN, 3n]]);
});
test('the gain is what the coins are worth more, without what a data output burned and with spends inside the block', () => {
  const set = setOf([anOutpoint(1), aCoin({valueSats: 100n})], [anOutpoint(2), aCoin({valueSats: 50n})]);
  const parent = aSpend([anOutpoint(1)], {valueSats: 60n});
  const child = aSpend([{txid: parent.txid, vout: 0}], {valueSats: 20n, outputs: 2});
  const burning = aSpend([anOutpoint(2)], {valueSats: 7n, scriptPubKey: Uint8Array.of(0x6a)});
  const verdict = set.connect(aBlock([aCoinbase(HEIGHT), parent, child, burning]), {spec: REGTEST, height: HEIGHT, medianTimePastAt});
  assert.ok(verdict.ok);
  const {added, removed, gainSats, feesSats} = verdict.value;
  assert.is(feesSats, 40n + 20n + 43n);
  assert.is(gainSats, added.reduce((sum, {coin}) => sum + coin.valueSats, 0n) - removed.reduce((sum, {coin}) => sum + coin.valueSats, 0n));
});
test('no step of a divided connection takes more coins than sixteen, however many a transaction spends', () => {
  const outpoints = Array.from({length: 200}, (_, n) => anOutpoint(n + 1));
  const set = setOf(...outpoints.map((outpoint): [OutPoint, Coin] => [outpoint, aCoin({valueSats: 1n})]));
  const block = aBlock([aCoinbase(HEIGHT), aSpend(outpoints.slice(0, 190), {valueSats: 0n}), aSpend(outpoints.slice(190), {valueSats: 0n})]);
  let taken = 0;
  const coin = (outpoint: OutPoint) => {
    taken += 1;
    return set.get(outpoint);
  };
  const steps = connectBlockInSteps(block, {spec: REGTEST, height: HEIGHT, medianTimePastAt, coin});
  const takenByStep: number[] = [];
  let step = steps.next();
  for (; step.done !== true; step = steps.next()) {
    takenByStep.push(taken);
    taken = 0;
  }
  takenByStep.push(taken);
  assert.ok(step.value.ok);
  assert.is(takenByStep.reduce((sum, count) => sum + count, 0), 201, 'each coin once, and the coinbase for BIP 30');
  assert.is(Math.max(...takenByStep), 16);
  assert.equal(step.value, set.connect(block, {spec: REGTEST, height: HEIGHT, medianTimePastAt}));
});
test('an undo record of another block is our own bug', () => {
  assert.throws(() => disconnectBlock(aBlock([aCoinbase(1)]), {spentByTx: [[]]}), 'invariant broken');
});

/** A block over `confirmed` coins in which each transaction spends up to three coins, its own block's included. */
function randomBlock(choices: readonly {picks: readonly number[]; outputs: number; isData: boolean}[], height: number, confirmed: OutPoint[]) {
  const spendable = [...confirmed];
  const transactions: Transaction[] = [];
  for (const {picks, outputs, isData} of choices) {
    const prevouts = picks.flatMap((pick) => (spendable.length > 0 ? spendable.splice(pick % spendable.length, 1) : []));
    if (prevouts.length === 0) continue;
    const transaction = aSpend(prevouts, {outputs, valueSats: 0n, scriptPubKey: isData ? Uint8Array.of(0x6a) : OP_TRUE});
    transactions.push(transaction);
    if (!isData) for (let vout = 0; vout < outputs; vout++) spendable.push({txid: transaction.txid, vout});
  }
  return {block: aBlock([aCoinbase(height), ...transactions]), spendable};
}

test('connect then disconnect is identity on the coin set, through the stored form of the undo', () => {
  const choice = fc.record({picks: fc.array(fc.nat(), {minLength: 1, maxLength: 3}), outputs: fc.integer({min: 1, max: 3}), isData: fc.boolean()});
  const blocks = fc.array(fc.array(choice, {maxLength: 12}), {minLength: 1, maxLength: 4});
  fc.assert(fc.property(blocks, (plans) => {
    const set = new CoinSet();
    let spendable = Array.from({length: 8}, (_, n) => anOutpoint(n + 1));
    for (const outpoint of spendable) set.set(outpoint, aCoin({valueSats: 100n}));
    const past: {before: string[]; block: ReturnType<typeof aBlock>; undo: Uint8Array}[] = [];
    plans.forEach((plan, i) => {
      const built = randomBlock(plan, HEIGHT + i, spendable);
      const before = set.snapshot();
      const verdict = set.connect(built.block, {spec: REGTEST, height: HEIGHT + i, medianTimePastAt});
      assert.ok(verdict.ok);
      const {added, removed, gainSats} = verdict.value;
      assert.is(gainSats, added.reduce((sum, {coin}) => sum + coin.valueSats, 0n) - removed.reduce((sum, {coin}) => sum + coin.valueSats, 0n));
      past.push({before, block: built.block, undo: encodeUndo(verdict.value.undo)});
      spendable = built.spendable;
    });
    for (const {before, block, undo} of past.reverse()) {
      const decoded = decodeUndo(undo);
      assert.ok(decoded.ok);
      set.disconnect(block, decoded.value);
      assert.equal(set.snapshot(), before);
    }
  }), {numRuns: 150});
});

test.run();
