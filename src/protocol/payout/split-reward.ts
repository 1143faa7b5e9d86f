/**
 * @module Splits a block's reward into the operator's fee and what each account earns. Integers only: every split adds
 * up to the reward exactly. Does not decide whose work counts; see `pplns.ts`.
 *
 * Rules. The fee is `feePpm` parts per million of the reward, rounded down. The rest is shared in proportion to work,
 * each part rounded down; the satoshis left over go one each to the largest fractions (largest remainder), and between
 * equal fractions to the account that is first in code unit order, so that anyone can compute the same split again.
 */
import {assert} from '../verdict.js';
import type {Sats} from '../primitives/transaction.js';

export const PPM = 1_000_000;

export interface WorkOfAccount {
  readonly account: string;
  /** Expected hashes; more than zero. */
  readonly work: bigint;
}

export interface Credit {
  readonly account: string;
  readonly sats: Sats;
}

export interface RewardSplit {
  readonly feeSats: Sats;
  /** Ordered by account. Accounts whose part rounds to nothing are left out. */
  readonly credits: readonly Credit[];
}

/** The operator's part, rounded down in favour of the miners. */
export function feeOf(rewardSats: Sats, feePpm: number): Sats {
  assert(Number.isInteger(feePpm) && feePpm >= 0 && feePpm <= PPM, 'a fee is 0 to 1,000,000 parts per million');
  assert(rewardSats >= 0n, 'a reward is not negative');
  return (rewardSats * BigInt(feePpm)) / BigInt(PPM);
}

/**
 * @param work - one entry per account. Empty: nobody worked, and the whole reward is the operator's.
 */
export function splitReward(reward: {readonly rewardSats: Sats; readonly feePpm: number}, work: readonly WorkOfAccount[]): RewardSplit {
  const totalWork = work.reduce((sum, entry) => sum + entry.work, 0n);
  if (totalWork === 0n) return {feeSats: reward.rewardSats, credits: []};
  const feeSats = feeOf(reward.rewardSats, reward.feePpm);
  const shareable = reward.rewardSats - feeSats;
  const parts = work.map(({account, work: own}) => {
    assert(own >= 0n, 'work is not negative');
    const scaled = shareable * own;
    return {account, sats: scaled / totalWork, remainder: scaled % totalWork};
  });
  let left = shareable - parts.reduce((sum, part) => sum + part.sats, 0n);
  for (const part of [...parts].sort(byRemainder)) {
    if (left === 0n) break;
    part.sats += 1n;
    left -= 1n;
  }
  const credits = parts
    .filter((part) => part.sats > 0n)
    .map(({account, sats}) => ({account, sats}))
    .sort((a, b) => compareText(a.account, b.account));
  return {feeSats, credits};
}

/** SOLO: the finder earns all but the fee. */
export function splitSolo(reward: {readonly rewardSats: Sats; readonly feePpm: number}, finder: string): RewardSplit {
  return splitReward(reward, [{account: finder, work: 1n}]);
}

function byRemainder(a: {account: string; remainder: bigint}, b: {account: string; remainder: bigint}): number {
  if (a.remainder !== b.remainder) return a.remainder > b.remainder ? -1 : 1;
  return compareText(a.account, b.account);
}

/** Code unit order: the same on every machine, unlike a locale's. */
function compareText(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}
