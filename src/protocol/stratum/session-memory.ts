/**
 * @module What outlives a connection, so that a client that comes back goes on where it was: its extranonce1, the jobs that
 * it was sent with the shares that counted, and its difficulty. Types only.
 *
 * The jobs move as they are: with the same extranonce1 and the same jobs a client could send its old shares again, and
 * only the sets of counted hashes know them. So whoever has no memory of an extranonce1 does not give it out again.
 */
import type {SessionJobs} from './session-jobs.js';
import type {StratumJob} from './stratum-job.js';

export interface SessionMemory {
  readonly extranonce1: Uint8Array;
  readonly jobs: SessionJobs;
  /** The newest job that was offered, and how many variants of it were sent: each must be new work. */
  readonly offered: StratumJob;
  readonly variants: number;
  /** Of the difficulty of its last share, else of what was announced last. */
  readonly exponent: number;
  /** Of its first miner. */
  readonly account: string;
  readonly userName: string;
  readonly userAgent: string;
  /** Monotonic milliseconds. */
  readonly leftAtMs: number;
}

/** The memory of earlier sessions, as one session may use it. In this process only. */
export interface EarlierSessions {
  /** Hands over what is known under this name (the extranonce1 in hexadecimal), if no other session has it. Once. */
  claim(sessionIdText: string): SessionMemory | undefined;
  /** The difficulty that this name with this software had a few minutes ago. */
  recallExponent(userName: string, userAgent: string): number | undefined;
  /** When the connection is gone and nothing is in hand. */
  keep(memory: SessionMemory): void;
}
