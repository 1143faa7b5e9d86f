/**
 * @module What others may ask of the payouts: what was paid, what is under way, and the operator's switches.
 * A payout exists from the moment its plan is on disk; its txid from the moment it is signed, before anybody hears of it.
 */
import type {Query} from '../../runtime/actor.js';
import type {Hash256, Sats} from '../../protocol/primitives/transaction.js';

/**
 * planned → recorded (the accounts are debited) → signed → broadcast → confirmed; or failed, which gives the money back to
 * the accounts. A confirmed payout returns to broadcast when a reorganisation takes its block away.
 */
export type PayoutState = 'planned' | 'recorded' | 'signed' | 'broadcast' | 'confirmed' | 'failed';

export interface PayeeView {
  /** Payment address. */
  readonly account: string;
  /** Debited from the account. */
  readonly sats: Sats;
  /** Its part of the network fee: received are `sats - feeSats`. */
  readonly feeSats: Sats;
}

export interface PayoutView {
  /** Counts up from 1, consolidations included. */
  readonly id: number;
  /** A consolidation pays the pool itself. */
  readonly kind: 'payout' | 'consolidation';
  readonly state: PayoutState;
  readonly plannedAtMs: number;
  readonly changedAtMs: number;
  /** Sum of what the payees are debited. */
  readonly paidSats: Sats;
  /** Of the transaction that is newest, or confirmed. */
  readonly feeSats: Sats;
  readonly feeRateSatsPerVb: number;
  readonly vsize: number;
  /** Absent until it is signed. */
  readonly txid: Hash256 | undefined;
  /** Transactions that this one replaced with a higher fee (BIP 125). */
  readonly replacedTxids: readonly Hash256[];
  /** 0 while in no block. */
  readonly confirmations: number;
  readonly height: number | undefined;
  readonly inputCount: number;
  readonly payeeCount: number;
  /** Cut to the first hundred; all of them by `payouts.get`. */
  readonly payees: readonly PayeeView[];
  /** Why it does not move, or why it failed: a code of docs/error-codes.md. */
  readonly problem: string | undefined;
}

export interface PayoutStatus {
  readonly isPaused: boolean;
  /** `keys`: signed here. `external`: waits for signed PSBTs. `node`: the node's wallet signs. */
  readonly signer: 'keys' | 'external' | 'node';
  readonly address: string;
  /** Of coins that may be spent now, of those of blocks not mature, and of those that a payout holds. */
  readonly spendableSats: Sats;
  readonly immatureSats: Sats;
  readonly lockedSats: Sats;
  readonly coinCount: number;
  /** Matured, above their threshold, and not in a payout. */
  readonly payableSats: Sats;
  readonly payableCount: number;
  readonly unresolvedCount: number;
  readonly lastPayoutAtMs: number | undefined;
  /** Undefined while paused. */
  readonly nextRunAtMs: number | undefined;
  readonly syncedHeight: number;
  readonly thresholdSats: Sats;
  readonly intervalMs: number;
  readonly confirmationsNeeded: number;
  readonly feeFrom: 'pool' | 'miners';
  /** What keeps the payouts from running, if anything does: a code of docs/error-codes.md. */
  readonly problem: string | undefined;
}

/** Newest first. `account`: only payouts to it. `before`: only those with a smaller id. */
export type ListPayouts = Query<'payouts.list', {readonly limit: number; readonly account?: string; readonly before?: number; readonly kind?: PayoutView['kind']}, readonly PayoutView[]>;
/** With all its payees. */
export type GetPayout = Query<'payouts.get', {readonly id: number}, PayoutView | null>;
export type GetPayoutStatus = Query<'payouts.getStatus', Record<never, never>, PayoutStatus>;
/** The operator asks for a run now, whatever the schedule says. The answer is what came of the planning. */
export type RunPayoutsNow = Query<'payouts.runNow', Record<never, never>, {readonly ok: true; readonly id: number | undefined} | {readonly ok: false; readonly code: string; readonly detail?: string}>;
/** Durable. Payouts already signed are still carried to their end; nothing new is planned. */
export type PausePayouts = Query<'payouts.pause', {readonly isPaused: boolean}, {readonly ok: boolean}>;
/**
 * Gives up a payout that waits for a signature made elsewhere, and credits the accounts again. Only while it is `recorded`,
 * and only the operator can know that nobody has signed or will sign it.
 */
export type CancelPayout = Query<'payouts.cancel', {readonly id: number}, {readonly ok: true} | {readonly ok: false; readonly code: string; readonly detail?: string}>;

export type PayoutsMessage = ListPayouts | GetPayout | GetPayoutStatus | RunPayoutsNow | PausePayouts | CancelPayout;

export type PayoutsEvent =
  /** A payout reached a new state. */
  | {readonly type: 'payouts.changed'; readonly payout: PayoutView}
  /** Somebody must look: a payout that failed, is stuck, or that the network refuses. Told once for each code of a payout. */
  | {readonly type: 'payouts.problem'; readonly payout: PayoutView | undefined; readonly code: string; readonly detail: string};
