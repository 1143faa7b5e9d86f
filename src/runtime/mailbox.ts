/**
 * @module What waits for an actor and what is lost: a priority lane and a user lane under one bound, and the stash.
 *
 * Decides the order of delivery and who loses when the bound is reached. The engine's own entries (timers, outcomes of
 * promises, death notices, the end of a drain) pass the bound and are never dropped; there is at most one per timer key,
 * promise, or watched actor, so the actor itself bounds them. The control lane is the cell's list of orders: it never
 * meets this bound at all.
 */
import type {Message, TellOutcome, DeadLetterReason} from './actor.js';
import {CHECKED, asOrdinary, type Envelope} from './envelope.js';
import {MessageRing} from './message-ring.js';
import {
  DROP_OLDEST, IS_PRIORITY, IS_UNDROPPABLE, KEEP_LATEST, REFUSE, type CompiledProtocol,
} from './compiled-protocol.js';

/** Told of every message that the bound cost. */
export interface LossSink {
  lost(message: Message, envelope: Envelope, reason: DeadLetterReason): void;
}

export class Mailbox {
  readonly user = new MessageRing();
  priority: MessageRing | undefined;
  stash: MessageRing | undefined;
  received = 0;
  processed = 0;
  /** The message that the actor has in hand; what `stash` puts aside. */
  inHand: Message | undefined = undefined;
  /** It went to the stash: no reply is owed yet. */
  isInHandStashed = false;
  /** The promise of its handler is outstanding. */
  isInHandAwaited = false;
  /** Messages counted against the capacity: both lanes and the stash, without the engine's own entries. */
  waiting = 0;
  readonly protocol: CompiledProtocol;
  private readonly sink: LossSink;

  constructor(protocol: CompiledProtocol, sink: LossSink) {
    this.protocol = protocol;
    this.sink = sink;
  }

  offer(message: Message, envelope: Envelope): TellOutcome {
    const protocol = this.protocol;
    const flags = protocol.special === undefined ? 0 : (protocol.special.get(message.type) ?? 0);
    if (protocol.policy === KEEP_LATEST && (flags & IS_UNDROPPABLE) === 0 && this.coalesce(message, envelope)) return 'replaced';
    const before = this.waiting;
    if (before >= protocol.capacity && (flags & IS_UNDROPPABLE) === 0) return this.overflow(message, envelope, flags);
    if ((flags & IS_PRIORITY) === 0) this.user.push(message, envelope);
    else this.priorityLane().push(message, envelope);
    this.waiting = before + 1;
    return before < protocol.softLimit ? 'accepted' : 'over-soft-limit';
  }

  priorityLane(): MessageRing {
    return (this.priority ??= new MessageRing());
  }

  /** The lane that is served next; undefined when nothing waits. */
  nextLane(): MessageRing | undefined {
    const priority = this.priority;
    if (priority !== undefined && priority.length > 0) return priority;
    return this.user.length > 0 ? this.user : undefined;
  }

  /** @returns false when nothing is in hand, or the bound leaves no room: the stash counts like any waiting message. */
  stashInHand(envelope: Envelope): boolean {
    if (this.inHand === undefined || this.isInHandStashed || this.waiting >= this.protocol.capacity) return false;
    (this.stash ??= new MessageRing()).push(this.inHand, asOrdinary(envelope));
    this.waiting += 1;
    this.isInHandStashed = true;
    return true;
  }

  unstashAll(): void {
    const stash = this.stash;
    if (stash === undefined) return;
    for (let i = stash.length - 1; i >= 0; i -= 1) this.user.unshift(stash.messageAt(i), stash.envelopeAt(i));
    this.stash = undefined;
  }

  /** Empties everything into `each`, in order of delivery, the stash first. */
  drainInto(each: (message: Message, envelope: Envelope) => void): void {
    this.unstashAll();
    for (let lane = this.nextLane(); lane !== undefined; lane = this.nextLane()) {
      const message = lane.headMessage();
      const envelope = lane.headEnvelope();
      lane.dropHead();
      each(message, envelope);
    }
    this.waiting = 0;
  }

  /**
   * In place, so that a stream of updates cannot push itself back for ever; the price is that under `keep-latest`
   * order holds within a type only. At most one message per type waits, so the scan is as long as the protocol.
   */
  private coalesce(message: Message, envelope: Envelope): boolean {
    return coalesceIn(this.user, message, envelope, this.sink)
      || (this.priority !== undefined && coalesceIn(this.priority, message, envelope, this.sink));
  }

  private overflow(message: Message, envelope: Envelope, flags: number): TellOutcome {
    const policy = this.protocol.policy;
    if (policy === REFUSE || policy === KEEP_LATEST) {
      this.sink.lost(message, envelope, 'mailbox-full');
      return 'refused';
    }
    const priority = (flags & IS_PRIORITY) !== 0;
    // The oldest user message goes first; only a priority message may push out another priority message.
    if (policy === DROP_OLDEST && (this.dropOldestOf(this.user) || (priority && this.dropOldestOf(this.priority)))) {
      (priority ? this.priorityLane() : this.user).push(message, envelope);
      return 'dropped-oldest';
    }
    this.sink.lost(message, envelope, 'dropped-newest');
    return 'dropped-newest';
  }

  private dropOldestOf(lane: MessageRing | undefined): boolean {
    if (lane === undefined) return false;
    const special = this.protocol.special;
    for (let i = 0; i < lane.length; i += 1) {
      const envelope = lane.envelopeAt(i);
      const message = lane.messageAt(i);
      if (envelope.kind > CHECKED || ((special?.get(message.type) ?? 0) & IS_UNDROPPABLE) !== 0) continue;
      lane.removeAt(i);
      this.sink.lost(message, envelope, 'dropped-oldest');
      return true;
    }
    return false;
  }
}

function coalesceIn(lane: MessageRing, message: Message, envelope: Envelope, sink: LossSink): boolean {
  for (let i = 0; i < lane.length; i += 1) {
    const old = lane.messageAt(i);
    const oldEnvelope = lane.envelopeAt(i);
    if (old.type !== message.type || oldEnvelope.kind > CHECKED) continue;
    lane.replaceAt(i, message, envelope);
    sink.lost(old, oldEnvelope, 'replaced');
    return true;
  }
  return false;
}
