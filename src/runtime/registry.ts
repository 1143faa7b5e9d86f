/**
 * @module Names for actors that others look for: `chain`, `mempool`. One ref per name; a name falls free when its actor stops.
 *
 * Not a substitute for handing a ref over at construction, which the compiler can check; it serves the inspector and
 * parts that start in either order.
 */
import type {ActorRef, Message} from './actor.js';

interface Waiter {
  readonly subscriber: ActorRef<never>;
  readonly deliver: (ref: ActorRef<Message>) => void;
}

export class Registry {
  private readonly byName = new Map<string, ActorRef<Message>>();
  /** Every ref that appears below, so that the end of a nameless actor costs one look-up. */
  private readonly known = new Set<ActorRef<never>>();
  private readonly waiters = new Map<string, Waiter[]>();

  /** @returns false when another living actor holds the name. */
  register<M extends Message>(name: string, ref: ActorRef<M>): boolean {
    const held = this.byName.get(name);
    if (held !== undefined) return (held as ActorRef<never>) === ref;
    const registered = ref as unknown as ActorRef<Message>;
    this.byName.set(name, registered);
    this.known.add(ref as ActorRef<never>);
    for (const waiter of this.waiters.get(name) ?? []) waiter.deliver(registered);
    return true;
  }

  unregister(name: string): void {
    this.byName.delete(name);
  }

  /** The caller names the protocol; nothing checks it at run time. */
  find<M extends Message>(name: string): ActorRef<M> | undefined {
    return this.byName.get(name) as unknown as ActorRef<M> | undefined;
  }

  names(): readonly string[] {
    return [...this.byName.keys()];
  }

  /** Tells `subscriber` at once when the name is taken already, and at every registration until it stops or unwatches. */
  watch<N extends Message, M extends Message>(name: string, subscriber: ActorRef<M>, makeMessage: (ref: ActorRef<N>) => M): void {
    const waiter: Waiter = {
      subscriber: subscriber as ActorRef<never>,
      deliver: (ref) => subscriber.tell(makeMessage(ref as unknown as ActorRef<N>)),
    };
    this.unwatch(name, waiter.subscriber);
    this.known.add(waiter.subscriber);
    this.waiters.set(name, [...(this.waiters.get(name) ?? []), waiter]);
    const held = this.byName.get(name);
    if (held !== undefined) waiter.deliver(held);
  }

  unwatch(name: string, subscriber: ActorRef<never>): void {
    const left = (this.waiters.get(name) ?? []).filter((waiter) => waiter.subscriber !== subscriber);
    if (left.length > 0) this.waiters.set(name, left);
    else this.waiters.delete(name);
  }

  /** The engine's call when an actor has stopped. */
  forget(ref: ActorRef<never>): void {
    if (!this.known.delete(ref)) return;
    for (const [name, held] of this.byName) {
      if ((held as ActorRef<never>) === ref) this.byName.delete(name);
    }
    for (const name of this.waiters.keys()) this.unwatch(name, ref);
  }
}
