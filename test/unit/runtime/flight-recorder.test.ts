/** The recorder keeps the last messages with who, what, when and for whom; it is bounded and never loses count. */
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import type {ActorSpec, Message} from '../../../src/runtime/actor.js';
import {FlightRecorder} from '../../../src/runtime/flight-recorder.js';
import {createSimulation} from '../../../src/runtime/sim/simulation.js';

const test = suite('runtime / flight-recorder');

type Note = {readonly type: 'note.take'; readonly n: number} | {readonly type: 'note.fail'};

function taker(onTake: ActorSpec<Note>['create']): ActorSpec<Note> {
  return {protocol: {kind: 'taker', mailbox: {capacity: 500, policy: 'refuse'}}, create: onTake};
}

test('a request is followed from actor to actor, over an event too, with its trace', async () => {
  const simulation = createSimulation({seed: 3});
  const {system} = simulation;
  const last = system.spawn(taker((ctx) => {
    ctx.events.subscribe(['note.take'], ctx.self);
    return {receive: () => undefined};
  }), {name: 'last'});
  const first = system.spawn(taker((ctx) => ({
    receive: (message) => {
      ctx.tell(last, message);
      ctx.events.publish(message);
    },
  })), {name: 'first'});
  await simulation.runUntilIdle();
  first.tell({type: 'note.take', n: 1}, {trace: 77});
  await simulation.runUntilIdle();
  const {entries, actors} = system.recording();
  const path = (id: number) => actors.find((actor) => actor.id === id)?.path;
  assert.equal(entries.filter(({trace}) => trace === 77).map(({sender, receiver, type}) => [path(sender), path(receiver), type]), [
    ['', '/first', 'note.take'], ['/first', '/last', 'note.take'], ['/first', '/last', 'note.take'],
  ]);
});

test('one message in 64 has its wait and its run; failures, restarts and losses are in their place', async () => {
  const simulation = createSimulation({seed: 1});
  const ref = simulation.system.spawn(taker(() => ({
    receive: (message) => { if (message.type === 'note.fail') throw new Error('planted'); },
  })), {name: 'taker'});
  for (let n = 0; n < 130; n++) ref.tell({type: 'note.take', n});
  ref.tell({type: 'note.fail'});
  await simulation.advance(1000);
  void simulation.system.terminate();
  await simulation.runUntilIdle();
  const {entries, ended} = simulation.system.recording();
  assert.is(entries.filter(({waitMs, runMs}) => waitMs !== undefined && runMs !== undefined).length, 2);
  const own = entries.filter(({receiver}) => receiver === ref.id).map(({type}) => type).filter((type) => type !== 'note.take');
  assert.equal(own, ['runtime.started', 'note.fail', 'runtime.lost.failed-handler', 'runtime.failed', 'runtime.restarted', 'runtime.stopped']);
  assert.equal(ended.map((actor) => [actor.path, actor.reason, actor.error]), [['/taker', 'parent-stopped', 'Error: planted'], ['', 'stopped', undefined]]);
});

test('the oldest entries are overwritten and the numbers go on', () => {
  const clock = {lastMs: 0};
  const recorder = new FlightRecorder(clock);
  for (let n = 1; n <= 40_000; n++) {
    clock.lastMs = n;
    recorder.note(`type.${n % 3}`, n, n + 1, n * 2 ** 20);
    if (n % 100 === 0) recorder.noteSample(n).runMs = 1;
  }
  const entries = recorder.entries();
  assert.is(entries.length, 32_768);
  assert.equal([entries[0]!.seq, entries.at(-1)!.seq], [40_000 - 32_768, 39_999]);
  for (const {seq, atMs, type, sender, receiver, trace, waitMs} of entries) {
    const n = seq + 1;
    assert.equal([atMs, type, sender, receiver, trace], [n, `type.${n % 3}`, n, n + 1, n * 2 ** 20]);
    assert.is(waitMs, n % 100 === 0 ? n : undefined);
  }
  assert.equal(recorder.entries(39_990, 3).map(({seq}) => seq), [39_990, 39_991, 39_992]);
  assert.equal(recorder.entries(50_000), []);
});

test('contents of messages are not kept', async () => {
  const simulation = createSimulation({seed: 1});
  const ref = simulation.system.spawn(taker(() => ({receive: () => undefined})), {name: 'taker'});
  (ref.tell as (message: Message) => unknown)({type: 'note.take', secret: 'xyzzy'} as Message);
  await simulation.runUntilIdle();
  assert.not(JSON.stringify(simulation.system.recording()).includes('xyzzy'));
});

test.run();
