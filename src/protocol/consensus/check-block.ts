/**
 * @module Whether a block's body fits its header and its place, before any coin is looked up.
 *
 * A rejection says whether the body is MUTATED: the same header may have another, honest body (a repeated merkle tail,
 * CVE-2012-2459, or a stripped or swapped witness). Such a verdict must never be remembered under the block's hash.
 */
import type {ChainSpec} from '../chain/chain-spec.js';
import {bytesEqual} from '../bytes/compare.js';
import type {Block} from '../primitives/block.js';
import {isCoinbase, packHashes} from '../primitives/transaction-codec.js';
import {finishSteps} from '../steps.js';
import type {Steps} from '../steps.js';
import type {Rejection} from '../verdict.js';
import {checkTransaction} from './check-transaction.js';
import type {TransactionRejectCode} from './check-transaction.js';
import {isFinalTransaction} from './lock-times.js';
import {merkleRootInSteps} from './merkle.js';
import {encodeScriptNumberPush} from './script-number.js';
import {countLegacySigops} from './sigops.js';
import {weightWu} from './weight.js';
import {findWitnessCommitment, witnessCommitment, witnessMerkleRootInSteps} from './witness-commitment.js';

/** Some 20 us of small transactions. */
const TRANSACTIONS_PER_STEP = 32;

export type BlockRejectCode =
  | TransactionRejectCode | 'bad-txnmrklroot' | 'bad-txns-duplicate' | 'bad-blk-length' | 'bad-cb-missing'
  | 'bad-cb-multiple' | 'bad-blk-sigops' | 'bad-txns-nonfinal' | 'bad-cb-height' | 'bad-witness-nonce-size'
  | 'bad-witness-merkle-match' | 'unexpected-witness' | 'bad-blk-weight';

export type BlockVerdict = {readonly ok: true} | (Rejection<BlockRejectCode> & {readonly isMutated: boolean});

type BlockLimits = Pick<ChainSpec, 'maxBlockWeightWu' | 'witnessScaleFactor' | 'maxMoneySats' | 'maxBlockSigopCost'>;

/** Rules that hold at any height. */
export function checkBlock(block: Block, spec: BlockLimits): BlockVerdict {
  return finishSteps(checkBlockInSteps(block, spec));
}

export function* checkBlockInSteps(block: Block, spec: BlockLimits): Steps<BlockVerdict> {
  const {transactions} = block;
  const {root, isMutated} = yield* merkleRootInSteps(packHashes(transactions, 'txid'));
  if (!bytesEqual(root, block.header.merkleRoot)) return mutated('bad-txnmrklroot');
  if (isMutated) return mutated('bad-txns-duplicate');
  const maxUnits = spec.maxBlockWeightWu / spec.witnessScaleFactor;
  if (transactions.length === 0 || transactions.length > maxUnits || block.strippedSize > maxUnits) {
    return invalid('bad-blk-length', `${transactions.length} transactions, ${block.strippedSize} bytes stripped`);
  }
  if (!isCoinbase(transactions[0]!)) return invalid('bad-cb-missing');
  let legacySigops = 0;
  for (let i = 1; i < transactions.length; i++) if (isCoinbase(transactions[i]!)) return invalid('bad-cb-multiple');
  for (let i = 0; i < transactions.length; i++) {
    const transaction = transactions[i]!;
    const verdict = checkTransaction(transaction, spec);
    if (!verdict.ok) return {...verdict, isMutated: false};
    legacySigops += countLegacySigops(transaction);
    if (i % TRANSACTIONS_PER_STEP === TRANSACTIONS_PER_STEP - 1) yield;
  }
  return legacySigops * spec.witnessScaleFactor > spec.maxBlockSigopCost
    ? invalid('bad-blk-sigops', `${legacySigops} in the block's own scripts`) : {ok: true};
}

export interface BlockContext {
  readonly spec: Pick<ChainSpec, 'activation' | 'maxBlockWeightWu' | 'witnessScaleFactor'>;
  readonly height: number;
  readonly parentMedianTimeSec: number;
}

/** Rules that depend on the height and the time at which the block stands. */
export function checkBlockContext(block: Block, context: BlockContext): BlockVerdict {
  return finishSteps(checkBlockContextInSteps(block, context));
}

export function* checkBlockContextInSteps(block: Block, context: BlockContext): Steps<BlockVerdict> {
  const {spec, height} = context;
  const {activation} = spec;
  const timeSec = height >= activation.csv ? context.parentMedianTimeSec : block.header.timeSec;
  for (const transaction of block.transactions) {
    if (!isFinalTransaction(transaction, {height, timeSec})) return invalid('bad-txns-nonfinal');
  }
  if (height >= activation.bip34 && !startsWithHeight(block, height)) return invalid('bad-cb-height', `height ${height}`);
  const witness = yield* checkWitnessCommitment(block, height >= activation.segwit);
  if (!witness.ok) return witness;
  const weight = weightWu(block, spec.witnessScaleFactor);
  return weight > spec.maxBlockWeightWu ? invalid('bad-blk-weight', `${weight}`) : {ok: true};
}

function startsWithHeight(block: Block, height: number): boolean {
  const script = block.transactions[0]!.inputs[0]!.scriptSig;
  const push = encodeScriptNumberPush(height);
  return script.length >= push.length && push.every((byte, i) => script[i] === byte);
}

function* checkWitnessCommitment(block: Block, hasSegwit: boolean): Steps<BlockVerdict> {
  const coinbase = block.transactions[0]!;
  const committed = hasSegwit ? findWitnessCommitment(coinbase) : undefined;
  if (committed === undefined) {
    return block.transactions.some((transaction) => transaction.hasWitness) ? mutated('unexpected-witness') : {ok: true};
  }
  const {witness} = coinbase.inputs[0]!;
  if (witness.length !== 1 || witness[0]!.length !== 32) return mutated('bad-witness-nonce-size');
  const expected = witnessCommitment(yield* witnessMerkleRootInSteps(block.transactions), witness[0]!);
  return bytesEqual(expected, committed) ? {ok: true} : mutated('bad-witness-merkle-match');
}

function invalid(code: BlockRejectCode, detail?: string): BlockVerdict {
  return detail === undefined ? {ok: false, code, isMutated: false} : {ok: false, code, detail, isMutated: false};
}

function mutated(code: BlockRejectCode): BlockVerdict {
  return {ok: false, code, isMutated: true};
}
