/**
 * @module The life of one payout as a pure machine: what is to be done next, and what the outcome makes of the record.
 *
 *   planned ──booked──▶ recorded ──▶ signed ──▶ broadcast ⇄ confirmed
 *      └─ refused ───────────┴─ or its coin ┴ is spent elsewhere ─▶ failed
 *
 * Between two steps the record is on disk, so a crash repeats at most the step that was under way, and each step may be
 * repeated: an entry is booked once by its id, signed bytes are stored before anybody sees them, the same bytes may be
 * sent any number of times. A record is never planned anew. It fails only while nobody can have signed it, or when another
 * transaction that spends one of its coins lies deeper than chains are reorganised: then no transaction of it can confirm.
 */
import {bytesEqual} from '../bytes/compare.js';
import {encodeTransaction} from '../primitives/transaction-codec.js';
import type {Hash256, Sats} from '../primitives/transaction.js';
import {assert} from '../verdict.js';
import {bumpSpend} from '../wallet/build-spend.js';
import {cancelledEntry, feeRateOf, sentEntry, settledEntry, unsettledEntry} from './payout-record.js';
import type {PayoutAttempt, PayoutRecord} from './payout-record.js';

export interface MachinePolicy {
  /** Depth at which a payout counts as paid. */
  readonly confirmationsNeeded: number;
  /** Signed and in no block: sent again this often. */
  readonly rebroadcastMs: number;
  /** In no block this long after the last attempt: the fee is raised. */
  readonly bumpAfterMs: number;
  readonly attemptsMax: number;
  readonly feeRateMaxSatsPerKvb: Sats;
  /** What relay costs: BIP 125, rule 4. */
  readonly incrementalSatsPerKvb: Sats;
  readonly witnessScaleFactor: number;
  /** Somebody else has the keys: what was planned may be signed without our knowing. */
  readonly isSignedElsewhere: boolean;
  /** No block so deep is ever left: coinbase maturity. */
  readonly finalDepth: number;
}

/** What the chain says of a record's coins. */
export interface CoinFact {
  /** In the chain and unspent there; or gone with its block; or spent. */
  readonly status: 'unspent' | 'missing' | 'spent';
  readonly spentBy?: {readonly txid: Hash256; readonly height: number};
}

export interface PayoutFacts {
  readonly nowMs: number;
  readonly tipHeight: number;
  /** In the order of the record's coins. */
  readonly coins: readonly CoinFact[];
  /** Undefined while nobody knows a rate. */
  readonly feeRateSatsPerKvb: Sats | undefined;
  /** By this process; undefined after a start, which makes recovery send at once. */
  readonly lastSentAtMs: number | undefined;
  /** The last refusal of the network, while nothing was accepted since. */
  readonly lastRefusal: string | undefined;
}

export type PayoutStep =
  | {readonly kind: 'book'}
  | {readonly kind: 'sign'; readonly attempt: number}
  /** The newest first: one that the network takes is enough. */
  | {readonly kind: 'send'; readonly candidates: readonly SignedAttempt[]}
  | {readonly kind: 'write'; readonly record: PayoutRecord}
  | {readonly kind: 'wait'};

export interface SignedAttempt {
  readonly txid: Hash256;
  readonly bytes: Uint8Array;
}

/** What the machine itself finds; refusals of ledger, signer and network keep their own codes. */
export type PayoutProblemCode =
  /** A coin is not in the chain any more: its block was left. */
  | 'payout-coin-missing'
  /** A transaction that is not ours spends a coin. */
  | 'payout-coin-spent-elsewhere'
  /** Given up by the operator. */
  | 'payout-cancelled';

const WAIT: PayoutStep = {kind: 'wait'};
/** A first rise that brings nothing is not worth a replacement: a quarter at least. */
const BUMP_FACTOR_NUM = 5n;
const BUMP_FACTOR_DEN = 4n;
/** Refusals that a higher fee cures; Core's and bcoin's words. */
const FEE_REFUSALS: ReadonlySet<string> = new Set(['min relay fee not met', 'mempool min fee not met', 'insufficient fee', 'insufficient priority', 'mempool full']);

export function nextStep(record: PayoutRecord, facts: PayoutFacts, policy: MachinePolicy): PayoutStep {
  if (record.outbox !== undefined) return {kind: 'book'};
  switch (record.state) {
    // A consolidation debits nobody: its plan is its record.
    case 'planned': return {kind: 'write', record: written(record, {state: 'recorded'}, facts.nowMs)};
    case 'recorded':
    case 'signed':
    case 'broadcast': return stepOfSent(record, facts, policy);
    case 'confirmed': return stepOfConfirmed(record, facts, policy);
    case 'failed': return WAIT;
  }
}

/** The entry is in the journal. */
export function afterBooked(record: PayoutRecord, nowMs: number): PayoutRecord {
  return written(record, {outbox: undefined, ...(record.state === 'planned' && {state: 'recorded'})}, nowMs);
}

/** The ledger will never book it. Only a plan's entry may be refused: nothing was signed, nobody was debited. */
export function afterRefused(record: PayoutRecord, code: string, nowMs: number): PayoutRecord {
  if (record.state !== 'planned') return withProblem(record, code, nowMs);
  return written(record, {outbox: undefined, state: 'failed', problem: code}, nowMs);
}

export function afterSigned(record: PayoutRecord, {txid, bytes}: SignedAttempt, nowMs: number): PayoutRecord {
  const attempt = record.attempts.findIndex((made) => bytesEqual(made.txid, txid));
  const before = record.attempts[attempt];
  assert(before !== undefined && before.signed === undefined, 'an attempt is signed once');
  const attempts = record.attempts.with(attempt, {...before, signed: bytes});
  return written(record, {attempts, problem: undefined, ...(record.state === 'recorded' && {state: 'signed'})}, nowMs);
}

/** The network has it, or had it already. */
export function afterSent(record: PayoutRecord, nowMs: number): PayoutRecord {
  if (record.state === 'broadcast') return record.problem === 'bump-no-change' ? record : withProblem(record, undefined, nowMs);
  const sent = written(record, {state: 'broadcast', problem: undefined}, nowMs);
  return {...sent, outbox: sentEntry(sent, nowMs)};
}

/** @returns the same record when nothing changed, so that nothing is written. */
export function withProblem(record: PayoutRecord, problem: string | undefined, nowMs: number): PayoutRecord {
  return record.problem === problem ? record : written(record, {problem}, nowMs);
}

/** The operator gives up a payout that waits for a signature, and answers for it that nobody has signed. */
export function afterCancelled(record: PayoutRecord, nowMs: number): PayoutRecord | undefined {
  if (record.outbox !== undefined || record.state !== 'recorded') return undefined;
  return {...written(record, {state: 'failed', problem: 'payout-cancelled'}, nowMs), outbox: cancelledEntry(record, nowMs)};
}

/** Which attempt the chain has, and where. */
export function confirmationOf(record: PayoutRecord, coins: readonly CoinFact[]): {readonly attempt: number; readonly height: number} | undefined {
  const spentBy = coins[0]?.spentBy;
  if (spentBy === undefined) return undefined;
  const attempt = record.attempts.findIndex(({txid}) => bytesEqual(txid, spentBy.txid));
  return attempt === -1 ? undefined : {attempt, height: spentBy.height};
}

function stepOfSent(record: PayoutRecord, facts: PayoutFacts, policy: MachinePolicy): PayoutStep {
  const {nowMs, tipHeight, coins} = facts;
  const depth = (height: number): number => tipHeight - height + 1;
  const confirmed = confirmationOf(record, coins);
  if (confirmed !== undefined) {
    // Another node may have carried it before ours heard of it: first it was sent, then it is settled.
    if (record.state !== 'broadcast') return {kind: 'write', record: afterSent(record, nowMs)};
    if (depth(confirmed.height) < policy.confirmationsNeeded) return WAIT;
    const settled = written(record, {state: 'confirmed', confirmed, problem: undefined}, nowMs);
    const outbox = settledEntry(record, record.attempts[confirmed.attempt]!, nowMs);
    return {kind: 'write', record: {...settled, settlements: record.settlements + 1, outbox}};
  }
  const rival = coins.find(({spentBy}) => spentBy !== undefined)?.spentBy;
  if (rival !== undefined) {
    const isOver = isUnsigned(record, policy) || depth(rival.height) >= policy.finalDepth;
    return isOver ? failed(record, 'payout-coin-spent-elsewhere', nowMs) : problemOrWait(record, 'payout-coin-spent-elsewhere', nowMs);
  }
  // A coin whose block was left comes back with it, or its own payout is sent again: wait, and say so.
  if (coins.some(({status}) => status === 'missing')) {
    return isUnsigned(record, policy) ? failed(record, 'payout-coin-missing', nowMs) : problemOrWait(record, 'payout-coin-missing', nowMs);
  }
  const candidates = record.attempts.flatMap(({txid, signed}) => (signed === undefined ? [] : [{txid, bytes: signed}])).toReversed();
  // Before anything new: while a higher fee waits for its signature, what is signed is still carried.
  const isDue = facts.lastSentAtMs === undefined || nowMs - facts.lastSentAtMs >= policy.rebroadcastMs;
  if (candidates.length > 0 && isDue) return {kind: 'send', candidates};
  const unsigned = record.attempts.findIndex(({signed}) => signed === undefined);
  if (unsigned !== -1) return {kind: 'sign', attempt: unsigned};
  const bumped = bumpOf(record, facts, policy);
  return bumped === undefined ? WAIT : {kind: 'write', record: bumped};
}

function stepOfConfirmed(record: PayoutRecord, facts: PayoutFacts, policy: MachinePolicy): PayoutStep {
  const {confirmed} = record;
  assert(confirmed !== undefined, 'a confirmed payout says where');
  // No reorganisation reaches it, and its coins may be forgotten by now: nothing that they say counts.
  if (facts.tipHeight - confirmed.height + 1 >= policy.finalDepth) return WAIT;
  const now = confirmationOf(record, facts.coins);
  if (now !== undefined && now.attempt === confirmed.attempt) {
    // The same transaction in another block, after a reorganisation: nothing that the ledger knows has changed.
    return now.height === confirmed.height && record.problem === undefined ? WAIT
      : {kind: 'write', record: written(record, {confirmed: now, problem: undefined}, facts.nowMs)};
  }
  if (facts.coins.some(({status}) => status === 'missing')) return problemOrWait(record, 'payout-coin-missing', facts.nowMs);
  const back = written(record, {state: 'broadcast', confirmed: undefined, problem: undefined}, facts.nowMs);
  return {kind: 'write', record: {...back, outbox: unsettledEntry(record, record.attempts[confirmed.attempt]!, facts.nowMs)}};
}

/** @returns the record with one attempt more, or undefined while the present fee will do. */
function bumpOf(record: PayoutRecord, {nowMs, feeRateSatsPerKvb, lastRefusal}: PayoutFacts, policy: MachinePolicy): PayoutRecord | undefined {
  const last = record.attempts.at(-1)!;
  const isRefused = lastRefusal !== undefined && FEE_REFUSALS.has(lastRefusal);
  if (record.attempts.length >= policy.attemptsMax || (!isRefused && nowMs - last.madeAtMs < policy.bumpAfterMs)) return undefined;
  const least = (feeRateOf(last) * BUMP_FACTOR_NUM) / BUMP_FACTOR_DEN + 1n;
  const wanted = feeRateSatsPerKvb !== undefined && feeRateSatsPerKvb > least ? feeRateSatsPerKvb : least + policy.incrementalSatsPerKvb;
  const rate = wanted < policy.feeRateMaxSatsPerKvb ? wanted : policy.feeRateMaxSatsPerKvb;
  if (rate <= feeRateOf(last)) return undefined;
  const bumped = bumpSpend({
    coins: record.coins,
    outputs: record.payees.map(({scriptPubKey, sats, feeSats}) => ({valueSats: sats - feeSats, scriptPubKey})),
    changeScript: record.changeScript, feeRateSatsPerKvb: rate, witnessScaleFactor: policy.witnessScaleFactor,
  }, {feeSats: last.feeSats, incrementalSatsPerKvb: policy.incrementalSatsPerKvb});
  if (!bumped.ok) return bumped.code === 'bump-too-small' || record.problem === bumped.code ? undefined : withProblem(record, bumped.code, nowMs);
  const {parts, feeSats, changeSats, vsize} = bumped.value;
  const attempt: PayoutAttempt = {txid: encodeTransaction(parts).txid, feeSats, changeSats, vsize, madeAtMs: nowMs, signed: undefined};
  return written(record, {attempts: [...record.attempts, attempt]}, nowMs);
}

/** Nobody can have signed any transaction of it. */
function isUnsigned(record: PayoutRecord, {isSignedElsewhere}: MachinePolicy): boolean {
  return !isSignedElsewhere && record.state === 'recorded';
}

function failed(record: PayoutRecord, problem: PayoutProblemCode, nowMs: number): PayoutStep {
  return {kind: 'write', record: {...written(record, {state: 'failed', problem}, nowMs), outbox: cancelledEntry(record, nowMs)}};
}

function problemOrWait(record: PayoutRecord, problem: PayoutProblemCode, nowMs: number): PayoutStep {
  const next = withProblem(record, problem, nowMs);
  return next === record ? WAIT : {kind: 'write', record: next};
}

function written(record: PayoutRecord, change: Partial<PayoutRecord>, nowMs: number): PayoutRecord {
  return {...record, ...change, version: record.version + 1, changedAtMs: nowMs};
}
