/**
 * @module Runs a scenario under many seeds; of a run that breaks an invariant, keeps the seed and looks for the fewest
 * decisions against the plain course that still break it (delta debugging, Zeller and Hildebrandt 2002, over the list of
 * decisions). The same seed is run twice now and then: other traces mean that something reads the outside world.
 */
import {InvariantViolation} from './invariant.js';
import type {Strategy} from './seeded-scheduler.js';
import {createSimulation, type Simulation, type SimulationOptions} from './simulation.js';

export interface Scenario {
  readonly name: string;
  readonly options?: Omit<SimulationOptions, 'seed' | 'strategy' | 'replay'>;
  /** @throws InvariantViolation from a monitor, or thrown by the scenario itself at its end. */
  run(simulation: Simulation): Promise<void>;
}

export interface Failure {
  readonly seed: number;
  readonly strategy: Strategy;
  readonly invariant: string;
  readonly message: string;
  /** Hash of the first run's trace. */
  readonly traceHash: string;
  readonly decisions: readonly number[];
  readonly shrunk: ShrunkRun;
}

export interface ShrunkRun {
  readonly message: string;
  /** To be replayed with the same seed. */
  readonly decisions: readonly number[];
  /** Decisions that are not the plain course, before and after. */
  readonly deviationsBefore: number;
  readonly deviations: number;
  /** The last steps before the violation: `<actor>:<message type>`. */
  readonly lastSteps: readonly string[];
  readonly runs: number;
}

export interface ExploreOptions {
  readonly firstSeed: number;
  readonly seeds: number;
  readonly strategies: readonly Strategy[];
  /** Runs that may be spent to shorten one failure. Default 400. */
  readonly shrinkRunsMax?: number;
  /** Every n-th seed is run twice and the traces are compared. Default 50; 0 for never. */
  readonly compareEvery?: number;
  readonly onProgress?: (done: number) => void;
}

export interface Exploration {
  readonly runs: number;
  readonly failure: Failure | undefined;
}

const SHRINK_RUNS_MAX = 400;
const COMPARE_EVERY = 50;
const LAST_STEPS = 20;

/** Stops at the first failure. */
export async function explore(scenario: Scenario, options: ExploreOptions): Promise<Exploration> {
  const compareEvery = options.compareEvery ?? COMPARE_EVERY;
  let runs = 0;
  for (let i = 0; i < options.seeds; i += 1) {
    const seed = options.firstSeed + i;
    for (const strategy of options.strategies) {
      const outcome = await runOnce(scenario, {seed, strategy});
      runs += 1;
      const failure = outcome.violation ?? (compareEvery > 0 && i % compareEvery === 0 ? await findNondeterminism(scenario, {seed, strategy}, outcome) : undefined);
      if (failure !== undefined) return {runs, failure: await described(scenario, {seed, strategy}, {...outcome, violation: failure}, options.shrinkRunsMax ?? SHRINK_RUNS_MAX)};
    }
    options.onProgress?.(i + 1);
  }
  return {runs, failure: undefined};
}

interface RunFacts {
  readonly seed: number;
  readonly strategy: Strategy;
  readonly replay?: readonly number[];
}

interface Outcome {
  readonly violation: InvariantViolation | undefined;
  readonly decisions: readonly number[];
  readonly traceHash: string;
  readonly lastSteps: readonly string[];
}

type Violated = Outcome & {readonly violation: InvariantViolation};

export async function runOnce(scenario: Scenario, facts: RunFacts): Promise<Outcome> {
  const simulation = createSimulation({...scenario.options, ...facts});
  let violation: InvariantViolation | undefined;
  try {
    await scenario.run(simulation);
  } catch (error) {
    // Whatever else a run throws is found under its own name: shrinking must not slip from one mistake to another.
    violation = error instanceof InvariantViolation ? error : new InvariantViolation('no exception', error instanceof Error ? `${error.name}: ${error.message}` : String(error));
  }
  return {
    violation,
    decisions: [...simulation.decisions()],
    traceHash: simulation.traceHash(),
    lastSteps: simulation.trace().slice(-LAST_STEPS).map(({actorId, what}) => `${actorId}:${what}`),
  };
}

async function findNondeterminism(scenario: Scenario, facts: RunFacts, first: Outcome): Promise<InvariantViolation | undefined> {
  const {traceHash} = await runOnce(scenario, facts);
  if (traceHash === first.traceHash) return undefined;
  return new InvariantViolation('determinism', `the same seed gave the traces ${first.traceHash} and ${traceHash}: something reads a clock, a random number or the outside world`);
}

async function described(scenario: Scenario, facts: RunFacts, first: Violated, runsMax: number): Promise<Failure> {
  const {violation, decisions, traceHash} = first;
  // What differs between two runs of one seed cannot be replayed.
  const shrinker = new Shrinker(scenario, facts, first, violation.invariant === 'determinism' ? 0 : runsMax);
  await shrinker.run();
  const {best, runs} = shrinker;
  return {
    seed: facts.seed, strategy: facts.strategy, invariant: violation.invariant, message: violation.message, traceHash, decisions,
    shrunk: {
      message: best.violation.message, decisions: best.decisions, runs, lastSteps: best.lastSteps,
      deviationsBefore: deviationsOf(decisions).length, deviations: deviationsOf(best.decisions).length,
    },
  };
}

/** Sets ever smaller groups of deviations to the plain course, as long as the same invariant breaks. */
class Shrinker {
  runs = 0;
  best: Violated;
  private readonly scenario: Scenario;
  private readonly facts: RunFacts;
  private readonly runsMax: number;

  constructor(scenario: Scenario, facts: RunFacts, first: Violated, runsMax: number) {
    this.scenario = scenario;
    this.facts = facts;
    this.best = first;
    this.runsMax = runsMax;
  }

  async run(): Promise<void> {
    let groups = 1;
    while (!this.isSpent) {
      const deviations = deviationsOf(this.best.decisions);
      const size = Math.ceil(deviations.length / groups);
      if (size === 0) return;
      if (await this.dropOneOf(deviations, size)) groups = Math.max(1, groups - 1);
      else if (size === 1) return;
      else groups = Math.min(deviations.length, groups * 2);
    }
  }

  private get isSpent(): boolean {
    return this.runs >= this.runsMax;
  }

  private async dropOneOf(deviations: readonly number[], size: number): Promise<boolean> {
    for (let from = 0; from < deviations.length; from += size) {
      if (this.isSpent) return false;
      const plain = new Set(deviations.slice(from, from + size));
      if (await this.isBroken(this.best.decisions.map((choice, i) => (plain.has(i) ? 0 : choice)))) return true;
    }
    return false;
  }

  private async isBroken(replay: readonly number[]): Promise<boolean> {
    this.runs += 1;
    const {violation, ...outcome} = await runOnce(this.scenario, {...this.facts, replay});
    if (violation?.invariant !== this.best.violation.invariant || deviationsOf(outcome.decisions).length >= deviationsOf(this.best.decisions).length) return false;
    this.best = {...outcome, violation};
    return true;
  }
}

function deviationsOf(decisions: readonly number[]): number[] {
  return decisions.flatMap((choice, i) => (choice === 0 ? [] : [i]));
}
