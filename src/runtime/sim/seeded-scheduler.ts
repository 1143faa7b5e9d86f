/**
 * @module Who runs next in a simulation: chosen by the seed among all cells that could run, one message at a time.
 *
 * Any choice is a run that production could have had: mailboxes keep their order, only the interleaving of actors
 * differs. Every choice goes into the trace hash; the same seed gives the same hash, or something read a clock, a
 * random number or the outside world behind the runtime's back.
 *
 * - `random`: each step picks uniformly. Good at shallow races.
 * - `fifo`: production's order, the baseline.
 * - `priority`: each actor gets a random rank, the highest ready rank runs, and at a few random steps the running one
 *   falls to the bottom (probabilistic concurrency testing, Burckhardt et al., ASPLOS 2010). Good at starving one actor
 *   for long, which uniform picking almost never does.
 */
import type {Random} from '../clock.js';
import type {Runnable, Scheduler} from '../scheduler.js';
import {TurnMeter} from '../turn-meter.js';
import type {Choices} from './choices.js';
import type {VirtualClock} from './virtual-clock.js';

export type Strategy = 'random' | 'fifo' | 'priority';

/** One step in this many demotes the actor that was about to run, under `priority`. */
const DEMOTE_ONE_IN = 64;
const FNV_OFFSET = 0x811c9dc5;
const FNV_PRIME = 0x01000193;

/** Actors of the n-th system count from n times this. */
const IDS_PER_SYSTEM = 1_000_000;

interface Waiting {
  readonly cell: Runnable;
  readonly isUrgent: boolean;
  readonly actorId: number;
}

export interface TraceStep {
  readonly actorId: number;
  /** `control` for orders of the engine. */
  readonly what: string;
}

export class SeededScheduler {
  readonly meter: TurnMeter;
  steps = 0;
  private readonly random: Random;
  private readonly strategy: Strategy;
  private readonly choices: Choices;
  private readonly waiting: Waiting[] = [];
  private readonly ports: SystemPort[] = [];
  private readonly ranks = new Map<number, number>();
  private readonly kept: TraceStep[] = [];
  private readonly keptMax: number;
  private hash = FNV_OFFSET;

  constructor(facts: {random: Random; choices: Choices; clock: VirtualClock; strategy: Strategy; traceStepsMax: number}) {
    this.random = facts.random;
    this.strategy = facts.strategy;
    this.choices = facts.choices;
    this.keptMax = facts.traceStepsMax;
    // One message per step: the finest interleaving that exists.
    this.meter = new TurnMeter(facts.clock, {drainBudgetMs: Infinity, sliceMessagesMax: 1});
  }

  /** The scheduler of one more actor system; all of them share the seed's choices. */
  port(): Scheduler {
    const port = new SystemPort(this.ports.length, this.meter, this.waiting);
    this.ports.push(port);
    return port;
  }

  /** @returns when the next timer wants attention. */
  fireTimers(nowMs: number): number | undefined {
    let next: number | undefined;
    for (const port of this.ports) {
      const dueMs = port.fireTimers(nowMs);
      if (dueMs !== undefined && (next === undefined || dueMs < next)) next = dueMs;
    }
    return next;
  }

  /** Runs one step. @returns false when nothing could run. */
  step(): boolean {
    if (this.waiting.length === 0) return false;
    const [next] = this.waiting.splice(this.choose(), 1);
    const {cell, isUrgent, actorId} = next!;
    this.steps += 1;
    this.record({actorId, what: isUrgent ? 'control' : (cell.nextMessageType() ?? 'nothing')});
    this.meter.beginDrain(0);
    if (isUrgent) cell.runOrders();
    else cell.run(this.meter);
    return true;
  }

  /** Eight hex digits over every step so far. */
  traceHash(): string {
    return this.hash.toString(16).padStart(8, '0');
  }

  /** The last steps, oldest first. */
  trace(): readonly TraceStep[] {
    return this.kept;
  }

  /** Lets something that is not an actor's step count in the hash, such as a fault that was injected. */
  mix(text: string): void {
    for (let i = 0; i < text.length; i += 1) this.hash = Math.imul(this.hash ^ text.charCodeAt(i), FNV_PRIME) >>> 0;
  }

  private record(step: TraceStep): void {
    this.mix(`${step.actorId}:${step.what};`);
    this.kept.push(step);
    if (this.kept.length > this.keptMax) this.kept.shift();
  }

  private choose(): number {
    return this.choices.take(this.waiting.length, () => this.propose());
  }

  private propose(): number {
    if (this.strategy === 'fifo') return 0;
    if (this.strategy === 'random') return this.random.below(this.waiting.length);
    const chosen = this.highestRank();
    if (this.random.below(DEMOTE_ONE_IN) !== 0) return chosen;
    // Below everyone so far; ranks given at first sight are never negative.
    this.ranks.set(this.waiting[chosen]!.actorId, -this.steps - 1);
    return this.highestRank();
  }

  private highestRank(): number {
    let best = 0;
    let bestRank = -Infinity;
    for (const [index, {actorId}] of this.waiting.entries()) {
      let rank = this.ranks.get(actorId);
      if (rank === undefined) this.ranks.set(actorId, rank = this.random.uint32());
      if (rank > bestRank) {
        best = index;
        bestRank = rank;
      }
    }
    return best;
  }
}

/** What one system sees of the scheduler that it shares with others. */
class SystemPort implements Scheduler {
  readonly meter: TurnMeter;
  private readonly firstId: number;
  private readonly waiting: Waiting[];
  private isClosed = false;
  private fireTimersAt: (nowMs: number) => number | undefined = () => undefined;

  constructor(number: number, meter: TurnMeter, waiting: Waiting[]) {
    this.firstId = number * IDS_PER_SYSTEM;
    this.meter = meter;
    this.waiting = waiting;
  }

  ready(cell: Runnable): void {
    this.waiting.push({cell, isUrgent: false, actorId: this.firstId + cell.id});
  }

  urgent(cell: Runnable): void {
    this.waiting.push({cell, isUrgent: true, actorId: this.firstId + cell.id});
  }

  /** The simulation asks for the next timer itself. */
  armed(): void {}

  attach(fireTimers: (nowMs: number) => number | undefined): void {
    this.fireTimersAt = fireTimers;
  }

  close(): void {
    this.isClosed = true;
  }

  fireTimers(nowMs: number): number | undefined {
    return this.isClosed ? undefined : this.fireTimersAt(nowMs);
  }
}
