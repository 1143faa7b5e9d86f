// Proves that a crowd is what its profile says, to the miner, and the same for the same seed.
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {DIALECT_MIX} from '../../../src/load/dialects.js';
import {planCrowd, type CrowdWish, type MinerPlan} from '../../../src/load/miner-plan.js';
import {PROFILES, profileNamed} from '../../../src/load/profiles.js';

const WISH: CrowdWish = {miners: 2_000, profile: profileNamed('mixed')!, durationSec: 60, seed: 7, accounts: ['alice', 'bob'], hashrateMean: 200, isLoopback: true};

function tally(plans: readonly MinerPlan[], of: (plan: MinerPlan) => string): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const plan of plans) counts[of(plan)] = (counts[of(plan)] ?? 0) + 1;
  return counts;
}

const plan = suite('load / miner-plan');

plan('the same seed makes the same crowd, another one another', () => {
  assert.equal(planCrowd(WISH), planCrowd(WISH));
  assert.not.equal(planCrowd(WISH), planCrowd({...WISH, seed: 8}));
});

plan('each behaviour has its exact part, whatever the crowd', () => {
  assert.equal(tally(planCrowd(WISH), ({behaviour}) => behaviour.name), {'honest': 1_800, 'faulty': 120, 'restless': 60, 'slow reader': 20});
  for (const profile of PROFILES) {
    const parts = profile.behaviours.reduce((sum, {part}) => sum + part, 0);
    assert.ok(Math.abs(parts - 1) < 1e-9, `${profile.name}: the parts are ${parts}`);
    for (const miners of [1, 3, 97]) assert.is(planCrowd({...WISH, profile, miners}).length, miners);
  }
});

plan('accounts alternate, names are unique, dialects are mixed as planned', () => {
  const plans = planCrowd(WISH);
  assert.equal(tally(plans, ({account}) => account), {alice: 1_000, bob: 1_000});
  assert.is(new Set(plans.map(({userName}) => userName)).size, plans.length);
  for (const [name, part] of Object.entries(DIALECT_MIX)) {
    const counted = plans.filter(({dialect}) => dialect === name).length / plans.length;
    assert.ok(Math.abs(counted - part) < 0.04, `${name}: ${counted} for ${part}`);
  }
});

plan('hashrates spread around the mean that was asked for, and arrivals fill the ramp in order', () => {
  const plans = planCrowd({...WISH, profile: profileNamed('steady')!});
  const mean = plans.reduce((sum, {hashrate}) => sum + hashrate, 0) / plans.length;
  assert.ok(Math.abs(mean / 200 - 1) < 0.1, `mean ${mean}`);
  assert.ok(plans.some(({hashrate}) => hashrate > 400) && plans.some(({hashrate}) => hashrate < 80));
  assert.ok(plans.every(({connectAtMs}, index) => connectAtMs <= 12_000 && connectAtMs >= (plans[index - 1]?.connectAtMs ?? 0)));
});

plan('hostile miners come from an address of their own, a large crowd from several', () => {
  const hostile = planCrowd({...WISH, profile: profileNamed('hostile')!});
  for (const {behaviour, sourceAddress} of hostile) assert.is(sourceAddress?.startsWith('127.0.'), behaviour.isHostile === true ? true : undefined);
  const large = planCrowd({...WISH, miners: 10_001});
  assert.equal(Object.keys(tally(large, ({sourceAddress}) => sourceAddress ?? 'default')), ['default', '127.0.0.2', '127.0.0.3']);
  assert.ok(planCrowd({...WISH, profile: profileNamed('hostile')!, isLoopback: false}).every(({sourceAddress}) => sourceAddress === undefined));
});

plan.run();
