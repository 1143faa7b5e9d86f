/**
 * @module What an actor is: the types that every actor and every holder of a ref agree on.
 *
 * Decides nothing at run time. The engine is `system.ts`; the queues are `mailbox.ts`; who runs when is
 * `scheduler.ts`. An actor is a synchronous function over a discriminated union of messages, fed one message
 * at a time from a bounded mailbox. It never sees another actor's state and holds nothing but refs.
 */
import type {Clock, Random} from './clock.js';
import type {Log} from './log.js';
import type {EventBus} from './event-bus.js';
import type {Registry} from './registry.js';

/** Every message names its kind; `type` is `<actor>.<verbNoun>` and unique in the whole program. */
export interface Message {
  readonly type: string;
}

declare const reply: unique symbol;

/** A message with exactly one reply of type `R`. `R` lives in the compiler only: nothing is stored. */
export type Query<T extends string, P, R> = {readonly type: T; readonly [reply]?: R} & Readonly<P>;

/** The reply type of a query. */
export type ReplyOf<Q> = Q extends {readonly [reply]?: infer R} ? Exclude<R, undefined> : never;

/** Three lanes, drained in this order. Order is FIFO within a lane and never across lanes. */
export type Lane = 'control' | 'priority' | 'user';

/**
 * What a full mailbox does with one message more.
 * - `refuse`: the sender learns it; nothing is lost silently. For commands and queries.
 * - `drop-oldest`, `drop-newest`: loses one, counts it, and sends it to the dead letters. For statistics.
 * - `keep-latest`: a message replaces the waiting one of the same `type` and key. For tips, templates, one price per coin.
 */
export type OverflowPolicy = 'refuse' | 'drop-oldest' | 'drop-newest' | 'keep-latest';

/** The contract of one kind of actor. `M` is its whole public message union. */
export interface Protocol<M extends Message> {
  /** The actor kind, in the field's own words: `chain`, `mempool`, `stratum-session`. */
  readonly kind: string;
  readonly mailbox: {
    /** Most messages waiting in the user and priority lanes together. */
    readonly capacity: number;
    readonly policy: OverflowPolicy;
    /**
     * With `keep-latest` only: which messages of one type are about the same thing. `undefined` keeps a message whatever
     * else waits. Without it the type alone decides.
     */
    readonly keyOf?: (message: M) => string | number | undefined;
    /** From this depth on `tell` answers `over-soft-limit`; defaults to three quarters of `capacity`. */
    readonly softLimit?: number;
  };
  /** Message types that overtake the rest (a block candidate, a new tip). */
  readonly priority?: readonly M['type'][];
  /** Message types that a full mailbox must still take: closes, confirmations. Use sparingly: they ignore the bound. */
  readonly undroppable?: readonly M['type'][];
}

/** What became of a message. `tell` never throws. */
export type TellOutcome = 'accepted' | 'over-soft-limit' | 'refused' | 'dropped-oldest' | 'dropped-newest' | 'replaced' | 'dead';

export interface TellOptions {
  /** Absolute, on the system clock's `nowMs()`. Expired messages are skipped and reach the dead letters as `expired`. */
  readonly deadlineMs?: number;
  /** Correlates one request over all actors that it passes: carried along by `ctx.tell`. */
  readonly trace?: number;
}

export interface AskOptions {
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
}

/** All that others hold of an actor. Plain identity: two refs are the same actor when they are `===`. */
export interface ActorRef<M extends Message> {
  readonly path: string;
  readonly id: number;
  tell(message: M, options?: TellOptions): TellOutcome;
  /**
   * Sends a query and waits for its one reply.
   * Rejects with {@link AskError}: `timeout`, `aborted`, `dead`, `refused` (mailbox full), `failed` (handler threw).
   */
  ask<Q extends M>(query: Q, options: AskOptions): Promise<ReplyOf<Q>>;
}

export type AskErrorCode = 'timeout' | 'aborted' | 'dead' | 'refused' | 'failed';

export class AskError extends Error {
  override readonly name = 'AskError';
  readonly code: AskErrorCode;
  readonly messageType: string;
  readonly path: string;
  constructor(code: AskErrorCode, facts: {messageType: string; path: string; cause?: unknown}) {
    super(`ask ${facts.messageType} of ${facts.path}: ${code}`, facts.cause === undefined ? undefined : {cause: facts.cause});
    this.code = code;
    this.messageType = facts.messageType;
    this.path = facts.path;
  }
}

/** A reply kept for later. Calling either method a second time does nothing. */
export interface PendingReply<R> {
  /** False once the asker has given up: out of time, aborted, gone. */
  readonly isWaiting: boolean;
  resolve(value: R): void;
  reject(error: unknown): void;
}

/** Keyed timers: setting a key again replaces its timer. A timer delivers a message to the actor itself. */
export interface Timers<M extends Message> {
  once(key: string, delayMs: number, message: M): void;
  every(key: string, intervalMs: number, message: M): void;
  cancel(key: string): void;
  has(key: string): boolean;
}

/** Why an actor ended; what its watchers are told. */
export type StopReason = 'stopped' | 'killed' | 'failed' | 'parent-stopped' | 'restart-limit';

/**
 * System news for an actor, delivered to `Behaviour.signal`. Never bounded and never lost. It comes in order behind
 * everything that the ended actor itself told the watcher, so the last words are heard before the death.
 */
export type Signal =
  | {readonly type: 'terminated'; readonly ref: ActorRef<never>; readonly reason: StopReason; readonly error?: unknown};

export interface ActorContext<M extends Message> {
  readonly self: ActorRef<M>;
  readonly path: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly events: EventBus;
  readonly registry: Registry;
  readonly timers: Timers<M>;
  /** Deadline of the message in hand, or `undefined`. */
  readonly deadlineMs: number | undefined;
  /** Trace of the message in hand; 0 when it has none. */
  readonly trace: number;
  /** As `ref.tell`, carrying the trace and the sender along. */
  tell<N extends Message>(ref: ActorRef<N>, message: N, options?: TellOptions): TellOutcome;
  /** As `ref.ask`, carrying the trace; the promise never outlives the actor: it rejects `aborted` when the actor stops. */
  ask<N extends Message, Q extends N>(ref: ActorRef<N>, query: Q, options: AskOptions): Promise<ReplyOf<Q>>;
  /** Answers the query in hand. Ignored when the message was a plain tell. */
  reply(value: unknown): void;
  /** Takes the reply out of the message in hand, to be settled later. `undefined` when nobody asked. */
  takeReply<R>(): PendingReply<R> | undefined;
  /**
   * Brings the outcome of a promise back as a message on the priority lane, so that state changes only inside `receive`.
   * After the actor stopped or restarted, the outcome is discarded.
   */
  pipeToSelf<T>(promise: Promise<T>, onOk: (value: T) => M, onError: (error: unknown) => M): void;
  spawn<N extends Message>(spec: ActorSpec<N>, options: SpawnOptions): ActorRef<N>;
  /** Stops a child or itself after the messages already waiting (`drain`), or at once. */
  stop(ref: ActorRef<never>, mode?: 'drain' | 'now'): void;
  watch(ref: ActorRef<never>): void;
  unwatch(ref: ActorRef<never>): void;
  /** Puts the message in hand aside, counted within the mailbox bound. False when there is no room. */
  stash(): boolean;
  /** Puts the stashed messages back before the waiting ones, in their order. */
  unstashAll(): void;
}

/**
 * One incarnation of an actor: its state is in the closure or the object.
 * `receive` is called synchronously; when it returns a promise the actor takes no further message until it settles.
 * Throwing (or rejecting) is a failure, answered by the supervisor.
 */
export interface Behaviour<M extends Message> {
  receive(message: M, ctx: ActorContext<M>): void | Promise<void>;
  signal?(signal: Signal, ctx: ActorContext<M>): void;
  /** Called once when this incarnation ends, also before a restart. May be async; bounded by the stop timeout. */
  onStop?(reason: StopReason | 'restarting', ctx: ActorContext<M>): void | Promise<void>;
  /** What the inspector shows: small, plain, cheap. */
  inspect?(): unknown;
}

export interface ActorSpec<M extends Message> {
  readonly protocol: Protocol<M>;
  /** Makes a fresh incarnation; called again on each restart. */
  create(ctx: ActorContext<M>): Behaviour<M>;
  /** How this actor supervises its CHILDREN. Default: one-for-one, restart. */
  readonly supervision?: SupervisionPolicy;
}

export interface SpawnOptions {
  /** Unique among the living siblings; part of the path. */
  readonly name: string;
  /** What happens when THIS child fails, within the parent's strategy. Default `restart`. */
  readonly onFailure?: 'restart' | 'resume' | 'stop' | 'escalate';
}

/** As in OTP: which siblings share the fate of a failed child, and how often that may happen. */
export interface SupervisionPolicy {
  readonly strategy: 'one-for-one' | 'one-for-all' | 'rest-for-one';
  /** More than `restartsMax` restarts within `windowMs` escalate to the parent. */
  readonly restartsMax: number;
  readonly windowMs: number;
  readonly backoff?: {readonly minMs: number; readonly maxMs: number; /** 0..1 of random spread. */ readonly jitter: number};
}

/** Why a message reached nobody. */
export type DeadLetterReason =
  | 'no-recipient' | 'mailbox-full' | 'dropped-oldest' | 'dropped-newest' | 'replaced' | 'expired' | 'late-reply' | 'stopped' | 'failed-handler';

export interface DeadLetter {
  readonly path: string;
  readonly senderPath: string | undefined;
  readonly messageType: string;
  readonly reason: DeadLetterReason;
  readonly atMs: number;
}
