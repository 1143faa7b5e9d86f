// Proves what an actor's code may do beyond receiving: pipes, the stash, events, registry, and that a stale context is harmless.
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import type {ActorContext, ActorRef, ActorSpec, Message} from '../../../src/runtime/actor.js';
import {createSimulation} from '../../../src/runtime/sim/simulation.js';

type Desk =
  | {readonly type: 'desk.note'; readonly text: string}
  | {readonly type: 'desk.open'}
  | {readonly type: 'desk.found'; readonly path: string}
  | {readonly type: 'desk.crash'}
  | {readonly type: 'desk.ask'};

const note = (text: string): Desk => ({type: 'desk.note', text});

function desk(receive: (message: Desk, ctx: ActorContext<Desk>) => void, capacity = 10, create?: (ctx: ActorContext<Desk>) => void): ActorSpec<Desk> {
  return {
    protocol: {kind: 'desk', mailbox: {capacity, policy: 'refuse'}},
    create: (ctx) => {
      create?.(ctx);
      return {receive};
    },
  };
}

const test = suite('runtime / cell-context');

test('a pipe brings either outcome back as a message, past a full mailbox and before what waits', async () => {
  const simulation = createSimulation({seed: 1});
  const seen: string[] = [];
  let settle: (text: string) => void = () => undefined;
  const ref = simulation.system.spawn(desk((message, ctx) => {
    if (message.type === 'desk.note') seen.push(message.text);
    if (message.type !== 'desk.open') return;
    ctx.pipeToSelf(new Promise<string>((resolve) => { settle = resolve; }), (text) => note(text), () => note('failed'));
    ctx.pipeToSelf(Promise.reject(new Error('no')), () => note('ok'), (error) => note(String(error)));
  }, 2), {name: 'd'});
  ref.tell({type: 'desk.open'});
  await simulation.runUntilIdle();
  settle('piped');
  ref.tell(note('waiting'));
  ref.tell(note('waiting'));
  await Promise.resolve();
  await Promise.resolve();
  await simulation.runUntilIdle();
  assert.equal(seen, ['Error: no', 'piped', 'waiting', 'waiting']);
});

test('the stash counts within the bound, takes a message once, and leaves its ask open until the deadline', async () => {
  const simulation = createSimulation({seed: 1});
  const seen: string[] = [];
  let isOpen = false;
  const ref = simulation.system.spawn(desk((message, ctx) => {
    if (message.type === 'desk.open') {
      isOpen = true;
      ctx.unstashAll();
    } else if (!isOpen) {
      seen.push(`stash ${ctx.stash()} ${ctx.stash()}`);
    } else if (message.type === 'desk.note') {
      seen.push(message.text);
    } else if (message.type === 'desk.ask') {
      ctx.reply('answered');
    }
  }, 3), {name: 'd'});
  ref.tell(note('1'));
  const answer = ref.ask({type: 'desk.ask'}, {timeoutMs: 100});
  ref.tell(note('2'));
  await simulation.runUntilIdle();
  assert.is(ref.tell(note('3')), 'refused');
  assert.is(simulation.system.snapshot().actors[0]!.mailbox.stash, 3);
  assert.equal(seen, ['stash true false', 'stash true false', 'stash true false']);
  let settled: unknown;
  void answer.then((value) => { settled = value; }, (error: unknown) => { settled = error; });
  await simulation.advance(100);
  assert.match(String(settled), /timeout/);
});

test('unstashed messages come before the waiting ones and an ask among them is answered', async () => {
  const simulation = createSimulation({seed: 1});
  const seen: string[] = [];
  let isOpen = false;
  const ref = simulation.system.spawn({
    ...desk(() => undefined),
    protocol: {kind: 'desk', mailbox: {capacity: 10, policy: 'refuse' as const}, priority: ['desk.open']},
    create: () => ({
      receive: (message: Desk, ctx: ActorContext<Desk>) => {
        if (message.type === 'desk.open') {
          isOpen = true;
          ctx.unstashAll();
        } else if (!isOpen) ctx.stash();
        else {
          seen.push(message.type === 'desk.note' ? message.text : message.type);
          ctx.reply('answered');
        }
      },
    }),
  }, {name: 'd'});
  ref.tell(note('1'));
  const answer = ref.ask({type: 'desk.ask'}, {timeoutMs: 100});
  await simulation.runUntilIdle();
  ref.tell(note('2'));
  ref.tell({type: 'desk.open'});
  await simulation.runUntilIdle();
  assert.equal(seen, ['1', 'desk.ask', '2']);
  assert.is(await answer, 'answered');
});

test('events reach their subscribers once, in order, until they unsubscribe or stop', async () => {
  const simulation = createSimulation({seed: 1});
  const {system} = simulation;
  const seen: string[] = [];
  const listener = (name: string): ActorSpec<Desk> => desk((message) => {
    if (message.type === 'desk.note') seen.push(`${name} ${message.text}`);
  }, 10, (ctx) => {
    ctx.events.subscribe<Desk>(['desk.note'], ctx.self);
    ctx.events.subscribe<Desk>(['desk.note', 'desk.open'], ctx.self);
  });
  const a = system.spawn(listener('a'), {name: 'a'});
  const b = system.spawn(listener('b'), {name: 'b'});
  await simulation.runUntilIdle();
  system.events.publish(note('1'));
  await simulation.runUntilIdle();
  assert.equal(seen.sort(), ['a 1', 'b 1']);
  system.events.unsubscribe(a as ActorRef<never>);
  void system.stop(b as ActorRef<never>);
  await simulation.runUntilIdle();
  assert.is(system.events.subscriberCount('desk.note'), 0);
  assert.is(system.events.subscriberCount('desk.open'), 0);
});

test('the registry: one ref per name, free when it stops, and who waits for a name is told', async () => {
  const simulation = createSimulation({seed: 1});
  const {system} = simulation;
  const seen: string[] = [];
  const watcher = system.spawn(desk((message) => {
    if (message.type === 'desk.found') seen.push(message.path);
  }), {name: 'w'});
  system.registry.watch<Message, Desk>('chain', watcher, (ref) => ({type: 'desk.found', path: ref.path}));
  const registering = (): ActorSpec<Desk> => desk(() => undefined, 10, (ctx) => { ctx.registry.register('chain', ctx.self); });
  const first = system.spawn(registering(), {name: 'first'});
  await simulation.runUntilIdle();
  assert.is(system.registry.find('chain'), first);
  assert.not(system.registry.register('chain', watcher));
  void system.stop(first as ActorRef<never>);
  await simulation.runUntilIdle();
  assert.is(system.registry.find('chain'), undefined);
  system.spawn(registering(), {name: 'second'});
  await simulation.runUntilIdle();
  assert.equal(seen, ['/first', '/second']);
});

test('a stale context answers nothing, spawns nothing, sets no timer', async () => {
  const simulation = createSimulation({seed: 1, system: {supervision: {strategy: 'one-for-one', restartsMax: 5, windowMs: 1_000}}});
  let old: ActorContext<Desk> | undefined;
  const ref = simulation.system.spawn(desk((message, ctx) => {
    old ??= ctx;
    if (message.type === 'desk.crash') throw new Error('crash');
    if (message.type === 'desk.ask') {
      old.reply('from the dead');
      assert.is(old.takeReply(), undefined);
      assert.not(old.stash());
      old.timers.every('ghost', 1, note('ghost'));
      assert.throws(() => old!.spawn(desk(() => undefined), {name: 'ghost'}), /ending/);
      ctx.reply('from the living');
    }
  }), {name: 'd'});
  ref.tell({type: 'desk.crash'});
  const answer = ref.ask({type: 'desk.ask'}, {timeoutMs: 100});
  await simulation.runUntilIdle();
  assert.is(await answer, 'from the living');
  assert.is(simulation.system.stats().timersArmed, 0);
  assert.is(simulation.system.stats().actorCount, 1);
});

test('an actor may stop itself and its children, nobody else', async () => {
  const simulation = createSimulation({seed: 1});
  const errors: unknown[] = [];
  const other = simulation.system.spawn(desk(() => undefined), {name: 'other'});
  const ref = simulation.system.spawn(desk((_message, ctx) => {
    try {
      ctx.stop(other as ActorRef<never>);
    } catch (error) {
      errors.push(error);
    }
  }), {name: 'd'});
  ref.tell({type: 'desk.open'});
  await simulation.runUntilIdle();
  assert.match(String(errors[0]), /not its child/);
});

test('a snapshot counts what came, what ran, what was lost and why', async () => {
  const simulation = createSimulation({seed: 1});
  const ref = simulation.system.spawn(desk(() => undefined, 70), {name: 'd'});
  for (let i = 0; i < 72; i += 1) ref.tell(note('x'));
  const before = simulation.system.snapshot().actors[0]!;
  assert.equal([before.mailbox.waiting, before.mailbox.user, before.received, before.processed], [70, 70, 72, 0]);
  await simulation.runUntilIdle();
  const after = simulation.system.snapshot().actors[0]!;
  assert.equal([after.mailbox.waiting, after.received, after.processed, after.samples], [0, 72, 70, 1]);
  assert.equal(after.dropped, {'mailbox-full': 2});
  assert.equal(simulation.system.deadLetters.losses().map(({messageType, reason, count}) => [messageType, reason, count]), [['desk.note', 'mailbox-full', 2]]);
});

test.run();
