/**
 * @module What travels with a message: who sent it, which request it belongs to, until when it matters, who waits for a reply.
 *
 * A plain tell needs none of it. Each actor owns one immutable envelope for its plain tells, and the outside world
 * shares {@link OUTSIDE}, so the usual message allocates nothing. It decides nothing: `cell.ts` reads the kind.
 */
import type {PendingAsk} from './ask.js';
import type {KeyedTimer} from './keyed-timers.js';

/** Kinds up to CHECKED count against the mailbox bound; the rest are the engine's own and are never dropped. */
export const PLAIN = 0;
/** Carries a deadline, an ask or a sample: look before delivering. */
export const CHECKED = 1;
export const TIMER = 2;
export const PIPED = 3;
export const SIGNAL = 4;
/** The end of a drained mailbox. */
export const POISON = 5;

export interface Sender {
  readonly path: string;
  readonly id: number;
}

interface EnvelopeFacts {
  readonly kind: number;
  readonly sender?: Sender | undefined;
  readonly trace?: number | undefined;
  readonly deadlineMs?: number | undefined;
  readonly ask?: PendingAsk | undefined;
  readonly timer?: KeyedTimer | undefined;
  readonly sampledAtMs?: number | undefined;
  readonly incarnation?: number | undefined;
}

export class Envelope {
  readonly kind: number;
  readonly sender: Sender | undefined;
  /** Number of the sender for the flight recorder; 0: from outside. */
  readonly senderId: number;
  /** 0: none. */
  readonly trace: number;
  /** Infinity: none. */
  readonly deadlineMs: number;
  readonly ask: PendingAsk | undefined;
  readonly timer: KeyedTimer | undefined;
  /** When a sampled message was accepted; −1 for the many that are not sampled. */
  readonly sampledAtMs: number;
  /** Which life of the actor awaits this outcome; 0 where it does not matter. */
  readonly incarnation: number;

  constructor(facts: EnvelopeFacts) {
    this.kind = facts.kind;
    this.sender = facts.sender;
    this.senderId = facts.sender === undefined ? 0 : facts.sender.id;
    this.trace = facts.trace ?? 0;
    this.deadlineMs = facts.deadlineMs ?? Infinity;
    this.ask = facts.ask;
    this.timer = facts.timer;
    this.sampledAtMs = facts.sampledAtMs ?? -1;
    this.incarnation = facts.incarnation ?? 0;
  }
}

/** A plain tell from outside every actor. */
export const OUTSIDE = new Envelope({kind: PLAIN});
export const POISONED = new Envelope({kind: POISON});
export const SIGNALLED = new Envelope({kind: SIGNAL});

/** The same message, now with the moment it was accepted, so that its wait and its run are timed. */
export function sampled(envelope: Envelope, nowMs: number): Envelope {
  const {sender, trace, deadlineMs, ask} = envelope;
  return new Envelope({kind: CHECKED, sender, trace, deadlineMs, ask, sampledAtMs: nowMs});
}

/** An engine's own entry turned into an ordinary one, for the stash. */
export function asOrdinary(envelope: Envelope): Envelope {
  return envelope.kind <= CHECKED ? envelope : new Envelope({kind: PLAIN, sender: envelope.sender, trace: envelope.trace});
}
