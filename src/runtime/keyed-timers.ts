/**
 * @module An actor's timers by key. A timer is a message to the actor itself, never a call.
 *
 * Setting a key again replaces its timer, and after `cancel` a message that already waits in the mailbox is not
 * delivered either: the entry in the mailbox points at its timer, and the timer knows whether it still holds. At most
 * one message per key waits, so an interval cannot pile up before a slow actor.
 */
import type {Message, Timers} from './actor.js';
import {Envelope, TIMER, type Sender} from './envelope.js';
import {WheelTimer, type TimerWheel} from './timer-wheel.js';

/** The cell, as a timer sees it. */
export interface TimerOwner {
  readonly ref: Sender;
  readonly wheel: TimerWheel;
  nowMs(): number;
  deliverTimer(timer: KeyedTimer): void;
}

export class KeyedTimer extends WheelTimer {
  readonly key: string;
  readonly message: Message;
  /** 0: fires once. */
  readonly intervalMs: number;
  readonly envelope: Envelope;
  /** Its message is in the mailbox now. */
  isInMailbox = false;
  isCancelled = false;
  private readonly owner: TimerOwner;

  constructor(owner: TimerOwner, facts: {key: string; message: Message; intervalMs: number}) {
    super();
    this.owner = owner;
    this.key = facts.key;
    this.message = facts.message;
    this.intervalMs = facts.intervalMs;
    this.envelope = new Envelope({kind: TIMER, sender: owner.ref, timer: this});
  }

  fire(): void {
    if (this.intervalMs > 0) {
      // From the due time, so that the interval does not drift; ticks missed while the loop was held are skipped.
      const behind = Math.max(0, this.owner.nowMs() - this.dueMs);
      this.owner.wheel.arm(this, this.dueMs + (Math.floor(behind / this.intervalMs) + 1) * this.intervalMs);
    }
    if (!this.isInMailbox) this.owner.deliverTimer(this);
  }
}

export class KeyedTimers implements Timers<Message> {
  private readonly byKey = new Map<string, KeyedTimer>();
  private readonly owner: TimerOwner;

  constructor(owner: TimerOwner) {
    this.owner = owner;
  }

  once(key: string, delayMs: number, message: Message): void {
    this.set(key, delayMs, new KeyedTimer(this.owner, {key, message, intervalMs: 0}));
  }

  every(key: string, intervalMs: number, message: Message): void {
    if (!(intervalMs > 0)) throw new RangeError(`timer ${key}: interval ${intervalMs} ms`);
    this.set(key, intervalMs, new KeyedTimer(this.owner, {key, message, intervalMs}));
  }

  cancel(key: string): void {
    const timer = this.byKey.get(key);
    if (timer === undefined) return;
    this.owner.wheel.cancel(timer);
    timer.isCancelled = true;
    this.byKey.delete(key);
  }

  has(key: string): boolean {
    return this.byKey.has(key);
  }

  get size(): number {
    return this.byKey.size;
  }

  /** Called when the message is taken from the mailbox; false when it is no longer wanted. */
  take(timer: KeyedTimer): boolean {
    timer.isInMailbox = false;
    if (timer.isCancelled) return false;
    if (timer.intervalMs === 0) this.byKey.delete(timer.key);
    return true;
  }

  cancelAll(): void {
    for (const key of this.byKey.keys()) this.cancel(key);
  }

  private set(key: string, delayMs: number, timer: KeyedTimer): void {
    if (!(delayMs >= 0)) throw new RangeError(`timer ${key}: delay ${delayMs} ms`);
    this.cancel(key);
    this.byKey.set(key, timer);
    this.owner.wheel.arm(timer, this.owner.nowMs() + delayMs);
  }
}
