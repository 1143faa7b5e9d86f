// Proves the production scheduler with real turns of the event loop and a clock of the test's own: control overtakes
// messages, a saturated actor leaves room for others and for the loop, microtasks cannot starve it, and the longest turn
// is charged to the actor that took it. No real time is read: handlers move the clock themselves.
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import type {ActorRef, ActorSpec} from '../../../src/runtime/actor.js';
import {DrainScheduler} from '../../../src/runtime/scheduler.js';
import {createActorSystem, type ActorSystem} from '../../../src/runtime/system.js';
import {VirtualClock} from '../../../src/runtime/sim/virtual-clock.js';

type Job = {readonly type: 'job.run'; readonly costMs: number} | {readonly type: 'job.again'};

function machine(): {clock: VirtualClock; system: ActorSystem} {
  const clock = new VirtualClock();
  return {clock, system: createActorSystem({clock, scheduler: new DrainScheduler({clock})})};
}

function worker(clock: VirtualClock, onRun: (name: string) => void, name: string): ActorSpec<Job> {
  return {
    protocol: {kind: 'worker', mailbox: {capacity: 10_000, policy: 'refuse'}},
    create: () => ({
      receive: (message) => {
        if (message.type === 'job.run') clock.moveTo(clock.nowMs() + message.costMs);
        onRun(name);
      },
    }),
  };
}

const loopTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const test = suite('runtime / scheduler');

test('an idle system runs a message in a microtask, before the loop turns', async () => {
  const {clock, system} = machine();
  const ran: string[] = [];
  const ref = system.spawn(worker(clock, (name) => ran.push(name), 'a'), {name: 'a'});
  await loopTurn();
  ref.tell({type: 'job.run', costMs: 0});
  assert.equal(ran, []);
  await Promise.resolve();
  assert.equal(ran, ['a']);
  await system.terminate();
});

test('a drain ends within its budget and one turn more, however many messages wait', async () => {
  const {clock, system} = machine();
  let ran = 0;
  const ref = system.spawn(worker(clock, () => { ran += 1; }, 'a'), {name: 'a'});
  await loopTurn();
  for (let i = 0; i < 1_000; i += 1) ref.tell({type: 'job.run', costMs: 0.5});
  await loopTurn();
  const before = clock.nowMs();
  const ranBefore = ran;
  await loopTurn();
  assert.ok(ran > ranBefore);
  assert.ok(clock.nowMs() - before <= 2.5, `one loop turn took ${clock.nowMs() - before} ms`);
  assert.ok(system.stats().longestDrainMs <= 3.5, `${system.stats().longestDrainMs} ms`);
  for (let turn = 0; turn < 400; turn += 1) await loopTurn();
  assert.is(ran, 1_000);
  await system.terminate();
});

test('a slice ends by count and by time, so that a neighbour gets its turn', async () => {
  for (const [costMs, longestRun] of [[0, 32], [0.3, 3]] as const) {
    const {clock, system} = machine();
    const ran: string[] = [];
    const hog = system.spawn(worker(clock, (name) => ran.push(name), 'hog'), {name: 'hog'});
    const other = system.spawn(worker(clock, (name) => ran.push(name), 'other'), {name: 'other'});
    await loopTurn();
    for (let i = 0; i < 200; i += 1) hog.tell({type: 'job.run', costMs});
    for (let i = 0; i < 3; i += 1) other.tell({type: 'job.run', costMs: 0});
    while (ran.length < 203) await loopTurn();
    const first = ran.indexOf('other');
    assert.ok(first > 0 && first <= longestRun, `cost ${costMs}: the neighbour ran after ${first}`);
    await system.terminate();
  }
});

test('a stop overtakes ten thousand waiting messages', async () => {
  const {clock, system} = machine();
  let ran = 0;
  const ref = system.spawn(worker(clock, () => { ran += 1; }, 'a'), {name: 'a'});
  await loopTurn();
  for (let i = 0; i < 10_000; i += 1) ref.tell({type: 'job.run', costMs: 0.01});
  await system.stop(ref as ActorRef<never>, 'now');
  assert.is(ran, 0);
  assert.is(system.deadLetters.count('stopped'), 10_000);
  await system.terminate();
});

test('handlers that await and wake each other do not keep the loop from turning', async () => {
  const {clock, system} = machine();
  let rounds = 0;
  let hasTurned = false;
  const spec: ActorSpec<Job> = {
    protocol: {kind: 'spinner', mailbox: {capacity: 4, policy: 'refuse'}},
    create: (ctx) => ({
      receive: async (message) => {
        rounds += 1;
        clock.moveTo(clock.nowMs() + 0.1);
        await Promise.resolve();
        if (!hasTurned && rounds < 100_000) ctx.tell(ctx.self, message);
      },
    }),
  };
  const ref = system.spawn(spec, {name: 'spinner'});
  ref.tell({type: 'job.again'});
  await loopTurn();
  await loopTurn();
  hasTurned = true;
  assert.ok(rounds < 200, `${rounds} rounds before the loop turned twice`);
  await system.terminate();
});

test('the longest turn is charged to the actor that took it, also between cheap ones', async () => {
  const {clock, system} = machine();
  const cheap = system.spawn(worker(clock, () => undefined, 'cheap'), {name: 'cheap'});
  const dear = system.spawn(worker(clock, () => undefined, 'dear'), {name: 'dear'});
  await loopTurn();
  for (let round = 0; round < 3; round += 1) {
    for (let i = 0; i < 100; i += 1) cheap.tell({type: 'job.run', costMs: 0.001});
    dear.tell({type: 'job.run', costMs: 40});
    for (let i = 0; i < 100; i += 1) cheap.tell({type: 'job.run', costMs: 0.001});
    for (let turn = 0; turn < 8; turn += 1) await loopTurn();
  }
  const longest = new Map(system.snapshot().actors.map((actor) => [actor.path, actor.longestTurnMs]));
  assert.ok(Math.abs(longest.get('/dear')! - 40) < 0.1, `dear: ${longest.get('/dear')}`);
  assert.ok(longest.get('/cheap')! < 1, `cheap: ${longest.get('/cheap')}`);
  await system.terminate();
});

test('a terminated system holds no timer', async () => {
  const {clock, system} = machine();
  const ref = system.spawn(worker(clock, () => undefined, 'a'), {name: 'a'});
  system.after(60_000, () => undefined);
  void ref.ask({type: 'job.again'} as never, {timeoutMs: 60_000}).catch(() => undefined);
  await system.terminate();
  assert.is(process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length, 0);
});

test.run();
