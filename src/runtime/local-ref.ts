/** @module The ref to an actor of the same thread: one per actor, for its whole life. */
import type {ActorRef, AskOptions, Message, ReplyOf, TellOptions, TellOutcome} from './actor.js';
import {CHECKED, Envelope, OUTSIDE, PLAIN, type Sender} from './envelope.js';
import type {Cell} from './cell.js';

export class LocalRef implements ActorRef<Message> {
  /** Private in the object itself, so that a logged or cloned ref does not take the whole tree along. */
  readonly #cell: Cell;

  constructor(cell: Cell) {
    this.#cell = cell;
  }

  get path(): string {
    return this.#cell.path;
  }

  get id(): number {
    return this.#cell.id;
  }

  /** The engine's own. */
  get cell(): Cell {
    return this.#cell;
  }

  tell(message: Message, options?: TellOptions): TellOutcome {
    return this.#cell.accept(message, options === undefined ? OUTSIDE : tellEnvelope(undefined, 0, options));
  }

  ask<Q extends Message>(query: Q, options: AskOptions): Promise<ReplyOf<Q>> {
    return this.#cell.ask(query, options) as Promise<ReplyOf<Q>>;
  }
}

/** @param trace - of the message in hand, when the options name none. */
export function tellEnvelope(sender: Sender | undefined, trace: number, options: TellOptions | undefined): Envelope {
  const deadlineMs = options?.deadlineMs;
  return new Envelope({kind: deadlineMs === undefined ? PLAIN : CHECKED, sender, trace: options?.trace ?? trace, deadlineMs});
}
