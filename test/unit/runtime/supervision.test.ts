// Proves who restarts whom and when: the three strategies, what a restart keeps and what it drops, backoff and the
// intensity window under virtual time, escalation up to the root, and that a storm of failures ends.
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import type {ActorContext, ActorRef, ActorSpec, SpawnOptions, SupervisionPolicy} from '../../../src/runtime/actor.js';
import {createSimulation, type Simulation} from '../../../src/runtime/sim/simulation.js';

type Work =
  | {readonly type: 'work.do'; readonly text: string}
  | {readonly type: 'work.crash'}
  | {readonly type: 'work.crashLater'};

const PLAIN: SupervisionPolicy = {strategy: 'one-for-one', restartsMax: 3, windowMs: 1_000};

interface Family {
  readonly simulation: Simulation;
  readonly log: string[];
  readonly children: Map<string, ActorRef<Work>>;
  tell(name: string, message: Work): void;
  escalations: string[];
}

function worker(name: string, log: string[], create?: (ctx: ActorContext<Work>, life: number) => void): ActorSpec<Work> {
  let life = 0;
  return {
    protocol: {kind: 'worker', mailbox: {capacity: 10, policy: 'refuse'}},
    create: (ctx) => {
      life += 1;
      const own = life;
      log.push(`${name} starts ${own}`);
      create?.(ctx, own);
      return {
        receive: (message) => {
          if (message.type === 'work.crash') throw new Error(`${name} broke`);
          if (message.type === 'work.crashLater') return Promise.reject(new Error(`${name} broke later`));
          if (message.type === 'work.do') log.push(`${name}${own} ${message.text}`);
          return undefined;
        },
        onStop: (reason) => { log.push(`${name} ends ${own} ${reason}`); },
      };
    },
  };
}

function family(policy: SupervisionPolicy, options: Partial<SpawnOptions> = {}, seed = 1): Family {
  const log: string[] = [];
  const escalations: string[] = [];
  const children = new Map<string, ActorRef<Work>>();
  const simulation = createSimulation({seed, system: {supervision: PLAIN, onEscalation: (path, error) => escalations.push(`${path} ${String(error)}`)}});
  simulation.system.spawn({
    protocol: {kind: 'parent', mailbox: {capacity: 10, policy: 'refuse'}},
    supervision: policy,
    create: (ctx) => {
      for (const name of ['a', 'b', 'c']) children.set(name, ctx.spawn(worker(name, log), {name, ...options}));
      return {receive: () => undefined};
    },
  }, {name: 'parent'});
  return {simulation, log, escalations, children, tell: (name, message) => { children.get(name)!.tell(message); }};
}

const test = suite('runtime / supervision');

test('one-for-one: only the failed child lives anew; its mailbox and ref stay', async () => {
  const {simulation, log, tell} = family(PLAIN);
  await simulation.runUntilIdle();
  log.length = 0;
  tell('b', {type: 'work.crash'});
  tell('b', {type: 'work.do', text: 'kept'});
  await simulation.runUntilIdle();
  assert.equal(log, ['b ends 1 restarting', 'b starts 2', 'b2 kept']);
});

test('one-for-all: all come down in reverse start order and up in start order', async () => {
  const {simulation, log, tell} = family({...PLAIN, strategy: 'one-for-all'});
  await simulation.runUntilIdle();
  log.length = 0;
  tell('b', {type: 'work.crash'});
  await simulation.runUntilIdle();
  assert.equal(log, ['c ends 1 restarting', 'b ends 1 restarting', 'a ends 1 restarting', 'a starts 2', 'b starts 2', 'c starts 2']);
});

test('rest-for-one: the failed child and those started after it', async () => {
  const {simulation, log, tell} = family({...PLAIN, strategy: 'rest-for-one'});
  await simulation.runUntilIdle();
  log.length = 0;
  tell('b', {type: 'work.crash'});
  await simulation.runUntilIdle();
  assert.equal(log, ['c ends 1 restarting', 'b ends 1 restarting', 'b starts 2', 'c starts 2']);
});

test('rest-for-one: two failures at once end in one living incarnation each, for every seed', async () => {
  for (let seed = 1; seed <= 60; seed += 1) {
    const {simulation, log, tell} = family({...PLAIN, strategy: 'rest-for-one', backoff: {minMs: 10, maxMs: 10, jitter: 0.5}}, {}, seed);
    await simulation.runUntilIdle();
    tell('c', {type: 'work.crash'});
    tell('a', {type: 'work.crash'});
    tell('b', {type: 'work.crashLater'});
    await simulation.advance(200);
    for (const name of ['a', 'b', 'c']) {
      tell(name, {type: 'work.do', text: 'alive'});
      const starts = log.filter((line) => line.startsWith(`${name} starts`)).length;
      const ends = log.filter((line) => line.startsWith(`${name} ends`)).length;
      assert.is(starts, ends + 1, `seed ${seed}: ${log.join(', ')}`);
    }
    await simulation.runUntilIdle();
    assert.is(log.filter((line) => line.endsWith('alive')).length, 3, `seed ${seed}`);
  }
});

test('a rejected handler promise is a failure like a throw', async () => {
  const {simulation, log, tell} = family(PLAIN);
  await simulation.runUntilIdle();
  tell('a', {type: 'work.crashLater'});
  await simulation.runUntilIdle();
  assert.ok(log.includes('a starts 2'));
});

test('resume keeps the incarnation, stop ends it, both without touching the window', async () => {
  for (const [onFailure, expected] of [['resume', ['a1 after']], ['stop', ['a ends 1 failed']]] as const) {
    const {simulation, log, tell, escalations} = family(PLAIN, {onFailure});
    await simulation.runUntilIdle();
    log.length = 0;
    for (let i = 0; i < 8; i += 1) tell('a', {type: 'work.crash'});
    tell('a', {type: 'work.do', text: 'after'});
    await simulation.runUntilIdle();
    assert.equal(log, expected);
    assert.equal(escalations, []);
  }
});

test('escalate: the failure is the parent’s own, and its restart makes the children anew', async () => {
  const {simulation, log, tell} = family(PLAIN, {onFailure: 'escalate'});
  await simulation.runUntilIdle();
  log.length = 0;
  tell('b', {type: 'work.crash'});
  await simulation.runUntilIdle();
  assert.equal(log.slice(0, 3), ['c ends 1 parent-stopped', 'b ends 1 parent-stopped', 'a ends 1 parent-stopped']);
  // Fresh siblings start in whatever order the schedule says: none may rely on another's first turn.
  assert.equal(log.slice(3).sort(), ['a starts 1', 'b starts 1', 'c starts 1']);
});

test('the intensity window: one failure too many goes up, at its very edge it does not', async () => {
  const edge = family(PLAIN);
  await edge.simulation.runUntilIdle();
  for (let i = 0; i < 3; i += 1) edge.tell('a', {type: 'work.crash'});
  await edge.simulation.advance(1_001);
  edge.tell('a', {type: 'work.crash'});
  await edge.simulation.runUntilIdle();
  assert.is(edge.log.filter((line) => line === 'a starts 1').length, 1, 'parent not restarted');

  const beyond = family(PLAIN);
  await beyond.simulation.runUntilIdle();
  for (let i = 0; i < 4; i += 1) beyond.tell('a', {type: 'work.crash'});
  await beyond.simulation.runUntilIdle();
  assert.ok(beyond.log.includes('a ends 4 restart-limit'));
  assert.is(beyond.log.filter((line) => line === 'c starts 1').length, 2, 'parent restarted once');
});

test('a storm climbs to the root, which tells the node and takes the tree down', async () => {
  const log: string[] = [];
  const escalations: string[] = [];
  const simulation = createSimulation({seed: 3, system: {supervision: PLAIN, onEscalation: (path) => escalations.push(path)}});
  simulation.system.spawn({
    protocol: {kind: 'cursed', mailbox: {capacity: 10, policy: 'refuse'}},
    create: () => { throw new Error('never starts'); },
  }, {name: 'cursed'});
  simulation.system.spawn(worker('other', log), {name: 'other'});
  await simulation.runUntilIdle();
  assert.equal(escalations, ['']);
  await simulation.system.whenTerminated;
  assert.is(simulation.system.stats().actorCount, 0);
  assert.is(log.at(-1), 'other ends 1 parent-stopped');
});

test('backoff doubles from failure to failure, never beyond its maximum; jitter only shortens', async () => {
  const policy: SupervisionPolicy = {...PLAIN, restartsMax: 10, windowMs: 60_000, backoff: {minMs: 100, maxMs: 300, jitter: 0}};
  const {simulation, log, tell} = family(policy);
  await simulation.runUntilIdle();
  for (const [index, delayMs] of [100, 200, 300, 300].entries()) {
    tell('a', {type: 'work.crash'});
    await simulation.advance(delayMs - 1);
    assert.not(log.includes(`a starts ${index + 2}`));
    await simulation.advance(1);
    assert.ok(log.includes(`a starts ${index + 2}`), `restart ${index + 1} after ${delayMs} ms`);
  }
});

test('a child stopped during its backoff is gone at once and does not come back', async () => {
  const log: string[] = [];
  const simulation = createSimulation({seed: 1, system: {supervision: {...PLAIN, backoff: {minMs: 100, maxMs: 100, jitter: 0}}}});
  const ref = simulation.system.spawn(worker('a', log), {name: 'a'});
  ref.tell({type: 'work.crash'});
  await simulation.advance(10);
  void simulation.system.stop(ref);
  await simulation.runUntilIdle();
  assert.is(simulation.system.stats().actorCount, 0);
  await simulation.advance(1_000);
  assert.equal(log, ['a starts 1', 'a ends 1 restarting']);
});

test('a restart drops timers, watches, pipes and open replies of the old incarnation', async () => {
  const simulation = createSimulation({seed: 1, system: {supervision: PLAIN}});
  const log: string[] = [];
  let settle: (text: string) => void = () => undefined;
  let old: ActorContext<Work> | undefined;
  const ref = simulation.system.spawn(worker('a', log, (ctx, life) => {
    if (life > 1) return;
    old = ctx;
    ctx.timers.every('tick', 10, {type: 'work.do', text: 'tick'});
    ctx.pipeToSelf(new Promise<string>((resolve) => { settle = resolve; }), (text) => ({type: 'work.do', text}), () => ({type: 'work.crash'}));
  }), {name: 'a'});
  await simulation.advance(10);
  ref.tell({type: 'work.crash'});
  await simulation.runUntilIdle();
  settle('piped');
  old?.timers.once('ghost', 1, {type: 'work.do', text: 'ghost'});
  await simulation.advance(100);
  assert.equal(log, ['a starts 1', 'a1 tick', 'a ends 1 restarting', 'a starts 2']);
  assert.is(simulation.system.stats().timersArmed, 0);
});

test.run();
