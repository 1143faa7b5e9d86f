/**
 * @module A system of actors under a seed and virtual time. The cells, mailboxes, timers and supervision are production's own;
 * only the clock, the randomness and the choice of who runs next are replaced.
 *
 * Promises settle on the real microtask queue, which is deterministic as long as nothing real is awaited; the seed
 * chooses when the simulation lets them settle, so continuations interleave with other actors too.
 */
import {createActorSystem, type ActorSystem, type ActorSystemOptions} from '../system.js';
import type {Random} from '../clock.js';
import {SeededRandom} from '../seeded-random.js';
import {SeededScheduler, type Strategy, type TraceStep} from './seeded-scheduler.js';
import {VirtualClock} from './virtual-clock.js';

export interface SimulationOptions {
  readonly seed: number;
  readonly strategy?: Strategy;
  readonly system?: Omit<ActorSystemOptions, 'clock' | 'random' | 'scheduler'>;
  readonly wallStartMs?: number;
  /** A simulation that never falls idle is a livelock. Default one million. */
  readonly stepsMax?: number;
  /** How many of the last steps `trace()` keeps. Default 10 000. */
  readonly traceStepsMax?: number;
}

export interface Simulation {
  readonly system: ActorSystem;
  readonly clock: VirtualClock;
  /** For faults and load of the test itself; independent of what the actors draw. */
  readonly random: Random;
  /** Runs until no actor can run and no promise settles. Virtual time stands still. */
  runUntilIdle(): Promise<void>;
  /** Lets `ms` of virtual time pass, timer by timer. */
  advance(ms: number): Promise<void>;
  /** Runs until `isDone` or until `withinMs` of virtual time have passed. @returns whether it was done. */
  runUntil(isDone: () => boolean, withinMs: number): Promise<boolean>;
  /** Runs one step without letting promises settle; false when nothing could run. */
  step(): boolean;
  traceHash(): string;
  trace(): readonly TraceStep[];
  /** Marks an event of the test, such as an injected fault, in the trace hash. */
  note(text: string): void;
}

const STEPS_MAX = 1_000_000;
const TRACE_STEPS_MAX = 10_000;

export function createSimulation(options: SimulationOptions): Simulation {
  return new SeededSimulation(options);
}

class SeededSimulation implements Simulation {
  readonly system: ActorSystem;
  readonly clock: VirtualClock;
  readonly random: Random;
  private readonly scheduler: SeededScheduler;
  private readonly chooser: Random;
  private readonly stepsMax: number;
  private readonly seed: number;

  constructor(options: SimulationOptions) {
    this.seed = options.seed;
    this.stepsMax = options.stepsMax ?? STEPS_MAX;
    this.clock = new VirtualClock(options.wallStartMs);
    // Four streams, so that one more draw in an actor does not change the schedule.
    this.random = stream(options.seed, 2);
    this.chooser = stream(options.seed, 3);
    this.scheduler = new SeededScheduler({
      random: stream(options.seed, 4),
      clock: this.clock,
      strategy: options.strategy ?? 'random',
      traceStepsMax: options.traceStepsMax ?? TRACE_STEPS_MAX,
    });
    this.system = createActorSystem({
      ...options.system,
      clock: this.clock,
      random: stream(options.seed, 1),
      scheduler: this.scheduler,
    });
  }

  async runUntilIdle(): Promise<void> {
    const limit = this.scheduler.steps + this.stepsMax;
    await settlePromises();
    for (;;) {
      while (this.scheduler.step()) {
        if (this.scheduler.steps > limit) throw new Error(`seed ${this.seed}: not idle after ${this.stepsMax} steps`);
        if (this.chooser.below(4) === 0) await settlePromises();
      }
      await settlePromises();
      if (!this.scheduler.step()) return;
    }
  }

  async advance(ms: number): Promise<void> {
    await this.runUntil(() => false, ms);
  }

  async runUntil(isDone: () => boolean, withinMs: number): Promise<boolean> {
    const endMs = this.clock.nowMs() + withinMs;
    await this.runUntilIdle();
    while (!isDone()) {
      const nextMs = this.scheduler.fireTimers(this.clock.nowMs());
      if (nextMs === undefined || nextMs > endMs) {
        this.clock.moveTo(endMs);
        return isDone();
      }
      this.clock.moveTo(Math.max(nextMs, this.clock.nowMs()));
      this.scheduler.fireTimers(this.clock.nowMs());
      await this.runUntilIdle();
    }
    return true;
  }

  step(): boolean {
    return this.scheduler.step();
  }

  traceHash(): string {
    return this.scheduler.traceHash();
  }

  trace(): readonly TraceStep[] {
    return this.scheduler.trace();
  }

  note(text: string): void {
    this.scheduler.mix(`${text};`);
  }
}

function stream(seed: number, number: number): Random {
  return new SeededRandom([seed >>> 0, Math.floor(seed / 4_294_967_296) >>> 0, 0x9e3779b9, number]);
}

/** A macrotask comes after every microtask, also after those that microtasks queue. */
function settlePromises(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
