/**
 * @module One tree of actors on one thread: what they share, where the tree is rooted, and how it ends.
 *
 * Clock, randomness and scheduler are given, so the same cells run in production and in the simulator (`sim/`).
 * A failure that reaches the root ends the system: `onEscalation` is told first.
 */
import type {ActorRef, ActorSpec, AskOptions, DeadLetter, Message, ReplyOf, SpawnOptions, SupervisionPolicy} from './actor.js';
import {Cell} from './cell.js';
import type {CellHost} from './cell-host.js';
import {killTree} from './cell-life.js';
import {STOPPING} from './cell-phases.js';
import type {Clock, Random} from './clock.js';
import {DeadLetters} from './dead-letters.js';
import {DEFAULT_SUPERVISION, Family} from './family.js';
import {FlightRecorder} from './flight-recorder.js';
import type {Log} from './log.js';
import {recordingOf, type FlightRecording} from './recording.js';
import {Registry} from './registry.js';
import {DrainScheduler, type Scheduler} from './scheduler.js';
import {snapshotOf, statsOf, type SystemSnapshot, type SystemStats} from './snapshot.js';
import {SubscriberBus} from './subscriber-bus.js';
import {systemClock, systemRandom} from './system-clock.js';
import {TimerWheel} from './timer-wheel.js';

export interface ActorSystemOptions {
  readonly clock?: Clock;
  readonly random?: Random;
  readonly log?: Log;
  readonly scheduler?: Scheduler;
  /** Of the actors spawned on the system itself. */
  readonly supervision?: SupervisionPolicy;
  /** How long draining and `onStop` may take, each. Default 5 s. */
  readonly stopTimeoutMs?: number;
  /** A failure that nobody answered; the tree is taken down after this call. */
  readonly onEscalation?: (path: string, error: unknown) => void;
}

export interface ActorSystem {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly events: SubscriberBus;
  readonly registry: Registry;
  readonly deadLetters: DeadLetters;
  /** The last messages of this thread and the actors that ended lately. */
  readonly flight: FlightRecorder;
  /** Resolves once every actor has ended. */
  readonly whenTerminated: Promise<void>;
  spawn<M extends Message>(spec: ActorSpec<M>, options: SpawnOptions): ActorRef<M>;
  /** Stops one top-level actor; resolves when it is gone. */
  stop(ref: ActorRef<never>, mode?: 'drain' | 'now'): Promise<void>;
  ask<M extends Message, Q extends M>(ref: ActorRef<M>, query: Q, options: AskOptions): Promise<ReplyOf<Q>>;
  /** Stops all actors, top-level ones in reverse start order. `drain` empties the mailboxes first. */
  terminate(mode?: 'drain' | 'now'): Promise<void>;
  /** Runs `act` after `delayMs` on the system's clock. @returns a function that cancels it. */
  after(delayMs: number, act: () => void): () => void;
  /** All actors with their counters: O(1) each, nothing is measured for it. */
  snapshot(): SystemSnapshot;
  stats(): SystemStats;
  /** The last messages with the names of their actors: some megabytes; for a crash, a signal, a question. */
  recording(): FlightRecording;
}

const STOP_TIMEOUT_MS = 5_000;

const quiet: Log = {debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined, child: () => quiet};

/** The root has no behaviour of its own: it only supervises. */
const rootSpec: ActorSpec<Message> = {
  protocol: {kind: 'root', mailbox: {capacity: 1, policy: 'refuse'}},
  create: () => ({receive: () => undefined}),
};

export function createActorSystem(options: ActorSystemOptions = {}): ActorSystem {
  return new LocalSystem(options);
}

/** A system that can lose its power: every actor ends where it stands. For the simulator. */
export function createCrashableSystem(options: ActorSystemOptions): ActorSystem & {crash(): void} {
  return new LocalSystem(options);
}

class LocalSystem implements ActorSystem, CellHost {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly scheduler: Scheduler;
  readonly wheel: TimerWheel;
  readonly stopTimeoutMs: number;
  readonly events = new SubscriberBus();
  readonly registry = new Registry();
  readonly deadLetters = new DeadLetters();
  readonly flight: FlightRecorder;
  readonly whenTerminated: Promise<void>;
  private readonly root: Cell;
  private readonly onEscalation: ((path: string, error: unknown) => void) | undefined;
  private readonly stopWaiters = new Map<Cell, (() => void)[]>();
  private nextId = 0;
  private livingCount = 0;

  constructor(options: ActorSystemOptions) {
    this.clock = options.clock ?? systemClock();
    this.random = options.random ?? systemRandom();
    this.log = options.log ?? quiet;
    this.scheduler = options.scheduler ?? new DrainScheduler({clock: this.clock});
    this.flight = new FlightRecorder(this.scheduler.meter);
    this.stopTimeoutMs = options.stopTimeoutMs ?? STOP_TIMEOUT_MS;
    this.onEscalation = options.onEscalation;
    this.wheel = new TimerWheel(this.clock.nowMs(), (dueMs) => this.scheduler.armed(dueMs));
    this.scheduler.attach((nowMs) => {
      this.wheel.advanceTo(nowMs);
      return this.wheel.nextWakeMs();
    });
    const spec = {...rootSpec, supervision: options.supervision ?? DEFAULT_SUPERVISION};
    this.root = new Cell({host: this, parent: undefined, spec, options: {name: ''}, id: 0});
    this.root.ownAffairs().family = new Family();
    this.whenTerminated = new Promise((resolve) => this.stopWaiters.set(this.root, [resolve]));
    this.root.launch();
  }

  spawn<M extends Message>(spec: ActorSpec<M>, options: SpawnOptions): ActorRef<M>;
  spawn(parent: Cell, spec: ActorSpec<Message>, options: SpawnOptions): Cell;
  spawn<M extends Message>(first: ActorSpec<M> | Cell, second: SpawnOptions | ActorSpec<Message>, third?: SpawnOptions): ActorRef<M> | Cell {
    if (first instanceof Cell) return this.spawnUnder(first, second as ActorSpec<Message>, third!);
    return this.spawnUnder(this.root, first as unknown as ActorSpec<Message>, second as SpawnOptions).ref as unknown as ActorRef<M>;
  }

  stop(ref: ActorRef<never>, mode: 'drain' | 'now' = 'drain'): Promise<void> {
    for (const child of this.root.affairs.family!.children.values()) {
      if ((child.ref as ActorRef<never>) !== ref) continue;
      child.order({kind: 'stop', mode, reason: mode === 'now' ? 'killed' : 'stopped'});
      return new Promise((resolve) => this.stopWaiters.set(child, [...(this.stopWaiters.get(child) ?? []), resolve]));
    }
    return Promise.resolve();
  }

  ask<M extends Message, Q extends M>(ref: ActorRef<M>, query: Q, options: AskOptions): Promise<ReplyOf<Q>> {
    return ref.ask(query, options);
  }

  terminate(mode: 'drain' | 'now' = 'drain'): Promise<void> {
    this.root.order({kind: 'stop', mode, reason: mode === 'now' ? 'killed' : 'stopped'});
    return this.whenTerminated;
  }

  crash(): void {
    killTree(this.root);
    this.scheduler.close();
  }

  after(delayMs: number, act: () => void): () => void {
    return this.wheel.after(this.clock.nowMs() + delayMs, act);
  }

  snapshot(): SystemSnapshot {
    return snapshotOf(this.root, this.clock);
  }

  stats(): SystemStats {
    return statsOf({
      meter: this.scheduler.meter,
      deadLetterCount: this.deadLetters.total,
      actorCount: this.livingCount,
      actorsStarted: this.nextId,
      timersArmed: this.wheel.size,
    });
  }

  recording(): FlightRecording {
    return recordingOf(this.root, this.flight, this.clock.nowMs());
  }

  deadLetter(letter: DeadLetter): void {
    this.deadLetters.add(letter);
  }

  cellStopped(cell: Cell): void {
    if (cell !== this.root) this.livingCount -= 1;
    this.flight.noteEnd(cell);
    this.events.unsubscribe(cell.ref);
    this.registry.forget(cell.ref);
    const waiters = this.stopWaiters.get(cell);
    if (waiters !== undefined) {
      for (const resolve of waiters) resolve();
      this.stopWaiters.delete(cell);
    }
    if (cell === this.root) this.scheduler.close();
  }

  escalated(cell: Cell, error: unknown): void {
    this.log.error({code: 'actor-escalated', path: cell.path, err: error}, 'a failure reached the root: the actors stop');
    this.onEscalation?.(cell.path, error);
    void this.terminate('drain');
  }

  private spawnUnder(parent: Cell, spec: ActorSpec<Message>, options: SpawnOptions): Cell {
    if (parent.phase >= STOPPING) throw new Error(`the system is ending and cannot spawn ${options.name}`);
    const family = (parent.ownAffairs().family ??= new Family());
    if (family.children.has(options.name)) throw new Error(`${parent.path} has a child ${options.name} already`);
    this.nextId += 1;
    this.livingCount += 1;
    const cell = new Cell({host: this, parent, spec, options, id: this.nextId});
    family.children.set(options.name, cell);
    cell.launch();
    return cell;
  }
}
