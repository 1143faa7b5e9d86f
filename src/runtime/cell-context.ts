/**
 * @module What an actor's code may do, one object per incarnation.
 *
 * A stale context (its incarnation has ended, but a promise still holds it) can look and tell, and nothing else: it must
 * not answer the message that its successor has in hand.
 */
import type {
  ActorContext, ActorRef, ActorSpec, AskOptions, Message, PendingReply, ReplyOf, SpawnOptions, TellOptions, TellOutcome, Timers,
} from './actor.js';
import {ActorPool} from './actor-pool.js';
import type {PendingAsk} from './ask.js';
import type {Cell} from './cell.js';
import {STOPPED} from './cell-phases.js';
import type {Clock, Random} from './clock.js';
import {Envelope, PIPED} from './envelope.js';
import type {EventBus} from './event-bus.js';
import {KeyedTimers} from './keyed-timers.js';
import {LocalRef, tellEnvelope} from './local-ref.js';
import type {Log} from './log.js';
import type {Registry} from './registry.js';
import {PublisherBus} from './subscriber-bus.js';

export class CellContext implements ActorContext<Message> {
  private readonly cell: Cell;

  constructor(cell: Cell) {
    this.cell = cell;
  }

  get self(): ActorRef<Message> {
    return this.cell.ref;
  }

  get path(): string {
    return this.cell.path;
  }

  get clock(): Clock {
    return this.cell.host.clock;
  }

  get random(): Random {
    return this.cell.host.random;
  }

  get log(): Log {
    return (this.cell.ownAffairs().log ??= this.cell.host.log.child({actor: this.cell.path}));
  }

  get events(): EventBus {
    if (!this.isCurrent) return this.cell.host.events;
    return (this.cell.ownAffairs().publisher ??= new PublisherBus(this.cell.host.events, this));
  }

  get registry(): Registry {
    return this.cell.host.registry;
  }

  get timers(): Timers<Message> {
    // A stale context gets timers that belong to nobody.
    if (!this.isCurrent) return NO_TIMERS;
    return (this.cell.ownAffairs().timers ??= new KeyedTimers(this.cell));
  }

  get deadlineMs(): number | undefined {
    const deadlineMs = this.cell.current.ask?.dueMs ?? this.cell.current.deadlineMs;
    return deadlineMs === Infinity ? undefined : deadlineMs;
  }

  get trace(): number {
    return this.cell.current.trace;
  }

  tell<N extends Message>(ref: ActorRef<N>, message: N, options?: TellOptions): TellOutcome {
    const cell = this.cell;
    const trace = cell.current.trace;
    if (ref instanceof ActorPool) return ref.tellFrom(this, message, options);
    if (!(ref instanceof LocalRef)) {
      return ref.tell(message, trace === 0 || options?.trace !== undefined ? options : {...options, trace});
    }
    const isPlain = options === undefined && trace === 0;
    return ref.cell.accept(message, isPlain ? (cell.plainEnvelope ??= tellEnvelope(cell.ref, 0, undefined)) : tellEnvelope(cell.ref, trace, options));
  }

  ask<N extends Message, Q extends N>(ref: ActorRef<N>, query: Q, options: AskOptions): Promise<ReplyOf<Q>> {
    if (!(ref instanceof LocalRef)) return ref.ask(query, options);
    return ref.cell.ask(query, options, {cell: this.cell, trace: this.cell.current.trace}) as Promise<ReplyOf<Q>>;
  }

  reply(value: unknown): void {
    if (this.isCurrent) this.cell.current.ask?.resolve(value);
  }

  takeReply<R>(): PendingReply<R> | undefined {
    const ask: PendingAsk | undefined = this.isCurrent ? this.cell.current.ask : undefined;
    if (ask === undefined || ask.taker !== undefined) return undefined;
    const answers = this.cell.openAnswers();
    ask.taker = answers;
    if (ask.isWaiting) answers.add(ask);
    return ask;
  }

  pipeToSelf<T>(promise: Promise<T>, onOk: (value: T) => Message, onError: (error: unknown) => Message): void {
    const {cell} = this;
    const {incarnation} = cell;
    const trace = cell.current.trace;
    const deliver = (make: () => Message): void => {
      if (!this.isCurrent) return;
      try {
        cell.acceptOwn(make(), new Envelope({kind: PIPED, sender: cell.ref, trace, incarnation}));
      } catch (error) {
        cell.fail(error);
      }
    };
    promise.then((value) => deliver(() => onOk(value)), (error: unknown) => deliver(() => onError(error)));
  }

  spawn<N extends Message>(spec: ActorSpec<N>, options: SpawnOptions): ActorRef<N> {
    if (!this.isCurrent || !this.cell.isAlive) throw new Error(`${this.path} is ending and cannot spawn ${options.name}`);
    return this.cell.host.spawn(this.cell, spec as unknown as ActorSpec<Message>, options).ref as unknown as ActorRef<N>;
  }

  stop(ref: ActorRef<never>, mode: 'drain' | 'now' = 'drain'): void {
    if (!this.isCurrent) return;
    const target = cellOf(ref);
    if (target.phase === STOPPED) return;
    if (target !== this.cell && target.parent !== this.cell) throw new Error(`${this.path} cannot stop ${ref.path}: not its child`);
    target.order({kind: 'stop', mode, reason: mode === 'now' && target !== this.cell ? 'killed' : 'stopped'});
  }

  watch(ref: ActorRef<never>): void {
    if (!this.isCurrent) return;
    const target = cellOf(ref);
    (this.cell.ownAffairs().watching ??= new Set()).add(target);
    if (target.phase === STOPPED) this.cell.deliverTermination(target, target.affairs.stopReason ?? 'stopped', target.affairs.lastError);
    else (target.ownAffairs().watchers ??= new Set()).add(this.cell);
  }

  unwatch(ref: ActorRef<never>): void {
    if (!this.isCurrent) return;
    const target = cellOf(ref);
    this.cell.affairs.watching?.delete(target);
    target.affairs.watchers?.delete(this.cell);
  }

  stash(): boolean {
    const {cell} = this;
    return this.isCurrent && cell.mailbox !== undefined && cell.mailbox.stashInHand(cell.current);
  }

  unstashAll(): void {
    if (this.isCurrent) this.cell.mailbox?.unstashAll();
  }

  private get isCurrent(): boolean {
    return this.cell.context === this;
  }
}

const NO_TIMERS: Timers<Message> = {once: () => undefined, every: () => undefined, cancel: () => undefined, has: () => false};

function cellOf(ref: ActorRef<never>): Cell {
  if (ref instanceof LocalRef) return ref.cell;
  throw new Error(`${ref.path} is not an actor of this system`);
}
