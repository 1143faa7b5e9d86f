/**
 * @module What a found block stands for in the ledger, in each state of its life. Going from one state to another books
 * the difference, so a block that leaves and comes back, however often, leaves no trace of satoshis: idempotent by
 * construction. Knows nothing of chains; see the accounting actor.
 *
 * Where the coinbase itself pays the miners, their part never was the pool's: only its own part is booked.
 */
import type {Sats} from '../primitives/transaction.js';
import {
  COINBASE_IMMATURE, minerAccount, normalised, POOL_DONATIONS, POOL_FEES, POOL_IMMATURE, POOL_RISK, reversed, WALLET_AVAILABLE, type EntryKind, type MinerClaim, type Posting,
} from './ledger.js';
import type {Credit} from './split-reward.js';

/** `none`: not on the chain, or never taken by it. */
export type BlockBooking = 'none' | 'immature' | 'mature';

/** Credits, fee, donation and risk add up to the reward. */
export interface BookedReward {
  readonly credits: readonly Credit[];
  readonly feeSats: Sats;
  readonly donationSats: Sats;
  /** Whom the donation is owed to; empty: it stays on the pool's donation account. */
  readonly donationAccount: string;
  /** What PPS has advanced to the miners share by share, and the block now brings in. */
  readonly riskSats: Sats;
  /** The coinbase pays the credits itself. */
  readonly paysFinderDirectly: boolean;
  /** What the coinbase has paid of the credits, by account: that was never the pool's, and is not owed again. */
  readonly direct?: readonly Credit[];
}

/** @returns postings that take the ledger from one state of the block to the other; none when nothing is to be booked. */
export function bookBlock(reward: BookedReward, from: BlockBooking, to: BlockBooking): readonly Posting[] {
  return normalised([...reversed(standing(reward, from)), ...standing(reward, to)]);
}

/** The name of that step in the journal. */
export function bookingKind(from: BlockBooking, to: BlockBooking): EntryKind {
  if (to === 'none') return 'block-orphaned';
  if (to === 'mature') return 'block-matured';
  return from === 'mature' ? 'block-returned' : 'block-credited';
}

/** What a block of this status has in the ledger. */
export function bookingOfStatus(status: 'pending' | 'confirmed' | 'orphaned' | 'rejected'): BlockBooking {
  if (status === 'confirmed') return 'mature';
  return status === 'pending' ? 'immature' : 'none';
}

/** Where the step of that name leads; undefined for entries of no block. */
export function bookingOfKind(kind: EntryKind): BlockBooking | undefined {
  switch (kind) {
    case 'block-credited': case 'block-returned': return 'immature';
    case 'block-matured': return 'mature';
    case 'block-orphaned': return 'none';
    default: return undefined;
  }
}

/** All that the block has on the ledger's accounts in this state. */
function standing(reward: BookedReward, state: BlockBooking): readonly Posting[] {
  if (state === 'none') return [];
  const isMature = state === 'mature';
  const claim: MinerClaim = isMature ? 'payable' : 'pending';
  const postings: Posting[] = [];
  let broughtSats = reward.feeSats + reward.riskSats + reward.donationSats;
  const owe = (account: string, sats: Sats): number => postings.push({account, sats: -sats});
  if (!reward.paysFinderDirectly) {
    for (const {account, sats} of reward.credits) {
      owe(minerAccount(claim, account), sats);
      broughtSats += sats;
    }
    for (const {account, sats} of reward.direct ?? []) {
      owe(minerAccount(claim, account), -sats);
      broughtSats -= sats;
    }
  }
  owe(isMature ? POOL_FEES : POOL_IMMATURE, reward.feeSats);
  owe(isMature ? POOL_RISK : POOL_IMMATURE, reward.riskSats);
  const ownDonation = isMature ? POOL_DONATIONS : POOL_IMMATURE;
  owe(reward.donationAccount === '' ? ownDonation : minerAccount(claim, reward.donationAccount), reward.donationSats);
  postings.push({account: isMature ? WALLET_AVAILABLE : COINBASE_IMMATURE, sats: broughtSats});
  return postings;
}
