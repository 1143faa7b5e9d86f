/**
 * A pool of actors: what each routing promises, that nothing is lost or reordered while it starts, resizes and loses
 * members, under many seeds of the simulator.
 */
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {AskError, type ActorContext, type ActorRef, type ActorSpec, type Message, type Query} from '../../../src/runtime/actor.js';
import {ActorPool, POOL_SIZE_MAX, type Routing} from '../../../src/runtime/actor-pool.js';
import {memberFor, pathHash} from '../../../src/runtime/rendezvous-hash.js';
import {createSimulation} from '../../../src/runtime/sim/simulation.js';

type Job =
  | {readonly type: 'job.do'; readonly n: number}
  | {readonly type: 'job.quit'}
  | {readonly type: 'job.fail'}
  | Query<'job.who', Record<never, never>, string>;

const test = suite('runtime / actor-pool');

/** Members that note what they did, by path. */
function workers(done: {by: string; n: number}[], capacity = 1000): ActorSpec<Job> {
  return {
    protocol: {kind: 'worker', mailbox: {capacity, policy: 'refuse'}},
    create: () => ({
      receive: (message, ctx) => {
        switch (message.type) {
          case 'job.do': done.push({by: ctx.path, n: message.n}); break;
          case 'job.quit': ctx.stop(ctx.self as ActorRef<never>, 'now'); break;
          case 'job.fail': throw new Error('planted');
          case 'job.who': ctx.reply(ctx.path); break;
        }
      },
    }),
  };
}

function poolOf(routing: Routing<Job>, facts: {size?: number; seed?: number; capacity?: number} = {}) {
  const simulation = createSimulation({seed: facts.seed ?? 1});
  const done: {by: string; n: number}[] = [];
  const pool = new ActorPool<Job>(simulation.system, workers(done, facts.capacity), {name: 'pool', size: facts.size ?? 3, routing});
  return {simulation, done, pool};
}
const job = (n: number): Job => ({type: 'job.do', n});
function tally(done: readonly {by: string}[]): [string, number][] {
  const counts = new Map<string, number>();
  for (const {by} of done) counts.set(by, (counts.get(by) ?? 0) + 1);
  return [...counts].sort();
}

test('round-robin: each in turn', async () => {
  const {simulation, done, pool} = poolOf({kind: 'round-robin'});
  for (let n = 0; n < 9; n++) pool.tell(job(n));
  await simulation.runUntilIdle();
  assert.equal(tally(done), [['/pool/worker-1', 3], ['/pool/worker-2', 3], ['/pool/worker-3', 3]]);
});

test('smallest mailbox: a member that is behind gets nothing more', async () => {
  const {simulation, done, pool} = poolOf({kind: 'smallest-mailbox'});
  await simulation.runUntilIdle();
  const slow = (pool as unknown as {members: ActorRef<Job>[]}).members[1]!;
  for (let n = 0; n < 10; n++) slow.tell(job(-1));
  for (let n = 0; n < 20; n++) pool.tell(job(n));
  await simulation.runUntilIdle();
  assert.equal(tally(done.filter(({n}) => n >= 0)), [['/pool/worker-1', 10], ['/pool/worker-3', 10]]);
});

test('consistent hash: a key stays with its member, and few keys move when one joins', () => {
  const members = (count: number) => Array.from({length: count}, (_, i) => pathHash(`/pool/worker-${i + 1}`));
  const keys = Array.from({length: 4000}, (_, i) => (i % 2 === 0 ? i : `account-${i}`));
  const before = keys.map((key) => memberFor(key, members(4)));
  const after = keys.map((key) => memberFor(key, members(5)));
  const counts = [0, 1, 2, 3].map((member) => before.filter((at) => at === member).length);
  for (const count of counts) assert.ok(count > 850 && count < 1150, `keys by member: ${counts.join(', ')}`);
  const moved = keys.filter((_, i) => before[i] !== after[i]);
  assert.ok(keys.every((_, i) => before[i] === after[i] || after[i] === 4), 'a key moves to the newcomer only');
  assert.ok(moved.length > 650 && moved.length < 950, `${moved.length} of 4000 moved; a fifth is 800`);
});

test('broadcast: everyone gets it, a full member shows in the outcome, and a question is refused', async () => {
  const {simulation, done, pool} = poolOf({kind: 'broadcast'}, {capacity: 1});
  await simulation.runUntilIdle();
  assert.is(pool.tell(job(1)), 'accepted');
  assert.is(pool.tell(job(2)), 'refused');
  await simulation.runUntilIdle();
  assert.equal(done.map(({n}) => n), [1, 1, 1]);
  const error = await pool.ask({type: 'job.who'}, {timeoutMs: 10}).catch((reason: unknown) => reason);
  assert.ok(error instanceof AskError && error.code === 'refused');
});

test('a question goes to one member and its answer comes back', async () => {
  const {simulation, pool} = poolOf({kind: 'round-robin'});
  await simulation.runUntilIdle();
  const answers = Promise.all([1, 2, 3].map(() => pool.ask({type: 'job.who'}, {timeoutMs: 10})));
  await simulation.runUntilIdle();
  assert.equal((await answers).sort(), ['/pool/worker-1', '/pool/worker-2', '/pool/worker-3']);
});

test('told by an actor, a member sees who told it', async () => {
  const {simulation, pool} = poolOf({kind: 'round-robin'}, {capacity: 1});
  await simulation.runUntilIdle();
  simulation.system.spawn<Message>({
    protocol: {kind: 'boss', mailbox: {capacity: 1, policy: 'refuse'}},
    create: (ctx: ActorContext<Message>) => {
      for (let n = 0; n < 6; n++) ctx.tell(pool, job(n));
      return {receive: () => undefined};
    },
  }, {name: 'boss'});
  await simulation.runUntilIdle();
  assert.equal(simulation.system.deadLetters.losses().map(({senderPath, count}) => [senderPath, count]), [['/boss', 1], ['/boss', 1], ['/boss', 1]]);
});

test('under every seed: told before, during and after start and resizes, nothing is lost and a key keeps its order', async () => {
  for (let seed = 1; seed <= 100; seed++) {
    const {simulation, done, pool} = poolOf({kind: 'consistent-hash', keyOf: () => 'one key'}, {seed, size: 1 + (seed % 4)});
    let n = 0;
    const some = () => { for (let i = 0; i < 7; i++) assert.is(pool.tell(job(n++)), 'accepted'); };
    some();
    for (let steps = 0; steps < seed % 9; steps++) await simulation.advance(0);
    some();
    await simulation.runUntilIdle();
    some();
    assert.equal(done.slice(0, 14).map((entry) => entry.n), Array.from({length: 14}, (_, i) => i), `seed ${seed}`);
    for (const size of [5, 2, 1, 4]) {
      const resized = pool.resize(size, {timeoutMs: 1000});
      some();
      await simulation.runUntilIdle();
      await resized;
      assert.is(pool.size, size);
      some();
    }
    await simulation.runUntilIdle();
    assert.equal(done.map((entry) => entry.n).sort((a, b) => a - b), Array.from({length: n}, (_, i) => i), `seed ${seed}`);
  }
});

test('a member that ends is replaced, one that fails is restarted; a stopped pool is dead', async () => {
  const {simulation, done, pool} = poolOf({kind: 'round-robin'}, {size: 2});
  await simulation.runUntilIdle();
  pool.tell({type: 'job.quit'});
  pool.tell({type: 'job.fail'});
  await simulation.advance(1000);
  assert.is(pool.size, 2);
  for (let n = 0; n < 4; n++) pool.tell(job(n));
  await simulation.runUntilIdle();
  assert.equal(tally(done).map(([, count]) => count), [2, 2]);
  void simulation.system.stop(pool.keeper as ActorRef<never>);
  for (let n = 4; n < 8; n++) pool.tell(job(n));
  await simulation.runUntilIdle();
  assert.is(pool.tell(job(99)), 'dead');
  const lost = simulation.system.deadLetters.count('stopped') + simulation.system.deadLetters.count('no-recipient');
  assert.is(done.length + lost - 1, 8, 'delivered or among the dead letters');
});

test('a size that bounds nothing is refused', () => {
  for (const size of [0, -1, 1.5, POOL_SIZE_MAX + 1]) assert.throws(() => poolOf({kind: 'round-robin'}, {size}), /members/);
});

test.run();
