/**
 * @module One question on its way: the promise of the asker and the reply slot of the answerer are the same object.
 *
 * Decides when a question is over: answered, out of time, aborted, refused, its recipient dead or failed. Whatever
 * comes after that is a late reply and goes to the dead letters under that name, not as a lost message.
 */
import {AskError, type AskErrorCode, type AskOptions, type PendingReply} from './actor.js';
import {WheelTimer, type TimerWheel} from './timer-wheel.js';

const WAITING = 0;
const ANSWERED = 1;
const GIVEN_UP = 2;

/** Where pending asks are listed while they wait, so that they can end with their owner. */
export interface AskList {
  add(ask: PendingAsk): void;
  remove(ask: PendingAsk): void;
}

export interface AskFacts {
  readonly messageType: string;
  readonly path: string;
  readonly wheel: TimerWheel;
  readonly deadlineMs: number;
  readonly options: AskOptions;
  /** The asking actor's list; undefined when the asker is outside. */
  readonly owner: AskList | undefined;
  readonly askerPath: string | undefined;
  readonly answerer: Answerer;
}

/** The asked cell, as far as a question needs it. */
export interface Answerer {
  /** A reply came after the asker gave up. */
  noteLateReply(messageType: string, askerPath: string | undefined): void;
}

export class PendingAsk extends WheelTimer implements PendingReply<unknown> {
  readonly messageType: string;
  /** Of the recipient. */
  readonly path: string;
  readonly promise: Promise<unknown>;
  /** The answerer's list, once it took the reply out of the message. */
  taker: AskList | undefined = undefined;
  private state = WAITING;
  private settleOk!: (value: unknown) => void;
  private settleError!: (error: unknown) => void;
  private readonly wheel: TimerWheel;
  private readonly signal: AbortSignal | undefined;
  private readonly owner: AskList | undefined;
  private readonly askerPath: string | undefined;
  private readonly answerer: Answerer;

  constructor(facts: AskFacts) {
    super();
    this.messageType = facts.messageType;
    this.path = facts.path;
    this.wheel = facts.wheel;
    this.signal = facts.options.signal;
    this.owner = facts.owner;
    this.askerPath = facts.askerPath;
    this.answerer = facts.answerer;
    this.promise = new Promise((resolve, reject) => {
      this.settleOk = resolve;
      this.settleError = reject;
    });
    if (this.signal?.aborted === true) {
      this.state = GIVEN_UP;
      this.settleError(new AskError('aborted', {messageType: this.messageType, path: this.path, cause: this.signal.reason}));
      return;
    }
    // The object is its own listener: nothing to allocate, and removal cannot miss.
    this.signal?.addEventListener('abort', this);
    this.owner?.add(this);
    this.wheel.arm(this, facts.deadlineMs);
  }

  /** False once nobody waits any more: the message need not be handled. */
  get isWaiting(): boolean {
    return this.state === WAITING;
  }

  resolve(value: unknown): void {
    if (this.close(ANSWERED)) this.settleOk(value);
    else this.noteLateReply();
  }

  /** The answerer's own failure; the asker sees `failed` with this as its cause. */
  reject(error: unknown): void {
    if (this.state === WAITING) this.fail('failed', error);
    else this.noteLateReply();
  }

  /** Ends the question without an answer. Does nothing when it is over already. */
  fail(code: AskErrorCode, cause?: unknown): void {
    if (!this.close(code === 'failed' ? ANSWERED : GIVEN_UP)) return;
    this.settleError(new AskError(code, {messageType: this.messageType, path: this.path, cause}));
  }

  /** The wheel's call: out of time. */
  fire(): void {
    this.fail('timeout');
  }

  /** The AbortSignal's call. */
  handleEvent(): void {
    this.fail('aborted', this.signal?.reason);
  }

  private close(state: number): boolean {
    if (this.state !== WAITING) return false;
    this.state = state;
    this.wheel.cancel(this);
    this.signal?.removeEventListener('abort', this);
    this.owner?.remove(this);
    this.taker?.remove(this);
    return true;
  }

  private noteLateReply(): void {
    if (this.state !== GIVEN_UP) return;
    this.state = ANSWERED;
    this.answerer.noteLateReply(this.messageType, this.askerPath);
  }
}

/** A set that costs nothing until the first ask. */
export class OpenAsks implements AskList {
  private asks: Set<PendingAsk> | undefined = undefined;

  add(ask: PendingAsk): void {
    (this.asks ??= new Set()).add(ask);
  }

  remove(ask: PendingAsk): void {
    this.asks?.delete(ask);
  }

  get size(): number {
    return this.asks?.size ?? 0;
  }

  failAll(code: AskErrorCode, cause?: unknown): void {
    const asks = this.asks;
    this.asks = undefined;
    for (const ask of asks ?? []) ask.fail(code, cause);
  }
}
