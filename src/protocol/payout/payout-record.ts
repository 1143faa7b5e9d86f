/**
 * @module What is kept of one payout, and the ledger entries that belong to its steps. A record says everything that
 * recovery needs: who is paid, from which coins, every transaction that was ever signed for it, and the ledger entry that
 * is still to be booked. A consolidation is a payout without payees.
 *
 * Coins are locked as long as a record that is not resolved names them. Every transaction of one record spends the same
 * coins, so at most one of them can ever confirm: that, and not a flag, is why nobody is paid twice.
 */
import type {TransactionParts} from '../primitives/transaction-codec.js';
import type {Hash256, Sats} from '../primitives/transaction.js';
import {SEQUENCE_REPLACEABLE, sumOf} from '../wallet/build-spend.js';
import type {WalletCoin} from '../wallet/select-coins.js';
import {minerAccount, NETWORK_FEE, normalised, reversed, WALLET_AVAILABLE, WALLET_IN_FLIGHT} from './ledger.js';
import type {JournalEntry, OutsideEntryKind, Posting} from './ledger.js';

export type PayoutStateName = 'planned' | 'recorded' | 'signed' | 'broadcast' | 'confirmed' | 'failed';

export interface Payee {
  /** Ledger account: a payment address. */
  readonly account: string;
  readonly scriptPubKey: Uint8Array;
  /** Taken from the account. */
  readonly sats: Sats;
  /** Part of it that pays the network fee; 0 when the pool does. */
  readonly feeSats: Sats;
}

/** One transaction of a payout; the first, and those that replaced it with a higher fee. */
export interface PayoutAttempt {
  /** Known before it is signed: the coins are witness programs, so signatures do not change it (BIP 141). */
  readonly txid: Hash256;
  readonly feeSats: Sats;
  /** 0: no change output. */
  readonly changeSats: Sats;
  readonly vsize: number;
  readonly madeAtMs: number;
  /** Absent until it is signed. Never changes afterwards: recovery sends these very bytes. */
  readonly signed: Uint8Array | undefined;
}

export type PayoutEntry = JournalEntry & {readonly kind: OutsideEntryKind};

export interface PayoutRecord {
  readonly id: number;
  readonly kind: 'payout' | 'consolidation';
  readonly state: PayoutStateName;
  /** Counts the writes of this record: a writer that did not see the last one is refused. */
  readonly version: number;
  readonly plannedAtMs: number;
  readonly changedAtMs: number;
  readonly payees: readonly Payee[];
  readonly coins: readonly WalletCoin[];
  readonly changeScript: Uint8Array;
  readonly attempts: readonly PayoutAttempt[];
  /** Written together with the state that asks for it; booked before anything else happens. Idempotent by its id. */
  readonly outbox: PayoutEntry | undefined;
  /** Times that it was settled in the ledger: a reorganisation may make it more than one. */
  readonly settlements: number;
  /** Which attempt is in which block; kept while `confirmed`. */
  readonly confirmed: {readonly attempt: number; readonly height: number} | undefined;
  readonly problem: string | undefined;
}

/** Its coins may not be used by anything else, and its end is not known. */
export function isUnresolved({state}: PayoutRecord): boolean {
  return state !== 'confirmed' && state !== 'failed';
}

/** Whether the network may know of it: from then on a plan of its own may stand beside it. */
export function isAwayFromUs({state, outbox}: PayoutRecord): boolean {
  return outbox === undefined && (state === 'broadcast' || state === 'confirmed' || state === 'failed');
}

export function partsOf(record: PayoutRecord, attempt: PayoutAttempt): TransactionParts {
  const outputs = record.payees.map(({scriptPubKey, sats, feeSats}) => ({valueSats: sats - feeSats, scriptPubKey}));
  return {
    version: 2,
    lockTime: 0,
    inputs: record.coins.map(({outpoint}) => ({prevout: outpoint, scriptSig: new Uint8Array(0), sequence: SEQUENCE_REPLACEABLE, witness: []})),
    outputs: attempt.changeSats === 0n ? outputs : [...outputs, {valueSats: attempt.changeSats, scriptPubKey: record.changeScript}],
  };
}

export function paidSats({payees}: PayoutRecord): Sats {
  return payees.reduce((sum, {sats}) => sum + sats, 0n);
}

/** What leaves the wallet beside the fee. */
export function receivedSats({payees}: PayoutRecord): Sats {
  return payees.reduce((sum, {sats, feeSats}) => sum + sats - feeSats, 0n);
}

/** In satoshis per 1,000 virtual bytes, rounded down. */
export function feeRateOf({feeSats, vsize}: PayoutAttempt): Sats {
  return (feeSats * 1000n) / BigInt(vsize);
}

/** The coins pay outputs and fee, to the satoshi: what every stored record keeps. */
export function isBalanced(record: PayoutRecord): boolean {
  return record.attempts.every((attempt) => sumOf(record.coins) === receivedSats(record) + attempt.changeSats + attempt.feeSats);
}

/** The accounts are debited: what was payable is being paid. */
export function plannedEntry(record: Omit<PayoutRecord, 'outbox'>, atMs: number): PayoutEntry | undefined {
  return entryOf(record, {step: 'planned', kind: 'payout-planned', atMs}, plannedPostings(record));
}

/** The network has it. */
export function sentEntry(record: PayoutRecord, atMs: number): PayoutEntry | undefined {
  return entryOf(record, {step: 'sent', kind: 'payout-sent', atMs}, sentPostings(record));
}

/** Deep in the chain: the claims are gone, and so are the coins. */
export function settledEntry(record: PayoutRecord, attempt: PayoutAttempt, atMs: number): PayoutEntry | undefined {
  const kind = record.kind === 'payout' ? 'payout-settled' : 'consolidation';
  return entryOf(record, {step: `settled/${record.settlements + 1}`, kind, atMs}, settledPostings(record, attempt));
}

/** A reorganisation took it back: as before the last settlement. */
export function unsettledEntry(record: PayoutRecord, attempt: PayoutAttempt, atMs: number): PayoutEntry | undefined {
  const kind = record.kind === 'payout' ? 'payout-sent' : 'consolidation';
  return entryOf(record, {step: `unsettled/${record.settlements}`, kind, atMs}, reversed(settledPostings(record, attempt)));
}

/** It can never confirm: the miners have their claims back. */
export function cancelledEntry(record: PayoutRecord, atMs: number): PayoutEntry | undefined {
  const done = record.state === 'broadcast' ? [...plannedPostings(record), ...sentPostings(record)] : plannedPostings(record);
  return entryOf(record, {step: 'cancelled', kind: 'payout-cancelled', atMs}, reversed(done));
}

function plannedPostings({payees}: Pick<PayoutRecord, 'payees'>): Posting[] {
  return payees.flatMap(({account, sats}) => [
    {account: minerAccount('payable', account), sats},
    {account: minerAccount('paying', account), sats: -sats},
  ]);
}

function sentPostings(record: PayoutRecord): Posting[] {
  const sats = receivedSats(record);
  return [{account: WALLET_AVAILABLE, sats: -sats}, {account: WALLET_IN_FLIGHT, sats}];
}

function settledPostings(record: PayoutRecord, {feeSats}: PayoutAttempt): Posting[] {
  const fromMiners = record.payees.reduce((sum, payee) => sum + payee.feeSats, 0n);
  return [
    ...record.payees.map(({account, sats}) => ({account: minerAccount('paying', account), sats})),
    {account: WALLET_IN_FLIGHT, sats: -receivedSats(record)},
    {account: WALLET_AVAILABLE, sats: -feeSats},
    // What the miners did not bear.
    {account: NETWORK_FEE, sats: feeSats - fromMiners},
  ];
}

/** @returns undefined when there is nothing to book: a consolidation owes nobody anything. */
function entryOf(
  {id, kind: what}: Pick<PayoutRecord, 'id' | 'kind'>, {step, kind, atMs}: {readonly step: string; readonly kind: OutsideEntryKind; readonly atMs: number},
  postings: readonly Posting[],
): PayoutEntry | undefined {
  const normal = normalised(postings);
  return normal.length === 0 ? undefined : {id: `${what}/${id}/${step}`, kind, atMs, postings: normal};
}
