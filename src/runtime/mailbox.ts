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
  /** Under `keep-latest`, made with the first message. */
  private places: {readonly user: LatestPlaces; readonly priority: LatestPlaces} | undefined = undefined;
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
    if (protocol.policy === KEEP_LATEST && (flags & IS_UNDROPPABLE) === 0 && this.coalesce(message, envelope, flags)) return 'replaced';
    const before = this.waiting;
    if (before >= protocol.capacity && (flags & IS_UNDROPPABLE) === 0) return this.overflow(message, envelope, flags);
    const lane = (flags & IS_PRIORITY) === 0 ? this.user : this.priorityLane();
    if (protocol.policy === KEEP_LATEST && (flags & IS_UNDROPPABLE) === 0) this.placesOf(flags).note(message, protocol, lane);
    lane.push(message, envelope);
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

  /** In place, so that a stream of updates cannot push itself back for ever; order holds within a type and key only. */
  private coalesce(message: Message, envelope: Envelope, flags: number): boolean {
    const lane = (flags & IS_PRIORITY) === 0 ? this.user : this.priority;
    const index = lane === undefined ? -1 : this.placesOf(flags).find(message, this.protocol, lane);
    if (lane === undefined || index < 0) return false;
    const old = lane.messageAt(index);
    const oldEnvelope = lane.envelopeAt(index);
    lane.replaceAt(index, message, envelope);
    this.sink.lost(old, oldEnvelope, 'replaced');
    return true;
  }

  private placesOf(flags: number): LatestPlaces {
    const places = (this.places ??= {user: new LatestPlaces(), priority: new LatestPlaces()});
    return (flags & IS_PRIORITY) === 0 ? places.user : places.priority;
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

/** Where `keep-latest` finds the message to replace in one lane, without looking through it. */
class LatestPlaces {
  /** By type, or by key within a type: the number of the ring's entry. A number below `first` has been delivered. */
  private readonly byKey = new Map<string, number>();

  /** @returns the index in the lane, or -1. */
  find(message: Message, protocol: CompiledProtocol, lane: MessageRing): number {
    const key = placeKey(message, protocol);
    const number = key === undefined ? undefined : this.byKey.get(key);
    if (number === undefined || number < lane.first || number >= lane.first + lane.length) return -1;
    const index = number - lane.first;
    // Messages that return from the stash shift the numbers: what stands there now may be about something else.
    return lane.envelopeAt(index).kind <= CHECKED && placeKey(lane.messageAt(index), protocol) === key ? index : -1;
  }

  /** The message is about to be pushed to the lane. */
  note(message: Message, protocol: CompiledProtocol, lane: MessageRing): void {
    const key = placeKey(message, protocol);
    if (key === undefined) return;
    this.byKey.set(key, lane.first + lane.length);
    // Keys that are named once would stay for ever.
    if (this.byKey.size > 2 * protocol.capacity + PLACES_SPARE) this.forgetDelivered(lane.first);
  }

  private forgetDelivered(first: number): void {
    for (const [key, number] of this.byKey) if (number < first) this.byKey.delete(key);
  }
}

const PLACES_SPARE = 64;

function placeKey(message: Message, {keyOf}: CompiledProtocol): string | undefined {
  if (keyOf === undefined) return message.type;
  const key = keyOf(message);
  return key === undefined ? undefined : `${message.type} ${key}`;
}
