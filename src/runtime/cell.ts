/**
 * @module One actor as the engine sees it: its mailbox, its place in the tree, its counters, and the loop that feeds it.
 *
 * One class for all actors, so that the hot call sites stay of one shape. Decides when the next message is delivered.
 * Does not decide who supervises (`supervision.ts`), how a life begins and ends (`cell-life.ts`) or who runs next
 * (`scheduler.ts`). Nothing here runs inside a `tell`: a handler never meets another one on its stack.
 */
import type {ActorSpec, AskOptions, Behaviour, DeadLetterReason, Message, SpawnOptions, StopReason, TellOutcome} from './actor.js';
import {OpenAsks, PendingAsk} from './ask.js';
import type {CellContext} from './cell-context.js';
import type {CellHost, Order} from './cell-host.js';
import {ACTIVE, BLOCKED, BUSY, IDLE, QUEUED, RUNNING, STARTING, STOPPING, SUSPENDED} from './cell-phases.js';
import {compileProtocol} from './compiled-protocol.js';
import {CHECKED, Envelope, OUTSIDE, PIPED, PLAIN, POISON, SIGNAL, SIGNALLED, TIMER, sampled} from './envelope.js';
import type {KeyedTimer, KeyedTimers, TimerOwner} from './keyed-timers.js';
import {LocalRef} from './local-ref.js';
import {Mailbox, type LossSink} from './mailbox.js';
import {carryOut} from './orders.js';
import {beginStop} from './cell-life.js';
import type {Runnable} from './scheduler.js';
import type {Family} from './family.js';
import type {TimerWheel, WheelTimer} from './timer-wheel.js';
import type {TurnMeter} from './turn-meter.js';

/** One message in 64 is timed; a clock read per message would cost more than the message. */
const SAMPLE_MASK = 63;

export interface CellFacts {
  readonly host: CellHost;
  readonly parent: Cell | undefined;
  readonly spec: ActorSpec<Message>;
  readonly options: SpawnOptions;
  readonly id: number;
}

export class Cell implements LossSink, TimerOwner, Runnable {
  readonly id: number;
  readonly ref: LocalRef;
  readonly host: CellHost;
  readonly parent: Cell | undefined;
  readonly spec: ActorSpec<Message>;
  readonly options: SpawnOptions;
  readonly mailbox: Mailbox;
  /** The one envelope of all this actor's plain tells; made with the first. */
  plainEnvelope: Envelope | undefined = undefined;
  phase: number = STARTING;
  queueState: number = BLOCKED;
  /** Takes no further messages from others. */
  isClosed = false;
  behaviour: Behaviour<Message> | undefined = undefined;
  /** One per incarnation; a stale one does nothing. */
  context: CellContext | undefined = undefined;
  incarnation = 0;
  currentMessage: Message | undefined = undefined;
  current: Envelope = OUTSIDE;
  /** The message in hand went to the stash: no reply is owed yet. */
  isCurrentStashed = false;
  /** The promise of a handler is outstanding. */
  isAwaiting = false;
  hasOrders = false;
  private orders: Order[] | undefined = undefined;
  timers: KeyedTimers | undefined = undefined;
  asks: OpenAsks | undefined = undefined;
  answering: OpenAsks | undefined = undefined;
  family: Family | undefined = undefined;
  watchers: Set<Cell> | undefined = undefined;
  watching: Set<Cell> | undefined = undefined;
  /** Bounds draining, then `onStop`. */
  stopBound: WheelTimer | undefined = undefined;
  stopReason: StopReason | undefined = undefined;
  /** Whether its children may empty their mailboxes when it ends. */
  stopMode: 'drain' | 'now' = 'now';
  /** `takeDown` is under way, for a stop or a restart. */
  isComingDown = false;

  received = 0;
  processed = 0;
  failures = 0;
  restarts = 0;
  consecutiveFailures = 0;
  lastFailureMs = 0;
  lastError: unknown = undefined;
  dropped: Map<DeadLetterReason, number> | undefined = undefined;
  longestTurnMs = 0;
  suspectSlices = 0;
  samples = 0;
  sampledWaitMs = 0;
  sampledRunMs = 0;
  private sampleStartMs = 0;

  constructor(facts: CellFacts) {
    this.id = facts.id;
    this.host = facts.host;
    this.parent = facts.parent;
    this.spec = facts.spec;
    this.options = facts.options;
    this.ref = new LocalRef(this, facts.parent === undefined ? '' : `${facts.parent.ref.path}/${facts.options.name}`, facts.id);
    this.mailbox = new Mailbox(compileProtocol(facts.spec.protocol), this);
  }

  get wheel(): TimerWheel {
    return this.host.wheel;
  }

  nowMs(): number {
    return this.host.clock.nowMs();
  }

  /** Whether the actor may still spawn. */
  get isAlive(): boolean {
    return this.phase <= BUSY;
  }

  /** The list of this actor's own questions. */
  openAsks(): OpenAsks {
    return (this.asks ??= new OpenAsks());
  }

  /** The list of replies taken out of their messages. */
  openAnswers(): OpenAsks {
    return (this.answering ??= new OpenAsks());
  }

  /** The way in for every message of others. */
  accept(message: Message, envelope: Envelope): TellOutcome {
    if (this.isClosed) {
      this.lost(message, envelope, this.phase > STOPPING ? 'no-recipient' : 'stopped');
      return 'dead';
    }
    this.received += 1;
    const entry = (this.received & SAMPLE_MASK) === 0 ? sampled(envelope, this.nowMs()) : envelope;
    const outcome = this.mailbox.offer(message, entry);
    if (this.queueState === IDLE) this.enqueue();
    return outcome;
  }

  /** The way in for the engine's own entries: past the bound, and open until the actor is gone. */
  acceptOwn(message: Message, envelope: Envelope): void {
    if (this.phase >= STOPPING) return;
    const lane = envelope.kind === PIPED ? this.mailbox.priorityLane() : this.mailbox.user;
    lane.push(message, envelope);
    if (this.queueState === IDLE) this.enqueue();
  }

  ask(query: Message, options: AskOptions, from?: {cell: Cell; trace: number}): Promise<unknown> {
    const ask = new PendingAsk({
      messageType: query.type,
      path: this.ref.path,
      wheel: this.host.wheel,
      deadlineMs: this.nowMs() + options.timeoutMs,
      options,
      owner: from?.cell.openAsks(),
      askerPath: from?.cell.ref.path,
      answerer: this,
    });
    if (ask.isWaiting) {
      this.accept(query, new Envelope({kind: CHECKED, sender: from?.cell.ref, trace: from?.trace, deadlineMs: Infinity, ask}));
    }
    return ask.promise;
  }

  order(order: Order): void {
    if (this.orders === undefined) this.orders = [order];
    else this.orders.push(order);
    if (this.hasOrders) return;
    this.hasOrders = true;
    this.host.scheduler.urgent(this);
  }

  runOrders(): void {
    for (let orders = this.orders; orders !== undefined; orders = this.orders) {
      this.orders = undefined;
      for (const order of orders) carryOut(this, order);
    }
    this.hasOrders = false;
  }

  run(turns: TurnMeter): void {
    if (this.hasOrders) this.runOrders();
    if (this.queueState !== QUEUED) return;
    this.queueState = ACTIVE;
    turns.beginSlice(this);
    const mailbox = this.mailbox;
    for (let left = turns.sliceMessagesMax; ; left -= 1) {
      const lane = mailbox.nextLane();
      if (lane === undefined) {
        this.queueState = IDLE;
        break;
      }
      if (left === 0 || this.hasOrders) {
        this.enqueue();
        break;
      }
      const message = lane.headMessage();
      const envelope = lane.headEnvelope();
      lane.dropHead();
      if (envelope.kind <= CHECKED) mailbox.waiting -= 1;
      if (envelope.kind === PLAIN || this.admit(message, envelope)) this.deliver(message, envelope);
      const isSliceOver = turns.countTurn(this);
      if (this.queueState !== ACTIVE) break;
      if (isSliceOver) {
        this.enqueue();
        break;
      }
    }
  }

  nextMessageType(): string | undefined {
    return this.mailbox.nextLane()?.headMessage().type;
  }

  deliverTimer(timer: KeyedTimer): void {
    timer.isInMailbox = true;
    this.acceptOwn(timer.message, timer.envelope);
  }

  /** Tells this actor that one it watches has ended: in order behind all that the ended actor told it. */
  deliverTermination(ended: Cell, reason: StopReason, error: unknown): void {
    this.acceptOwn({type: 'terminated', ref: ended.ref, reason, error} as Message, SIGNALLED);
  }

  lost(message: Message, envelope: Envelope, reason: DeadLetterReason): void {
    const dropped = (this.dropped ??= new Map<DeadLetterReason, number>());
    dropped.set(reason, (dropped.get(reason) ?? 0) + 1);
    this.host.deadLetter({
      path: this.ref.path,
      senderPath: envelope.sender?.path,
      messageType: message.type,
      reason,
      atMs: this.nowMs(),
    });
    envelope.ask?.fail(this.isClosed ? 'dead' : 'refused');
  }

  noteLateReply(messageType: string, askerPath: string | undefined): void {
    const senderPath = this.ref.path;
    this.host.deadLetter({path: askerPath ?? '', senderPath, messageType, reason: 'late-reply', atMs: this.nowMs()});
  }

  /** This incarnation is done for; the supervisor decides what follows. */
  fail(error: unknown): void {
    if (this.phase >= STOPPING) {
      this.host.log.warn({code: 'actor-failed-stopping', path: this.ref.path, err: error}, 'an actor failed while it was stopping');
      return;
    }
    this.phase = SUSPENDED;
    this.queueState = BLOCKED;
    this.failures += 1;
    this.lastError = error;
    if (this.parent === undefined) this.host.escalated(this, error);
    else this.parent.order({kind: 'child-failed', child: this, error});
  }

  /** Open for messages again: after a start, an awaited handler, or the supervisor's `resume`. */
  unblock(): void {
    this.phase = RUNNING;
    this.queueState = IDLE;
    if (this.mailbox.nextLane() !== undefined) this.enqueue();
  }

  private enqueue(): void {
    this.queueState = QUEUED;
    this.host.scheduler.ready(this);
  }

  private deliver(message: Message, envelope: Envelope): void {
    this.processed += 1;
    this.current = envelope;
    this.currentMessage = message;
    try {
      const result = this.behaviour!.receive(message, this.context!);
      if (result !== undefined && typeof result.then === 'function') {
        this.awaitHandler(result, message, envelope);
        return;
      }
    } catch (error) {
      this.failHandling(message, envelope, error);
      return;
    }
    if (envelope.kind !== PLAIN) this.finish(envelope);
    this.current = OUTSIDE;
    this.currentMessage = undefined;
    this.isCurrentStashed = false;
  }

  /** Looks at everything but plain messages. False: nothing to deliver, or it was delivered here. */
  private admit(message: Message, envelope: Envelope): boolean {
    switch (envelope.kind) {
      case CHECKED: {
        const isAbandoned = envelope.ask !== undefined && !envelope.ask.isWaiting;
        const isSampled = envelope.sampledAtMs >= 0;
        const nowMs = isSampled || envelope.deadlineMs !== Infinity ? this.nowMs() : 0;
        if (isAbandoned || nowMs > envelope.deadlineMs) {
          this.lost(message, envelope, 'expired');
          return false;
        }
        if (isSampled) {
          this.samples += 1;
          this.sampledWaitMs += nowMs - envelope.sampledAtMs;
          this.sampleStartMs = nowMs;
        }
        return true;
      }
      case TIMER:
        return this.timers !== undefined && this.timers.take(envelope.timer!);
      case PIPED:
        return envelope.incarnation === this.incarnation;
      case SIGNAL:
        this.deliverSignal(message as Message & {ref: LocalRef});
        return false;
      case POISON:
        beginStop(this, this.stopReason ?? 'stopped');
        return false;
      default:
        return true;
    }
  }

  private deliverSignal(signal: Message & {ref: LocalRef}): void {
    // Unwatched in the meantime, or by a former incarnation.
    if (this.watching?.delete(signal.ref.cell) !== true) return;
    try {
      this.behaviour!.signal?.(signal as never, this.context!);
    } catch (error) {
      this.fail(error);
    }
  }

  private awaitHandler(result: Promise<void>, message: Message, envelope: Envelope): void {
    const incarnation = this.incarnation;
    this.phase = this.phase === RUNNING ? BUSY : this.phase;
    this.queueState = BLOCKED;
    this.isAwaiting = true;
    result.then(
      () => {
        if (this.incarnation !== incarnation) return;
        this.isAwaiting = false;
        this.finish(envelope);
        this.current = OUTSIDE;
        this.currentMessage = undefined;
        this.isCurrentStashed = false;
        if (this.phase === BUSY) this.unblock();
      },
      (error: unknown) => {
        if (this.incarnation !== incarnation) {
          envelope.ask?.fail('failed', error);
          return;
        }
        this.isAwaiting = false;
        // A supervisor may have suspended it meanwhile: then its failure is known.
        if (this.phase === SUSPENDED) this.phase = BUSY;
        this.failHandling(message, envelope, error);
      },
    );
  }

  private failHandling(message: Message, envelope: Envelope, error: unknown): void {
    this.current = OUTSIDE;
    this.currentMessage = undefined;
    envelope.ask?.fail('failed', error);
    if (!this.isCurrentStashed) this.lost(message, envelope, 'failed-handler');
    this.isCurrentStashed = false;
    this.fail(error);
  }

  /** After a handler: is a reply still owed, and how long did it run if it is a sample. */
  private finish(envelope: Envelope): void {
    const ask = envelope.ask;
    if (ask !== undefined && ask.isWaiting && ask.taker === undefined && !this.isCurrentStashed) {
      // Better now than at the asker's deadline.
      ask.fail('failed', new Error('the handler ended without a reply'));
    }
    if (envelope.sampledAtMs >= 0) this.sampledRunMs += this.nowMs() - this.sampleStartMs;
  }
}
