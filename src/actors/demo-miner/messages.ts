/**
 * @module The demo miner: a small miner inside the process that speaks Stratum over a real socket to our own pool, so
 * that a devnet makes blocks and the whole path is exercised. What others may ask of it.
 */
import type {Query} from '../../runtime/actor.js';

export interface DemoMinerStatus {
  readonly isConnected: boolean;
  readonly isMining: boolean;
  /** Hashes per second over the life of the miner, pauses included. */
  readonly hashrate: number;
  readonly hashesDone: number;
  readonly sharesAccepted: number;
  readonly sharesRejected: number;
  readonly lastRejectText: string | undefined;
  readonly difficulty: number;
}

export type GetDemoMinerStatus = Query<'demoMiner.getStatus', Record<never, never>, DemoMinerStatus>;
export type DemoMinerMessage = GetDemoMinerStatus;
