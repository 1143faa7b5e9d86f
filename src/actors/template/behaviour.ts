/**
 * @module From a tip and a selection of transactions to the next block's template. Pure: the same inputs give the same
 * template, byte for byte.
 */
import type {ChainSpec} from '../../protocol/chain/chain-spec.js';
import {blockSubsidy} from '../../protocol/consensus/subsidy.js';
import {merkleRoot} from '../../protocol/consensus/merkle.js';
import {compactToTarget} from '../../protocol/consensus/pow/compact.js';
import {witnessCommitment, witnessCommitmentScript} from '../../protocol/consensus/witness-commitment.js';
import {hashToDisplayHex} from '../../protocol/bytes/hex.js';
import {NULL_HASH} from '../../protocol/primitives/transaction-codec.js';
import type {BlockTemplate, TemplateTransaction} from '../../protocol/mining/block-template.js';
import {assert} from '../../protocol/verdict.js';
import type {TipView} from '../chain/messages.js';
import type {TemplateSelection} from '../mempool/messages.js';

/** The top three bits say BIP 9; no deployment is being signalled. */
export const TEMPLATE_VERSION = 0x20000000;
/** Header, counts and a coinbase with a full tag and many outputs, as in Core; the selection leaves it free. */
export const RESERVED_WEIGHT_WU = 8_000;
export const RESERVED_SIGOP_COST = 400;

export interface TemplateInput {
  readonly spec: ChainSpec;
  readonly tip: TipView;
  /** undefined: the fast path, a block with nothing but its coinbase. */
  readonly selection: TemplateSelection | undefined;
  readonly nowSec: number;
}

export function buildTemplate({spec, tip, selection, nowSec}: TemplateInput): BlockTemplate {
  const height = tip.height + 1;
  const target = compactToTarget(tip.nextBits);
  assert(target !== undefined, 'the bits that the chain requires name a target');
  const transactions = (selection?.transactions ?? []).map(({transaction, feeSats, weightWu, sigopCost}): TemplateTransaction => ({
    bytes: transaction.bytes, txid: transaction.txid, wtxid: transaction.wtxid, feeSats, weightWu, sigopCost,
  }));
  // Summed over what is really in the template, never taken from another count.
  let feesSats = 0n;
  for (const {feeSats} of transactions) feesSats += feeSats;
  const minTimeSec = tip.medianTimePastSec + 1;
  return {
    height, previousHash: tip.hash, version: TEMPLATE_VERSION, bits: tip.nextBits, target,
    curTimeSec: Math.max(nowSec, minTimeSec), minTimeSec,
    coinbaseValueSats: blockSubsidy(height, spec) + feesSats,
    transactions,
    witnessCommitment: height >= spec.activation.segwit ? commitmentScript(transactions) : new Uint8Array(0),
    longpollId: longpollIdOf(tip, selection),
    weightLimitWu: spec.maxBlockWeightWu, sigopLimit: spec.maxBlockSigopCost,
    // No block can be larger: with no witness its weight is the factor times its size, with nothing else its size.
    sizeLimit: spec.maxBlockWeightWu,
  };
}

/** The same work at a later time. The identity stays: nothing that a miner builds on has changed. */
export function atTime(template: BlockTemplate, nowSec: number): BlockTemplate {
  return nowSec > template.curTimeSec ? {...template, curTimeSec: nowSec} : template;
}

/** Tip and state of the mempool; `-` while the mempool has not been heard about this tip. */
function longpollIdOf(tip: TipView, selection: TemplateSelection | undefined): string {
  return `${hashToDisplayHex(tip.hash)}${selection?.sequence ?? '-'}`;
}

/** The coinbase's own place counts as zeros, and its reserved value is zeros (BIP 141). */
function commitmentScript(transactions: readonly TemplateTransaction[]): Uint8Array {
  const {root} = merkleRoot([NULL_HASH, ...transactions.map(({wtxid}) => wtxid)]);
  return witnessCommitmentScript(witnessCommitment(root, NULL_HASH));
}
