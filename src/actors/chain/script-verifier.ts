/**
 * @module Runs the scripts of transactions: evaluation here in time slices, signatures on the thread pool in batches.
 * While the threads answer one batch, the next inputs are evaluated. Chain and mempool are given the same instance, so a
 * transaction that the mempool proved costs its block nothing.
 *
 * What was proved is remembered by wtxid and flags. The wtxid commits to the inputs' outpoints, those to the spent coins,
 * so nothing else can change the outcome. Every flag only forbids: proved under more flags is proved under fewer.
 */
import type {Clock} from '../../runtime/clock.js';
import type {SignatureVerifier} from '../../workers/tasks.js';
import {hashKey} from '../../protocol/bytes/hash-key.js';
import {beginVerificationInSteps, continueVerificationInSteps, firstRejection, inputsOf} from '../../protocol/script/verify-inputs.js';
import type {InputToVerify} from '../../protocol/script/verify-inputs.js';
import type {SignatureCheck} from '../../protocol/script/signature-check.js';
import {TransactionDigests} from '../../protocol/script/transaction-digests.js';
import type {ScriptsVerdict, ScriptVerifier, TransactionSpend} from './ports.js';
import {TimeSlices} from './time-slices.js';

/**
 * Inputs per batch: large enough that two worker threads have work while the next is prepared, small enough that one
 * evaluation (30 us an input) and the refilling stay within a slice. Chosen by guess; native-bench/connect-block tells.
 */
const BATCH_INPUTS = 128;
/** Batches with the threads at once: what a full queue of the pool must be able to hold. */
const BATCHES_IN_FLIGHT = 4;
/** Remembered transactions: two blocks' worth. 72 bytes each, and the map's own. */
const PROVED_MAX = 20_000;
/** Waits for room in the pool's queue this often (about a turn of the loop each) before it gives up. */
const QUEUE_FULL_RETRIES = 10_000;

export interface ScriptVerifierModules {
  readonly signatures: SignatureVerifier;
  readonly clock: Clock;
  readonly yieldTurn: () => Promise<void>;
}

interface BatchInput {
  readonly input: InputToVerify;
  readonly spendIndex: number;
  /** Of its transaction: behind it the shared hashes are not needed, unless the evaluation assumed wrongly. */
  readonly isLast: boolean;
}

type Failure = {readonly spendIndex: number; readonly inputIndex: number; readonly code: string; readonly detail?: string};

export class BatchedScriptVerifier implements ScriptVerifier {
  readonly #modules: ScriptVerifierModules;
  /** Key of a wtxid → flags that it was proved under; oldest first. */
  readonly #proved = new Map<string, number>();

  constructor(modules: ScriptVerifierModules) {
    this.#modules = modules;
  }

  async verify(spends: readonly TransactionSpend[], flags: number): Promise<ScriptsVerdict> {
    const slices = new TimeSlices(this.#modules.clock, this.#modules.yieldTurn);
    const flight = new Flight();
    let batch: BatchInput[] = [];
    const unproved: string[] = [];
    for (const [spendIndex, {transaction, spentCoins}] of spends.entries()) {
      if (flight.failure !== undefined) break;
      const key = hashKey(transaction.wtxid);
      if (this.#isProved(key, flags)) continue;
      unproved.push(key);
      const digests = new TransactionDigests(transaction, spentCoins);
      for (const input of inputsOf(digests, flags)) {
        batch.push({input, spendIndex, isLast: input.inputIndex === transaction.inputs.length - 1});
        if (batch.length < BATCH_INPUTS) continue;
        await flight.add(this.#settle(batch, slices));
        batch = [];
      }
    }
    if (batch.length > 0) await flight.add(this.#settle(batch, slices));
    const failure = await flight.landed();
    if (failure !== undefined) return {ok: false, ...failure};
    for (const key of unproved) this.#remember(key, flags);
    return {ok: true};
  }

  /** @returns the first failure of the batch in input order, or undefined. */
  async #settle(batch: readonly BatchInput[], slices: TimeSlices): Promise<Failure | undefined> {
    // In steps of an input, so that a slice can end between any two.
    let round = await slices.run(beginVerificationInSteps(batch.map(({input}) => input)));
    // The batch waits for its signatures, and everything that it holds lives as long.
    for (const {input, isLast} of batch) if (isLast) input.digests.forget();
    for (;;) {
      const rejection = firstRejection(round);
      if (rejection !== undefined) return failureOf(batch[rejection.index]!, rejection.code);
      if (round.questions.length === 0) return undefined;
      const answers = await this.#ask(round.questions);
      slices.restart();
      if (typeof answers === 'string') return {...failureOf(batch[round.pending[0]!.index]!, 'scripts-unavailable'), detail: answers};
      round = await slices.run(continueVerificationInSteps(round, answers));
    }
  }

  /** @returns the answers, or why there are none. A full queue is waited for: the pool works it off. */
  async #ask(questions: readonly SignatureCheck[]): Promise<readonly boolean[] | string> {
    for (let attempt = 0; attempt < QUEUE_FULL_RETRIES; attempt++) {
      const outcome = await this.#modules.signatures.verify(questions);
      if (outcome.ok) return outcome.valid;
      if (outcome.code !== 'pool-queue-full') return outcome.code;
      await this.#modules.yieldTurn();
    }
    return 'pool-queue-full';
  }

  #isProved(key: string, flags: number): boolean {
    const proved = this.#proved.get(key);
    return proved !== undefined && (proved & flags) === flags;
  }

  #remember(key: string, flags: number): void {
    const before = this.#proved.get(key);
    // Two proofs under different flags do not add up to one under both.
    if (before !== undefined && (before & flags) === flags) return;
    this.#proved.delete(key);
    this.#proved.set(key, flags);
    if (this.#proved.size > PROVED_MAX) this.#proved.delete(this.#proved.keys().next().value!);
  }
}

function failureOf({input, spendIndex}: BatchInput, code: string): Failure {
  return {code, spendIndex, inputIndex: input.inputIndex};
}

/** A bounded number of batches under way; the failure with the lowest place wins, whichever came back first. */
class Flight {
  failure: Failure | undefined;
  readonly #underWay = new Set<Promise<void>>();

  async add(settling: Promise<Failure | undefined>): Promise<void> {
    const tracked = settling.then((failure) => {
      this.#underWay.delete(tracked);
      if (failure !== undefined && (this.failure === undefined || isBefore(failure, this.failure))) this.failure = failure;
    });
    this.#underWay.add(tracked);
    if (this.#underWay.size >= BATCHES_IN_FLIGHT) await Promise.race(this.#underWay);
  }

  async landed(): Promise<Failure | undefined> {
    await Promise.all(this.#underWay);
    return this.failure;
  }
}

function isBefore(a: Failure, b: Failure): boolean {
  return a.spendIndex < b.spendIndex || (a.spendIndex === b.spendIndex && a.inputIndex < b.inputIndex);
}
