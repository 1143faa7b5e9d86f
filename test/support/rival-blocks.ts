/**
 * @module Blocks for the differential test: each on the tip, with real spends, and most of them broken in one spot or set
 * on the edge of one rule. Judges nothing: it only remembers which blocks were accepted, to spend their coins later.
 */
import {concatBytes, hashToInteger} from '../../src/protocol/bytes/compare.js';
import {hashKey} from '../../src/protocol/bytes/hash-key.js';
import {sha256d} from '../../src/protocol/bytes/sha256.js';
import {REGTEST} from '../../src/protocol/chain/presets.js';
import {medianTimePast} from '../../src/protocol/consensus/lock-times.js';
import {merkleRoot} from '../../src/protocol/consensus/merkle.js';
import {compactToTarget} from '../../src/protocol/consensus/pow/compact.js';
import {blockSubsidy} from '../../src/protocol/consensus/subsidy.js';
import {witnessCommitment, witnessCommitmentScript, witnessMerkleRoot} from '../../src/protocol/consensus/witness-commitment.js';
import {buildHeader, decodeBlock, encodeBlock} from '../../src/protocol/primitives/block-codec.js';
import type {Block} from '../../src/protocol/primitives/block.js';
import {buildTransaction, NULL_HASH, NULL_VOUT} from '../../src/protocol/primitives/transaction-codec.js';
import type {Coin, OutPoint, Transaction, TxInput, TxOutput} from '../../src/protocol/primitives/transaction.js';
import {p2shOf, p2wshOf, pushData, pushNumber} from '../../src/protocol/script/build-script.js';
import {OP} from '../../src/protocol/script/opcodes.js';
import type {Random} from '../../src/runtime/clock.js';

/** An output script and what unlocks it; no keys, so that making a block costs nothing. */
export interface Lock {
  readonly name: string;
  readonly scriptPubKey: Uint8Array;
  readonly scriptSig: Uint8Array;
  readonly witness: readonly Uint8Array[];
}

export interface RivalCoin {
  readonly outpoint: OutPoint;
  readonly coin: Coin;
  readonly lock: Lock;
}

export interface SpendPlan {
  version: number;
  lockTime: number;
  inputs: (TxInput & {readonly coin?: RivalCoin})[];
  outputs: TxOutput[];
}

/** A block before it is mined; an edge changes one thing in it. */
export interface BlockPlan {
  readonly height: number;
  readonly parentMedianTimeSec: number;
  spends: SpendPlan[];
  version: number;
  timeSec: number;
  bits: number;
  /** What the coinbase takes beyond subsidy and fees. */
  excessSats: bigint;
  coinbaseScript: Uint8Array;
  coinbaseOutputs: TxOutput[];
  /** The coinbase's witness when the block commits to witnesses. */
  reserved: readonly Uint8Array[];
  commitment: 'as needed' | 'always' | 'none' | 'wrong' | 'twice, last right' | 'twice, last wrong' | 'with a tail';
  /** The last word on the transactions, before the merkle root is computed or after. */
  arrange: (transactions: Transaction[]) => Transaction[];
  /** What stands in the block but is not what the merkle root was computed from. */
  deliver: (transactions: Transaction[]) => Transaction[];
}

/** One change to a plan, on or over the border of one rule. */
export interface Edge {
  readonly name: string;
  apply(plan: BlockPlan, blocks: RivalBlocks): void;
}

const NO_BYTES = new Uint8Array(0);
const TRUE = Uint8Array.of(OP.OP_1);
const DROP_TRUE = Uint8Array.of(OP.DROP, OP.OP_1);

/** `count` of an opcode that counts as signature operations, in a branch that never runs. */
export function sigopScript(opcode: number, count: number): Uint8Array {
  return concatBytes(Uint8Array.of(OP.OP_0, OP.IF), new Uint8Array(count).fill(opcode), Uint8Array.of(OP.ENDIF, OP.OP_1));
}

export function timeLockScript(opcode: number, value: number): Uint8Array {
  return concatBytes(pushNumber(value), Uint8Array.of(opcode, OP.DROP, OP.OP_1));
}

function bare(name: string, scriptPubKey: Uint8Array): Lock {
  return {name, scriptPubKey, scriptSig: NO_BYTES, witness: []};
}

function inP2sh(name: string, redeem: Uint8Array, witness: readonly Uint8Array[] = []): Lock {
  return {name, scriptPubKey: p2shOf(redeem), scriptSig: pushData(redeem), witness};
}

function inP2wsh(name: string, script: Uint8Array, stack: readonly Uint8Array[] = []): Lock {
  return {name, scriptPubKey: p2wshOf(script), scriptSig: NO_BYTES, witness: [...stack, script]};
}

export const LOCKS: readonly Lock[] = [
  bare('bare', TRUE), inP2sh('p2sh', TRUE), inP2wsh('p2wsh', TRUE), inP2wsh('padded', DROP_TRUE, [Uint8Array.of(1)]),
  inP2sh('nested', p2wshOf(TRUE), [TRUE]),
  inP2sh('p2sh sigops', sigopScript(OP.CHECKMULTISIG, 199)), inP2wsh('p2wsh sigops', sigopScript(OP.CHECKMULTISIG, 199)),
  inP2sh('nested sigops', p2wshOf(sigopScript(OP.CHECKSIG, 150)), [sigopScript(OP.CHECKSIG, 150)]),
  bare('height csv', timeLockScript(OP.CHECKSEQUENCEVERIFY, 3)), bare('time csv', timeLockScript(OP.CHECKSEQUENCEVERIFY, (1 << 22) | 2)),
  bare('height cltv', timeLockScript(OP.CHECKLOCKTIMEVERIFY, 500)), bare('future program', Uint8Array.of(OP.OP_16, 2, 7, 7)),
  bare('return', Uint8Array.of(OP.RETURN, 1, 1)),
];

export const BITS = 0x207fffff;
const SPACING_SEC = 600;
/** After 2012-04-01, from when bcoin knows BIP 16. */
const TRUNK_FROM_SEC = 1_500_000_000;
/** Signals bcoin's BIP 9 deployments, `csv` and `segwit`. */
const VERSION = 0x20000003;

export class RivalBlocks {
  readonly random: Random;
  readonly #edges: readonly Edge[];
  readonly #blocks: Block[];
  #coins: RivalCoin[] = [];
  #trunkLocks = 0;
  readonly #locks = new Map(LOCKS.map((lock) => [hashKey(sha256d(lock.scriptPubKey)), lock]));
  #extra = 0;

  constructor(random: Random, edges: readonly Edge[]) {
    this.random = random;
    this.#edges = edges;
    const genesis = decodeBlock(REGTEST.genesisBytes);
    if (!genesis.ok) throw new Error('genesis decodes');
    this.#blocks = [genesis.value];
  }

  get height(): number {
    return this.#blocks.length - 1;
  }

  medianTimeAt(height: number): number {
    return medianTimePast(this.#blocks.slice(Math.max(0, height - 10), height + 1).map(({header}) => header.timeSec));
  }

  pick<T>(items: readonly T[]): T {
    return items[this.random.below(items.length)]!;
  }

  /** Takes a coin that `fits` out of the wallet; it is not offered again. */
  takeCoin(fits: (coin: RivalCoin) => boolean): RivalCoin | undefined {
    const from = this.random.below(Math.max(1, this.#coins.length));
    for (let i = 0; i < this.#coins.length; i++) {
      const at = (from + i) % this.#coins.length;
      const coin = this.#coins[at]!;
      if (coin.lock.name !== 'return' && fits(coin)) return this.#coins.splice(at, 1)[0];
    }
    return undefined;
  }

  isMature = ({coin}: RivalCoin): boolean => !coin.isCoinbase || this.height + 1 - coin.height >= REGTEST.coinbaseMaturityBlocks;

  /** A coinbase alone, paying to each lock in turn. */
  trunkBlock(): Block {
    const lock = LOCKS[this.#trunkLocks++ % 5]!;
    return this.#mine({...this.#emptyPlan(), coinbaseOutputs: [{valueSats: 0n, scriptPubKey: lock.scriptPubKey}]});
  }

  /** A block with up to four spends and, mostly, one edge. */
  candidate(): {readonly block: Block; readonly name: string} {
    const plan = this.#emptyPlan();
    const spendCount = this.random.below(4);
    for (let i = 0; i < spendCount; i++) {
      const coin = this.takeCoin((known) => this.isMature(known) && !known.lock.name.includes('c'));
      if (coin !== undefined) plan.spends.push(this.spendOf([coin]));
    }
    if (this.random.below(8) === 0) return {block: this.#mine(plan), name: 'plain'};
    const edge = this.pick(this.#edges);
    edge.apply(plan, this);
    return {block: this.#mine(plan), name: edge.name};
  }

  /** Pays the coins to one to three random locks, with a fee. */
  spendOf(coins: readonly RivalCoin[]): SpendPlan {
    const total = coins.reduce((sum, {coin}) => sum + coin.valueSats, 0n) - 1_000n;
    const count = 1 + this.random.below(3);
    return {
      version: 2, lockTime: 0, inputs: coins.map((coin) => inputOf(coin)),
      outputs: Array.from({length: count}, () => ({valueSats: total > 0n ? total / BigInt(count) : 0n, scriptPubKey: this.pick(LOCKS).scriptPubKey})),
    };
  }

  /** The wallet follows the block; a wrong guess of it costs a refused block later, no more. */
  accepted(block: Block): void {
    this.#blocks.push(block);
    const spent = new Set(block.transactions.flatMap(({inputs}) => inputs.map(({prevout}) => `${hashKey(prevout.txid)}${prevout.vout}`)));
    for (const [index, transaction] of block.transactions.entries()) {
      for (const [vout, output] of transaction.outputs.entries()) {
        const lock = this.#locks.get(hashKey(sha256d(output.scriptPubKey)));
        if (lock === undefined || spent.has(`${hashKey(transaction.txid)}${vout}`)) continue;
        this.#coins.push({outpoint: {txid: transaction.txid, vout}, coin: {...output, height: this.height, isCoinbase: index === 0}, lock});
      }
    }
    this.#coins = this.#coins.filter(({outpoint}) => !spent.has(`${hashKey(outpoint.txid)}${outpoint.vout}`));
    this.#pending = [];
  }

  /** The coins of a refused block are as unspent as before. */
  refused(): void {
    this.#coins.push(...this.#pending);
    this.#pending = [];
  }

  #pending: RivalCoin[] = [];

  #emptyPlan(): BlockPlan {
    const height = this.height + 1;
    const extra = ++this.#extra;
    return {
      height, parentMedianTimeSec: this.medianTimeAt(this.height), spends: [], version: VERSION,
      timeSec: Math.max(TRUNK_FROM_SEC, this.#blocks.at(-1)!.header.timeSec + SPACING_SEC), bits: BITS, excessSats: 0n,
      coinbaseScript: concatBytes(pushNumber(height), Uint8Array.of(4, extra, extra >>> 8, extra >>> 16, 0)),
      coinbaseOutputs: [{valueSats: 0n, scriptPubKey: TRUE}], reserved: [NULL_HASH], commitment: 'as needed',
      arrange: (transactions) => transactions, deliver: (transactions) => transactions,
    };
  }

  #mine(plan: BlockPlan): Block {
    this.#pending = plan.spends.flatMap(({inputs}) => inputs.flatMap(({coin}) => coin ?? []));
    const spends = plan.spends.map(({version, lockTime, inputs, outputs}) => buildTransaction({version, lockTime, inputs, outputs}));
    const transactions = plan.arrange([coinbaseOf(plan, spends), ...spends]);
    const root = merkleRoot(transactions.map(({txid}) => txid)).root;
    const target = compactToTarget(BITS)!;
    for (let nonce = 0; ; nonce++) {
      const header = buildHeader({
        version: plan.version, previousHash: this.#blocks.at(-1)!.header.hash, merkleRoot: root,
        timeSec: plan.timeSec, bits: plan.bits, nonce,
      });
      if (hashToInteger(header.hash) <= target) return encodeBlock(header, plan.deliver(transactions));
    }
  }
}

export function inputOf(coin: RivalCoin, sequence = 0xffffffff): TxInput & {readonly coin: RivalCoin} {
  return {prevout: coin.outpoint, scriptSig: coin.lock.scriptSig, sequence, witness: coin.lock.witness, coin};
}

function feesOf({inputs, outputs}: SpendPlan): bigint {
  const taken = inputs.reduce((sum, {coin}) => sum + (coin?.coin.valueSats ?? 0n), 0n);
  const given = outputs.reduce((sum, {valueSats}) => sum + valueSats, 0n);
  return taken - given;
}

function coinbaseOf(plan: BlockPlan, spends: readonly Transaction[]): Transaction {
  const fees = plan.spends.reduce((sum, spend) => sum + feesOf(spend), 0n);
  const value = blockSubsidy(plan.height, REGTEST) + (fees > 0n ? fees : 0n) + plan.excessSats;
  const paid = plan.coinbaseOutputs.map((output, index) => (index === 0 ? {...output, valueSats: value} : output));
  const build = (scripts: readonly Uint8Array[], witness: readonly Uint8Array[]): Transaction => buildTransaction({
    inputs: [{prevout: {txid: NULL_HASH, vout: NULL_VOUT}, scriptSig: plan.coinbaseScript, witness}],
    outputs: [...paid, ...scripts.map((scriptPubKey) => ({valueSats: 0n, scriptPubKey}))],
  });
  const isNeeded = spends.some(({hasWitness}) => hasWitness);
  if (plan.commitment === 'none' || (plan.commitment === 'as needed' && !isNeeded)) return build([], plan.commitment === 'none' ? plan.reserved : []);
  const right = witnessCommitmentScript(witnessCommitment(witnessMerkleRoot([build([], []), ...spends]), plan.reserved[0] ?? NULL_HASH));
  const wrong = witnessCommitmentScript(NULL_HASH);
  const scripts = {
    'as needed': [right], 'always': [right], 'wrong': [wrong], 'twice, last right': [wrong, right], 'twice, last wrong': [right, wrong],
    'with a tail': [concatBytes(right, Uint8Array.of(1, 2))],
  }[plan.commitment];
  return build(scripts, plan.reserved);
}
