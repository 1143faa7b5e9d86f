/**
 * @module Reward schemes: what of a found block goes to whom, given whose work counts for it.
 *
 * - SOLO: the finder has it.
 * - PPLNS: all whose work lies in the window that ends with the block's share, whatever the round.
 * - PROP: all who worked since the share of the block credited before.
 * - PPS: nobody now, because each share was credited when it came (see `pps.ts`); the block refunds the pool.
 * - PPS+: the subsidy as PPS; the transaction fees as PPLNS over the window, not as an average of past blocks.
 *
 * Rules, the same for all: fee and donation are each their parts per million of what is shared out, rounded down; the rest
 * goes to the miners by largest remainder (`split-reward.ts`). The finder has it when no work is known. Everything adds up
 * to the reward. The terms are stored with each block: a split can be made again after the config has changed.
 */
import type {Sats} from '../primitives/transaction.js';
import {assert} from '../verdict.js';
import {feeOf, splitReward, type Credit, type WorkOfAccount} from './split-reward.js';

export const PAYOUT_SCHEMES = ['SOLO', 'PPLNS', 'PROP', 'PPS', 'PPS+'] as const;
export type PayoutScheme = typeof PAYOUT_SCHEMES[number];

export interface RewardTerms {
  readonly scheme: PayoutScheme;
  readonly feePpm: number;
  readonly donationPpm: number;
  /** Address; empty: the donation stays on the pool's own account for it. */
  readonly donationAccount: string;
}

export interface SchemeSplit {
  readonly credits: readonly Credit[];
  readonly feeSats: Sats;
  readonly donationSats: Sats;
  readonly riskSats: Sats;
}

export interface RewardOfBlock {
  readonly rewardSats: Sats;
  /** Part of the reward that is new coins; the rest are fees of transactions. */
  readonly subsidySats: Sats;
  readonly finder: string;
}

/** Which shares count for a block; a window needs none where the finder has it all. */
export function windowKind(scheme: PayoutScheme): 'none' | 'work' | 'round' {
  if (scheme === 'PROP') return 'round';
  return scheme === 'PPLNS' || scheme === 'PPS+' ? 'work' : 'none';
}

/** The shares themselves are credited as they come. */
export function isPaidPerShare(scheme: PayoutScheme): boolean {
  return scheme === 'PPS' || scheme === 'PPS+';
}

/**
 * @param work - of the block's window, one entry per account. Empty where the scheme has no window, or nobody worked.
 * @returns parts that add up to the reward.
 */
export function splitBlock(reward: RewardOfBlock, terms: RewardTerms, work: readonly WorkOfAccount[]): SchemeSplit {
  assert(terms.feePpm + terms.donationPpm <= 1_000_000, 'fee and donation leave nothing below zero');
  assert(reward.subsidySats <= reward.rewardSats && reward.subsidySats >= 0n, 'a subsidy is part of the reward');
  const riskSats = terms.scheme === 'PPS' ? reward.rewardSats : terms.scheme === 'PPS+' ? reward.subsidySats : 0n;
  const sharedSats = reward.rewardSats - riskSats;
  const feeSats = feeOf(sharedSats, terms.feePpm);
  const donationSats = feeOf(sharedSats, terms.donationPpm);
  const counted = work.length === 0 ? [{account: reward.finder, work: 1n}] : work;
  const {credits, feeSats: unshared} = splitReward({rewardSats: sharedSats - feeSats - donationSats, feePpm: 0}, counted);
  return {credits, feeSats: feeSats + unshared, donationSats, riskSats};
}
