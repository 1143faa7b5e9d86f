/**
 * @module Pays miners in the coinbase itself, as far as that is sensible: the largest credits of the present window, at most
 * so many and each at least so much; the rest of the reward goes to the pool, which owes it as it always does. What a
 * coinbase has paid is taken off the credits of its block: nothing is credited twice.
 *
 * The coinbase is made with its job, and the block's credits follow from the window at its own share, some shares later: the
 * two differ a little. The credits decide; what somebody got too much is a debt that its next earnings pay.
 */
import type {CoinbaseOutput} from '../mining/coinbase.js';
import {dustThreshold} from '../mempool/policy.js';
import {bytesEqual} from '../bytes/compare.js';
import type {Sats} from '../primitives/transaction.js';
import type {RewardTerms} from './schemes.js';
import {splitBlock} from './schemes.js';
import type {Credit, WorkOfAccount} from './split-reward.js';

export interface CoinbasePayoutRules {
  /** Miners that one coinbase pays: its size is what some firmware cannot take. */
  readonly outputsMax: number;
  readonly minimumSats: Sats;
}

/** Whose work counts now; those of little work together under the empty name. */
export interface RewardWindow {
  readonly terms: RewardTerms;
  readonly work: readonly WorkOfAccount[];
}

/** Accounts beyond the largest `limit` become one without a name. */
export function largestOf(work: readonly WorkOfAccount[], limit: number): readonly WorkOfAccount[] {
  const sorted = [...work].sort((a, b) => (a.work === b.work ? (a.account < b.account ? -1 : 1) : a.work > b.work ? -1 : 1));
  const rest = sorted.slice(limit).reduce((sum, entry) => sum + entry.work, 0n);
  return rest === 0n ? sorted : [...sorted.slice(0, limit), {account: '', work: rest}];
}

/** Outputs that add up to the reward, the miners' first and the pool's last. */
export function coinbaseOutputs(
  reward: {readonly rewardSats: Sats; readonly poolScript: Uint8Array}, window: RewardWindow | undefined,
  {rules, scriptOf}: {readonly rules: CoinbasePayoutRules; readonly scriptOf: (account: string) => Uint8Array | undefined},
): readonly CoinbaseOutput[] {
  const {rewardSats, poolScript} = reward;
  const outputs: CoinbaseOutput[] = [];
  let left = rewardSats;
  const credits = window === undefined ? [] : splitBlock({rewardSats, subsidySats: 0n, finder: ''}, window.terms, window.work).credits;
  for (const {account, sats} of [...credits].sort(byAmount)) {
    if (outputs.length >= rules.outputsMax || sats < rules.minimumSats) break;
    const scriptPubKey = account === '' ? undefined : scriptOf(account);
    if (scriptPubKey === undefined || sats < dustThreshold(scriptPubKey) || bytesEqual(scriptPubKey, poolScript)) continue;
    outputs.push({valueSats: sats, scriptPubKey});
    left -= sats;
  }
  if (left > 0n || outputs.length === 0) outputs.push({valueSats: left, scriptPubKey: poolScript});
  return outputs;
}

/** What a coinbase paid to miners: every output with an address that is not the pool's. */
export function paidDirectly(
  outputs: readonly CoinbaseOutput[], poolScript: Uint8Array, accountOf: (scriptPubKey: Uint8Array) => string | undefined,
): readonly Credit[] {
  const paid = new Map<string, Sats>();
  for (const {valueSats, scriptPubKey} of outputs) {
    const account = bytesEqual(scriptPubKey, poolScript) || valueSats === 0n ? undefined : accountOf(scriptPubKey);
    if (account !== undefined) paid.set(account, (paid.get(account) ?? 0n) + valueSats);
  }
  return [...paid].map(([account, sats]) => ({account, sats}));
}

function byAmount(a: Credit, b: Credit): number {
  if (a.sats !== b.sats) return a.sats > b.sats ? -1 : 1;
  return a.account < b.account ? -1 : 1;
}
