// Proves how lives end: children before parents and in reverse start order, drain against now, the stop timeout, what
// becomes of waiting messages, death watch in order behind the last words, and that a second, harder stop hurries the first.
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import type {ActorContext, ActorRef, ActorSpec, Message, Signal} from '../../../src/runtime/actor.js';
import {createSimulation} from '../../../src/runtime/sim/simulation.js';

type Text = {readonly type: 'life.text'; readonly text: string} | {readonly type: 'life.stopSelf'} | {readonly type: 'life.hang'};
const text = (said: string): Text => ({type: 'life.text', text: said});

function speaker(name: string, log: string[], more: {
  create?: (ctx: ActorContext<Text>) => void; onStop?: () => Promise<void>; onText?: (said: string, ctx: ActorContext<Text>) => void;
} = {}): ActorSpec<Text> {
  return {
    protocol: {kind: 'speaker', mailbox: {capacity: 50, policy: 'refuse'}},
    create: (ctx) => {
      more.create?.(ctx);
      return {
        receive: (message) => {
          if (message.type === 'life.stopSelf') ctx.stop(ctx.self as ActorRef<never>);
          else if (message.type === 'life.hang') return new Promise(() => undefined);
          else {
            log.push(`${name}: ${message.text}`);
            more.onText?.(message.text, ctx);
          }
          return undefined;
        },
        signal: (signal: Signal) => { log.push(`${name} hears ${signal.ref.path} ${signal.reason}`); },
        onStop: (reason) => {
          log.push(`${name} ends ${reason}`);
          return more.onStop?.();
        },
      };
    },
  };
}

const test = suite('runtime / cell-life');

test('a tree ends children first, in reverse start order, whatever the schedule', async () => {
  for (let seed = 1; seed <= 40; seed += 1) {
    const simulation = createSimulation({seed});
    const log: string[] = [];
    simulation.system.spawn(speaker('top', log, {
      create: (ctx) => {
        ctx.spawn(speaker('x', log, {create: (own) => { own.spawn(speaker('x1', log), {name: 'x1'}); }}), {name: 'x'});
        ctx.spawn(speaker('y', log), {name: 'y'});
      },
    }), {name: 'top'});
    simulation.system.spawn(speaker('late', log), {name: 'late'});
    await simulation.runUntilIdle();
    const ended = simulation.system.terminate();
    await simulation.runUntilIdle();
    await ended;
    assert.equal(log, ['late ends parent-stopped', 'y ends parent-stopped', 'x1 ends parent-stopped', 'x ends parent-stopped', 'top ends parent-stopped'], `seed ${seed}`);
    assert.is(simulation.system.stats().actorCount, 0);
    assert.is(simulation.system.stats().timersArmed, 0);
  }
});

test('drain delivers what waits and refuses what comes', async () => {
  const simulation = createSimulation({seed: 1});
  const log: string[] = [];
  const ref = simulation.system.spawn(speaker('a', log), {name: 'a'});
  await simulation.runUntilIdle();
  ref.tell({type: 'life.stopSelf'});
  ref.tell(text('1'));
  ref.tell(text('2'));
  while (ref.tell(text('more')) !== 'dead' && simulation.step()) { /* until the stop was carried out */ }
  await simulation.runUntilIdle();
  assert.equal(log.slice(0, 2), ['a: 1', 'a: 2']);
  assert.is(log.at(-1), 'a ends stopped');
  assert.ok(simulation.system.deadLetters.count('stopped') >= 1);
});

test('now leaves what waits to the dead letters', async () => {
  const simulation = createSimulation({seed: 1});
  const log: string[] = [];
  const ref = simulation.system.spawn(speaker('a', log), {name: 'a'});
  await simulation.runUntilIdle();
  void simulation.system.stop(ref, 'now');
  for (const said of ['1', '2', '3']) ref.tell(text(said));
  while (simulation.system.stats().actorCount > 0) simulation.step();
  const delivered = log.filter((line) => line.startsWith('a:')).length;
  assert.is(log.at(-1), 'a ends killed');
  assert.is(delivered + simulation.system.deadLetters.count('stopped'), 3);
});

test('the stop timeout bounds a drain that hangs and an onStop that hangs', async () => {
  const simulation = createSimulation({seed: 1, system: {stopTimeoutMs: 100}});
  const log: string[] = [];
  const busy = simulation.system.spawn(speaker('busy', log), {name: 'busy'});
  simulation.system.spawn(speaker('slow', log, {onStop: () => new Promise(() => undefined)}), {name: 'slow'});
  busy.tell({type: 'life.hang'});
  await simulation.runUntilIdle();
  void simulation.system.terminate();
  await simulation.advance(99);
  assert.is(simulation.system.stats().actorCount, 2);
  await simulation.advance(1);
  assert.is(simulation.system.stats().actorCount, 1);
  await simulation.advance(100);
  assert.is(simulation.system.stats().actorCount, 0);
  assert.equal(log, ['slow ends parent-stopped', 'busy ends killed']);
});

test('a second stop with now hurries a drain under way', async () => {
  const simulation = createSimulation({seed: 1, system: {stopTimeoutMs: 10_000}});
  const log: string[] = [];
  const busy = simulation.system.spawn(speaker('busy', log), {name: 'busy'});
  busy.tell({type: 'life.hang'});
  busy.tell(text('never'));
  await simulation.runUntilIdle();
  void simulation.system.terminate('drain');
  await simulation.runUntilIdle();
  assert.is(simulation.system.stats().actorCount, 1);
  void simulation.system.terminate('now');
  await simulation.runUntilIdle();
  assert.is(simulation.system.stats().actorCount, 0);
});

test('watchers hear the last words before the death, and the death of one long gone', async () => {
  for (let seed = 1; seed <= 40; seed += 1) {
    const simulation = createSimulation({seed});
    const log: string[] = [];
    const {system} = simulation;
    let watched: ActorRef<Text> | undefined;
    const watcher = system.spawn(speaker('w', log, {
      onText: (said, ctx) => {
        if (said === 'watch') ctx.watch(watched as ActorRef<never>);
        if (said === 'unwatch') ctx.unwatch(watched as ActorRef<never>);
      },
    }), {name: 'w'});
    watched = system.spawn(speaker('d', log, {
      onText: (_said, ctx) => {
        for (const last of ['one', 'two']) ctx.tell(watcher, text(last));
        ctx.stop(ctx.self as ActorRef<never>, 'now');
      },
    }), {name: 'd'});
    watcher.tell(text('watch'));
    await simulation.runUntilIdle();
    watched.tell(text('die'));
    await simulation.runUntilIdle();
    assert.equal(log.filter((line) => line.startsWith('w')).slice(1), ['w: one', 'w: two', 'w hears /d stopped'], `seed ${seed}`);
    watcher.tell(text('watch'));
    await simulation.runUntilIdle();
    assert.is(log.at(-1), 'w hears /d stopped');
    watcher.tell(text('watch'));
    watcher.tell(text('unwatch'));
    await simulation.runUntilIdle();
    assert.is(log.filter((line) => line.includes('hears')).length, 2 + Number(log.at(-1) !== 'w: unwatch'), `seed ${seed}`);
  }
});

test('a full mailbox loses neither the stop nor the death notice', async () => {
  const simulation = createSimulation({seed: 1});
  const heard: string[] = [];
  const spec: ActorSpec<Message> = {
    protocol: {kind: 'tiny', mailbox: {capacity: 1, policy: 'refuse'}},
    create: (ctx) => {
      const child = ctx.spawn(speaker('c', heard), {name: 'c'});
      ctx.watch(child as ActorRef<never>);
      return {
        receive: (message) => { if (message.type === 'tiny.stopChild') ctx.stop(child as ActorRef<never>, 'now'); },
        signal: (signal) => { heard.push(signal.type); },
      };
    },
  };
  const ref = simulation.system.spawn(spec, {name: 't'});
  await simulation.runUntilIdle();
  ref.tell({type: 'tiny.stopChild'});
  simulation.step();
  ref.tell({type: 'tiny.fill'});
  assert.is(ref.tell({type: 'tiny.fill'}), 'refused');
  await simulation.runUntilIdle();
  assert.equal(heard, ['c ends killed', 'terminated']);
  void simulation.system.stop(ref);
  ref.tell({type: 'tiny.fill'});
  ref.tell({type: 'tiny.fill'});
  await simulation.runUntilIdle();
  assert.is(simulation.system.stats().actorCount, 0);
});

test('a name is free again once its actor is gone, and not before', async () => {
  const simulation = createSimulation({seed: 1});
  const log: string[] = [];
  const first = simulation.system.spawn(speaker('a', log), {name: 'a'});
  assert.throws(() => simulation.system.spawn(speaker('a', log), {name: 'a'}), /has a child a already/);
  await simulation.runUntilIdle();
  void simulation.system.stop(first);
  await simulation.runUntilIdle();
  const second = simulation.system.spawn(speaker('a', log), {name: 'a'});
  assert.is.not(first, second);
});

test.run();
