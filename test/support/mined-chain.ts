/**
 * Chains mined for tests, on regtest rules: every block is real (work, merkle root, witness commitment, BIP 34), and so
 * are the spends. A `MinedChain` only builds; it judges nothing, so a plan may break any rule it likes.
 */
import {concatBytes, hashToInteger} from '../../src/protocol/bytes/compare.js';
import {hash160} from '../../src/protocol/bytes/hash160.js';
import {sha256, sha256d} from '../../src/protocol/bytes/sha256.js';
import {REGTEST} from '../../src/protocol/chain/presets.js';
import type {ChainSpec} from '../../src/protocol/chain/chain-spec.js';
import {blockSubsidy} from '../../src/protocol/consensus/subsidy.js';
import {merkleRoot} from '../../src/protocol/consensus/merkle.js';
import {compactToTarget} from '../../src/protocol/consensus/pow/compact.js';
import {witnessCommitment, witnessCommitmentScript, witnessMerkleRoot} from '../../src/protocol/consensus/witness-commitment.js';
import {buildHeader, decodeBlock, encodeBlock} from '../../src/protocol/primitives/block-codec.js';
import type {Block} from '../../src/protocol/primitives/block.js';
import {buildTransaction, NULL_HASH, NULL_VOUT} from '../../src/protocol/primitives/transaction-codec.js';
import type {Coin, OutPoint, Transaction} from '../../src/protocol/primitives/transaction.js';
import {p2pkh, p2wpkh, pushNumber} from '../../src/protocol/script/build-script.js';
import {segwitSighash} from '../../src/protocol/script/sighash-segwit.js';
import {TransactionDigests} from '../../src/protocol/script/transaction-digests.js';
import {secp256k1} from '@noble/curves/secp256k1.js';

export interface KeyPair {
  readonly secretKey: Uint8Array;
  readonly publicKey: Uint8Array;
  /** P2WPKH of the key. */
  readonly scriptPubKey: Uint8Array;
}

/** The same text gives the same key. */
export function aKey(seed: string): KeyPair {
  const secretKey = sha256(new TextEncoder().encode(`pithead test key ${seed}`));
  const publicKey = secp256k1.getPublicKey(secretKey, true);
  return {secretKey, publicKey, scriptPubKey: p2wpkh(hash160(publicKey))};
}

export interface SpendableCoin {
  readonly outpoint: OutPoint;
  readonly coin: Coin;
}

export interface SpendPlan {
  readonly from: readonly SpendableCoin[];
  readonly key: KeyPair;
  readonly outputs: readonly {readonly valueSats: bigint; readonly scriptPubKey: Uint8Array}[];
  readonly sequence?: number;
  readonly lockTime?: number;
  /** Flips a bit of the first signature's message: a well-formed signature that is wrong. */
  readonly isSignatureWrong?: boolean;
}

/** A signed transaction from P2WPKH coins of one key. */
export function aSpend(plan: SpendPlan): Transaction {
  const draft = {
    inputs: plan.from.map(({outpoint}) => ({prevout: outpoint, sequence: plan.sequence ?? 0xfffffffe})),
    outputs: plan.outputs, lockTime: plan.lockTime ?? 0,
  };
  const unsigned = buildTransaction(draft);
  const digests = new TransactionDigests(unsigned, plan.from.map(({coin}) => coin));
  const inputs = draft.inputs.map((input, inputIndex) => {
    const scriptCode = p2pkh(hash160(plan.key.publicKey));
    const digest = segwitSighash(digests, {inputIndex, scriptCode, hashType: 1} as Parameters<typeof segwitSighash>[1]).slice();
    if (plan.isSignatureWrong === true && inputIndex === 0) digest[0]! ^= 1;
    const signature = secp256k1.sign(digest, plan.key.secretKey, {prehash: false, lowS: true, format: 'der'});
    return {...input, witness: [concatBytes(signature, Uint8Array.of(1)), plan.key.publicKey]};
  });
  return buildTransaction({...draft, inputs});
}

export interface BlockPlan {
  readonly transactions?: readonly Transaction[];
  /** Added to what the coinbase takes; with the fees of the transactions it must not exceed them. */
  readonly feesSats?: bigint;
  readonly timeSec?: number;
  readonly bits?: number;
  readonly version?: number;
  /** Who is paid; the chain's own key by default. */
  readonly payTo?: Uint8Array;
  /** Makes two otherwise equal blocks differ. */
  readonly extraNonce?: number;
  readonly witnessCommitment?: 'none' | 'wrong';
  /** Search a nonce that meets the target (default), or one that does not. */
  readonly work?: 'enough' | 'missing';
}

/** One block on `parent`, mined. */
export function aBlock(parent: {readonly block: Block; readonly height: number}, plan: BlockPlan = {}, spec: ChainSpec = REGTEST): Block {
  const height = parent.height + 1;
  const others = plan.transactions ?? [];
  const coinbase = aCoinbase(height, others, {plan, spec});
  const transactions = [coinbase, ...others];
  const bits = plan.bits ?? parent.block.header.bits;
  const fields = {
    version: plan.version ?? 0x20000000, previousHash: parent.block.header.hash,
    merkleRoot: merkleRoot(transactions.map(({txid}) => txid)).root,
    timeSec: plan.timeSec ?? parent.block.header.timeSec + 60, bits,
  };
  const target = compactToTarget(bits) ?? 0n;
  for (let nonce = 0; ; nonce++) {
    const header = buildHeader({...fields, nonce});
    if ((hashToInteger(header.hash) <= target) === ((plan.work ?? 'enough') === 'enough')) return encodeBlock(header, transactions);
  }
}

function aCoinbase(height: number, others: readonly Transaction[], {plan, spec}: {plan: BlockPlan; spec: ChainSpec}): Transaction {
  const extra = plan.extraNonce ?? 0;
  const outputs = [{valueSats: blockSubsidy(height, spec) + (plan.feesSats ?? 0n), scriptPubKey: plan.payTo ?? MINER_KEY.scriptPubKey}];
  const build = (commitment?: Uint8Array): Transaction => buildTransaction({
    inputs: [{
      prevout: {txid: NULL_HASH, vout: NULL_VOUT},
      scriptSig: concatBytes(pushNumber(height), Uint8Array.of(4, extra & 255, (extra >>> 8) & 255, (extra >>> 16) & 255, 0)),
      witness: commitment === undefined ? [] : [NULL_HASH],
    }],
    outputs: commitment === undefined ? outputs : [...outputs, {valueSats: 0n, scriptPubKey: witnessCommitmentScript(commitment)}],
  });
  if (plan.witnessCommitment === 'none' || !others.some(({hasWitness}) => hasWitness)) return build();
  const root = witnessMerkleRoot([build(), ...others]);
  const commitment = witnessCommitment(root, NULL_HASH);
  return build(plan.witnessCommitment === 'wrong' ? sha256d(commitment) : commitment);
}

/** Whom all coinbases pay unless a plan says otherwise. */
export const MINER_KEY: KeyPair = aKey('miner');

export class MinedChain {
  readonly spec: ChainSpec;
  readonly #blocks: Block[];

  constructor(spec: ChainSpec = REGTEST, blocks?: readonly Block[]) {
    this.spec = spec;
    const genesis = decodeBlock(spec.genesisBytes);
    if (!genesis.ok) throw new Error('genesis decodes');
    this.#blocks = blocks === undefined ? [genesis.value] : [...blocks];
  }

  get height(): number {
    return this.#blocks.length - 1;
  }

  get tip(): Block {
    return this.#blocks.at(-1)!;
  }

  block(height: number): Block {
    return this.#blocks[height]!;
  }

  mine(plan: BlockPlan = {}): Block {
    const block = aBlock({block: this.tip, height: this.height}, plan, this.spec);
    this.#blocks.push(block);
    return block;
  }

  mineMany(count: number, plan: BlockPlan = {}): Block[] {
    return Array.from({length: count}, () => this.mine(plan));
  }

  /** A chain that shares the blocks up to `height` and goes its own way from there. */
  forkAt(height: number): MinedChain {
    return new MinedChain(this.spec, this.#blocks.slice(0, height + 1));
  }

  /** The coinbase coin of the block at `height`. */
  coinbaseCoin(height: number): SpendableCoin {
    const {txid, outputs} = this.block(height).transactions[0]!;
    return {outpoint: {txid, vout: 0}, coin: {...outputs[0]!, height, isCoinbase: true}};
  }
}

/** Output `vout` of a transaction, as the coin that it makes at `height`. */
export function coinOf(transaction: Transaction, vout: number, height: number): SpendableCoin {
  return {outpoint: {txid: transaction.txid, vout}, coin: {...transaction.outputs[vout]!, height, isCoinbase: false}};
}
