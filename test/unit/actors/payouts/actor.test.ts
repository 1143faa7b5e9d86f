// Proves the actor around the desk: it pays at its interval and merges at its own, answers while it works, begins again from
// disk when a turn fails, tells a problem once, and shows payouts and status as they are. Under the simulator.
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {payoutsActor, type PayoutsInbox} from '../../../../src/actors/payouts/actor.js';
import type {GetPayout, GetPayoutStatus, ListPayouts, PausePayouts, PayoutsEvent, RunPayoutsNow} from '../../../../src/actors/payouts/messages.js';
import type {ActorRef} from '../../../../src/runtime/actor.js';
import {createSimulation, type Simulation} from '../../../../src/runtime/sim/simulation.js';
import {BOOK, DESK_OPTIONS, KillSwitch, minerAddress, PayoutWorld, worldPorts} from '../../../support/payout-world.js';

const ANN = minerAddress(0);
const HOUR_MS = 3_600_000;

interface Scene {
  readonly sim: Simulation;
  readonly world: PayoutWorld;
  readonly payouts: ActorRef<PayoutsInbox>;
  readonly events: PayoutsEvent[];
  /** Lets the actor work for so long. */
  pass(ms: number): Promise<void>;
  ask<Q extends PayoutsInbox>(query: Q): ReturnType<typeof askOf<Q>>;
}

function askOf<Q extends PayoutsInbox>(ref: ActorRef<PayoutsInbox>, query: Q) {
  return ref.ask<Q>(query, {timeoutMs: 60_000});
}

async function aScene(prepare: (world: PayoutWorld) => Promise<void>): Promise<Scene> {
  const world = new PayoutWorld();
  await prepare(world);
  const sim = createSimulation({seed: 5, wallStartMs: world.nowMs});
  const events: PayoutsEvent[] = [];
  const listener = sim.system.spawn<PayoutsEvent>({
    protocol: {kind: 'listener', mailbox: {capacity: 1_000, policy: 'refuse'}}, create: () => ({receive: (event) => void events.push(event)}),
  }, {name: 'listener'});
  sim.system.events.subscribe<PayoutsEvent>(['payouts.changed', 'payouts.problem'], listener);
  const payouts = sim.system.spawn(payoutsActor({
    desk: DESK_OPTIONS, follower: {isOurs: (script) => BOOK.find(script) !== undefined, birthdaySec: 0}, intervalMs: HOUR_MS, consolidationIntervalMs: 10_000, address: 'pool',
  }, worldPorts(world)), {name: 'payouts'});
  const pass = async (ms: number): Promise<void> => {
    await sim.advance(ms);
  };
  await pass(3_000);
  return {sim, world, payouts, events, pass, ask: async (query) => {
    const answer = askOf(payouts, query);
    await pass(2_500);
    return answer;
  }};
}

const earn = (sats: bigint) => (world: PayoutWorld): Promise<void> => world.earn([{account: ANN, sats}]);
const status: GetPayoutStatus = {type: 'payouts.getStatus'};
const list: ListPayouts = {type: 'payouts.list', limit: 10};

const actor = suite('actors / payouts / actor');

actor('pays at once when it never ran, then at its interval, and shows what it did', async () => {
  const {world, ask, pass, events} = await aScene(earn(5_000_000n));
  const [first] = await ask(list);
  assert.is(first?.state, 'broadcast');
  assert.is(first?.payees[0]?.account, ANN);
  world.mineMany(3);
  await pass(3_000);
  const confirmed = await ask<GetPayout>({type: 'payouts.get', id: 1});
  assert.is(confirmed?.state, 'confirmed');
  assert.is(confirmed?.confirmations, 3);
  assert.equal([...new Set(events.flatMap((event) => (event.type === 'payouts.changed' ? [event.payout.state] : [])))], ['planned', 'recorded', 'signed', 'broadcast', 'confirmed']);
  await world.earn([{account: ANN, sats: 70_000n}]);
  await pass(60_000);
  assert.is((await ask(list)).length, 1);
  await pass(HOUR_MS);
  assert.is((await ask(list)).length, 2);
  assert.is(await ask<GetPayout>({type: 'payouts.get', id: 9}), null);
});

actor('the status says what the wallet has and what is owed', async () => {
  const {world, ask, pass} = await aScene(async (fresh) => fresh.earn([{account: ANN, sats: 5_000n}]));
  world.mine({reward: 40_000n});
  await pass(3_000);
  const seen = await ask(status);
  assert.is(seen.spendableSats, 5_000n);
  assert.is(seen.immatureSats, 40_000n);
  assert.is(seen.lockedSats, 0n);
  assert.is(seen.syncedHeight, world.height);
  assert.is(seen.unresolvedCount, 0);
  assert.is(seen.lastPayoutAtMs, undefined);
  assert.is(seen.problem, undefined);
  assert.is(seen.nextRunAtMs, world.nowMs + HOUR_MS);
});

actor('paused: nothing new, told as a code; running again it pays when it is told to', async () => {
  const {ask, world} = await aScene(async (fresh) => fresh.earn([{account: ANN, sats: 5_000n}]));
  assert.equal(await ask<PausePayouts>({type: 'payouts.pause', isPaused: true}), {ok: true});
  assert.is((await ask(status)).nextRunAtMs, undefined);
  await world.earn([{account: ANN, sats: 90_000n}]);
  assert.is((await ask<RunPayoutsNow>({type: 'payouts.runNow'}) as {code?: string}).code, 'payouts-paused');
  await ask<PausePayouts>({type: 'payouts.pause', isPaused: false});
  assert.equal(await ask<RunPayoutsNow>({type: 'payouts.runNow'}), {ok: true, id: 1});
});

actor('a turn that fails begins again with what is on disk, and pays once', async () => {
  const {world, pass, ask} = await aScene(async (fresh) => {
    await fresh.earn([{account: ANN, sats: 5_000_000n}]);
    fresh.kill = new KillSwitch(4, true);
  });
  await pass(10_000);
  world.kill = new KillSwitch();
  await pass(10_000);
  world.mineMany(3);
  await pass(5_000);
  const payouts = await ask(list);
  assert.equal(payouts.map(({state}) => state), ['confirmed']);
  assert.is(world.heard.size, 1);
});

actor('a problem is told once, with its payout', async () => {
  const {world, events, pass} = await aScene(async (fresh) => {
    await fresh.earn([{account: ANN, sats: 5_000_000n}]);
    fresh.refusal = 'bad-txns-inputs-missingorspent';
  });
  await pass(300_000);
  const problems = events.filter((event) => event.type === 'payouts.problem');
  assert.equal(problems.filter(({payout}) => payout?.id === 1).map(({code}) => code), ['bad-txns-inputs-missingorspent']);
  world.refusal = undefined;
  await pass(70_000);
  assert.is(world.mempool.size, 1);
});

actor('small coins are merged at an interval of their own', async () => {
  const {ask, pass} = await aScene(async (world) => {
    for (let i = 0; i < 15; i += 1) world.mine({reward: 20_000n});
    world.mineMany(100);
  });
  await pass(12_000);
  assert.equal((await ask(list)).map(({kind, inputCount}) => [kind, inputCount]), [['consolidation', 15]]);
  assert.is((await ask(status)).lockedSats, 300_000n);
});

actor.run();
