/**
 * @module Work on a new tip before its node has a template: a block with nothing but its coinbase. A miner that stays on
 * the old block for the half second that a node needs to choose transactions mines for nothing.
 *
 * Made only where everything in it is certain: the target is that of the block before (no retarget is due), and the
 * subsidy is that of the template before (no halving between). Claiming less than allowed is valid, so fees are left out.
 * Otherwise: undefined, and the miners wait for the node. Pure.
 */
import {bytesEqual} from '../../protocol/bytes/compare.js';
import {compactToTarget} from '../../protocol/consensus/pow/compact.js';
import {witnessCommitment, witnessCommitmentScript} from '../../protocol/consensus/witness-commitment.js';
import {merkleRoot} from '../../protocol/consensus/merkle.js';
import {hashToDisplayHex} from '../../protocol/bytes/hex.js';
import type {BlockTemplate} from '../../protocol/mining/block-template.js';
import {NULL_HASH} from '../../protocol/primitives/transaction-codec.js';
import type {HeaderView} from '../chain/messages.js';

/** What is known of the chain's rules; undefined where each block has a target of its own. */
export interface EmptyTemplateRules {
  /** Blocks between retargets; 0 where the target never changes. */
  readonly retargetIntervalBlocks: number;
  readonly halvingIntervalBlocks: number;
}

export interface EmptyTemplateInput {
  readonly rules: EmptyTemplateRules | undefined;
  readonly tip: HeaderView;
  /** The last whole template of this chain. */
  readonly before: BlockTemplate;
  readonly nowSec: number;
}

/** A template that is further back says nothing about the rules of today. */
const HEIGHTS_BACK_MAX = 6;

export function emptyTemplate({rules, tip, before, nowSec}: EmptyTemplateInput): BlockTemplate | undefined {
  const height = tip.height + 1;
  if (rules === undefined || height < before.height - HEIGHTS_BACK_MAX || height > before.height + HEIGHTS_BACK_MAX) return undefined;
  const {retargetIntervalBlocks, halvingIntervalBlocks} = rules;
  if (retargetIntervalBlocks > 0 && height % retargetIntervalBlocks === 0) return undefined;
  if (Math.floor(height / halvingIntervalBlocks) !== Math.floor(before.height / halvingIntervalBlocks)) return undefined;
  // The target may have changed in between only by a retarget, which the header of the tip has then seen.
  const target = compactToTarget(tip.header.bits);
  if (target === undefined) return undefined;
  let feesSats = 0n;
  for (const {feeSats} of before.transactions) feesSats += feeSats;
  const minTimeSec = tip.medianTimePastSec + 1;
  return {
    height, previousHash: tip.header.hash, version: before.version, bits: tip.header.bits, target,
    curTimeSec: Math.max(nowSec, minTimeSec), minTimeSec,
    coinbaseValueSats: before.coinbaseValueSats - feesSats,
    transactions: [],
    witnessCommitment: before.witnessCommitment.length === 0 ? before.witnessCommitment : witnessCommitmentScript(witnessCommitment(merkleRoot([NULL_HASH]).root, NULL_HASH)),
    longpollId: `${hashToDisplayHex(tip.header.hash)}-empty`,
    weightLimitWu: before.weightLimitWu, sigopLimit: before.sigopLimit, sizeLimit: before.sizeLimit,
  };
}

/** Whether it is the same tip. */
export function isOnTip(template: BlockTemplate | undefined, tipHash: Uint8Array | undefined): boolean {
  return template !== undefined && tipHash !== undefined && bytesEqual(template.previousHash, tipHash);
}
