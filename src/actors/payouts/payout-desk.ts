/**
 * @module Carries payouts from step to step through the ports: the machine of `protocol/payout` says what comes next, the
 * desk does it and puts the outcome on disk before it asks again. It decides when a payout or a consolidation is planned,
 * and keeps the coins of unresolved ones locked. One cycle at a time; whoever runs it serialises.
 */
import {outpointMapKey} from '../../protocol/bytes/hash-key.js';
import {afterBooked, afterCancelled, afterRefused, afterSent, afterSigned, nextStep, withProblem} from '../../protocol/payout/payout-machine.js';
import type {CoinFact, MachinePolicy, PayoutFacts, PayoutStep, SignedAttempt} from '../../protocol/payout/payout-machine.js';
import {planConsolidation, planPayout} from '../../protocol/payout/payout-plan.js';
import type {ConsolidationPolicy, PayoutPolicy} from '../../protocol/payout/payout-plan.js';
import {isAwayFromUs, isBalanced, isUnresolved, partsOf} from '../../protocol/payout/payout-record.js';
import type {PayoutRecord} from '../../protocol/payout/payout-record.js';
import type {Sats} from '../../protocol/primitives/transaction.js';
import {assert, reject} from '../../protocol/verdict.js';
import type {Rejection} from '../../protocol/verdict.js';
import {lockKeys} from '../../protocol/wallet/tracked-coins.js';
import type {CoinFollower} from './coin-follower.js';
import type {PaymentNetwork, PayoutLedger, PayoutSettings, PayoutSigner, PayoutStore, SignatureReview} from './ports.js';

export interface PayoutDeskOptions {
  readonly payout: PayoutPolicy;
  readonly consolidation: ConsolidationPolicy;
  readonly machine: MachinePolicy;
  readonly maturityBlocks: number;
  /** Change, and what a consolidation makes. */
  readonly changeScript: Uint8Array;
  readonly scriptOf: (account: string) => Uint8Array | undefined;
  /** Sent and not yet deep: more are not planned beside them. */
  readonly sentMax: number;
}

export interface PayoutDeskPorts {
  readonly store: PayoutStore;
  readonly ledger: PayoutLedger;
  readonly network: PaymentNetwork;
  readonly signer: PayoutSigner;
  readonly review: SignatureReview;
  readonly follower: CoinFollower;
  /** A record has a new state or problem; it is on disk. */
  readonly onChange: (record: PayoutRecord) => void;
}

export type PlanOutcome = {readonly ok: true; readonly id: number | undefined} | Rejection;

/** A record takes at most so many steps at a time: a bound, not a rate. It needs six from plan to network. */
const STEPS_MAX = 16;

export class PayoutDesk {
  readonly #options: PayoutDeskOptions;
  readonly #ports: PayoutDeskPorts;
  /** Unresolved, or confirmed not deep enough to be forgotten; in order of id. */
  readonly #open = new Map<number, PayoutRecord>();
  readonly #sends = new Map<number, {atMs: number; refusal: string | undefined}>();
  #lastId = 0;
  #settings: PayoutSettings;
  #feeRate: Sats | undefined;

  constructor(options: PayoutDeskOptions, ports: PayoutDeskPorts) {
    this.#options = options;
    this.#ports = ports;
    for (const record of ports.store.records()) {
      this.#lastId = record.id;
      if (record.state !== 'failed' || record.outbox !== undefined) this.#open.set(record.id, record);
    }
    this.#settings = ports.store.settings();
  }

  get settings(): PayoutSettings {
    return this.#settings;
  }

  get openRecords(): readonly PayoutRecord[] {
    return [...this.#open.values()];
  }

  get unresolvedCount(): number {
    return this.openRecords.filter(isUnresolved).length;
  }

  /** Outpoints that payouts under way hold. */
  lockedCoins(): ReadonlySet<string> {
    return new Set(this.openRecords.filter(isUnresolved).flatMap(({coins}) => lockKeys(coins)));
  }

  /** Carries every open record as far as it goes now. The follower must stand at the tip. */
  async carryOn(nowMs: number): Promise<void> {
    assert(this.#ports.follower.isSynced, 'payouts are judged at the tip');
    this.#feeRate = await this.#ports.network.feeRateSatsPerKvb();
    for (const id of this.#open.keys()) await this.#carry(id, nowMs);
  }

  /** Plans, writes and carries on one payout of what is due. */
  async pay(nowMs: number): Promise<PlanOutcome> {
    const {ledger, store} = this.#ports;
    if (this.#settings.isPaused) return reject('payouts-paused');
    const hindered = this.#hindrance('payout');
    if (hindered !== undefined) return hindered;
    if (this.#feeRate === undefined) return reject('payout-fee-rate-unknown');
    const due = await ledger.listPayable(this.#options.payout.thresholdSats);
    const planned = planPayout({...this.#planFacts(nowMs, this.#feeRate), due, scriptOf: this.#options.scriptOf}, this.#options.payout);
    if (!planned.ok && planned.code !== 'payout-nothing-due') return planned;
    if (planned.ok) await this.#begin(planned.value);
    this.#settings = {...this.#settings, lastRunAtMs: nowMs};
    await store.putSettings(this.#settings);
    if (!planned.ok) return {ok: true, id: undefined};
    await this.#carry(planned.value.id, nowMs);
    return {ok: true, id: planned.value.id};
  }

  /** Merges small coins when that is cheap. @returns the record's id when there was something to merge. */
  async consolidate(nowMs: number): Promise<number | undefined> {
    if (this.#settings.isPaused || this.#feeRate === undefined || this.#hindrance('consolidation') !== undefined) return undefined;
    const record = planConsolidation(this.#planFacts(nowMs, this.#feeRate), this.#options.consolidation);
    if (record === undefined) return undefined;
    await this.#begin(record);
    await this.#carry(record.id, nowMs);
    return record.id;
  }

  async setPaused(isPaused: boolean): Promise<void> {
    this.#settings = {...this.#settings, isPaused};
    await this.#ports.store.putSettings(this.#settings);
  }

  /** The operator answers for it that nobody has signed. */
  async cancel(id: number, nowMs: number): Promise<{readonly ok: true} | Rejection> {
    const record = this.#open.get(id);
    const cancelled = record === undefined ? undefined : afterCancelled(record, nowMs);
    if (cancelled === undefined) return reject('payout-not-cancellable', 'only a payout that waits for its signature is given up');
    await this.#write(cancelled);
    await this.#carry(id, nowMs);
    return {ok: true};
  }

  /** Why nothing new may be planned. Rule: as long as one record may still be changed by us alone, none is made beside it. */
  #hindrance(kind: PayoutRecord['kind']): Rejection | undefined {
    const open = this.openRecords;
    if (open.some((record) => !isAwayFromUs(record))) return reject('payout-unresolved', 'the payout before is not sent yet');
    const ofKind = open.filter((record) => record.kind === kind && isUnresolved(record)).length;
    return ofKind >= (kind === 'payout' ? this.#options.sentMax : 1) ? reject('payout-too-many-sent', `${ofKind} wait for their confirmations`) : undefined;
  }

  #planFacts(nowMs: number, feeRateSatsPerKvb: Sats): Omit<Parameters<typeof planPayout>[0], 'due' | 'scriptOf'> {
    const {follower} = this.#ports;
    const coins = follower.coins.spendable({tipHeight: follower.height, maturityBlocks: this.#options.maturityBlocks, locked: this.lockedCoins()});
    return {id: this.#lastId + 1, nowMs, coins, changeScript: this.#options.changeScript, feeRateSatsPerKvb};
  }

  async #begin(record: PayoutRecord): Promise<void> {
    this.#lastId = record.id;
    await this.#write(record);
  }

  async #carry(id: number, nowMs: number): Promise<void> {
    for (let steps = 0; steps < STEPS_MAX; steps += 1) {
      const record = this.#open.get(id);
      if (record === undefined) return;
      const next = await this.#take(record, nextStep(record, this.#factsOf(record, nowMs), this.#options.machine), nowMs);
      if (next === undefined) break;
      if (next !== record) await this.#write(next);
    }
    this.#forgetFinal(id);
  }

  /** @returns the record as the step leaves it, the same where nothing is to be written, or undefined when it has to wait. */
  async #take(record: PayoutRecord, step: PayoutStep, nowMs: number): Promise<PayoutRecord | undefined> {
    switch (step.kind) {
      case 'book': return this.#book(record, nowMs);
      case 'sign': return this.#sign(record, step.attempt, nowMs);
      case 'send': return this.#send(record, step.candidates, nowMs);
      case 'write': return step.record;
      case 'wait': return undefined;
    }
  }

  async #book(record: PayoutRecord, nowMs: number): Promise<PayoutRecord | undefined> {
    const booked = await this.#ports.ledger.post(record.outbox!);
    if (booked.ok) return afterBooked(record, nowMs);
    if (booked.code === 'ledger-unavailable') return undefined;
    return changed(record, afterRefused(record, booked.code, nowMs));
  }

  async #sign(record: PayoutRecord, attempt: number, nowMs: number): Promise<PayoutRecord | undefined> {
    const made = record.attempts[attempt]!;
    const parts = partsOf(record, made);
    const request = {id: record.id, txid: made.txid, parts, spent: record.coins};
    const signed = await this.#ports.signer.sign(request);
    const reviewed = signed.ok ? await this.#ports.review.review(signed.transaction, request) : signed;
    if (!reviewed.ok) return changed(record, withProblem(record, reviewed.code, nowMs));
    this.#sends.delete(record.id);
    return afterSigned(record, {txid: reviewed.transaction.txid.slice(), bytes: reviewed.transaction.bytes.slice()}, nowMs);
  }

  async #send(record: PayoutRecord, candidates: readonly SignedAttempt[], nowMs: number): Promise<PayoutRecord | undefined> {
    let refusal: Rejection | undefined;
    for (const {bytes} of candidates) {
      const sent = await this.#ports.network.send(bytes);
      if (sent.ok) {
        this.#sends.set(record.id, {atMs: nowMs, refusal: undefined});
        return afterSent(record, nowMs);
      }
      refusal ??= sent;
    }
    this.#sends.set(record.id, {atMs: nowMs, refusal: refusal!.code});
    return changed(record, withProblem(record, refusal!.code, nowMs));
  }

  #factsOf(record: PayoutRecord, nowMs: number): PayoutFacts {
    const {follower} = this.#ports;
    const sent = this.#sends.get(record.id);
    return {
      nowMs, tipHeight: follower.height, feeRateSatsPerKvb: this.#feeRate, lastSentAtMs: sent?.atMs, lastRefusal: sent?.refusal,
      coins: record.coins.map(({outpoint}): CoinFact => {
        const coin = follower.coins.get(outpoint);
        if (coin === undefined) return {status: 'missing'};
        return coin.spentBy === undefined ? {status: 'unspent'} : {status: 'spent', spentBy: coin.spentBy};
      }),
    };
  }

  async #write(record: PayoutRecord): Promise<void> {
    assert(isBalanced(record), 'the coins of a payout are its outputs, its change and its fee');
    assert(new Set(record.coins.map(({outpoint}) => outpointMapKey(outpoint))).size === record.coins.length, 'a coin is spent once');
    await this.#ports.store.put(record);
    this.#open.set(record.id, record);
    this.#ports.onChange(record);
  }

  /** What no reorganisation reaches needs no watching. */
  #forgetFinal(id: number): void {
    const record = this.#open.get(id);
    if (record === undefined || record.outbox !== undefined) return;
    const isDeep = record.confirmed !== undefined && this.#ports.follower.height - record.confirmed.height + 1 >= this.#options.machine.finalDepth;
    if (record.state !== 'failed' && !(record.state === 'confirmed' && isDeep)) return;
    this.#open.delete(id);
    this.#sends.delete(id);
  }
}

function changed(before: PayoutRecord, after: PayoutRecord): PayoutRecord | undefined {
  return after === before ? undefined : after;
}
