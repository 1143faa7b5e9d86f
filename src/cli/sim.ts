/**
 * @module `pithead sim`: runs a simulated network under many seeds. Exit code 0 when all invariants held; 1 with the seed and
 * the shortened schedule when one did not.
 */
import {explore, type Failure, type Scenario} from '../runtime/sim/explore.js';
import {deliveryScenario} from '../runtime/sim/scenarios/delivery.js';
import {voteScenario} from '../runtime/sim/scenarios/vote.js';
import {wakeUpScenario} from '../runtime/sim/scenarios/wake-up.js';
import type {Strategy} from '../runtime/sim/seeded-scheduler.js';
import {UsageError, type Command, type FlagValues} from './command.js';
import {print} from './print.js';

const STRATEGIES: readonly Strategy[] = ['random', 'priority', 'fifo'];
const SEEDS_DEFAULT = 100;

/** Planted ones break on purpose: they show that the simulator finds such mistakes, and what it says then. */
const SCENARIOS: ReadonlyMap<string, Scenario> = new Map([wakeUpScenario, deliveryScenario, voteScenario]
  .flatMap((make) => [make(false), make(true)])
  .map((scenario) => [scenario.name, scenario]));

export const simCommand: Command = {
  name: 'sim',
  summary: 'Runs a simulated network under many seeds and checks its invariants after every step.',
  usage: '[--network NAME] [--seed S | --seeds COUNT] [--strategy NAME] [--json]',
  flags: {
    network: {kind: 'text', value: 'NAME', doc: `what is simulated: ${[...SCENARIOS.keys()].join(', ')}. Default: all that are not planted`},
    seed: {kind: 'text', value: 'S', doc: 'this seed only'},
    seeds: {kind: 'text', value: 'COUNT', doc: `seeds from 1 on. Default ${SEEDS_DEFAULT}`},
    strategy: {kind: 'text', value: 'NAME', doc: 'who runs next: random, priority (PCT), fifo. Default: each of them', choices: STRATEGIES},
    json: {kind: 'switch', doc: 'one JSON object per network'},
  },
  notes: ['Exit code 0 when every invariant held, 1 with the seed and the shortened schedule when one did not.'],
  takesWords: false,
  async run(_words, flags) {
    const seed = wholeNumber(flags, 'seed');
    const seeds = seed === undefined ? (wholeNumber(flags, 'seeds') ?? SEEDS_DEFAULT) : 1;
    const strategy = flags.text('strategy') as Strategy | undefined;
    let isClean = true;
    for (const scenario of scenarios(flags)) {
      const {runs, failure} = await explore(scenario, {
        firstSeed: seed ?? 1, seeds, strategies: strategy === undefined ? STRATEGIES : [strategy],
        ...(process.stderr.isTTY && !flags.has('json') && {onProgress: (done: number) => process.stderr.write(`\r${scenario.name}: ${done} of ${seeds} seeds `)}),
      });
      if (process.stderr.isTTY && !flags.has('json')) process.stderr.write('\r\u001B[K');
      isClean &&= failure === undefined;
      print(flags.has('json') ? JSON.stringify({network: scenario.name, runs, ok: failure === undefined, failure}) : text(scenario, runs, failure));
    }
    return isClean ? 0 : 1;
  },
};

function scenarios(flags: FlagValues): readonly Scenario[] {
  const name = flags.text('network');
  if (name === undefined) return [...SCENARIOS.values()].filter((scenario) => !scenario.name.startsWith('planted-'));
  const found = SCENARIOS.get(name);
  if (found === undefined) throw new UsageError(`sim: there is no network ${name}; there are ${[...SCENARIOS.keys()].join(', ')}`);
  return [found];
}

function wholeNumber(flags: FlagValues, name: string): number | undefined {
  const given = flags.text(name);
  if (given === undefined) return undefined;
  const value = Number(given);
  if (!Number.isSafeInteger(value) || value < 1) throw new UsageError(`sim: --${name} is a positive whole number; not ${given}`);
  return value;
}

function text(scenario: Scenario, runs: number, failure: Failure | undefined): string {
  if (failure === undefined) return `${scenario.name}: ${runs} runs, every invariant held`;
  const {shrunk} = failure;
  return [
    `${scenario.name}: broken in run ${runs}, seed ${failure.seed}, strategy ${failure.strategy}`,
    `  ${failure.message}`,
    `  shortened in ${shrunk.runs} runs from ${shrunk.deviationsBefore} decisions against the plain course to ${shrunk.deviations}: ${shrunk.message}`,
    `  decision by number: ${shrunk.decisions.flatMap((choice, i) => (choice === 0 ? [] : [`${i}=${choice}`])).join(' ') || 'none'}`,
    `  last steps: ${shrunk.lastSteps.join(' ')}`,
    `  again: pithead sim --network ${scenario.name} --seed ${failure.seed} --strategy ${failure.strategy}`,
  ].join('\n');
}
