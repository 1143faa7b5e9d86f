/**
 * @module A system of actors under a seed and virtual time. The cells, mailboxes, timers and supervision are production's own;
 * only the clock, the randomness and the choice of who runs next are replaced.
 *
 * Promises settle on the real microtask queue, which is deterministic as long as nothing real is awaited; the seed
 * chooses when the simulation lets them settle, so continuations interleave with other actors too.
 */
import {createActorSystem, createCrashableSystem, type ActorSystem, type ActorSystemOptions} from '../system.js';
import type {Random} from '../clock.js';
import {SeededRandom} from '../seeded-random.js';
import {Choices} from './choices.js';
import type {DiskFaults} from './disk.js';
import {InvariantViolation, type Invariant} from './invariant.js';
import {SimulatedMachine, type MachineHost, type Program} from './machine.js';
import {SimulatedNetwork, type LinkQuality} from './network.js';
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
  /** Decisions of a recorded run: it happens again, exactly. */
  readonly replay?: readonly number[];
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
  /** One of `bound` alternatives, for faults of the scenario: as the simulation's own decisions, it is replayed and shortened; 0 is the plain course. */
  decide(bound: number): number;
  /** Every decision taken by chance so far; with the seed, the run. */
  decisions(): readonly number[];
  /** Checked after every step; the first violation ends the run with an {@link InvariantViolation}. */
  monitor(invariant: Invariant): void;
  network<N>(quality?: Partial<LinkQuality>): SimulatedNetwork<N>;
  machine<N>(network: SimulatedNetwork<N>, facts: {readonly name: string; readonly program: Program<N>; readonly disk?: Partial<DiskFaults>}): SimulatedMachine<N>;
  /** Marks an event of the test, such as an injected fault, in the trace hash. */
  note(text: string): void;
}

const STEPS_MAX = 1_000_000;
const TRACE_STEPS_MAX = 10_000;
/** Of the streams of chance: those before it are the simulation's own. */
const FIRST_MACHINE_STREAM = 16;

export function createSimulation(options: SimulationOptions): Simulation {
  return new SeededSimulation(options);
}

class SeededSimulation implements Simulation, MachineHost {
  readonly system: ActorSystem;
  readonly clock: VirtualClock;
  readonly random: Random;
  private readonly scheduler: SeededScheduler;
  private readonly chooser: Random;
  readonly choices: Choices;
  private readonly invariants: Invariant[] = [];
  private readonly systemOptions: SimulationOptions['system'];
  private systems = 0;
  private readonly stepsMax: number;
  private readonly seed: number;

  constructor(options: SimulationOptions) {
    this.seed = options.seed;
    this.stepsMax = options.stepsMax ?? STEPS_MAX;
    this.clock = new VirtualClock(options.wallStartMs);
    // Four streams, so that one more draw in an actor does not change the schedule.
    this.random = stream(options.seed, 2);
    this.chooser = stream(options.seed, 3);
    this.choices = new Choices(options.replay);
    this.systemOptions = options.system;
    this.scheduler = new SeededScheduler({
      choices: this.choices,
      random: stream(options.seed, 4),
      clock: this.clock,
      strategy: options.strategy ?? 'random',
      traceStepsMax: options.traceStepsMax ?? TRACE_STEPS_MAX,
    });
    this.system = createActorSystem({
      ...options.system,
      clock: this.clock,
      random: stream(options.seed, 1),
      scheduler: this.scheduler.port(),
    });
  }

  async runUntilIdle(): Promise<void> {
    const limit = this.scheduler.steps + this.stepsMax;
    await settlePromises();
    for (;;) {
      while (this.scheduler.step()) {
        if (this.scheduler.steps > limit) throw new Error(`seed ${this.seed}: not idle after ${this.stepsMax} steps`);
        this.checkInvariants();
        if (this.choices.take(2, () => (this.chooser.below(4) === 0 ? 1 : 0)) === 1) await settlePromises();
      }
      await settlePromises();
      if (!this.scheduler.step()) return;
      this.checkInvariants();
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

  decide(bound: number): number {
    return this.choices.take(bound, () => this.random.below(bound));
  }

  decisions(): readonly number[] {
    return this.choices.recorded;
  }

  monitor(invariant: Invariant): void {
    this.invariants.push(invariant);
  }

  network<N>(quality?: Partial<LinkQuality>): SimulatedNetwork<N> {
    return new SimulatedNetwork<N>(this, quality);
  }

  machine<N>(network: SimulatedNetwork<N>, facts: {readonly name: string; readonly program: Program<N>; readonly disk?: Partial<DiskFaults>}): SimulatedMachine<N> {
    return new SimulatedMachine(this, network, facts);
  }

  createSystem(): ActorSystem & {crash(): void} {
    this.systems += 1;
    return createCrashableSystem({
      ...this.systemOptions,
      clock: this.clock,
      random: stream(this.seed, FIRST_MACHINE_STREAM + this.systems),
      scheduler: this.scheduler.port(),
    });
  }

  nowMs(): number {
    return this.clock.nowMs();
  }

  after(delayMs: number, act: () => void): void {
    this.system.after(delayMs, act);
  }

  private checkInvariants(): void {
    for (const {name, check} of this.invariants) {
      const wrong = check();
      if (wrong !== undefined) throw new InvariantViolation(name, wrong);
    }
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
