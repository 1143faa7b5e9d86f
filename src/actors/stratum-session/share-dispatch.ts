/**
 * @module Shares of all sessions on their way to the accounting: many in one question. Decides nothing about a share.
 *
 * A question of its own for each share costs a promise with its closures, a timer and two lists: about 6 us, half of what
 * an echo server needs for everything. So what comes while a question is under way makes the next, which leaves with the
 * answer to that one, or before when it has become worth a question. A lone share leaves at once.
 */
import type {ActorRef} from '../../runtime/actor.js';
import {AskError} from '../../runtime/actor.js';
import type {Clock} from '../../runtime/clock.js';
import type {LatencyHistogram} from '../../runtime/latency-histogram.js';
import type {AcceptedShare} from '../../protocol/stratum/share.js';
import type {AccountingMessage, RecordShares} from '../accounting/messages.js';

/** What the session is told of each share. */
export interface ShareRecorded {
  readonly type: 'stratumSession.shareRecorded';
  readonly shareId: number;
  readonly ok: boolean;
  /** Not ok, and nobody knows whether the log has it: there was no answer in time. */
  readonly mayBeRecorded: boolean;
}

/**
 * A dead log is known at once by its refusals; this is for one that hangs. Long, because a pool that has too little CPU is
 * late, too, and whoever is told "not counted" of a share that is on disk a moment later is told wrong: 10,000 miners on a
 * busy machine waited 15 s. What waits meanwhile is bounded below.
 */
const RECORD_TIMEOUT_MS = 120_000;
/** Enough for the cost of a question to count no more. */
const SHARES_WORTH_A_QUESTION = 128;
/** Beyond these the accounting is behind, and what waits gathers here, in questions as large as a segment. */
const QUESTIONS_UNDER_WAY_MAX = 8;
/** As many as one segment of the log holds. */
const SHARES_PER_QUESTION_MAX = 4_096;
/** As the accounting's own bound: more are refused, and the miner is told. */
const WAITING_SHARES_MAX = 32_768;

/** Parallel lists: an object less per share. */
class Batch {
  readonly shares: AcceptedShare[] = [];
  readonly sessions: ActorRef<ShareRecorded>[] = [];
  readonly shareIds: number[] = [];
  /** When its first share came: the others waited less. */
  openedAtMs = 0;

  add(share: AcceptedShare, session: ActorRef<ShareRecorded>, shareId: number): void {
    this.shares.push(share);
    this.sessions.push(session);
    this.shareIds.push(shareId);
  }

  tell(outcome: {readonly ok: boolean; readonly mayBeRecorded: boolean}): void {
    const {ok, mayBeRecorded} = outcome;
    for (let i = 0; i < this.shareIds.length; i += 1) {
      this.sessions[i]!.tell({type: 'stratumSession.shareRecorded', shareId: this.shareIds[i]!, ok, mayBeRecorded});
    }
  }
}

/** Where it is measured how long shares wait for the disk: twice the clock for each batch, never for a share. */
export interface DispatchMeter {
  readonly clock: Pick<Clock, 'nowMs'>;
  readonly latency: LatencyHistogram;
}

export class ShareDispatch {
  readonly #accounting: ActorRef<AccountingMessage>;
  readonly #meter: DispatchMeter | undefined;
  #underWay = 0;
  #waitingCount = 0;
  /** Oldest first; all but the last are full. */
  #waiting: Batch[] = [];

  constructor(accounting: ActorRef<AccountingMessage>, meter?: DispatchMeter) {
    this.#accounting = accounting;
    this.#meter = meter;
  }

  /** The session is told once, in any case. */
  record(share: AcceptedShare, session: ActorRef<ShareRecorded>, shareId: number): void {
    if (this.#waitingCount >= WAITING_SHARES_MAX) {
      session.tell({type: 'stratumSession.shareRecorded', shareId, ok: false, mayBeRecorded: false});
      return;
    }
    this.#waitingCount += 1;
    let batch = this.#waiting.at(-1);
    if (batch === undefined || batch.shares.length >= SHARES_PER_QUESTION_MAX) {
      this.#waiting.push(batch = new Batch());
      if (this.#meter !== undefined) batch.openedAtMs = this.#meter.clock.nowMs();
    }
    batch.add(share, session, shareId);
    this.#askIfWorth();
  }

  #askIfWorth(): void {
    const next = this.#waiting[0];
    if (next === undefined || this.#underWay >= QUESTIONS_UNDER_WAY_MAX) return;
    if (this.#underWay === 0 || next.shares.length >= SHARES_WORTH_A_QUESTION) this.#ask(next);
  }

  #ask(batch: Batch): void {
    this.#waiting.shift();
    this.#waitingCount -= batch.shares.length;
    this.#underWay += 1;
    const settle = (ok: boolean, mayBeRecorded: boolean): void => {
      this.#underWay -= 1;
      batch.tell({ok, mayBeRecorded});
      if (ok) this.#meter?.latency.observe(this.#meter.clock.nowMs() - batch.openedAtMs, batch.shares.length);
      this.#askIfWorth();
    };
    this.#accounting.ask<RecordShares>({type: 'accounting.recordShares', shares: batch.shares}, {timeoutMs: RECORD_TIMEOUT_MS}).then(
      ({ok}) => settle(ok, false),
      // Only a refusal says that it is not in the log; after a time-out it may yet be written.
      (error: unknown) => settle(false, !(error instanceof AskError && error.code === 'refused')),
    );
  }
}

const dispatches = new WeakMap<ActorRef<AccountingMessage>, ShareDispatch>();

/** The one that all sessions of an accounting share. */
export function shareDispatchTo(accounting: ActorRef<AccountingMessage>, meter?: DispatchMeter): ShareDispatch {
  let dispatch = dispatches.get(accounting);
  if (dispatch === undefined) {
    dispatch = new ShareDispatch(accounting, meter);
    dispatches.set(accounting, dispatch);
  }
  return dispatch;
}
