// Proves what a tell and an ask promise: order within a lane, lanes before each other, one message at a time also for
// asynchronous handlers, the typed ends of a question, and that nothing is left behind by it.
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {AskError, type ActorContext, type ActorSpec, type Behaviour, type Query} from '../../../src/runtime/actor.js';
import {createSimulation} from '../../../src/runtime/sim/simulation.js';

type Note =
  | {readonly type: 'note.write'; readonly text: string}
  | {readonly type: 'note.urgent'; readonly text: string}
  | {readonly type: 'note.wait'; readonly until: Promise<void>}
  | {readonly type: 'note.crash'}
  | {readonly type: 'note.silent'}
  | Query<'note.read', Record<never, never>, string>
  | Query<'note.later', Record<never, never>, string>;

function notebook(make: (ctx: ActorContext<Note>) => Behaviour<Note>['receive']): ActorSpec<Note> {
  return {
    protocol: {kind: 'notebook', mailbox: {capacity: 100, policy: 'refuse'}, priority: ['note.urgent']},
    create: (ctx) => ({receive: make(ctx)}),
  };
}

const write = (text: string): Note => ({type: 'note.write', text});
const test = suite('runtime / cell');

test('delivers in order, priority before the rest', async () => {
  const {system, runUntilIdle} = bind(createSimulation({seed: 1}));
  const seen: string[] = [];
  const ref = system.spawn(notebook(() => (message) => {
    if ('text' in message) seen.push(message.text);
  }), {name: 'a'});
  for (const text of ['1', '2', '3']) assert.is(ref.tell(write(text)), 'accepted');
  ref.tell({type: 'note.urgent', text: 'first'});
  await runUntilIdle();
  assert.equal(seen, ['first', '1', '2', '3']);
});

test('never runs a handler inside a tell', async () => {
  const {system, runUntilIdle} = bind(createSimulation({seed: 1}));
  let depth = 0;
  let deepest = 0;
  let left = 5;
  const ref = system.spawn(notebook((ctx) => () => {
    depth += 1;
    deepest = Math.max(deepest, depth);
    if (left-- > 0) ctx.tell(ctx.self, write('again'));
    depth -= 1;
  }), {name: 'a'});
  ref.tell(write('go'));
  assert.is(deepest, 0);
  await runUntilIdle();
  assert.is(deepest, 1);
  assert.is(left, -1);
});

test('takes no further message until an asynchronous handler settles', async () => {
  const {system, runUntilIdle} = bind(createSimulation({seed: 1}));
  const seen: string[] = [];
  let release = (): void => undefined;
  const until = new Promise<void>((resolve) => { release = resolve; });
  const ref = system.spawn(notebook(() => (message) => {
    seen.push(message.type);
    return message.type === 'note.wait' ? message.until : undefined;
  }), {name: 'a'});
  ref.tell({type: 'note.wait', until});
  ref.tell(write('x'));
  await runUntilIdle();
  assert.equal(seen, ['note.wait']);
  assert.is(system.snapshot().actors[0]?.phase, 'busy');
  release();
  await runUntilIdle();
  assert.equal(seen, ['note.wait', 'note.write']);
});

test('an ask is answered once; a second reply does nothing', async () => {
  const {system, runUntilIdle} = bind(createSimulation({seed: 1}));
  const ref = system.spawn(notebook((ctx) => () => {
    ctx.reply('one');
    ctx.reply('two');
  }), {name: 'a'});
  const answer = ref.ask({type: 'note.read'}, {timeoutMs: 100});
  await runUntilIdle();
  assert.is(await answer, 'one');
  assert.is(system.stats().timersArmed, 0);
  assert.is(system.deadLetters.total, 0);
});

test('a reply taken out is settled later, by a message or not', async () => {
  const {system, runUntilIdle} = bind(createSimulation({seed: 1}));
  const ref = system.spawn(notebook((ctx) => {
    const open: {resolve(value: string): void}[] = [];
    return (message) => {
      if (message.type === 'note.later') open.push(ctx.takeReply<string>()!);
      else for (const reply of open.splice(0)) reply.resolve('at last');
    };
  }), {name: 'a'});
  const answer = ref.ask({type: 'note.later'}, {timeoutMs: 100});
  await runUntilIdle();
  ref.tell(write('now'));
  await runUntilIdle();
  assert.is(await answer, 'at last');
});

async function askCode(asked: Promise<unknown>): Promise<string> {
  try {
    await asked;
    return 'answered';
  } catch (error) {
    return error instanceof AskError ? error.code : `not an AskError: ${String(error)}`;
  }
}

test('timeout: a reply after it is a dead letter late-reply', async () => {
  const simulation = createSimulation({seed: 1});
  const {system} = simulation;
  let reply: {resolve(value: string): void} | undefined;
  const ref = system.spawn(notebook((ctx) => () => { reply = ctx.takeReply<string>(); }), {name: 'a'});
  const code = askCode(ref.ask({type: 'note.later'}, {timeoutMs: 100}));
  await simulation.advance(99);
  assert.is(system.stats().timersArmed, 1);
  await simulation.advance(1);
  assert.is(await code, 'timeout');
  reply?.resolve('too late');
  reply?.resolve('and again');
  assert.equal(system.deadLetters.recent().map((letter) => letter.reason), ['late-reply']);
});

test('timeout in the mailbox: the message is skipped as expired', async () => {
  const simulation = createSimulation({seed: 1});
  const {system} = simulation;
  let release = (): void => undefined;
  const until = new Promise<void>((resolve) => { release = resolve; });
  const seen: string[] = [];
  const ref = system.spawn(notebook(() => (message) => {
    seen.push(message.type);
    return message.type === 'note.wait' ? message.until : undefined;
  }), {name: 'a'});
  ref.tell({type: 'note.wait', until});
  const code = askCode(ref.ask({type: 'note.read'}, {timeoutMs: 10}));
  ref.tell(write('old'), {deadlineMs: system.clock.nowMs() + 10});
  await simulation.advance(11);
  assert.is(await code, 'timeout');
  release();
  await simulation.runUntilIdle();
  assert.equal(seen, ['note.wait']);
  assert.is(system.deadLetters.count('expired'), 2);
});

test('aborted: before, while waiting, and no listener is left behind', async () => {
  const {system, runUntilIdle} = bind(createSimulation({seed: 1}));
  let listeners = 0;
  const controller = new AbortController();
  const {signal} = controller;
  const add = signal.addEventListener.bind(signal);
  const remove = signal.removeEventListener.bind(signal);
  signal.addEventListener = (...args: Parameters<typeof add>) => { listeners += 1; add(...args); };
  signal.removeEventListener = (...args: Parameters<typeof remove>) => { listeners -= 1; remove(...args); };
  const ref = system.spawn(notebook((ctx) => (message) => {
    if (message.type === 'note.read') ctx.reply('yes');
    else ctx.takeReply();
  }), {name: 'a'});
  for (let i = 0; i < 20; i += 1) {
    const answer = ref.ask({type: 'note.read'}, {timeoutMs: 100, signal});
    await runUntilIdle();
    await answer;
  }
  assert.is(listeners, 0);
  const waiting = askCode(ref.ask({type: 'note.later'}, {timeoutMs: 100, signal}));
  await runUntilIdle();
  assert.is(listeners, 1);
  controller.abort(new Error('no longer wanted'));
  assert.is(await waiting, 'aborted');
  assert.is(listeners, 0);
  assert.is(await askCode(ref.ask({type: 'note.read'}, {timeoutMs: 100, signal})), 'aborted');
  assert.is(system.stats().timersArmed, 0);
});

test('failed: the handler threw, rejected, or forgot to reply', async () => {
  const {system, runUntilIdle} = bind(createSimulation({seed: 1}));
  const ref = system.spawn(notebook(() => (message) => {
    if (message.type === 'note.read') throw new Error('unreadable');
    if (message.type === 'note.later') return Promise.reject(new Error('later unreadable'));
    return undefined;
  }), {name: 'a', onFailure: 'resume'});
  for (const type of ['note.read', 'note.later'] as const) {
    const code = askCode(ref.ask({type}, {timeoutMs: 100}));
    await runUntilIdle();
    assert.is(await code, 'failed');
  }
  const silent = askCode(ref.ask({type: 'note.silent'}, {timeoutMs: 100}));
  await runUntilIdle();
  assert.is(await silent, 'failed');
  assert.is(system.deadLetters.count('failed-handler'), 2);
});

test('dead: after a stop, and for what waited when it stopped', async () => {
  const {system, runUntilIdle} = bind(createSimulation({seed: 1}));
  const ref = system.spawn(notebook((ctx) => () => { ctx.takeReply(); }), {name: 'a'});
  const taken = askCode(ref.ask({type: 'note.later'}, {timeoutMs: 100}));
  await runUntilIdle();
  const waiting = askCode(ref.ask({type: 'note.later'}, {timeoutMs: 100}));
  const stopped = system.stop(ref, 'now');
  await runUntilIdle();
  await stopped;
  assert.is(await taken, 'dead');
  assert.is(await waiting, 'dead');
  assert.is(await askCode(ref.ask({type: 'note.read'}, {timeoutMs: 100})), 'dead');
  assert.is(ref.tell(write('x')), 'dead');
  assert.is(system.deadLetters.count('no-recipient'), 2);
});

test('carries trace and sender along', async () => {
  const {system, runUntilIdle} = bind(createSimulation({seed: 1}));
  const traces: number[] = [];
  const last = system.spawn(notebook((ctx) => () => { traces.push(ctx.trace); }), {name: 'last'});
  const first = system.spawn(notebook((ctx) => () => {
    traces.push(ctx.trace);
    ctx.tell(last, write('on'));
  }), {name: 'first'});
  first.tell(write('go'), {trace: 77});
  await runUntilIdle();
  assert.equal(traces, [77, 77]);
  void system.stop(last, 'now');
  await runUntilIdle();
  first.tell(write('untraced'));
  await runUntilIdle();
  const senders = system.deadLetters.recent().map((letter) => letter.senderPath);
  assert.equal(senders, ['/first']);
});

function bind(simulation: ReturnType<typeof createSimulation>): {system: typeof simulation.system; runUntilIdle: () => Promise<void>} {
  return {system: simulation.system, runUntilIdle: () => simulation.runUntilIdle()};
}

test.run();
