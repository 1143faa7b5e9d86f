/**
 * @module The edges of the differential test: each sets one thing of a block on, or over, the border of one rule. The
 * values are drawn on both sides; which side is valid is for the two nodes to say.
 */
import {concatBytes} from '../../src/protocol/bytes/compare.js';
import {REGTEST} from '../../src/protocol/chain/presets.js';
import {weightWu} from '../../src/protocol/consensus/weight.js';
import {buildTransaction, NULL_HASH, NULL_VOUT} from '../../src/protocol/primitives/transaction-codec.js';
import type {Transaction} from '../../src/protocol/primitives/transaction.js';
import {pushNumber} from '../../src/protocol/script/build-script.js';
import {OP} from '../../src/protocol/script/opcodes.js';
import {inputOf, type BlockPlan, type Edge, type RivalBlocks, type RivalCoin, type SpendPlan} from './rival-blocks.js';

const MAX_MONEY = REGTEST.maxMoneySats;
const MATURITY = REGTEST.coinbaseMaturityBlocks;
const TRUE = Uint8Array.of(OP.OP_1);
const SEQUENCE_TIME = 1 << 22;

/** A spend to change, made where the plan has none. */
function withSpend(plan: BlockPlan, blocks: RivalBlocks, fits: (coin: RivalCoin) => boolean = () => true): SpendPlan | undefined {
  const coin = blocks.takeCoin((known) => blocks.isMature(known) && fits(known));
  if (coin === undefined) return undefined;
  const spend = blocks.spendOf([coin]);
  plan.spends.push(spend);
  return spend;
}

function onSpend(name: string, change: (spend: SpendPlan, plan: BlockPlan, blocks: RivalBlocks) => void, fits?: (coin: RivalCoin) => boolean): Edge {
  return {name, apply: (plan, blocks) => {
    const spend = withSpend(plan, blocks, fits);
    if (spend !== undefined) change(spend, plan, blocks);
  }};
}

const isLock = (...names: readonly string[]) => ({lock}: RivalCoin): boolean => names.includes(lock.name);

const AMOUNTS: readonly Edge[] = [
  {name: 'coinbase amount', apply: (plan, blocks) => { plan.excessSats = blocks.pick([-1n, 0n, 1n, 50n]); }},
  onSpend('fee of zero or below', (spend, _plan, blocks) => {
    spend.outputs = [{valueSats: spend.inputs[0]!.coin!.coin.valueSats + blocks.pick([-1n, 0n, 1n]), scriptPubKey: TRUE}];
  }),
  onSpend('value out of range', (spend, _plan, blocks) => {
    spend.outputs.push({valueSats: blocks.pick([-1n, MAX_MONEY, MAX_MONEY + 1n, -(1n << 63n)]), scriptPubKey: TRUE});
  }),
  onSpend('sum out of range', (spend) => {
    spend.outputs = [{valueSats: MAX_MONEY, scriptPubKey: TRUE}, {valueSats: 1n, scriptPubKey: TRUE}];
  }),
];

const SPENDS: readonly Edge[] = [
  {name: 'maturity', apply: (plan, blocks) => {
    const age = blocks.pick([MATURITY - 1, MATURITY, MATURITY + 1]);
    const coin = blocks.takeCoin((known) => known.coin.isCoinbase && plan.height - known.coin.height === age);
    if (coin !== undefined) plan.spends.push(blocks.spendOf([coin]));
  }},
  onSpend('input twice in a transaction', (spend) => { spend.inputs.push({...spend.inputs[0]!}); }),
  onSpend('coin spent twice in a block', (spend, plan, blocks) => { plan.spends.push({...blocks.spendOf([spend.inputs[0]!.coin!]), lockTime: 1}); }),
  onSpend('coin that never was', (spend) => { spend.inputs.push({...spend.inputs[0]!, prevout: {...spend.inputs[0]!.prevout, vout: 77}}); }),
  onSpend('null outpoint', (spend) => { spend.inputs.push({...spend.inputs[0]!, prevout: {txid: NULL_HASH, vout: NULL_VOUT}}); }),
  onSpend('no outputs', (spend) => { spend.outputs = []; }),
  onSpend('child with or before its parent', (spend, plan, blocks) => {
    const parent = buildTransaction({version: spend.version, lockTime: spend.lockTime, inputs: spend.inputs, outputs: [{valueSats: 1_000n, scriptPubKey: TRUE}]});
    spend.outputs = [{valueSats: 1_000n, scriptPubKey: TRUE}];
    const child = {version: 2, lockTime: 0, outputs: [{valueSats: 400n, scriptPubKey: TRUE}], inputs: [inputOf({
      outpoint: {txid: parent.txid, vout: 0}, coin: {valueSats: 1_000n, scriptPubKey: TRUE, height: plan.height, isCoinbase: false},
      lock: {name: 'child', scriptPubKey: TRUE, scriptSig: new Uint8Array(0), witness: []},
    }, blocks.pick([0xffffffff, 0, 1]))]};
    if (blocks.random.below(3) === 0) plan.spends.splice(0, 0, child);
    else plan.spends.push(child);
  }),
  {name: 'coinbase spent in its block', apply: (plan) => {
    plan.arrange = ([coinbase, ...others]) => [coinbase!, ...others, buildTransaction({
      inputs: [{prevout: {txid: coinbase!.txid, vout: 0}}], outputs: [{valueSats: 1n, scriptPubKey: TRUE}],
    })];
  }},
];

const SCRIPTS: readonly Edge[] = [
  onSpend('scriptSig where none belongs', (spend, _plan, blocks) => {
    spend.inputs[0] = {...spend.inputs[0]!, scriptSig: blocks.pick([Uint8Array.of(OP.OP_1), Uint8Array.of(OP.NOP), Uint8Array.of(OP.OP_0), Uint8Array.of(OP.PUSHDATA1), Uint8Array.of(OP.RETURN)])};
  }, isLock('bare', 'p2wsh', 'nested')),
  onSpend('witness changed', (spend, _plan, blocks) => {
    spend.inputs[0] = {...spend.inputs[0]!, witness: blocks.pick([[], [TRUE], [TRUE, TRUE], [new Uint8Array(520), TRUE], [new Uint8Array(521), Uint8Array.of(OP.DROP, OP.OP_1)], [new Uint8Array(520), Uint8Array.of(OP.DROP, OP.OP_1)]])};
  }),
  onSpend('scriptSig not push only', (spend) => {
    const input = spend.inputs[0]!;
    spend.inputs[0] = {...input, scriptSig: concatBytes(Uint8Array.of(OP.NOP), input.scriptSig)};
  }, isLock('p2sh', 'nested', 'p2sh sigops')),
  onSpend('relative lock of a script', (spend, _plan, blocks) => {
    spend.version = blocks.pick([1, 2, 2, 2]);
    spend.inputs[0] = {...spend.inputs[0]!, sequence: blocks.pick([2, 3, 4, SEQUENCE_TIME | 1, SEQUENCE_TIME | 2, SEQUENCE_TIME | 3, 0x80000003])};
  }, isLock('height csv', 'time csv')),
  onSpend('absolute lock of a script', (spend, plan, blocks) => {
    spend.lockTime = blocks.pick([499, 500, 501, plan.height, plan.parentMedianTimeSec - 1]);
    spend.inputs[0] = {...spend.inputs[0]!, sequence: blocks.pick([0xfffffffe, 0xfffffffe, 0xffffffff])};
  }, isLock('height cltv')),
];

const LOCK_TIMES: readonly Edge[] = [
  onSpend('lock time', (spend, plan, blocks) => {
    spend.lockTime = blocks.pick([plan.height - 1, plan.height, plan.height + 1, plan.parentMedianTimeSec - 1, plan.parentMedianTimeSec, plan.parentMedianTimeSec + 1, plan.timeSec, 499_999_999, 500_000_000]);
    spend.inputs[0] = {...spend.inputs[0]!, sequence: blocks.pick([0xfffffffe, 0xfffffffe, 0xffffffff])};
  }),
  {name: 'lock time of the coinbase', apply: (plan, blocks) => {
    const lockTime = blocks.pick([plan.height - 1, plan.height]);
    const sequence = blocks.pick([0xfffffffe, 0xffffffff]);
    plan.arrange = ([coinbase, ...others]) => [buildTransaction({...coinbase!, lockTime, inputs: coinbase!.inputs.map((input) => ({...input, sequence}))}), ...others];
  }},
  onSpend('relative lock by height', (spend, plan, blocks) => {
    const age = plan.height - spend.inputs[0]!.coin!.coin.height;
    spend.version = blocks.pick([0, 1, 2, 2, 2, 3, 0x80000000, 0xffffffff]);
    spend.inputs[0] = {...spend.inputs[0]!, sequence: (blocks.pick([age - 1, age, age + 1]) | blocks.pick([0, 0, 0, 0x00800000, 0x80000000])) >>> 0};
  }, ({coin}) => !coin.isCoinbase),
  onSpend('relative lock by time', (spend, plan, blocks) => {
    const {height} = spend.inputs[0]!.coin!.coin;
    const elapsed = Math.floor((plan.parentMedianTimeSec - blocks.medianTimeAt(height - 1)) / 512);
    spend.version = blocks.pick([1, 2, 2, 0xffffffff]);
    spend.inputs[0] = {...spend.inputs[0]!, sequence: SEQUENCE_TIME | Math.max(0, Math.min(0xffff, elapsed + blocks.pick([-1, 0, 1])))};
  }),
];

const HEADERS: readonly Edge[] = [
  // No negative ones: Core's version is signed and so outdated then, bcoin's is not. `check-header.test.ts` has the rule.
  {name: 'version', apply: (plan, blocks) => { plan.version = blocks.pick([0, 1, 2, 3, 4, 0x7fffffff]); }},
  {name: 'time', apply: (plan, blocks) => { plan.timeSec = blocks.pick([plan.parentMedianTimeSec - 1, plan.parentMedianTimeSec, plan.parentMedianTimeSec + 1, 0xffffffff]); }},
  {name: 'bits', apply: (plan, blocks) => { plan.bits = blocks.pick([0x207ffffe, 0x2100ffff, 0x207fff00, 0x1f7fffff, 0x20ffffff, 0]); }},
  {name: 'coinbase script', apply: (plan, blocks) => {
    const push = pushNumber(plan.height);
    const fill = (size: number): Uint8Array => concatBytes(push, new Uint8Array(size - push.length));
    plan.coinbaseScript = blocks.pick([
      fill(100), fill(101), push, pushNumber(plan.height + 1), pushNumber(plan.height - 1), Uint8Array.of(OP.OP_1, OP.OP_1), Uint8Array.of(1), new Uint8Array(0),
    ]);
  }},
];

const BODIES: readonly Edge[] = [
  {name: 'two coinbases', apply: (plan, blocks) => {
    const at = blocks.random.below(2);
    plan.arrange = ([coinbase, ...others]) => {
      const twin = buildTransaction({...coinbase!, lockTime: 5});
      return at === 0 ? [coinbase!, twin, ...others] : [coinbase!, ...others, twin];
    };
  }},
  {name: 'coinbase not first', apply: (plan) => { plan.arrange = ([coinbase, ...others]) => [...others, coinbase!]; }},
  {name: 'a transaction twice', apply: (plan) => { plan.arrange = (all) => [...all, all.at(-1)!]; }},
  {name: 'merkle tail repeated', apply: (plan) => {
    // An odd number of three or more: its root is that of the list with the last one twice.
    plan.deliver = (all) => (all.length % 2 === 1 && all.length > 1 ? [...all, all.at(-1)!] : all);
  }},
  {name: 'transaction missing or moved', apply: (plan, blocks) => {
    plan.deliver = blocks.pick<(all: Transaction[]) => Transaction[]>([(all) => all.slice(0, -1), ([first, ...rest]) => [first!, ...rest.reverse()]]);
  }},
  {name: 'witness commitment', apply: (plan, blocks) => {
    plan.commitment = blocks.pick(['always', 'none', 'wrong', 'twice, last right', 'twice, last wrong', 'with a tail']);
    plan.reserved = blocks.pick([[NULL_HASH], [NULL_HASH], [new Uint8Array(32).fill(7)], [], [new Uint8Array(31)], [new Uint8Array(33)], [NULL_HASH, NULL_HASH]]);
  }},
  {name: 'witness stripped', apply: (plan) => {
    plan.deliver = (all) => all.map((transaction) => buildTransaction({...transaction, inputs: transaction.inputs.map((input) => ({...input, witness: []}))}));
  }},
];

/** Legacy operations of the outputs count four, so 20,000 in all are allowed. */
const LIMITS: readonly Edge[] = [
  {name: 'legacy sigops', apply: (plan, blocks) => {
    const count = 20_000 + blocks.pick([-1, 0, 1]);
    plan.spends = [];
    plan.coinbaseOutputs.push({valueSats: 0n, scriptPubKey: new Uint8Array(count).fill(OP.CHECKSIG)});
  }},
  {name: 'sigops of what is spent', apply: (plan, blocks) => {
    plan.spends = [];
    const costs: Readonly<Record<string, number>> = {'p2sh sigops': 199 * 20 * 4, 'p2wsh sigops': 199 * 20, 'nested sigops': 150};
    let cost = 0;
    for (let i = 0; i < 4; i++) {
      const spend = withSpend(plan, blocks, ({lock}) => lock.name in costs);
      if (spend === undefined) break;
      spend.outputs = [{valueSats: 1_000n, scriptPubKey: TRUE}];
      cost += costs[spend.inputs[0]!.coin!.lock.name]!;
    }
    const legacy = Math.floor((80_000 - cost) / 4) + blocks.pick([0, 0, 1]);
    plan.coinbaseOutputs.push({valueSats: 0n, scriptPubKey: new Uint8Array(Math.max(1, legacy)).fill(OP.CHECKSIGVERIFY)});
  }},
  {name: 'weight', apply: (plan, blocks) => {
    plan.spends = plan.spends.slice(0, 1);
    const over = blocks.pick([-4, -3, -2, -1, 0, 1, 2, 3, 4]);
    plan.arrange = ([coinbase, ...others]) => fillTo(coinbase!, others, REGTEST.maxBlockWeightWu + over);
  }},
];

/** A data output of the coinbase takes what is missing; the witness of the coinbase is left as it is. */
function fillTo(coinbase: Transaction, others: readonly Transaction[], weightTarget: number): Transaction[] {
  const all = (size: number): Transaction[] => [buildTransaction({
    ...coinbase, outputs: [{valueSats: 0n, scriptPubKey: new Uint8Array(size).fill(OP.RETURN)}, ...coinbase.outputs],
  }), ...others];
  const weightOf = (list: readonly Transaction[]): number => 4 * (80 + 1) + list.reduce((sum, transaction) => sum + weightWu(transaction, 4), 0);
  const size = 900_000 + Math.round((weightTarget - weightOf(all(900_000))) / 4);
  return all(size);
}

export const EDGES: readonly Edge[] = [...AMOUNTS, ...SPENDS, ...SCRIPTS, ...LOCK_TIMES, ...HEADERS, ...BODIES, ...LIMITS];
