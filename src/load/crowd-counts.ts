/**
 * @module What one thread's miners did and saw, in numbers that add up over threads: the books of the harness. Every
 * submit is in exactly one place: answered (by outcome), unanswered when its connection ended, or still open.
 */
import {LatencyHistogram, type HistogramData} from './latency-histogram.js';
import type {MinerPlan} from './miner-plan.js';
import {INTENTS, type Intent} from './profiles.js';

export interface IntentCounts {
  sent: number;
  /** By outcome: `accepted`, or an error's code and text. */
  readonly outcomes: Record<string, number>;
  /** Their connection ended first: whether the pool counted them is not known. */
  unanswered: number;
}

export interface AccountCounts {
  sent: number;
  /** Without repeats of a share: what the pool's log must hold. */
  accepted: number;
  rejected: number;
  unanswered: number;
}

/** Honest shares of one firmware: which of them a pool does not get on with. */
export interface DialectCounts {
  accepted: number;
  readonly refused: Record<string, number>;
}

export const CONNECTION_EVENTS = [
  'attempted', 'opened', 'authorised', 'failed to open', 'refused by the pool', 'timed out in the greeting',
  'closed by the pool', 'closed by the pool in the greeting', 'cut by the harness', 'moved at the pool\'s wish',
] as const;
export type ConnectionEvent = (typeof CONNECTION_EVENTS)[number];

/** Of one thread at one moment; everything but `tips` and `blocks` is since the start. */
export interface CrowdSnapshot {
  readonly connected: number;
  readonly authorised: number;
  /** Shares that the miners' hashrates should have brought at the difficulties that they had. */
  readonly sharesPlanned: number;
  /** Due, and not searched for because the search of earlier ones took too long. */
  readonly sharesSkipped: number;
  readonly hashes: number;
  readonly searchesWaiting: number;
  readonly intents: Readonly<Record<Intent, IntentCounts>>;
  readonly accounts: Readonly<Record<string, AccountCounts>>;
  readonly dialects: Readonly<Record<string, DialectCounts>>;
  readonly connections: Readonly<Record<ConnectionEvent, number>>;
  /** By text: why names, greetings, lines and connections failed. */
  readonly failures: Readonly<Record<string, number>>;
  readonly strayAnswers: number;
  readonly submitsOpen: number;
  /** Unanswered because the harness cut the connection or misbehaved on it. */
  readonly abandoned: number;
  readonly accepted: HistogramData;
  readonly rejected: HistogramData;
  readonly sendLag: HistogramData;
  readonly connectTime: HistogramData;
  readonly firstJobTime: HistogramData;
  readonly loopDelay: HistogramData;
  /** Part of the time that the thread worked, since the last snapshot. */
  readonly utilisation: number;
  /** Since the last snapshot. */
  readonly tips: readonly TipArrivals[];
  readonly blocks: readonly SolvedBlock[];
  /** Of miners with work, announced difficulty and how many have it. */
  readonly difficulties: readonly (readonly [number, number])[];
}

/** When jobs of a new block came to the miners of a thread, on the clock that all processes share. */
export interface TipArrivals {
  readonly previousHashHex: string;
  readonly arrivalsMs: readonly number[];
}

/** A submit of ours solved a block: the hash is the next tip's name. */
export interface SolvedBlock {
  readonly hashHex: string;
  readonly sentAtMs: number;
}

/** Whose books. */
type Miner = Pick<MinerPlan, 'account' | 'dialect'>;

/** Failures are told apart by text, and a hostile pool must not fill the memory with texts. */
const TEXTS_MAX = 64;

export class CrowdCounts {
  connected = 0;
  authorised = 0;
  sharesPlanned = 0;
  sharesSkipped = 0;
  hashes = 0;
  strayAnswers = 0;
  abandoned = 0;
  readonly accepted = new LatencyHistogram();
  readonly rejected = new LatencyHistogram();
  readonly sendLag = new LatencyHistogram();
  readonly connectTime = new LatencyHistogram();
  readonly firstJobTime = new LatencyHistogram();
  readonly intents: Record<Intent, IntentCounts>;
  readonly accounts: Record<string, AccountCounts> = {};
  readonly dialects: Record<string, DialectCounts> = {};
  readonly connections: Record<ConnectionEvent, number>;
  readonly failures: Record<string, number> = {};
  #tips = new Map<string, number[]>();
  #blocks: SolvedBlock[] = [];

  constructor() {
    this.intents = Object.fromEntries(INTENTS.map((intent) => [intent, {sent: 0, outcomes: {}, unanswered: 0}])) as unknown as Record<Intent, IntentCounts>;
    this.connections = Object.fromEntries(CONNECTION_EVENTS.map((event) => [event, 0])) as Record<ConnectionEvent, number>;
  }

  count(event: ConnectionEvent): void {
    this.connections[event] += 1;
  }

  failed(text: string): void {
    addTo(this.failures, text);
  }

  sent({account}: Miner, intent: Intent): void {
    this.intents[intent].sent += 1;
    this.#account(account).sent += 1;
  }

  /** @param answer - `tookMs` is undefined where it would say nothing of the pool. */
  answered({account, dialect}: Miner, intent: Intent, answer: {readonly outcome: string; readonly tookMs: number | undefined}): void {
    addTo(this.intents[intent].outcomes, answer.outcome);
    const books = this.#account(account);
    if (intent === 'share') {
      const firmware = (this.dialects[dialect] ??= {accepted: 0, refused: {}});
      if (answer.outcome === 'accepted') firmware.accepted += 1;
      else addTo(firmware.refused, answer.outcome);
    }
    if (answer.outcome !== 'accepted') {
      books.rejected += 1;
      if (answer.tookMs !== undefined) this.rejected.addMs(answer.tookMs);
      return;
    }
    if (answer.tookMs !== undefined) this.accepted.addMs(answer.tookMs);
    // A pool may repeat the verdict of a retransmitted share; it may not count it twice.
    if (intent !== 'duplicate') books.accepted += 1;
  }

  /** @param end - abandoned: the harness cut the connection, or misbehaved on it on purpose, so the pool is not to blame. */
  unanswered({account}: Miner, intent: Intent, end: {readonly isAbandoned: boolean}): void {
    if (end.isAbandoned) this.abandoned += 1;
    this.intents[intent].unanswered += 1;
    this.#account(account).unanswered += 1;
  }

  tipArrived(previousHashHex: string, nowMs: number): void {
    const arrivals = this.#tips.get(previousHashHex);
    if (arrivals === undefined) this.#tips.set(previousHashHex, [nowMs]);
    else arrivals.push(nowMs);
  }

  blockSolved(hashHex: string, sentAtMs: number): void {
    this.#blocks.push({hashHex, sentAtMs});
  }

  /** Hands over what is told once only. */
  takeEvents(): {readonly tips: TipArrivals[]; readonly blocks: SolvedBlock[]} {
    const tips = [...this.#tips].map(([previousHashHex, arrivalsMs]) => ({previousHashHex, arrivalsMs}));
    const blocks = this.#blocks;
    this.#tips = new Map();
    this.#blocks = [];
    return {tips, blocks};
  }

  #account(name: string): AccountCounts {
    return (this.accounts[name] ??= {sent: 0, accepted: 0, rejected: 0, unanswered: 0});
  }
}

export function addTo(counts: Record<string, number>, text: string, more = 1): void {
  const key = text in counts || Object.keys(counts).length < TEXTS_MAX ? text : 'other';
  counts[key] = (counts[key] ?? 0) + more;
}
