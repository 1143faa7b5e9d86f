/**
 * The simulator finds what it is there for: a lost wake-up, a double delivery and a vote that leaves before it is durable,
 * each within a stated number of seeds, with a schedule that was shortened and replays; and the cured ones pass.
 */
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {explore, runOnce, type Scenario} from '../../src/runtime/sim/explore.js';
import {deliveryScenario} from '../../src/runtime/sim/scenarios/delivery.js';
import {voteScenario} from '../../src/runtime/sim/scenarios/vote.js';
import {wakeUpScenario} from '../../src/runtime/sim/scenarios/wake-up.js';

const SEEDS_TO_FIND = 30;
const CLEAN_SEEDS = 40;
/** Decisions against the plain course that a shortened run may keep. */
const DEVIATIONS_MAX = 12;
const test = suite('sim / planted');

for (const [make, invariant] of [
  [wakeUpScenario, 'every item is taken'],
  [deliveryScenario, 'each order is carried out once'],
  [voteScenario, 'a voter votes once a round'],
] as const) {
  test(`${make(true).name}: found within ${SEEDS_TO_FIND} seeds, shortened, and replayed from its decisions`, async () => {
    const planted: Scenario = make(true);
    const {failure, runs} = await explore(planted, {firstSeed: 1, seeds: SEEDS_TO_FIND, strategies: ['random', 'priority']});
    assert.ok(failure !== undefined, 'nothing was found');
    assert.is(failure.invariant, invariant);
    const {shrunk} = failure;
    process.stdout.write(`\nnote: ${planted.name}: found in run ${runs}, ${shrunk.deviationsBefore} decisions against the plain course shortened to ${shrunk.deviations} in ${shrunk.runs} runs\n`);
    assert.ok(shrunk.deviations <= DEVIATIONS_MAX, `${shrunk.deviations} deviations are left`);
    const again = await runOnce(planted, {seed: failure.seed, strategy: failure.strategy, replay: shrunk.decisions});
    assert.is(again.violation?.message, shrunk.message, 'the shortened run is the same run again');
    const first = await runOnce(planted, {seed: failure.seed, strategy: failure.strategy, replay: failure.decisions});
    assert.is(first.traceHash, failure.traceHash, 'the whole run replays step by step');
  });

  test(`${make(false).name}: ${CLEAN_SEEDS} seeds pass`, async () => {
    const {failure, runs} = await explore(make(false), {firstSeed: 1, seeds: CLEAN_SEEDS, strategies: ['random', 'priority', 'fifo'], compareEvery: 10});
    assert.is(failure, undefined, failure === undefined ? '' : `seed ${failure.seed} ${failure.strategy}: ${failure.message}`);
    assert.is(runs, 3 * CLEAN_SEEDS);
  });
}

test('a scenario that draws real chance is caught by running a seed twice', async () => {
  const {failure} = await explore({
    name: 'impure',
    run: async (simulation) => {
      simulation.note(String(process.hrtime.bigint()));
      await simulation.runUntilIdle();
    },
  }, {firstSeed: 1, seeds: 1, strategies: ['fifo']});
  assert.is(failure?.invariant, 'determinism');
});

test.run();
