/**
 * @module What becomes of one solved block after the other: which are under way, what the next step of each is, when it
 * is tried again. Pure; the actor writes, asks and answers.
 *
 *   stored → asking the chain ⟲ (no answer, or an unknown parent) → telling the accounting ⟲ → forgotten
 */
import {hashKey} from '../../protocol/bytes/hash-key.js';
import type {Hash256} from '../../protocol/primitives/transaction.js';
import type {BlockOutcome} from '../chain/messages.js';
import type {CandidateRow} from './ports.js';

/** Whoever waits for the chain's word: sessions, before they answer their miners. */
export interface OutcomeWaiter {
  resolve(outcome: CandidateReply): void;
}

export type CandidateReply = BlockOutcome | {readonly ok: false; readonly code: 'chain-unavailable'; readonly status: 'invalid'};

export interface Candidate {
  readonly row: CandidateRow;
  readonly target: bigint;
  readonly waiters: OutcomeWaiter[];
  outcome: BlockOutcome | undefined;
  attempts: number;
}

/** First pause of the retries, doubled each time. */
const RETRY_DELAY_MIN_MS = 250;
const RETRY_DELAY_MAX_MS = 30_000;
/** A block whose parent never comes: 20 tries are some eight minutes. */
const ORPHAN_ATTEMPTS_MAX = 20;
/** Settled hashes that a repeated submission still finds. */
const SETTLED_KEPT = 256;

export class CandidateDesk {
  readonly #open = new Map<string, Candidate>();
  readonly #settled = new Map<string, BlockOutcome>();

  get openCount(): number {
    return this.#open.size;
  }

  find(hash: Hash256): Candidate | undefined {
    return this.#open.get(hashKey(hash));
  }

  settledOutcome(hash: Hash256): BlockOutcome | undefined {
    return this.#settled.get(hashKey(hash));
  }

  /** Those that wait for a chain that was not there; the one under way is asked again, too, which costs nothing. */
  unjudged(): readonly Candidate[] {
    return [...this.#open.values()].filter((candidate) => candidate.outcome === undefined && candidate.attempts > 0);
  }

  open(row: CandidateRow, target: bigint): Candidate {
    const candidate: Candidate = {row, target, waiters: [], outcome: undefined, attempts: 0};
    this.#open.set(hashKey(row.hash), candidate);
    return candidate;
  }

  /** @returns true when that is the chain's last word; false asks again later. */
  judge(candidate: Candidate, outcome: BlockOutcome): boolean {
    if (!outcome.ok && outcome.status === 'orphan' && candidate.attempts < ORPHAN_ATTEMPTS_MAX) return false;
    candidate.outcome = outcome;
    this.answer(candidate, outcome);
    return true;
  }

  answer(candidate: Candidate, outcome: CandidateReply): void {
    for (const waiter of candidate.waiters.splice(0)) waiter.resolve(outcome);
  }

  nextDelayMs(candidate: Candidate): number {
    return Math.min(RETRY_DELAY_MAX_MS, RETRY_DELAY_MIN_MS * 2 ** Math.max(0, candidate.attempts - 1));
  }

  settle(candidate: Candidate): void {
    const key = hashKey(candidate.row.hash);
    this.#open.delete(key);
    if (candidate.outcome !== undefined) this.#settled.set(key, candidate.outcome);
    if (this.#settled.size <= SETTLED_KEPT) return;
    for (const oldest of this.#settled.keys()) {
      this.#settled.delete(oldest);
      return;
    }
  }
}
