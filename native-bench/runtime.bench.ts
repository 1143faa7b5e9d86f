/**
 * @module What the actor runtime costs, beside the least that could do the same.
 *
 * Ours runs with everything on: bounds, supervision, counters, sampled timing, the time budget. `bareRing` is a ring of
 * messages and a switch in a plain loop, without actors. Every row checks that all messages arrived. Goals: tell at least
 * 12 million a second, ping-pong 6 million exchanges, ask p50 at most 1 us, spawn and stop 0.7 million.
 */
import {performance} from 'node:perf_hooks';
import type {ActorContext, ActorRef, ActorSpec, Behaviour, Message, Query} from '../src/runtime/actor.js';
import {createActorSystem, type ActorSystem} from '../src/runtime/system.js';
import {interleaved, type BenchRow} from './bench-row.js';

const TELLS = 1_000_000;
const BATCH = 1_000;
const EXCHANGES = 500_000;
const ASKS = 20_000;
const SPAWNS = 20_000;
const IDLE_ACTORS = 1_000_000;
const IDLE_ACTORS_AT_ONCE = 10_000;

type Count =
  | {readonly type: 'count.add'; readonly value: number}
  | {readonly type: 'count.subtract'; readonly value: number}
  | {readonly type: 'count.tick'}
  | Query<'count.read', Record<never, never>, number>;

const protocol = {kind: 'counter', mailbox: {capacity: 4_096, policy: 'refuse'}} as const;

const SHAPES: readonly Record<string, number>[] = [{}, {a: 1}, {b: 1, c: 2}, {d: 1}, {e: 1, f: 2, g: 3}, {h: 1}, {i: 1, j: 2}, {k: 1}];

/** Several behaviours of different shapes, so that the call site in the cell is as it is in a real node. */
function counterSpec(variant: number, onTotal: (count: number) => void): ActorSpec<Count> {
  const make = (ctx: ActorContext<Count>): Behaviour<Count>['receive'] => {
    let sum = 0;
    let count = 0;
    return (message) => {
      count += 1;
      switch (message.type) {
        case 'count.add': sum += message.value + variant; break;
        case 'count.subtract': sum -= message.value; break;
        case 'count.read': ctx.reply(sum); break;
        case 'count.tick': break;
      }
      if (count % BATCH === 0) onTotal(count);
    };
  };
  return {protocol, create: (ctx) => ({...SHAPES[variant % SHAPES.length], receive: make(ctx)})};
}

/** A producer that feeds one consumer in batches that fit its bound, as a real flow of credit does. */
async function tellRate(system: ActorSystem, variants: number): Promise<number> {
  let finish = (): void => undefined;
  const done = new Promise<void>((resolve) => { finish = resolve; });
  const perActor = TELLS / variants;
  let finished = 0;
  const refs: ActorRef<Count>[] = [];
  for (let variant = 0; variant < variants; variant += 1) {
    const ref: ActorRef<Count> = system.spawn(counterSpec(variant, (count) => {
      if (count < perActor) feed(ref);
      else if (++finished === variants) finish();
    }), {name: `counter-${nextName()}`});
    refs.push(ref);
  }
  const startMs = performance.now();
  for (const ref of refs) feed(ref);
  await done;
  const rate = TELLS / (performance.now() - startMs) * 1_000;
  for (const ref of refs) await system.stop(ref as ActorRef<never>);
  return rate;
}

function feed(ref: ActorRef<Count>): void {
  for (let i = 0; i < BATCH; i += 1) {
    if (ref.tell({type: 'count.add', value: i}) === 'refused') throw new Error('a message was refused');
  }
}

function bareRingRate(): number {
  const slots: (Count | undefined)[] = Array.from<Count | undefined>({length: 4_096}).fill(undefined);
  let head = 0;
  let tail = 0;
  let sum = 0;
  const startMs = performance.now();
  for (let done = 0; done < TELLS; done += BATCH) {
    for (let i = 0; i < BATCH; i += 1) slots[tail++ & 4_095] = {type: 'count.add', value: i};
    while (head !== tail) {
      const message = slots[head & 4_095]!;
      slots[head++ & 4_095] = undefined;
      switch (message.type) {
        case 'count.add': sum += message.value; break;
        case 'count.subtract': sum -= message.value; break;
        default: break;
      }
    }
  }
  const rate = TELLS / (performance.now() - startMs) * 1_000;
  if (sum !== TELLS / BATCH * (BATCH * (BATCH - 1) / 2)) throw new Error('the bare ring lost a message');
  return rate;
}

type Ball = {readonly type: 'ball.hit'; readonly left: number} | {readonly type: 'ball.serve'; readonly to: ActorRef<Ball>};

async function pingPongRate(system: ActorSystem): Promise<number> {
  let finish = (): void => undefined;
  const done = new Promise<void>((resolve) => { finish = resolve; });
  const player = (): ActorSpec<Ball> => ({
    protocol: {kind: 'player', mailbox: {capacity: 16, policy: 'refuse'}},
    create: (ctx) => {
      let other: ActorRef<Ball> | undefined;
      return {
        receive: (message) => {
          if (message.type === 'ball.serve') other = message.to;
          else if (message.left === 0) finish();
          else ctx.tell(other!, {type: 'ball.hit', left: message.left - 1});
        },
      };
    },
  });
  const a = system.spawn(player(), {name: `a-${nextName()}`});
  const b = system.spawn(player(), {name: `b-${nextName()}`});
  a.tell({type: 'ball.serve', to: b});
  b.tell({type: 'ball.serve', to: a});
  const startMs = performance.now();
  a.tell({type: 'ball.hit', left: EXCHANGES * 2});
  await done;
  const rate = EXCHANGES / (performance.now() - startMs) * 1_000;
  await system.stop(a as ActorRef<never>);
  await system.stop(b as ActorRef<never>);
  return rate;
}

/** Median microseconds from the call to the continuation, one question at a time. */
async function askLatencyUs(system: ActorSystem): Promise<number> {
  const ref = system.spawn(counterSpec(0, () => undefined), {name: `asked-${nextName()}`});
  const group = 20;
  const tookUs: number[] = [];
  for (let i = 0; i < ASKS / group; i += 1) {
    const startMs = performance.now();
    for (let j = 0; j < group; j += 1) await ref.ask({type: 'count.read'}, {timeoutMs: 1_000});
    tookUs.push((performance.now() - startMs) * 1_000 / group);
  }
  await system.stop(ref as ActorRef<never>);
  return tookUs.sort((a, b) => a - b)[Math.floor(tookUs.length / 2)]!;
}

async function spawnStopRate(system: ActorSystem): Promise<number> {
  const parent = system.spawn<Message>({
    protocol: {kind: 'nursery', mailbox: {capacity: 16, policy: 'refuse'}},
    create: (ctx) => ({
      receive: () => {
        const spec = counterSpec(0, () => undefined);
        for (let i = 0; i < SPAWNS; i += 1) {
          const child = ctx.spawn(spec, {name: `child-${i}`});
          child.tell({type: 'count.tick'});
          ctx.stop(child as ActorRef<never>);
        }
      },
    }),
  }, {name: `nursery-${nextName()}`});
  const before = system.stats().actorCount;
  const startMs = performance.now();
  parent.tell({type: 'nursery.go'});
  await new Promise((resolve) => setImmediate(resolve));
  while (system.stats().actorCount >= before) {
    if (system.stats().actorCount === before && system.stats().actorsStarted > 0) break;
    await new Promise((resolve) => setImmediate(resolve));
  }
  const rate = SPAWNS / (performance.now() - startMs) * 1_000;
  await system.stop(parent as ActorRef<never>);
  return rate;
}

/** Heap of an actor that has started and waits, with its name and its place among its siblings; its behaviour is shared. */
async function idleActorBytes(): Promise<number> {
  const system = createActorSystem();
  const behaviour: Behaviour<Message> = {receive: () => undefined};
  const spec: ActorSpec<Message> = {protocol: {kind: 'idle', mailbox: {capacity: 64, policy: 'refuse'}}, create: () => behaviour};
  const collect = (globalThis as {gc?: () => void}).gc;
  collect?.();
  const before = process.memoryUsage().heapUsed;
  system.spawn<Message & {readonly from: number}>({
    protocol: {kind: 'nursery', mailbox: {capacity: 16, policy: 'refuse'}},
    create: () => ({
      receive: ({from}, ctx) => {
        const until = Math.min(from + IDLE_ACTORS_AT_ONCE, IDLE_ACTORS);
        for (let i = from; i < until; i += 1) ctx.spawn(spec, {name: String(i)});
        if (until < IDLE_ACTORS) ctx.tell(ctx.self, {type: 'nursery.more', from: until});
      },
    }),
  }, {name: 'nursery'}).tell({type: 'nursery.more', from: 0});
  while (system.stats().actorCount <= IDLE_ACTORS) await new Promise((resolve) => setImmediate(resolve));
  await new Promise((resolve) => setTimeout(resolve, 500));
  collect?.();
  return (process.memoryUsage().heapUsed - before) / IDLE_ACTORS;
}

/** The least that could answer a question asynchronously: a promise settled from a microtask. */
async function barePromiseUs(): Promise<number> {
  const group = 20;
  const tookUs: number[] = [];
  for (let i = 0; i < ASKS / group; i += 1) {
    const startMs = performance.now();
    for (let j = 0; j < group; j += 1) await new Promise((resolve) => queueMicrotask(() => resolve(j)));
    tookUs.push((performance.now() - startMs) * 1_000 / group);
  }
  return tookUs.sort((a, b) => a - b)[Math.floor(tookUs.length / 2)]!;
}

let names = 0;
function nextName(): number {
  names += 1;
  return names;
}

function row(name: string, facts: {unit: string; higherIsBetter: boolean; figures: Record<string, number>}): BenchRow {
  const {ours, ...peers} = facts.figures;
  return {suite: 'runtime', name, unit: facts.unit, higherIsBetter: facts.higherIsBetter, ours: ours!, peers};
}

export async function run(): Promise<BenchRow[]> {
  const system = createActorSystem();
  const rate = {unit: '1/s', higherIsBetter: true};
  const rows = [
    row('tell, one actor', {...rate, figures: await interleaved({ours: () => tellRate(system, 1), bareRing: bareRingRate})}),
    row('tell, eight kinds of actor', {...rate, figures: await interleaved({ours: () => tellRate(system, 8), bareRing: bareRingRate})}),
    row('ping-pong exchanges', {...rate, figures: await interleaved({ours: () => pingPongRate(system)})}),
    row('ask p50', {unit: 'us', higherIsBetter: false, figures: await interleaved({ours: () => askLatencyUs(system), barePromise: barePromiseUs})}),
    row('spawn and stop', {...rate, figures: await interleaved({ours: () => spawnStopRate(system)})}),
    row('heap of an idle actor, one of a million', {unit: 'bytes', higherIsBetter: false, figures: {ours: await idleActorBytes()}}),
  ];
  await system.terminate();
  return rows;
}
