/** @module What the engine gives to every cell, and the orders that travel on the control lane. Types only. */
import type {ActorSpec, DeadLetter, Message, SpawnOptions, StopReason} from './actor.js';
import type {Clock, Random} from './clock.js';
import type {FlightRecorder} from './flight-recorder.js';
import type {Log} from './log.js';
import type {Registry} from './registry.js';
import type {Scheduler} from './scheduler.js';
import type {SubscriberBus} from './subscriber-bus.js';
import type {TimerWheel} from './timer-wheel.js';
import type {Cell} from './cell.js';

export interface CellHost {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly events: SubscriberBus;
  readonly registry: Registry;
  readonly wheel: TimerWheel;
  readonly scheduler: Scheduler;
  readonly flight: FlightRecorder;
  /** How long draining and `onStop` may take, each. */
  readonly stopTimeoutMs: number;
  spawn(parent: Cell, spec: ActorSpec<Message>, options: SpawnOptions): Cell;
  deadLetter(letter: DeadLetter): void;
  /** The last act of a cell. */
  cellStopped(cell: Cell): void;
  /** A failure that no supervisor would answer. */
  escalated(cell: Cell, error: unknown): void;
}

/** The control lane: never bounded, never lost, carried out before any message, also while a handler is awaited. */
export type Order =
  | {readonly kind: 'stop'; readonly mode: 'drain' | 'now'; readonly reason: StopReason}
  | {readonly kind: 'child-failed'; readonly child: Cell; readonly error: unknown}
  | {readonly kind: 'child-stopped'; readonly child: Cell};
