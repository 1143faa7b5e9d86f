/**
 * @module One actor as the engine sees it: its mailbox, its place in the tree, its counters, and the loop that feeds it.
 *
 * One class for all actors, so that the hot call sites stay of one shape. Decides when the next message is delivered.
 * Does not decide who supervises (`supervision.ts`), how a life begins and ends (`cell-life.ts`) or who runs next
 * (`scheduler.ts`). Nothing here runs inside a `tell`: a handler never meets another one on its stack.
 */
import type {ActorSpec, AskOptions, Behaviour, DeadLetterReason, Message, SpawnOptions, StopReason, TellOutcome} from './actor.js';
import {OpenAsks, PendingAsk} from './ask.js';
import {CellAffairs, CellTimes, NO_AFFAIRS, NO_TIMES} from './cell-affairs.js';
import type {CellContext} from './cell-context.js';
import type {CellHost, Order} from './cell-host.js';
import {ACTIVE, BLOCKED, BUSY, IDLE, QUEUED, RUNNING, STARTING, STOPPING, SUSPENDED} from './cell-phases.js';
import {compileProtocol, type CompiledProtocol} from './compiled-protocol.js';
import {CHECKED, Envelope, OUTSIDE, PIPED, PLAIN, POISON, SIGNAL, SIGNALLED, TIMER, sampled} from './envelope.js';
import type {KeyedTimer, TimerOwner} from './keyed-timers.js';
import {FAILED, LOST_BY} from './flight-recorder.js';
import {LocalRef} from './local-ref.js';
import {Mailbox, type LossSink} from './mailbox.js';
import {carryOut} from './orders.js';
import {beginStop, start} from './cell-life.js';
import type {Runnable} from './scheduler.js';
import type {TimerWheel} from './timer-wheel.js';
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
  /** Unique among the living siblings. */
  readonly name: string;
  readonly ref: LocalRef;
  readonly host: CellHost;
  readonly parent: Cell | undefined;
  readonly spec: ActorSpec<Message>;
  readonly protocol: CompiledProtocol;
  /** Made with the first message. */
  mailbox: Mailbox | undefined = undefined;
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
  current: Envelope = OUTSIDE;
  /** Waiting on the control lane; an empty list asks for the start. */
  private orders: Order[] | undefined = undefined;
  /** To read; {@link ownAffairs} to write. */
  affairs: CellAffairs = NO_AFFAIRS;
  private times: CellTimes = NO_TIMES;

  constructor(facts: CellFacts) {
    this.id = facts.id;
    this.name = facts.options.name;
    const {onFailure} = facts.options;
    if (onFailure !== undefined) this.ownAffairs().onFailure = onFailure;
    this.host = facts.host;
    this.parent = facts.parent;
    this.spec = facts.spec;
    this.protocol = compileProtocol(facts.spec.protocol);
    this.ref = new LocalRef(this);
  }

  /** Names from the root on, joined by slashes; the root's is empty. Computed, because a million paths are 80 MB. */
  get path(): string {
    return this.parent === undefined ? '' : `${this.parent.path}/${this.name}`;
  }

  ownAffairs(): CellAffairs {
    return this.affairs === NO_AFFAIRS ? (this.affairs = new CellAffairs()) : this.affairs;
  }

  private ownTimes(): CellTimes {
    return this.times === NO_TIMES ? (this.times = new CellTimes()) : this.times;
  }

  get timing(): CellTimes {
    return this.times;
  }

  get suspectSlices(): number {
    return this.times.suspectSlices;
  }

  set suspectSlices(slices: number) {
    this.ownTimes().suspectSlices = slices;
  }

  noteTurn(tookMs: number): void {
    if (tookMs > this.times.longestTurnMs) this.ownTimes().longestTurnMs = tookMs;
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
    return (this.ownAffairs().asks ??= new OpenAsks());
  }

  /** The list of replies taken out of their messages. */
  openAnswers(): OpenAsks {
    return (this.ownAffairs().answering ??= new OpenAsks());
  }

  /** The way in for every message of others. */
  accept(message: Message, envelope: Envelope): TellOutcome {
    if (this.isClosed) {
      this.lost(message, envelope, this.phase > STOPPING ? 'no-recipient' : 'stopped');
      return 'dead';
    }
    const mailbox = (this.mailbox ??= new Mailbox(this.protocol, this));
    mailbox.received += 1;
    const entry = (mailbox.received & SAMPLE_MASK) === 0 ? sampled(envelope, this.nowMs()) : envelope;
    const outcome = mailbox.offer(message, entry);
    if (this.queueState === IDLE) this.enqueue();
    return outcome;
  }

  /** The way in for the engine's own entries: past the bound, and open until the actor is gone. */
  acceptOwn(message: Message, envelope: Envelope): void {
    if (this.phase >= STOPPING) return;
    const mailbox = (this.mailbox ??= new Mailbox(this.protocol, this));
    const lane = envelope.kind === PIPED ? mailbox.priorityLane() : mailbox.user;
    lane.push(message, envelope);
    if (this.queueState === IDLE) this.enqueue();
  }

  ask(query: Message, options: AskOptions, from?: {cell: Cell; trace: number}): Promise<unknown> {
    const ask = new PendingAsk({
      messageType: query.type,
      path: this.path,
      wheel: this.host.wheel,
      deadlineMs: this.nowMs() + options.timeoutMs,
      options,
      owner: from?.cell.openAsks(),
      askerPath: from?.cell.path,
      answerer: this,
    });
    if (ask.isWaiting) {
      this.accept(query, new Envelope({kind: CHECKED, sender: from?.cell.ref, trace: from?.trace, deadlineMs: Infinity, ask}));
    }
    return ask.promise;
  }

  order(order: Order): void {
    if (this.orders === undefined) {
      this.orders = [order];
      this.host.scheduler.urgent(this);
    } else {
      this.orders.push(order);
    }
  }

  /** Asks for the first incarnation to be made, in a turn of its own. */
  launch(): void {
    this.orders = [];
    this.host.scheduler.urgent(this);
  }

  runOrders(): void {
    if (this.phase === STARTING && this.incarnation === 0) start(this);
    for (let orders = this.orders; orders !== undefined; orders = this.orders) {
      this.orders = undefined;
      for (const order of orders) carryOut(this, order);
    }
  }

  run(turns: TurnMeter): void {
    if (this.orders !== undefined) this.runOrders();
    if (this.queueState !== QUEUED) return;
    this.queueState = ACTIVE;
    turns.beginSlice(this);
    const mailbox = this.mailbox!;
    for (let left = turns.sliceMessagesMax; ; left -= 1) {
      const lane = mailbox.nextLane();
      if (lane === undefined) {
        this.queueState = IDLE;
        break;
      }
      if (left === 0 || this.orders !== undefined) {
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
    return this.mailbox?.nextLane()?.headMessage().type;
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
    const dropped = (this.ownAffairs().dropped ??= new Map<DeadLetterReason, number>());
    dropped.set(reason, (dropped.get(reason) ?? 0) + 1);
    this.host.flight.note(LOST_BY[reason], envelope.senderId, this.id, envelope.trace);
    this.host.deadLetter({
      path: this.path,
      senderPath: envelope.sender?.path,
      messageType: message.type,
      reason,
      atMs: this.nowMs(),
    });
    envelope.ask?.fail(this.isClosed ? 'dead' : 'refused');
  }

  noteLateReply(messageType: string, askerPath: string | undefined): void {
    const senderPath = this.path;
    this.host.deadLetter({path: askerPath ?? '', senderPath, messageType, reason: 'late-reply', atMs: this.nowMs()});
  }

  /** This incarnation is done for; the supervisor decides what follows. */
  fail(error: unknown): void {
    if (this.phase >= STOPPING) {
      this.host.log.warn({code: 'actor-failed-stopping', path: this.path, err: error}, 'an actor failed while it was stopping');
      return;
    }
    this.phase = SUSPENDED;
    this.queueState = BLOCKED;
    const affairs = this.ownAffairs();
    affairs.failures += 1;
    affairs.lastError = error;
    this.host.flight.note(FAILED, 0, this.id, this.current.trace);
    if (this.parent === undefined) this.host.escalated(this, error);
    else this.parent.order({kind: 'child-failed', child: this, error});
  }

  /** Open for messages again: after a start, an awaited handler, or the supervisor's `resume`. */
  unblock(): void {
    this.phase = RUNNING;
    this.queueState = IDLE;
    if (this.mailbox?.nextLane() !== undefined) this.enqueue();
  }

  private enqueue(): void {
    this.queueState = QUEUED;
    this.host.scheduler.ready(this);
  }

  private deliver(message: Message, envelope: Envelope): void {
    const mailbox = this.mailbox!;
    mailbox.processed += 1;
    mailbox.inHand = message;
    this.current = envelope;
    this.host.flight.note(message.type, envelope.senderId, this.id, envelope.trace);
    if (envelope.sampledAtMs >= 0) this.ownTimes().begin(this.host.flight, envelope.sampledAtMs, this.nowMs());
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
    mailbox.inHand = undefined;
    mailbox.isInHandStashed = false;
  }

  /** Looks at everything but plain messages. False: nothing to deliver, or it was delivered here. */
  private admit(message: Message, envelope: Envelope): boolean {
    switch (envelope.kind) {
      case CHECKED: {
        const isAbandoned = envelope.ask !== undefined && !envelope.ask.isWaiting;
        if (isAbandoned || (envelope.deadlineMs !== Infinity && this.nowMs() > envelope.deadlineMs)) {
          this.lost(message, envelope, 'expired');
          return false;
        }
        return true;
      }
      case TIMER:
        return this.affairs.timers !== undefined && this.affairs.timers.take(envelope.timer!);
      case PIPED:
        return envelope.incarnation === this.incarnation;
      case SIGNAL:
        this.deliverSignal(message as Message & {ref: LocalRef});
        return false;
      case POISON:
        beginStop(this, this.affairs.stopReason ?? 'stopped');
        return false;
      default:
        return true;
    }
  }

  private deliverSignal(signal: Message & {ref: LocalRef}): void {
    // Unwatched in the meantime, or by a former incarnation.
    if (this.affairs.watching?.delete(signal.ref.cell) !== true) return;
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
    const mailbox = this.mailbox!;
    mailbox.isInHandAwaited = true;
    result.then(
      () => {
        if (this.incarnation !== incarnation) return;
        mailbox.isInHandAwaited = false;
        this.finish(envelope);
        this.emptyHand();
        if (this.phase === BUSY) this.unblock();
      },
      (error: unknown) => {
        if (this.incarnation !== incarnation) {
          envelope.ask?.fail('failed', error);
          return;
        }
        mailbox.isInHandAwaited = false;
        // A supervisor may have suspended it meanwhile: then its failure is known.
        if (this.phase === SUSPENDED) this.phase = BUSY;
        this.failHandling(message, envelope, error);
      },
    );
  }

  private failHandling(message: Message, envelope: Envelope, error: unknown): void {
    const wasStashed = this.mailbox!.isInHandStashed;
    this.emptyHand();
    envelope.ask?.fail('failed', error);
    if (!wasStashed) this.lost(message, envelope, 'failed-handler');
    this.fail(error);
  }

  /** No message is being handled any more. */
  emptyHand(): void {
    this.current = OUTSIDE;
    if (this.mailbox === undefined) return;
    this.mailbox.inHand = undefined;
    this.mailbox.isInHandStashed = false;
    this.mailbox.isInHandAwaited = false;
  }

  /** After a handler: is a reply still owed, and how long did it run if it is a sample. */
  private finish(envelope: Envelope): void {
    const ask = envelope.ask;
    if (ask !== undefined && ask.isWaiting && ask.taker === undefined && !this.mailbox!.isInHandStashed) {
      // Better now than at the asker's deadline.
      ask.fail('failed', new Error('the handler ended without a reply'));
    }
    if (envelope.sampledAtMs >= 0) this.ownTimes().end(this.nowMs());
  }
}
