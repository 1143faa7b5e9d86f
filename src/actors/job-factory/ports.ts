/**
 * @module What the job factory needs from a disk: a place where a solved block survives until the chain has judged it.
 * A candidate is written before the chain is asked, so that no crash between the two can lose a reward.
 */
import type {Hash256, Sats} from '../../protocol/primitives/transaction.js';

/** A solved block on its way to the chain. */
export interface CandidateRow {
  readonly hash: Hash256;
  readonly height: number;
  /** Full serialisation with witnesses, as `submitblock` takes it. */
  readonly blockBytes: Uint8Array;
  readonly account: string;
  readonly minerName: string;
  /** Value of the coinbase, subsidy and fees. */
  readonly rewardSats: Sats;
  /** True when the coinbase itself pays the finder (SOLO). */
  readonly paysFinderDirectly: boolean;
  /** Wall clock, milliseconds. */
  readonly foundAtMs: number;
}

export interface CandidateStore {
  /** Those not yet settled, oldest first; read once at start-up. */
  pending(): readonly CandidateRow[];
  /** Idempotent by hash. Resolves when the row is ON DISK. */
  put(row: CandidateRow): Promise<void>;
  /** The chain has judged it and the accounting knows. Resolves when committed; a lost removal only repeats an idempotent hand-over. */
  remove(hash: Hash256): Promise<void>;
}
