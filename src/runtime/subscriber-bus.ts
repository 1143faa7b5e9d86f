/** @module The event bus: which refs want which event types. Publishing is one `tell` per subscriber, in order of subscription. */
import type {ActorRef, Message} from './actor.js';
import type {EventBus} from './event-bus.js';

/** An actor's context. */
interface Teller {
  tell(ref: ActorRef<Message>, message: Message): unknown;
}

export class SubscriberBus implements EventBus {
  private readonly byType = new Map<string, Set<ActorRef<Message>>>();
  private readonly typesOf = new Map<ActorRef<Message>, Set<string>>();

  publish<E extends Message>(event: E): void {
    const refs = this.byType.get(event.type);
    if (refs !== undefined) for (const ref of refs) ref.tell(event);
  }

  /** As {@link publish}, with the publisher's name and trace on each delivery. */
  publishFrom<E extends Message>(publisher: Teller, event: E): void {
    const refs = this.byType.get(event.type);
    if (refs !== undefined) for (const ref of refs) publisher.tell(ref, event);
  }

  subscribe<E extends Message>(types: readonly E['type'][], ref: ActorRef<E>): void {
    const subscriber = ref as unknown as ActorRef<Message>;
    let own = this.typesOf.get(subscriber);
    if (own === undefined) this.typesOf.set(subscriber, own = new Set());
    for (const type of types) {
      own.add(type);
      let refs = this.byType.get(type);
      if (refs === undefined) this.byType.set(type, refs = new Set());
      refs.add(subscriber);
    }
  }

  unsubscribe(ref: ActorRef<never>): void {
    const subscriber = ref as unknown as ActorRef<Message>;
    const types = this.typesOf.get(subscriber);
    if (types === undefined) return;
    for (const type of types) {
      const refs = this.byType.get(type);
      refs?.delete(subscriber);
      if (refs?.size === 0) this.byType.delete(type);
    }
    this.typesOf.delete(subscriber);
  }

  subscriberCount(type: string): number {
    return this.byType.get(type)?.size ?? 0;
  }
}

/** The bus as one actor sees it: what it publishes carries its name. */
export class PublisherBus implements EventBus {
  private readonly bus: SubscriberBus;
  private readonly publisher: Teller;

  constructor(bus: SubscriberBus, publisher: Teller) {
    this.bus = bus;
    this.publisher = publisher;
  }

  publish<E extends Message>(event: E): void {
    this.bus.publishFrom(this.publisher, event);
  }

  subscribe<E extends Message>(types: readonly E['type'][], ref: ActorRef<E>): void {
    this.bus.subscribe(types, ref);
  }

  unsubscribe(ref: ActorRef<never>): void {
    this.bus.unsubscribe(ref);
  }
}
