/**
 * @module Facts that any number of actors may want: `chain.tipChanged` and the like.
 * An event is a message in the past tense. Publishing is a `tell` to each subscriber: bounded, counted, never a call.
 */
import type {ActorRef, Message} from './actor.js';

export interface EventBus {
  publish<E extends Message>(event: E): void;
  /** Delivers events of these types to `ref` until it stops or unsubscribes. */
  subscribe<E extends Message>(types: readonly E['type'][], ref: ActorRef<E>): void;
  unsubscribe(ref: ActorRef<never>): void;
}
